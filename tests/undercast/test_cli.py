"""The command line as typed, against a fake of the control API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import pytest

from undercast.cli import undercast

if TYPE_CHECKING:
    from conftest import FakeControl

START = 1_800_000_000.0


class Result(NamedTuple):
    exit_code: int
    output: str
    stderr: str


Run = Callable[[str], Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line. By hand and not with click's CliRunner, which tells stderr apart only since click 8.2."""

    def run(line: str) -> Result:
        capsys.readouterr()
        code = undercast.main(line.split(), prog_name="undercast", standalone_mode=False)
        return Result(code or 0, *capsys.readouterr())

    return run


def test_help_lists_every_command(run: Run) -> None:
    text = run("--help").output
    for command in ("start", "status", "stop", "reset", "env", "time"):
        assert f"\n  {command} " in text
    assert run("").output == text
    assert run("-h").output == text


def test_version(run: Run) -> None:
    assert run("--version").output == "Undercast 0.1.0\n"


def test_status_for_a_person(run: Run, control: FakeControl) -> None:
    control.timers = [START + 90]
    result = run("status")
    lines = [line.rstrip() for line in result.output.splitlines()]
    assert result.exit_code == 0
    assert lines[0] == f"● Undercast 9.8.7 is running at {control.endpoint}"
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["time", "2027-01-15T08:00:00Z, manual, moves when told"],
        ["timers", "1 timer, next in 1 min 30 s"],
        ["region", "eu-west-1"],
        ["account", "000000000000"],
        ["running", "sqs"],
        ["available", "dynamodb, s3"],
    ]


def test_a_long_list_of_services_is_counted_for_a_person(run: Run, control: FakeControl) -> None:
    names = {"sqs": "running"} | {f"service-{n}": "available" for n in range(150)}
    control.fixed["/_undercast/health"] = (200, json.dumps({**control.on_health(None), "services": names}).encode())
    text = " ".join(run("status").output.split())
    assert text.endswith(
        "running sqs available 150 more services, each on its first call (undercast status --json lists them)"
    )
    assert len(json.loads(run("status --json").output)["services"]) == 151


def test_status_for_a_program(run: Run, control: FakeControl) -> None:
    found = json.loads(run("status --json").output)
    assert (found["status"], found["services"]["sqs"], found["time"]["now"]) == ("running", "running", START)


