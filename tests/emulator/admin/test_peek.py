"""Looking into queues of the real SQS, without a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import botocore.session
import pytest
from botocore.parsers import create_parser

from emulator.admin import peek
from emulator.clock import Clock
from emulator.entropy import RandomEntropy
from emulator.wire.exchange import Exchange
from services.api import Call
from services.scope import Scope
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from emulator.wire.exchange import Reply

HOME = Scope("000000000000", "us-east-1")
CALL = Call(HOME, "http://localhost:4566", "test")
SIGNED = b"AWS4-HMAC-SHA256 Credential=test/20270101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture
def sqs() -> SqsApi:
    return SqsApi(Clock("manual", 0.0, 1_700_000_000.0), RandomEntropy(1), SqsSettings())


@pytest.fixture
def url(sqs: SqsApi) -> str:
    made: Any = sqs.create_queue(CALL, {"QueueName": "orders"})
    for body in ("message-1", "message-2", "message-3"):
        attributes = {"colour": {"DataType": "String", "StringValue": "red"}} if body == "message-1" else {}
        sqs.send_message(CALL, {"QueueUrl": made["QueueUrl"], "MessageBody": body, "MessageAttributes": attributes})
    url: str = made["QueueUrl"]
    return url


def ask(sqs: SqsApi, path: str = "", method: str = "GET", body: bytes = b"", **query: str) -> Reply:
    return look(sqs, {}, path, method, body, **query)


def look(
    sqs: SqsApi, headers: dict[bytes, bytes], path: str = "", method: str = "GET", body: bytes = b"", **query: str
) -> Reply:
    target = b"/_aws/sqs/messages" + path.encode()
    return peek.answer(sqs, Exchange(method.encode(), target, urlencode(query).encode(), headers, body), HOME)


def as_json(sqs: SqsApi, path: str = "", **query: str) -> tuple[int, Any]:
    reply = look(sqs, {b"accept": b"application/json"}, path, **query)
    return reply.status, json.loads(reply.body)


def bodies(reply: Reply) -> list[str | None]:
    root = ET.fromstring(reply.body)
    return [element.text for element in root.iter() if element.tag.endswith("}Body") or element.tag == "Body"]


def parsed(reply: Reply, protocol: str) -> Any:
    """As the SDK reads it."""
    model = botocore.session.Session().get_service_model("sqs").operation_model("ReceiveMessage")
    headers = dict(line.split(": ", 1) for line in reply.head.decode().splitlines())
    answer = {"status_code": reply.status, "headers": headers, "body": reply.body}
    return create_parser(protocol).parse(answer, model.output_shape)


def test_xml_and_nothing_changes(sqs: SqsApi, url: str) -> None:
    for _ in range(2):
        reply = ask(sqs, QueueUrl=url)
        assert (reply.status, bodies(reply)) == (200, ["message-1", "message-2", "message-3"])
        assert b"text/xml" in reply.head
    assert sqs.depth(HOME, "orders") == (3, 0, 0)
    assert b"<Name>ApproximateReceiveCount</Name><Value>0</Value>" in reply.body


def test_json_is_the_same_tree(sqs: SqsApi, url: str) -> None:
    status, said = as_json(sqs, QueueUrl=url)
    messages = said["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"]
    assert (status, [message["Body"] for message in messages]) == (200, ["message-1", "message-2", "message-3"])
    assert messages[0]["MD5OfBody"] == "3d6b824fd8c1520e9a047d21fee6fb1f"
    assert messages[0]["MessageAttribute"]["Name"] == "colour"
    attributes = {entry["Name"]: entry["Value"] for entry in messages[0]["Attribute"]}
    assert attributes["SentTimestamp"] == "1700000000000"
    assert attributes["ApproximateReceiveCount"] == "0"


def test_one_message_is_no_list_and_none_is_null(sqs: SqsApi) -> None:
    made: Any = sqs.create_queue(CALL, {"QueueName": "few"})
    assert as_json(sqs, QueueUrl=made["QueueUrl"])[1]["ReceiveMessageResponse"]["ReceiveMessageResult"] is None
    sqs.send_message(CALL, {"QueueUrl": made["QueueUrl"], "MessageBody": "only"})
    said = as_json(sqs, QueueUrl=made["QueueUrl"])[1]
    assert said["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"]["Body"] == "only"


def test_sdks_with_this_endpoint(sqs: SqsApi, url: str) -> None:
    headers = {b"content-type": b"application/x-amz-json-1.0", b"x-amz-target": b"AmazonSQS.ReceiveMessage"}
    reply = look(sqs, headers, method="POST", body=json.dumps({"QueueUrl": url, "MaxNumberOfMessages": 1}).encode())
    said = parsed(reply, "json")
    assert [message["Body"] for message in said["Messages"]] == ["message-1", "message-2", "message-3"]
    assert said["Messages"][0]["MessageAttributes"]["colour"]["StringValue"] == "red"
    form = urlencode({"Action": "ReceiveMessage", "QueueUrl": url}).encode()
    reply = look(sqs, {b"content-type": b"application/x-www-form-urlencoded"}, method="POST", body=form)
    assert bodies(reply) == ["message-1", "message-2", "message-3"]


def test_another_operation_is_refused(sqs: SqsApi, url: str) -> None:
    headers = {b"content-type": b"application/x-amz-json-1.0", b"x-amz-target": b"AmazonSQS.PurgeQueue"}
    reply = look(sqs, headers, method="POST", body=json.dumps({"QueueUrl": url}).encode())
    assert (reply.status, json.loads(reply.body)["__type"]) == (400, "InvalidRequest")
    assert ask(sqs, QueueUrl=url, Action="PurgeQueue").status == 400
    assert sqs.depth(HOME, "orders") == (3, 0, 0)


def test_the_queue_in_the_path(sqs: SqsApi, url: str) -> None:
    assert bodies(ask(sqs, "/us-east-1/000000000000/orders")) == ["message-1", "message-2", "message-3"]
    status, said = as_json(sqs, "/eu-west-1/000000000000/orders")
    assert (status, said["ErrorResponse"]["Error"]["Code"]) == (400, "AWS.SimpleQueueService.NonExistentQueue")


def test_the_region_is_the_callers(sqs: SqsApi, url: str) -> None:
    assert look(sqs, {b"authorization": SIGNED}, QueueUrl=url).status == 400
    away = Call(Scope("000000000000", "eu-west-1"), "http://localhost:4566", "test")
    sqs.create_queue(away, {"QueueName": "orders"})
    reply = look(sqs, {b"authorization": SIGNED}, QueueUrl=url)
    assert (reply.status, bodies(reply)) == (200, [])


def test_in_flight_and_delayed_ones_on_demand(sqs: SqsApi, url: str) -> None:
    sqs.receive_message(CALL, {"QueueUrl": url, "MaxNumberOfMessages": 1, "WaitTimeSeconds": 0})
    sqs.send_message(CALL, {"QueueUrl": url, "MessageBody": "later", "DelaySeconds": 10})
    assert bodies(ask(sqs, QueueUrl=url)) == ["message-2", "message-3"]
    assert bodies(ask(sqs, QueueUrl=url, ShowInvisible="false", ShowDelayed="0")) == ["message-2", "message-3"]
    assert bodies(ask(sqs, QueueUrl=url, ShowDelayed="True")) == ["message-2", "message-3", "later"]
    said = as_json(sqs, QueueUrl=url, ShowInvisible="true")[1]["ReceiveMessageResponse"]["ReceiveMessageResult"]
    visible = {
        message["Body"]: {entry["Name"]: entry["Value"] for entry in message["Attribute"]}["IsVisible"]
        for message in said["Message"]
    }
    assert visible == {"message-1": "false", "message-2": "true", "message-3": "true"}


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({}, 400, "AWS.SimpleQueueService.NonExistentQueue"),
        ({"QueueUrl": "http://localhost:4566/nonsense"}, 404, "InvalidAddress"),
        ({"QueueUrl": "http://localhost:4566/000000000000/none"}, 400, "AWS.SimpleQueueService.NonExistentQueue"),
    ],
)
def test_no_such_queue(sqs: SqsApi, given: dict[str, str], status: int, code: str) -> None:
    found, said = as_json(sqs, **given)
    assert (found, said["ErrorResponse"]["Error"]["Code"]) == (status, code)
    reply = ask(sqs, **given)
    assert reply.status == status
    assert f"<Code>{code}</Code>".encode() in reply.body


def test_what_is_not_there(sqs: SqsApi, url: str) -> None:
    for path in ("/a", "/a/b", "/a/b/c/d", "x"):
        assert ask(sqs, path).status == 404
    assert ask(sqs, method="DELETE", QueueUrl=url).status == 405
    headers = {b"content-type": b"application/x-amz-json-1.0"}
    assert look(sqs, headers, method="POST", body=b"{").status == 400
    assert look(sqs, headers, method="POST", body=b"[]").status == 400
