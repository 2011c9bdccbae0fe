"""The command line, the handle and a server, for real: own processes, a real socket, real boto3."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from undercast import server
from undercast.errors import RefusedError, StartError

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "undercast"]


@pytest.fixture(scope="module")
def manual() -> Iterator[server.Server]:
    with server.start(time="manual@2027-01-15T08:00:00Z", seed=1, region="eu-west-1") as handle:
        yield handle


@pytest.fixture
def running(manual: server.Server) -> server.Server:
    manual.client.reset()
    return manual


def undercast(*arguments: str, endpoint: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "UNDERCAST_ENDPOINT": endpoint}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def test_health_is_what_was_asked_for(running: server.Server) -> None:
    health = running.client.health()
    assert (health.status, health.region, health.account) == ("running", "eu-west-1", "000000000000")
    assert health.services["sqs"] == "running"
    assert health.time.mode == "manual"
    assert health.time.now >= 1_800_000_000.0


def test_boto3_needs_no_set_up(running: server.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    sqs = running.boto3("sqs")
    other = running.boto3("sqs", aws_access_key_id="111111111111", region_name="us-east-2")
    sqs.create_queue(QueueName="orders")
    assert sqs.list_queues()["QueueUrls"] == [f"{running.endpoint}/000000000000/orders"]
    assert "QueueUrls" not in other.list_queues()


def test_time_goes_where_it_is_told(running: server.Server) -> None:
    sqs = running.boto3("sqs")
    url = sqs.create_queue(QueueName="later", Attributes={"DelaySeconds": "900"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    before = running.client.time()
    moved = running.client.advance("14m59s")
    assert moved.now == pytest.approx(before.now + 899, abs=0.01)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    running.client.advance(1)
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["x"]


def test_run_until_a_message_is_there(running: server.Server) -> None:
    sqs = running.boto3("sqs")
    url = sqs.create_queue(QueueName="later", Attributes={"DelaySeconds": "900"})["QueueUrl"]
    start = running.client.time().now
    sqs.send_message(QueueUrl=url, MessageBody="x")
    ran = running.client.run_until({"queue": "later", "visible": {"at_least": 1}}, at_most="1d")
    assert ran
    assert ran.now == pytest.approx(start + 900, abs=0.01)
    sqs.send_message(QueueUrl=url, MessageBody="y")

    def both_visible() -> bool:
        names = ["ApproximateNumberOfMessages"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]] == "2"

    again = running.client.run_until(both_visible, at_most="1d")
    assert again
    assert again.now == pytest.approx(start + 1800, abs=0.01)


def test_run_until_gives_up_at_most_that_far_on(running: server.Server) -> None:
    running.boto3("sqs").create_queue(QueueName="empty")
    start = running.client.time().now
    as_data = running.client.run_until({"queue": "empty", "visible": {"at_least": 1}}, at_most="1h")
    as_call = running.client.run_until(lambda: False, at_most="1h")
    assert (as_data.met, as_call.met) == (False, False)
    assert as_data.now == pytest.approx(start + 3600, abs=0.01)
    assert as_call.now == pytest.approx(start + 7200, abs=0.01)


def test_the_server_words_its_refusals(running: server.Server) -> None:
    with pytest.raises(RefusedError, match="no queue no-such-queue"):
        running.client.run_until({"queue": "no-such-queue", "visible": {"at_least": 1}}, at_most=1)
    with pytest.raises(RefusedError, match="fast is not a time mode"):
        running.client.set_time_mode("fast")


def test_the_command_line_finds_and_moves_it(running: server.Server) -> None:
    status = json.loads(undercast("status", "--json", endpoint=running.endpoint).stdout)
    assert (status["status"], status["endpoint"]) == ("running", running.endpoint)
    before = running.client.time().now
    advanced = undercast("time", "advance", "1h30m", "--json", "--endpoint", running.endpoint)
    assert json.loads(advanced.stdout)["now"] == pytest.approx(before + 5400, abs=0.01)
    mode = undercast("time", "mode", "fast", endpoint=running.endpoint)
    assert (mode.returncode, mode.stdout) == (1, "")
    assert mode.stderr.count("\n") == 1


def test_env_is_eaten_by_a_shell(running: server.Server) -> None:
    line = f'eval "$({sys.executable} -m undercast env)" && echo "$AWS_ENDPOINT_URL $AWS_DEFAULT_REGION"'
    environ = {**os.environ, "UNDERCAST_ENDPOINT": running.endpoint}
    said = subprocess.run(["sh", "-c", line], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert said.stdout == f"{running.endpoint} eu-west-1\n"


def test_the_ready_line_is_all_of_stdout_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*COMMAND, "start", "--port", "0", "--time", "manual"],
        cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        assert ready.startswith("Undercast 0.1.0 ready at http://127.0.0.1:")
        assert ready.endswith(" (time: manual)\n")
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stdout.read(), process.stderr.read()) == (0, "", "")


def test_a_port_in_use_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = undercast("start", "--port", str(port))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"undercast start: port {port} on 127.0.0.1 is in use\n"
        with pytest.raises(StartError, match=f"port {port} on 127.0.0.1 is in use") as failed:
            server.start(port=port)
        assert failed.value.exit_code == 2


def test_a_bad_value_is_one_line_and_exit_code_2() -> None:
    done = undercast("start", "--port", "70000")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "undercast start: --port: 70000 is not a port (0..65535)\n"
    with pytest.raises(StartError, match="--region: X is not a region"):
        server.start(region="X")


def test_a_detached_server_stays_until_it_is_stopped() -> None:
    started = undercast("start", "--detach", "--port", "0")
    assert started.returncode == 0, started.stderr
    assert started.stdout.startswith("Undercast runs at http://127.0.0.1:")
    endpoint = started.stdout.split()[3]
    pid, log = re.findall(r"pid (\d+), log ([^)]+)\)", started.stdout)[0]
    Path(log).unlink()
    try:
        assert server.attach(endpoint).client.health().status == "running"
        stopped = undercast("stop", endpoint=endpoint)
    except BaseException:
        os.kill(int(pid), signal.SIGTERM)
        raise
    assert (stopped.returncode, stopped.stdout) == (0, f"Stopped the server at {endpoint}\n")
    assert undercast("status", endpoint=endpoint).returncode == 1


def test_a_detached_server_that_cannot_start_says_why() -> None:
    done = undercast("start", "--detach", "--port", "70000")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "undercast start: --port: 70000 is not a port (0..65535)\n"


def test_an_attached_server_can_be_stopped() -> None:
    with server.start() as started:
        server.attach(started.endpoint).stop()
        assert started.wait(60) == 0
