"""Runs the sample as people do, in processes of its own, and checks what it claims."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import undercast.server

HERE = Path(__file__).parent
ENDPOINTS = ("UNDERCAST_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_PROFILE")
TIMEOUT_S = 60
ORDERS = {"1001", "1002", "1003", "1004"}


def environ(**more: str) -> dict[str, str]:
    """An environment with no endpoint but what `more` gives. Works from a checkout that nobody has installed, too."""
    kept = {name: value for name, value in os.environ.items() if name not in ENDPOINTS}
    return {**kept, "PYTHONPATH": str(HERE.parents[1]), "PYTHONIOENCODING": "utf-8", **more}


def clients(server: undercast.server.Server) -> dict[str, str]:
    """The environment of boto3 for `server`: what `undercast env` prints."""
    return environ(
        AWS_ENDPOINT_URL=server.endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
    )


def run(script: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, HERE / script]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=TIMEOUT_S
    )


def test_the_demo_tells_what_happened_and_ends_its_server() -> None:
    done = run("demo.py", environ())

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout, "colours in a pipe"
    sent = dict(re.findall(r"→ (\d+)  ([0-9a-f-]{36})  sent", done.stdout))
    assert set(sent) == {*ORDERS, "1005"}
    assert len(set(sent.values())) == 5
    received = re.findall(r"← (\d+)  ([0-9a-f-]{36})  receive (\d): (invoiced \S+|failed)", done.stdout)
    assert {(order, message_id) for order, message_id, _, _ in received[:4]} == {
        (order, sent[order]) for order in ORDERS
    }
    assert [(order, said) for order, _, _, said in received[4:]] == [
        ("1003", "failed"),
        ("1003", "failed"),
        ("1003", "invoiced 18.90"),
    ]
    assert "StartMessageMoveTask: COMPLETED, 1 of 1 moved" in done.stdout
    assert "4 d 1 h passed for the queues" in done.stdout

    endpoint = re.search(r"started at (http://\S+)", done.stdout)
    assert endpoint is not None
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(endpoint[1])


def test_the_demo_uses_a_running_server_and_leaves_no_queues() -> None:
    with undercast.server.start(time="manual") as server:
        before = server.client.time().now

        done = run("demo.py", environ(AWS_ENDPOINT_URL=server.endpoint))

        assert done.returncode == 0, done.stdout + done.stderr
        assert f"joined at {server.endpoint}" in done.stdout
        assert server.client.time().now >= before + 4 * 86_400
        sqs = server.boto3("sqs")
        assert "QueueUrls" not in sqs.list_queues()
        sqs.close()


def test_the_demo_says_what_is_wrong_on_one_line() -> None:
    # Port 9 is discard's: nobody answers HTTP there.
    done = run("demo.py", environ(UNDERCAST_ENDPOINT="http://127.0.0.1:9"))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("demo: No Undercast at http://127.0.0.1:9.")
    assert done.stderr.count("\n") == 1


def heed_interrupts() -> None:
    """In the child, before it becomes the consumer."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_producer_and_the_consumer_run_by_themselves() -> None:
    with undercast.server.start() as server:
        command = [sys.executable, HERE / "consumer.py"]
        with subprocess.Popen(
            command,
            env=clients(server),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A job in the background of a shell inherits that Ctrl-C is ignored.
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - one call, and no lock is taken
        ) as consumer:
            assert consumer.stdout is not None
            try:
                assert consumer.stdout.readline().startswith("waiting for orders in http://")
                sent = run("producer.py", clients(server))
                assert sent.returncode == 0, sent.stderr
                assert set(re.findall(r"sent (\d+) as", sent.stdout)) == ORDERS
                lines = [consumer.stdout.readline() for _ in ORDERS]
            finally:
                consumer.send_signal(signal.SIGINT)
                rest, complaints = consumer.communicate(timeout=TIMEOUT_S)
    assert {line.split()[1].rstrip(",") for line in lines} == ORDERS
    assert [line for line in lines if "failed" in line] == ["order 1003, receive 1: failed: '18,90' is not a price\n"]
    assert consumer.returncode == 0
    assert rest.endswith("bye\n")
    assert complaints == ""
