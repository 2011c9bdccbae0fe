"""Neighbours, peek and the control API through a server process, as users reach them."""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

import undercast.server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undercast.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with undercast.server.start(time="manual@2028-02-29T12:00:00Z") as server:
        yield server
        assert not re.search(r" (ERROR|CRITICAL) ", server.log), server.log


def fetch(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return said


def test_objects_with_and_without_a_signature(server: Server) -> None:
    s3 = server.boto3("s3")
    s3.create_bucket(Bucket="crate")
    body = bytes(range(256)) * 8192
    s3.put_object(Bucket="crate", Key="k", Body=body)
    assert s3.get_object(Bucket="crate", Key="k")["Body"].read() == body
    head = s3.head_object(Bucket="crate", Key="k")
    assert (head["ContentLength"], head["LastModified"].timestamp()) == (len(body), server.client.time().now)
    status, headers, _ = fetch(server, "HEAD", "/k", host="crate.s3.localhost:4566")
    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert fetch(server, "GET", "/k", host="crate.s3.localhost:4566")[2] == body
    assert fetch(server, "PUT", "/new", b"x", host="crate.s3.localhost:4566", expect="100-continue")[0] == 200
    assert s3.delete_object(Bucket="crate", Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_the_account_is_the_same_everywhere(server: Server) -> None:
    for key, account in [("test", "000000000000"), ("111122223333", "111122223333")]:
        assert server.boto3("sts", aws_access_key_id=key).get_caller_identity()["Account"] == account
        url = server.boto3("sqs", aws_access_key_id=key).create_queue(QueueName="q")["QueueUrl"]
        assert f"/{account}/q" in url


def test_what_is_missing_says_so(server: Server) -> None:
    kms = server.boto3("kms")
    with pytest.raises(kms.exceptions.ClientError) as refused:
        kms.describe_custom_key_stores()
    said: Any = refused.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)
    assert "DescribeCustomKeyStores" in said["Error"]["Message"]


def test_peek_and_wait_and_reset(server: Server) -> None:
    sqs = server.boto3("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=90)
    ran = server.client.run_until({"queue": url, "visible": {"at_least": 1}}, "1h")
    assert (ran.met, ran.fired) == (True, 1)
    status, _, body = fetch(
        server, "GET", "/_aws/sqs/messages?" + urlencode({"QueueUrl": url}), accept="application/json"
    )
    assert (status, json.loads(body)["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"]["Body"]) == (
        200,
        "late",
    )
    server.boto3("kms").create_key()
    assert {"sqs", "kms"} <= set(server.client.reset())
    assert "QueueUrls" not in sqs.list_queues()
    assert server.boto3("kms").list_keys()["Keys"] == []


def test_health_in_both_places(server: Server) -> None:
    assert server.client.health().services["sqs"] == "running"
    status, headers, body = fetch(server, "GET", "/_localstack/health")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert b'"sqs": "running"' in body
    assert b'"s3": "available"' in body


def test_another_site_cannot_stop_it(server: Server) -> None:
    status, _, body = fetch(server, "POST", "/_undercast/shutdown", b"{}", origin="http://evil.example")
    assert (status, list(json.loads(body))) == (403, ["error"])
    assert server.client.health().status == "running"


def test_shutdown_answers_and_ends() -> None:
    with undercast.server.start() as server:
        server.boto3("sts").get_caller_identity()
        server.client.shutdown()
        assert server.wait(20) == 0
