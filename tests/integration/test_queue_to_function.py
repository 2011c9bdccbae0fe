"""A queue, a function in a process of its own, its log; with boto3, and time that moves when told."""

from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sqs import SQSClient

    from undercast.server import Server

RUNTIME = f"python{'.'.join(platform.python_version_tuple()[:2])}"
ACCOUNT = "000000000000"
CODE = """
import json, os
import boto3

def handler(event, context):
    failures = []
    for record in event.get("Records", []):
        print("got", record["body"])
        if "poison" in record["body"]:
            failures.append({"itemIdentifier": record["messageId"]})
        elif "OUT" in os.environ:
            boto3.client("sqs").send_message(QueueUrl=os.environ["OUT"], MessageBody=record["body"])
    return {"batchItemFailures": failures, "event": event if not event.get("Records") else None}
"""


@pytest.fixture
def functions(server: Server) -> Any:
    """Lambda of the default account."""
    return server.boto3("lambda")


@pytest.fixture
def make(functions: Any) -> Callable[..., str]:
    """Makes a function, and tells its name."""

    def make(name: str = "worker", **variables: str) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as package:
            package.writestr("worker.py", CODE)
        functions.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Role=f"arn:aws:iam::{ACCOUNT}:role/r",
            Handler="worker.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=10,
            Environment={"Variables": variables},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    return make


def map_queue(server: Server, functions: Any, name: str, queue: str, **options: Any) -> str:
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}"
    uuid: str = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=name, **options)["UUID"]
    server.client.run_until({"idle": True}, at_most="1m")
    return uuid


def bodies(sqs: SQSClient, url: str) -> list[str]:
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return sorted(found)


def test_a_hundred_messages_go_through_once(
    server: Server, functions: Any, sqs: SQSClient, make: Callable[..., str], queue_url: str
) -> None:
    out = sqs.create_queue(QueueName="out")["QueueUrl"]
    for batch in range(10):
        entries: Any = [{"Id": str(at), "MessageBody": f"{batch * 10 + at:03}"} for at in range(10)]
        sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
    map_queue(server, functions, make(OUT=out), "orders", BatchSize=10)
    assert server.client.run_until({"queue": "out", "visible": {"at_least": 100}}, at_most="1s")
    server.client.advance(3600)
    assert bodies(sqs, out) == [f"{number:03}" for number in range(100)]


def test_poison_ends_in_the_dead_letter_queue(
    server: Server, functions: Any, sqs: SQSClient, make: Callable[..., str]
) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": 3}
    attributes: Any = {"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(policy)}
    url = sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]
    name = make()
    map_queue(server, functions, name, "work", FunctionResponseTypes=["ReportBatchItemFailures"])
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    sqs.send_message(QueueUrl=url, MessageBody="fine")
    before = server.client.time().now
    assert server.client.run_until({"queue": "dead", "visible": {"at_least": 1}}, at_most="1h")
    assert server.client.time().now - before == pytest.approx(180, abs=2)
    assert bodies(sqs, dead) == ["poison"]
    logs = server.boto3("logs")
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="got")["events"]
    assert sorted(event["message"] for event in events) == ["got fine\n", *["got poison\n"] * 3]


def test_a_disabled_mapping_takes_nothing(
    server: Server, functions: Any, sqs: SQSClient, make: Callable[..., str], queue_url: str
) -> None:
    out = sqs.create_queue(QueueName="out")["QueueUrl"]
    uuid = map_queue(server, functions, make(OUT=out), "orders")
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    server.client.run_until({"idle": True}, at_most="1m")
    assert functions.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    sqs.send_message(QueueUrl=queue_url, MessageBody="wait")
    server.client.advance(60)
    assert bodies(sqs, out) == []
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert server.client.run_until({"queue": "out", "visible": {"at_least": 1}}, at_most="1m")


def cli(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "UNDERCAST_ENDPOINT": server.endpoint, "PYTHONPATH": root, "AWS_DEFAULT_REGION": "us-east-1"}
    env.pop("AWS_ACCESS_KEY_ID", None)
    command = [sys.executable, "-m", "undercast", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_line_invokes_and_shows_the_log(server: Server, make: Callable[..., str]) -> None:
    name = make("by-hand")
    done = cli(server, "invoke", name, "--payload", '{"hello": "there"}')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["event"] == {"hello": "there"}
    assert done.stderr.startswith("START RequestId: ")
    shown = cli(server, "logs", name)
    assert shown.returncode == 0, shown.stderr
    kinds = [line.split("  ")[1].split()[0] for line in shown.stdout.splitlines()]
    assert kinds == ["INIT_START", "START", "END", "REPORT"]
    assert shown.stdout.startswith("2028-")


def test_code_can_be_fetched_where_get_function_says(server: Server, functions: Any, make: Callable[..., str]) -> None:
    import urllib.request

    location = functions.get_function(FunctionName=make("fetched"))["Code"]["Location"]
    assert location.startswith(server.endpoint)
    with urllib.request.urlopen(location) as reply:
        package = zipfile.ZipFile(io.BytesIO(reply.read()))
    assert package.read("worker.py").decode() == CODE