@pytest.mark.parametrize(
    "line",
    [
        "status", "stop", "reset", "time", "time advance 3d", "time advance-to 2027-01-01", "time step",
        "time mode x60", "time run-until --idle --at-most 1d",
    ],
)  # fmt: skip
def test_without_a_server_one_line_says_what_to_do(run: Run, nobody: str, line: str) -> None:
    result = run(line)
    assert (result.exit_code, result.output) == (1, "")
    assert result.stderr == f"No Undercast at {nobody}. Start one with: undercast start\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "No such command 'nonsense'"),
        ("status --nonsense", "No such option"),
        ("status --endpoint ftp://x", "The endpoint is no HTTP address: ftp://x"),
        ("time advance", "Missing argument 'DURATION'"),
        ("time advance 3x", "3x is not a duration"),
        ("time advance-to soon", "soon is not an instant"),
        ("time run-until --idle", "Missing option '--at-most'"),
        ("time run-until --at-most 1d", "give --idle, or --execution, or --queue with what to wait for"),
        ("time run-until --at-most 1d --queue q", "give --idle, or --execution, or --queue with what to wait for"),
        ("time run-until --at-most 1d --visible 3", "give --idle, or --execution, or --queue with what to wait for"),
        ("time run-until --at-most 1d --queue q --visible 3 --idle", "give --idle, or --execution, or --queue"),
        ("time run-until --at-most 1d --queue q --visible -3", "-3 is not in the range"),
        ("env --shell tcsh", "'tcsh' is not one of"),
        ("env --account 123", "123 is not an account id (12 digits)"),
    ],
)
def test_a_slip_is_one_line_and_exit_code_2(run: Run, nobody: str, line: str, said: str) -> None:
    result = run(line)
    assert (result.exit_code, result.output) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_option_wins_over_the_variable_wherever_it_stands(
    run: Run, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERCAST_ENDPOINT", "http://127.0.0.1:9")
    for line in ("--endpoint {} time", "time --endpoint {}", "time --endpoint {} step", "time step --endpoint {}"):
        assert run(line.format(control.endpoint)).exit_code == 0, line


def test_time_is_shown(run: Run, control: FakeControl) -> None:
    control.timers = [START + 30, START + 60]
    assert run("time").output == "2027-01-15T08:00:00Z  manual, moves when told; 2 timers, next in 30 s\n"
    assert json.loads(run("time --json").output)["next_at"] == START + 30


def test_time_is_moved(run: Run, control: FakeControl) -> None:
    control.timers = [START + 30]
    assert run("time advance 3d").output == "2027-01-18T08:00:00Z  1 timer fired\n"
    assert run("time advance-to 2027-02-01").output == "2027-02-01T00:00:00Z  no timers fired\n"
    assert json.loads(run("time advance 1h30m --json").output)["fired"] == 0
    assert control.asked[-1] == ("POST", "/_undercast/time/advance", {"seconds": 5400})


def test_the_mode_is_set(run: Run, control: FakeControl) -> None:
    assert run("time mode real").output == "2027-01-15T08:00:00Z  real; no timers\n"


def test_run_until_sends_its_condition_and_tells_how_it_ended(run: Run, control: FakeControl) -> None:
    met = run("time run-until --queue orders --visible 3 --at-most 2d")
    assert (met.exit_code, met.output) == (0, "2027-01-15T08:01:00Z  2 timers fired; the condition holds\n")
    unmet = run("time run-until --queue orders --empty --at-most 2d")
    assert (unmet.exit_code, unmet.output) == (1, "2027-01-15T08:01:00Z  2 timers fired; the condition does not hold\n")
    run("time run-until --queue q --in-flight 0 --delayed 2 --total 4 --at-most 9")
    run("time run-until --idle --at-most 1w")
    assert [body for _, _, body in control.asked] == [
        {"condition": {"queue": "orders", "visible": {"at_least": 3}}, "at_most": 172800},
        {"condition": {"queue": "orders", "total": {"equals": 0}}, "at_most": 172800},
        {
            "condition": {
                "queue": "q", "in_flight": {"at_least": 0}, "delayed": {"at_least": 2}, "total": {"at_least": 4}
            },
            "at_most": 9,
        },
        {"condition": {"idle": True}, "at_most": 604800},
    ]  # fmt: skip


def test_reset_tells_what_it_took(run: Run, control: FakeControl) -> None:
    assert run("reset").output == "Forgot all state of sqs\n"
    assert run("reset --service sns --region eu-west-1").output == "Forgot all state of sns in region eu-west-1\n"


def test_stop_returns_when_the_server_is_gone(run: Run, control: FakeControl) -> None:
    assert run("stop").output == f"Stopped the server at {control.endpoint}\n"
    assert [path for _, path, _ in control.asked] == ["/_undercast/shutdown", "/_undercast/health"]


def test_a_refusal_is_shown_in_the_servers_words(run: Run, control: FakeControl) -> None:
    control.fixed["/_undercast/time/advance"] = (409, b'{"error": "The clock is real: set it to manual first"}')
    result = run("time advance 3d")
    assert (result.exit_code, result.stderr) == (1, "The clock is real: set it to manual first\n")


def test_env_names_the_server_and_its_region(run: Run, control: FakeControl) -> None:
    assert run("env").output == (
        f"export AWS_ENDPOINT_URL={control.endpoint}\n"
        "export AWS_ACCESS_KEY_ID=test\n"
        "export AWS_SECRET_ACCESS_KEY=test\n"
        "export AWS_DEFAULT_REGION=eu-west-1\n"
        "export AWS_REGION=eu-west-1\n"
    )


def test_env_works_before_a_server_does(run: Run, nobody: str) -> None:
    found = json.loads(run("env --shell json --account 111111111111").output)
    assert (found["AWS_ENDPOINT_URL"], found["AWS_DEFAULT_REGION"]) == (nobody, "us-east-1")
    assert found["AWS_ACCESS_KEY_ID"] == "111111111111"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", "export AWS_REGION='it'\"'\"'s'"),
        ("fish", "set -gx AWS_REGION 'it\\'s';"),
        ("powershell", "$env:AWS_REGION = 'it''s'"),
    ],
)
def test_env_quotes_for_its_shell(run: Run, nobody: str, shell: str, line: str) -> None:
    assert line in run(f"env --shell {shell} --region it's").output.splitlines()
