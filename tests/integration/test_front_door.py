"""What clients may send, and what they get: callers, addresses, forms, errors, garbage."""

from __future__ import annotations

import http.client
import json
import re
import socket
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

    from undercast.server import Server

JSON = {"Content-Type": "application/x-amz-json-1.0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Raw:
    """Requests as a client of no SDK would make them."""

    def __init__(self, endpoint: str) -> None:
        address = urllib.parse.urlsplit(endpoint)
        assert address.hostname is not None
        assert address.port is not None
        self.host, self.port = address.hostname, address.port

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, operation: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        status, got, content = self.ask("POST", "/", body, JSON | {"X-Amz-Target": f"AmazonSQS.{operation}"} | headers)
        return status, got, json.loads(content) if content else {}

    def form(self, path: str = "/", **fields: str) -> tuple[int, dict[str, str], str]:
        status, got, content = self.ask("POST", path, urllib.parse.urlencode(fields).encode(), FORM)
        return status, got, content.decode()

    def bytes(self, data: bytes) -> bytes:
        """All that comes back for these bytes until the server closes."""
        with socket.create_connection((self.host, self.port), timeout=30) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65_536):
                received += chunk
            return received


@pytest.fixture
def raw(server: Server) -> Raw:
    return Raw(server.endpoint)


def tag(text: str, name: str) -> str:
    """The text of the first element of this name."""
    for element in ET.fromstring(text).iter():
        if element.tag.rpartition("}")[2] == name:
            return element.text or ""
    raise AssertionError(f"no {name} in {text}")


# -- who asks, and where


def test_accounts_and_regions_are_apart(server: Server, sqs: SQSClient) -> None:
    there = server.boto3("sqs", aws_access_key_id="111122223333")
    far = server.boto3("sqs", region_name="eu-central-1")
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == f"{server.endpoint}/000000000000/q"
    assert there.create_queue(QueueName="q")["QueueUrl"] == f"{server.endpoint}/111122223333/q"
    far.create_queue(QueueName="q")
    sqs.send_message(QueueUrl=f"{server.endpoint}/000000000000/q", MessageBody="here")
    assert "Messages" not in far.receive_message(QueueUrl=f"{server.endpoint}/000000000000/q")
    assert "Messages" not in there.receive_message(QueueUrl=f"{server.endpoint}/111122223333/q")
    assert len(sqs.receive_message(QueueUrl=f"{server.endpoint}/000000000000/q")["Messages"]) == 1
    arn = far.get_queue_attributes(QueueUrl=f"{server.endpoint}/000000000000/q", AttributeNames=["QueueArn"])
    assert arn["Attributes"]["QueueArn"] == "arn:aws:sqs:eu-central-1:000000000000:q"


def test_the_queue_url_is_the_address_that_the_client_used(raw: Raw) -> None:
    for host in ("localhost:4566", "emulator:80", "127.0.0.1", "[::1]:4566"):
        body = json.dumps({"QueueName": "q"}).encode()
        assert raw.json("CreateQueue", body, Host=host)[2]["QueueUrl"] == f"http://{host}/000000000000/q"


def test_unsigned_requests_are_the_default_callers(raw: Raw, queue_url: str) -> None:
    status, headers, answer = raw.json("GetQueueUrl", b'{"QueueName": "orders"}')
    assert status == 200
    assert answer["QueueUrl"] == queue_url
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-amzn-requestid"])


def test_a_presigned_url_works(server: Server, raw: Raw) -> None:
    address = f"{server.endpoint}/?Action=CreateQueue&QueueName=presigned&Version=2012-11-05"
    request = AWSRequest("GET", address)
    SigV4QueryAuth(Credentials("444455556666", "secret"), "sqs", "ap-south-1").add_auth(request)
    with urllib.request.urlopen(request.url) as answer:
        url = tag(answer.read().decode(), "QueueUrl")
    assert url == f"{server.endpoint}/444455556666/presigned"
    client = server.boto3("sqs", aws_access_key_id="444455556666", region_name="ap-south-1")
    assert client.list_queues()["QueueUrls"] == [url]


# -- the old Query protocol's addresses


@pytest.mark.parametrize("host", ["sqs.eu-west-2.localhost:4566", "eu-west-2.queue.localhost:4566"])
def test_host_forms_name_the_region(server: Server, raw: Raw, host: str) -> None:
    body = urllib.parse.urlencode({"Action": "CreateQueue", "QueueName": "q"}).encode()
    assert raw.ask("POST", "/", body, FORM | {"Host": host})[0] == 200
    assert server.boto3("sqs", region_name="eu-west-2").list_queues()["QueueUrls"]
    assert "QueueUrls" not in server.boto3("sqs").list_queues()


def test_a_queues_own_address_implies_its_url(raw: Raw, queue_url: str) -> None:
    path = urllib.parse.urlsplit(queue_url).path
    sent = raw.form(path, Action="SendMessage", MessageBody="by form")
    assert sent[0] == 200
    assert sent[1]["content-type"] == "text/xml"
    status, _, content = raw.ask("GET", f"{path}?Action=ReceiveMessage&AttributeName.1=All")
    assert status == 200
    assert tag(content.decode(), "Body") == "by form"


