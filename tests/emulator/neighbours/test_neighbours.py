"""What surrounds moto: refusals, holds, threads, calls in process, reset, and what must not leak."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests

from emulator.neighbours import directory
from emulator.neighbours.turn import Turn
from emulator.wire.exchange import Exchange
from services.errors import NotImplementedByUndercast, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Any]

FORM = {b"content-type": b"application/x-www-form-urlencoded"}


def target(name: str, body: Any = None) -> Exchange:
    headers = {b"x-amz-target": name.encode(), b"content-type": b"application/x-amz-json-1.1"}
    return Exchange(b"POST", b"/", b"", headers, json.dumps(body or {}).encode())


def test_an_unknown_service_says_so(bench: Any) -> None:
    with pytest.raises(NotImplementedByUndercast, match="no service nosuch"):
        bench.ask(target("X.Y"), "nosuch")


@pytest.mark.parametrize(
    ("service", "exchange"),
    [
        ("ssm", target("AmazonSSM.NoSuchThing")),
        (
            "iam",
            Exchange(
                b"POST", b"/", b"", {b"content-type": b"application/x-www-form-urlencoded"}, b"Action=NoSuchThing"
            ),
        ),
        ("apigateway", Exchange(b"GET", b"/nosuchthing", b"", {}, b"")),
        ("bedrock", Exchange(b"GET", b"/nosuchthing", b"", {}, b"")),
    ],
)
def test_an_unknown_operation_is_named(bench: Any, service: str, exchange: Exchange) -> None:
    with pytest.raises(NotImplementedByUndercast) as refused:
        bench.ask(exchange, service)
    assert service in refused.value.message
    assert "nosuchthing" in refused.value.message.lower()


def test_a_broken_coding_is_the_clients_fault(bench: Any) -> None:
    chunked = {b"x-amz-content-sha256": b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    smithy = {b"smithy-protocol": b"rpc-v2-cbor"}
    for service, exchange in [
        ("s3", Exchange(b"PUT", b"/b/k", b"", chunked, b"zz")),
        ("monitoring", Exchange(b"POST", b"/", b"", smithy, b"\xa0")),
    ]:
        with pytest.raises(ServiceError) as refused:
            bench.ask(exchange, service)
        assert refused.value.status == 400


def test_an_upload_in_chunks_with_a_trailer(bench: Any, client: Make, old_moto: bool) -> None:
    client("s3").create_bucket(Bucket="crate")
    headers = {
        b"host": b"crate.s3.localhost:4566",
        b"x-amz-content-sha256": b"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        b"content-encoding": b"aws-chunked",
        b"x-amz-trailer": b"x-amz-checksum-crc32",
        b"x-amz-sdk-checksum-algorithm": b"CRC32",
        b"x-amz-decoded-content-length": b"5",
        b"expect": b"100-continue",
    }
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    assert bench.ask(Exchange(b"PUT", b"/k", b"", headers, body), "s3").status == 200
    got = client("s3").get_object(Bucket="crate", Key="k", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got["ContentLength"]) == (b"hello", 5)
    assert old_moto or got["ChecksumCRC32"] == "NhCmhg=="
    assert "ContentEncoding" not in got


def test_head_has_the_length_of_the_object(bench: Any, client: Make) -> None:
    client("s3").create_bucket(Bucket="crate")
    client("s3").put_object(Bucket="crate", Key="k", Body=b"x" * 1234)
    reply = bench.ask(Exchange(b"HEAD", b"/crate/k", b"", {}, b""), "s3")
    assert b"content-length: 1234\r\n" in reply.head
    assert reply.body == b""
    reply = bench.ask(Exchange(b"GET", b"/crate/k", b"", {}, b""), "s3")
    assert b"content-length" not in reply.head
    assert b"\r\ndate:" not in reply.head


def test_the_caller_cannot_name_another_account(bench: Any) -> None:
    form = {b"content-type": b"application/x-www-form-urlencoded", b"x-moto-account-id": b"999999999999"}
    asked = Exchange(b"POST", b"/", b"", form, b"Action=GetCallerIdentity&Version=2011-06-15")
    assert b"<Account>000000000000</Account>" in bench.ask(asked, "sts").body


def test_calls_in_process(bench: Any) -> None:
    bench.call("s3", "CreateBucket", {"Bucket": "crate"})
    bench.call("s3", "PutObject", {"Bucket": "crate", "Key": "a/b c.zip", "Body": b"\x00\xffzip"})
    assert bench.call("s3", "GetObject", {"Bucket": "crate", "Key": "a/b c.zip"})["Body"] == b"\x00\xffzip"
    assert bench.call("sts", "GetCallerIdentity", {}, "111122223333")["Account"] == "111122223333"
    with pytest.raises(Exception, match="NoSuchBucket") as refused:
        bench.call("s3", "GetObject", {"Bucket": "nowhere", "Key": "k"})
    assert (refused.value.code, refused.value.status) == ("NoSuchBucket", 404)
    bench.neighbours.reset()


def test_reset_of_some(bench: Any, client: Make) -> None:
    away = [client("logs"), client("logs", region="eu-west-1"), client("logs", key="111122223333")]
    for logs in away:
        logs.create_log_group(logGroupName="g")
    client("kms").create_key()
    client("lambda").list_functions()

    def left() -> list[int]:
        groups = [len(logs.describe_log_groups()["logGroups"]) for logs in away]
        return [*groups, len(client("kms").list_keys()["Keys"])]

    assert left() == [1, 1, 1, 1]
    assert bench.neighbours.reset("nosuch") == []
    assert bench.neighbours.reset("logs", region="eu-west-1") == ["logs"]
    assert left() == [1, 0, 1, 1]
    bench.neighbours.reset(account="111122223333")
    assert left() == [1, 0, 0, 1]
    bench.neighbours.reset("logs")
    assert left() == [0, 0, 0, 1]
    assert {"kms", "lambda", "logs"} <= set(bench.neighbours.reset())
    assert left() == [0, 0, 0, 0]


def test_the_clock_is_held_while_moto_works(bench: Any) -> None:
    async def scenario() -> tuple[int, int, bool]:
        bench.neighbours._turn.__enter__()
        try:
            asked = asyncio.ensure_future(bench.neighbours.answer(target("TrentService.ListKeys"), "kms"))
            moved = asyncio.ensure_future(bench.clock.advance(5))
            for _ in range(50):
                await asyncio.sleep(0)  # noqa: TID251 - lets the loop turn
            while_working = bench.clock.holds
            waited = not moved.done()
            # A client that goes away does not free the clock.
            asked.cancel()
            for _ in range(50):
                await asyncio.sleep(0)  # noqa: TID251 - lets the loop turn
            waited = waited and not moved.done() and bench.clock.holds == 1
        finally:
            bench.neighbours._turn.__exit__()
        await moved
        return while_working, bench.clock.holds, waited

    assert asyncio.run_coroutine_threadsafe(scenario(), bench.loop).result(30) == (1, 0, True)


def test_many_at_once(bench: Any, client: Make) -> None:
    async def scenario() -> list[int]:
        asked = [
            bench.neighbours.answer(target("Logs_20140328.CreateLogGroup", {"logGroupName": f"g{n}"}), "logs")
            for n in range(100)
        ]
        return [reply.status for reply in await asyncio.gather(*asked)]

    assert asyncio.run_coroutine_threadsafe(scenario(), bench.loop).result(60) == [200] * 100
    pages = client("logs").get_paginator("describe_log_groups").paginate()
    assert sum(len(page["logGroups"]) for page in pages) == 100
    assert bench.clock.holds == 0


def test_a_subscriber_that_calls_back_is_served(bench: Any, client: Make) -> None:
    """A topic posts to a subscriber that, before it answers, publishes itself."""
    heard: list[str] = []

    class Subscriber(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.append(said["Message"])
            if said["Message"] == "first":
                client("sns").publish(TopicArn=topic, Message="second")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Subscriber)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    topic = client("sns").create_topic(Name="t")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/")
    client("sns").publish(TopicArn=topic, Message="first")
    server.shutdown()
    server.server_close()
    thread.join()
    assert heard == ["first", "second"]


def test_nothing_is_sent_to_aws(bench: Any) -> None:
    bench.call("sts", "GetCallerIdentity", {})
    with pytest.raises(requests.exceptions.ConnectionError, match="sends nothing"):
        requests.post("https://sqs.us-east-1.amazonaws.com/", timeout=5)
    # boto3 inside moto's code stays in the process.
    inside = boto3.session.Session().client(
        "sts", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert inside.get_caller_identity()["Account"] == "000000000000"
    inside.close()


def test_a_turn_is_put_aside_by_its_holder_only() -> None:
    turn = Turn()
    order: list[str] = []

    def other() -> None:
        with turn:
            order.append("other")

    with turn:
        thread = threading.Thread(target=other)
        with turn.aside():
            thread.start()
            thread.join()
        order.append("holder")
    with turn.aside():
        order.append("free")
    assert order == ["other", "holder", "free"]
    with turn:
        pass


def test_no_environment_and_no_output_and_no_end_delayed(tmp_path: Path) -> None:
    """In a process of its own: moto loads beside hostile variables, and leaves none behind."""
    code = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[1])
from emulator.clock import Clock
from emulator.neighbours.moto import Neighbours
from emulator.wire.exchange import Exchange

async def main():
    clock = Clock()
    clock.start(asyncio.get_running_loop())
    before = dict(os.environ)
    neighbours = Neighbours(clock, "000000000000", "us-east-1", seed=7)
    form = {b"content-type": b"application/x-www-form-urlencoded"}
    reply = await neighbours.answer(
        Exchange(b"POST", b"/", b"", form, b"Action=GetCallerIdentity&Version=2011-06-15"), "sts")
    assert b"<Account>000000000000</Account>" in reply.body, reply
    key = await neighbours.call("kms", "CreateKey", {})
    assert dict(os.environ) == before
    imported = {name.split(".")[1] for name in sys.modules if name.startswith("moto.")}
    assert not imported & {"ec2", "dynamodb", "cloudformation", "sns"}, imported
    assert "flask" not in sys.modules and "fastapi" not in sys.modules
    sys.stderr.write(key["KeyMetadata"]["KeyId"])
    loop = asyncio.get_running_loop()
    loop.create_task(neighbours.call("ec2", "DescribeVpcs", {}))
    await asyncio.sleep(0)
    os.write(1, b"last")

asyncio.run(main())
"""
    hostile = {"MOTO_ACCOUNT_ID": "999999999999", "AWS_PROFILE": "nosuch", "AWS_CONFIG_FILE": str(tmp_path / "none")}
    environment = {**os.environ, **hostile}
    root = str(Path(directory.__file__).parents[2])
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, root], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        for _ in range(2)
    ]
    assert [(done.returncode, done.stdout) for done in runs] == [(0, "last"), (0, "last")], runs[0].stderr
    # Seeded: the same id both times.
    assert runs[0].stderr == runs[1].stderr
    assert len(runs[0].stderr) == 36
