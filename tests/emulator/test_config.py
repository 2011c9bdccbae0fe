"""Settings: every flag, every variable, and one clear line for what is wrong."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import undercast
from emulator.config import OPTIONS, VERSION, Settings, TimeMode, parse, parse_instant

ROOT = Path(__file__).parents[2]

VALUES: list[tuple[str, str, Any]] = [
    ("host", "0.0.0.0", "0.0.0.0"),
    ("host", "localhost", "localhost"),
    ("host", "::1", "::1"),
    ("host", "[::]", "::"),
    ("port", "0", 0),
    ("port", "65535", 65535),
    ("region", "us-gov-west-1", "us-gov-west-1"),
    ("account", "123456789012", "123456789012"),
    ("time", "real", TimeMode("real", 1.0, None)),
    ("time", "manual", TimeMode("manual", 0.0, None)),
    ("time", "manual@2027-01-15T08:00:00Z", TimeMode("manual", 0.0, 1_800_000_000.0)),
    ("time", "manual@2027-01-15", TimeMode("manual", 0.0, 1_799_971_200.0)),
    ("time", "x60", TimeMode("scaled", 60.0, None)),
    ("time", "x0.5", TimeMode("scaled", 0.5, None)),
    ("seed", "42", 42),
    ("seed", "-1", -1),
    ("log_level", "WARNING", "warning"),
    ("queue_url", "path", "path"),
    ("queue_url", "http://sqs:4566/", "http://sqs:4566"),
    ("queue_url", "https://q.example/base", "https://q.example/base"),
    ("max_body", "1048576", 1048576),
    ("max_body", "1k", 1024),
    ("max_body", "512MiB", 512 * 1024**2),
    ("max_body", "2g", 2 * 1024**3),
    ("debug", "5678", "5678"),
    ("debug", "5678,wait", "5678,wait"),
    ("debug", "ANY", "any"),
]

BAD: list[tuple[str, str, str]] = [
    ("host", "http://x", "http://x is not a host name or address"),
    ("host", "localhost:80", "localhost:80 is not a host name or address"),
    ("host", "a b", "a b is not a host name or address"),
    ("port", "70000", "70000 is not a port (0..65535)"),
    ("port", "-1", "-1 is not a port (0..65535)"),
    ("port", "http", "http is not a port (0..65535)"),
    ("port", "٤", "٤ is not a port (0..65535)"),
    ("region", "US-EAST-1", "US-EAST-1 is not a region"),
    ("region", "us_east_1", "us_east_1 is not a region"),
    ("account", "12345", "12345 is not an account id (12 digits)"),
    ("account", "1234567890123", "1234567890123 is not an account id (12 digits)"),
    ("debug", "yes", "yes is not a port"),
    ("debug", "5678,", "5678, is not a port"),
    ("debug", "5678,stop", "5678,stop is not a port"),
    ("time", "fast", "fast is not a time mode"),
    ("time", "x0", "x0 is not a time mode"),
    ("time", "x-2", "x-2 is not a time mode"),
    ("time", "xinf", "xinf is not a time mode"),
    ("time", "xnan", "xnan is not a time mode"),
    ("time", "real@2027-01-01", "real@2027-01-01 is not a time mode"),
    ("time", "manual@", " is not an instant"),
    ("time", "manual@soon", "soon is not an instant"),
    ("time", "manual@1901-01-01", "1901-01-01 is before 1970"),
    ("seed", "1.5", "1.5 is not a whole number"),
    ("log_level", "loud", "loud is not a log level (debug, info, warning or error)"),
    ("queue_url", "ftp://x", "ftp://x is not a queue URL form"),
    ("queue_url", "http://x?y", "http://x?y is not a queue URL form"),
    ("max_body", "0", "0 is not a size in bytes"),
    ("max_body", "much", "much is not a size in bytes"),
]


def flag(field: str) -> str:
    return "--" + field.replace("_", "-")


def variable(field: str) -> str:
    return "UNDERCAST_" + field.upper()


def refusal(capsys: pytest.CaptureFixture[str], argv: list[str], environ: dict[str, str]) -> str:
    """The one line said about a bad value."""
    with pytest.raises(SystemExit) as stopped:
        parse(argv, environ)
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert said.out == ""
    assert said.err.startswith("undercast start: ")
    assert said.err.count("\n") == 1
    return said.err.removeprefix("undercast start: ").rstrip("\n")


def test_what_nothing_says_has_its_default() -> None:
    assert parse([], {}) == Settings()
    assert parse([], {"UNDERCAST_ENDPOINT": "http://x", "UNDERCAST_PORT": "", "PORT": "1"}) == Settings()


def test_a_variable_of_another_tool_is_taken_last() -> None:
    theirs = {"SFN_MOCK_CONFIG": "theirs.json"}
    assert parse([], theirs).sfn_mock_config == "theirs.json"
    assert parse([], theirs | {"UNDERCAST_SFN_MOCK_CONFIG": "ours.json"}).sfn_mock_config == "ours.json"
    assert parse(["--sfn-mock-config", "flag.json"], theirs).sfn_mock_config == "flag.json"


def test_every_setting_has_its_option() -> None:
    assert [option.field for option in OPTIONS] == [field.name for field in dataclasses.fields(Settings)]


@pytest.mark.parametrize(("field", "text", "value"), VALUES)
def test_a_flag_is_read(field: str, text: str, value: Any) -> None:
    assert parse([f"{flag(field)}={text}"], {}) == dataclasses.replace(Settings(), **{field: value})
    assert parse([flag(field), text], {}) == dataclasses.replace(Settings(), **{field: value})


@pytest.mark.parametrize(("field", "text", "value"), VALUES)
def test_a_variable_is_read(field: str, text: str, value: Any) -> None:
    assert parse([], {variable(field): text}) == dataclasses.replace(Settings(), **{field: value})


def test_a_flag_wins_over_its_variable_even_over_a_bad_one() -> None:
    assert parse(["--port", "1"], {"UNDERCAST_PORT": "2"}).port == 1
    assert parse(["--port", "1"], {"UNDERCAST_PORT": "x"}).port == 1


@pytest.mark.parametrize(
    ("argv", "environ", "relaxed"),
    [
        (["--relax-cooldowns"], {}, True), ([], {"UNDERCAST_RELAX_COOLDOWNS": "1"}, True),
        ([], {"UNDERCAST_RELAX_COOLDOWNS": "Yes"}, True), ([], {"UNDERCAST_RELAX_COOLDOWNS": "off"}, False),
        (["--relax-cooldowns"], {"UNDERCAST_RELAX_COOLDOWNS": "0"}, True),
    ],
)  # fmt: skip
def test_the_flag_without_a_value(argv: list[str], environ: dict[str, str], relaxed: bool) -> None:
    assert parse(argv, environ).relax_cooldowns is relaxed


@pytest.mark.parametrize(("field", "text", "said"), BAD)
def test_a_bad_flag_is_one_line_that_names_it(
    capsys: pytest.CaptureFixture[str], field: str, text: str, said: str
) -> None:
    line = refusal(capsys, [f"{flag(field)}={text}"], {})
    assert line.startswith(f"{flag(field)}: ")
    assert said in f"{flag(field)}: {line}"


@pytest.mark.parametrize(("field", "text", "said"), BAD)
def test_a_bad_variable_is_one_line_that_names_it(
    capsys: pytest.CaptureFixture[str], field: str, text: str, said: str
) -> None:
    line = refusal(capsys, [], {variable(field): text})
    assert line.startswith(f"{variable(field)}: ")
    assert said in line or said.lstrip() in line


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--prot", "1"], "unrecognized arguments: --prot 1"),
        (["--por", "1"], "unrecognized arguments: --por 1"),
        (["4566"], "unrecognized arguments: 4566"),
        (["--port"], "--port: expected one argument"),
        (["--port="], "--port: a value is missing"),
        (["--relax-cooldowns=1"], "--relax-cooldowns: ignored explicit argument '1'"),
    ],
)
def test_a_slip_on_the_command_line_is_one_line(capsys: pytest.CaptureFixture[str], argv: list[str], said: str) -> None:
    assert refusal(capsys, argv, {}) == said


def test_a_bad_yes_or_no_names_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    line = refusal(capsys, [], {"UNDERCAST_RELAX_COOLDOWNS": "perhaps"})
    assert line.startswith("UNDERCAST_RELAX_COOLDOWNS: perhaps is neither yes nor no")


def test_a_line_break_in_a_value_does_not_break_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, [], {"UNDERCAST_REGION": "a\nb"}) == (
        "UNDERCAST_REGION: a b is not a region (such as us-east-1)"
    )


def test_help_tells_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["--help"], {})
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert text.startswith("usage: undercast start ")
    for option in OPTIONS:
        assert re.search(rf"^  {option.flag}\b", text, re.MULTILINE), option.flag
        assert option.variable == variable(option.field)


def test_version_is_the_same_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["--version"], {})
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"Undercast {undercast.__version__}\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == undercast.__version__ == VERSION


@pytest.mark.parametrize("text", ["real", "manual", "manual@2027-01-15T08:00:00Z", "x60", "x0.5"])
def test_a_time_mode_is_written_as_it_is_read(text: str) -> None:
    assert str(TimeMode.parse(text)) == text


def test_an_instant_without_a_zone_is_in_utc() -> None:
    assert parse_instant("2027-01-15T08:00:00") == parse_instant("2027-01-15T10:00:00+02:00") == 1_800_000_000.0


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