# -- errors


def test_both_names_of_an_error(raw: Raw, sqs: SQSClient) -> None:
    status, headers, answer = raw.json("GetQueueUrl", b'{"QueueName": "missing"}')
    assert status == 400
    assert answer["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"
    assert answer["message"] == "The specified queue does not exist."
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    status, headers, text = raw.form(Action="GetQueueUrl", QueueName="missing")
    assert status == 400
    assert tag(text, "Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert tag(text, "Type") == "Sender"
    assert tag(text, "RequestId") == headers["x-amzn-requestid"]
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="missing")


def test_an_unknown_action(raw: Raw) -> None:
    status, _, answer = raw.json("Frobnicate", b"{}")
    assert (status, answer["__type"].rpartition("#")[2]) == (400, "UnknownOperationException")
    status, _, text = raw.form(Action="Frobnicate", Version="2012-11-05")
    assert (status, tag(text, "Code")) == (400, "InvalidAction")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"null", b"{'QueueName': 'q'}", b"{} {}"])
def test_malformed_json_is_a_serialization_exception(raw: Raw, body: bytes) -> None:
    status, _, answer = raw.json("CreateQueue", body)
    assert status == 400
    assert answer["__type"].rpartition("#")[2] in {"SerializationException", "MissingRequiredParameterException"}


def test_a_wrong_type_is_a_serialization_exception(raw: Raw) -> None:
    status, _, answer = raw.json("CreateQueue", b'{"QueueName": 5}')
    assert status == 400
    assert answer["__type"] == "com.amazon.coral.service#SerializationException"


def test_a_missing_parameter_is_named(raw: Raw) -> None:
    status, headers, answer = raw.json("SendMessage", b'{"MessageBody": "x"}')
    assert status == 400
    assert headers["x-amzn-query-error"].startswith("MissingParameter;")
    assert answer["message"] == "The request must contain the parameter QueueUrl."


def test_a_body_too_large_is_refused_before_it_is_read(raw: Raw) -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n"
        b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: 999999999\r\n\r\n"
    )
    answer = raw.bytes(head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"RequestEntityTooLarge" in answer


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 4096,
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        b"SSH-2.0-OpenSSH_9.7\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
        b"GET \r\n\r\n",
    ],
)
def test_garbage_on_the_socket_leaves_the_server_alive(server: Server, raw: Raw, data: bytes) -> None:
    answer = raw.bytes(data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert b"Traceback" not in answer
    assert server.client.health().status == "running"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/favicon.ico"),
        ("DELETE", "/"),
        ("OPTIONS", "*"),
        ("POST", "/_%zz%00"),
        ("GET", "/?Action="),
        ("GET", "/?%ff=%fe&&&=&Action=%ff"),
        ("GET", "/000000000000/missing?Action=ReceiveMessage"),
        ("GET", "//////"),
        ("GET", "/_nothing"),
        ("GET", "/_undercast/nothing"),
        ("PUT", "/_undercast/reset"),
        ("GET", "/_aws/nothing"),
    ],
)
def test_odd_requests_get_an_answer_of_the_clients_fault(raw: Raw, method: str, path: str) -> None:
    status, _, content = raw.ask(method, path)
    assert 400 <= status < 500, content
    assert b"Traceback" not in content


def test_an_error_of_boto3_has_everything(sqs: SQSClient) -> None:
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl="http://localhost/000000000000/missing", MessageBody="x")
    error = refused.value.response
    assert error["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["Error"]["Type"] == "Sender"  # type: ignore[typeddict-item]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["ResponseMetadata"]["RequestId"]


# -- pages of our own


def test_health_is_there_for_old_wait_scripts(raw: Raw) -> None:
    for path in ("/_undercast/health", "/_localstack/health"):
        status, headers, content = raw.ask("GET", path)
        assert status == 200
        assert headers["content-type"].startswith("application/json")
        assert json.loads(content)["services"]["sqs"] == "running"


def test_a_web_page_cannot_reset_the_emulator(raw: Raw, sqs: SQSClient, queue_url: str) -> None:
    status, _, content = raw.ask("POST", "/_undercast/reset", b"{}", {"Origin": "https://evil.example"})
    assert status == 403, content
    assert sqs.list_queues()["QueueUrls"] == [queue_url]


def test_reset_forgets_everything(server: Server, sqs: SQSClient, queue_url: str) -> None:
    server.client.reset()
    assert "QueueUrls" not in sqs.list_queues()


def test_peek_shows_messages_without_receiving_them(raw: Raw, sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="look")
    path = "/_aws/sqs/messages?" + urllib.parse.urlencode({"QueueUrl": queue_url})
    for _ in range(2):
        status, _, content = raw.ask("GET", path)
        assert (status, tag(content.decode(), "Body")) == (200, "look")
    status, _, content = raw.ask("GET", path, headers={"Accept": "application/json"})
    assert status == 200
    assert b'"look"' in content
    message = sqs.receive_message(QueueUrl=queue_url, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
