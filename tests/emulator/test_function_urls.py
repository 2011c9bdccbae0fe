"""Function URLs: the event as AWS was seen to make it, and every kind of answer."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from emulator.function_urls import FunctionUrls, address
from emulator.wire.exchange import CutShort, Exchange, Reply
from services.lambda_.errors import TooManyRequests
from services.lambda_.invocation import Outcome
from services.lambda_.model import FunctionName
from services.lambda_.streaming import HTTP_INTEGRATION, ResponseStream
from services.lambda_.urls import FunctionUrlConfig

HOST = b"abc.lambda-url.us-east-1.localhost:4566"
NAME = FunctionName("000000000000", "us-east-1", "f")


class Clock:
    def now(self) -> float:
        return 1_700_000_000.25


class Entropy:
    def uuid(self) -> str:
        return "the-id"

    def bits(self, n: int) -> int:
        return 5


class Urls:
    def __init__(self, **changes: Any) -> None:
        given = {
            "url_id": "abc",
            "url": "",
            "function": NAME,
            "qualifier": "",
            "auth_type": "NONE",
            "invoke_mode": "",
            "cors": None,
            "created_at": 0.0,
            "last_modified_at": 0.0,
        }
        self.config = FunctionUrlConfig(**(given | changes))

    def find(self, url_id: str, region: str = "") -> FunctionUrlConfig | None:
        return self.config if url_id == "abc" and region in ("", "us-east-1") else None


class Plane:
    """Answers as the test says, and remembers the event."""

    def __init__(self, outcome: Outcome | Exception | None = None) -> None:
        self.outcome = outcome
        self.event: dict[str, Any] = {}
        self.invoked: tuple[str, str] = ("", "")
        self.stream: ResponseStream | None = None

    def start(self, target: str, payload: bytes, trace: str, *, request_id: str) -> asyncio.Future[Outcome]:
        self.event, self.invoked = json.loads(payload), (target, request_id)
        future = asyncio.get_running_loop().create_future()
        if isinstance(self.outcome, Exception):
            future.set_exception(self.outcome)
        else:
            future.set_result(self.outcome)
        return future

    async def open_stream(self, target: str, payload: bytes, trace: str, *, request_id: str) -> ResponseStream:
        self.event = json.loads(payload)
        assert self.stream is not None
        return self.stream


def request(
    method: str = "GET", path: str = "/", query: str = "", body: bytes = b"", host: bytes = HOST, **headers: str
) -> Exchange:
    told = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    return Exchange(method.encode(), path.encode(), query.encode(), {b"host": host} | told, body)


def ask(exchange: Exchange, payload: bytes = b"{}", urls: Urls | None = None, **outcome: Any) -> tuple[Reply, Plane]:
    plane = Plane(Outcome("the-id", payload, "1", **outcome))
    return asked(exchange, plane, urls), plane


def asked(exchange: Exchange, plane: Plane, urls: Urls | None = None) -> Reply:
    async def main() -> Reply:
        answer = FunctionUrls(urls or Urls(), plane, Clock(), Entropy()).answer(exchange)  # type: ignore[arg-type]
        assert answer is not None
        return answer if isinstance(answer, Reply) else await answer

    return asyncio.run(main())


def headers_of(reply: Reply) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in reply.head.decode().split("\r\n") if line)


@pytest.mark.parametrize(
    ("exchange", "found"),
    [
        (request(path="/a%2Fb"), ("abc", "us-east-1", "/a%2Fb")),
        (request(host=b"ABC.lambda-url.eu-west-1.on.aws"), ("abc", "eu-west-1", "/")),
        (request(host=b"x", path="/_aws/lambda-url/abc/p/q"), ("abc", "", "/p/q")),
        (request(host=b"x", path="/_aws/lambda-url/abc"), ("abc", "", "/")),
        (request(host=b"x", path="/_aws/lambda-url/abc//p//q"), ("abc", "", "/p//q")),
        (request(host=b"x", path="/_aws/lambda-url/"), None),
        (request(host=b"a.b.lambda-url.us-east-1.localhost"), None),
        (request(host=b"localhost:4566"), None),
    ],
)
def test_the_address(exchange: Exchange, found: tuple[str, str, str] | None) -> None:
    assert address(exchange) == found


def test_the_event() -> None:
    exchange = request(
        "POST",
        "/pa2%Fth/1",
        "q=query&multiQuery=foo&multiQuery=%2Fbar",
        b'{"foo": "bar"}',
        content_type="application/json",
        user_agent="test/echo",
        connection="keep-alive",
        cookie="a=1; b=2",
    )
    _, plane = ask(exchange)
    assert plane.invoked == (NAME.arn(), "the-id")
    assert plane.event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/pa2%Fth/1",
        "rawQueryString": "q=query&multiQuery=foo&multiQuery=%2Fbar",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "host": HOST.decode(),
            "content-type": "application/json",
            "user-agent": "test/echo",
            "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
            "x-amzn-tls-version": "TLSv1.3",
            "x-amzn-trace-id": "Root=1-6553f100-000000000000000000000005",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "4566",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"q": "query", "multiQuery": "foo,/bar"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc",
            "domainName": HOST.decode(),
            "domainPrefix": "abc",
            "http": {
                "method": "POST",
                "path": "/pa2%Fth/1",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test/echo",
            },
            "requestId": "the-id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "14/Nov/2023:22:13:20 +0000",
            "timeEpoch": 1_700_000_000_250,
        },
        "body": '{"foo": "bar"}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("text/plain; charset=utf-8", "ä".encode(), False),
        ("application/vnd.api+json", b"{}", False),
        ("text/plain", b"\xff", True),
        ("application/x-www-form-urlencoded", b"a=b", True),
        ("multipart/form-data; boundary=x", b"--x", True),
        ("", b"x", True),
    ],
)
def test_a_body_is_text_or_base64(content_type: str, body: bytes, encoded: bool) -> None:
    _, plane = ask(request("POST", body=body, content_type=content_type))
    assert plane.event["isBase64Encoded"] is encoded
    got = plane.event["body"]
    assert (base64.b64decode(got) if encoded else got.encode()) == body


def test_no_body_and_no_query() -> None:
    _, plane = ask(request())
    assert plane.event["isBase64Encoded"] is False
    assert plane.event.keys().isdisjoint({"body", "queryStringParameters", "cookies"})


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (b'{"hello": "world"}', b'{"hello":"world"}'),
        (b'{"statusCode": 200, "body": "body123"}', b"body123"),
        (b'{"statusCode": 200, "body": "{\\"hello\\": \\"world\\"}"}', b'{"hello": "world"}'),
        (b'["hello", 3, true]', b'["hello",3,true]'),
        (b'"hello"', b"hello"),
        (b"3", b"3"),
        (b"3.1", b"3.1"),
        (b"true", b"true"),
        (b"no json", b"no json"),
        (b'{"statusCode": 200, "isBase64Encoded": true, "body": "AP8="}', b"\x00\xff"),
        (b'{"statusCode": 204}', b""),
    ],
)
def test_answers_as_recorded(payload: bytes, body: bytes) -> None:
    reply, _ = ask(request(), payload)
    assert reply.body == body
    assert headers_of(reply)["content-type"] == "application/json"
    assert headers_of(reply)["x-amzn-requestid"] == "the-id"


def test_status_headers_and_cookies() -> None:
    answer = {
        "statusCode": "418",
        "headers": {"Content-Type": "text/x", "My-Header": "a\r\nb: c", "Content-Length": "9", "N": 5, "bad name": "x"},
        "cookies": ["a=1; Secure", "b=2"],
        "body": "tea",
    }
    reply, _ = ask(request(), json.dumps(answer).encode())
    assert (reply.status, reply.body) == (418, b"tea")
    assert reply.head == (
        b"x-amzn-requestid: the-id\r\nContent-Type: text/x\r\nMy-Header: a  b: c\r\nN: 5\r\n"
        b"set-cookie: a=1; Secure\r\nset-cookie: b=2\r\n"
    )


def test_an_answer_that_is_none() -> None:
    for payload in (b'{"statusCode": "x"}', b'{"statusCode": 7}', b'{"statusCode": null}'):
        reply, _ = ask(request(), payload)
        assert (reply.status, reply.body) == (502, b"Internal Server Error")


def test_a_function_error_is_a_bad_gateway() -> None:
    reply, _ = ask(request(), b'{"errorMessage":"secret"}', function_error="Unhandled")
    assert (reply.status, reply.body) == (502, b"Internal Server Error")


def test_throttled() -> None:
    plane = Plane(TooManyRequests("Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded"))
    reply = asked(request(), plane)
    assert reply.status == 429
    assert headers_of(reply)["x-amzn-errortype"] == "TooManyRequestsException"
    assert json.loads(reply.body)["message"] == "Rate Exceeded."


def test_no_such_url() -> None:
    reply, _ = ask(request(host=b"other.lambda-url.us-east-1.localhost"))
    assert (reply.status, reply.body) == (403, b'{"Message":null}')
    assert headers_of(reply)["x-amzn-errortype"] == "AccessDeniedException"
    assert headers_of(reply)["content-type"] == "application/json"


def test_a_url_that_asks_for_a_signature() -> None:
    urls = Urls(auth_type="AWS_IAM")
    reply, _ = ask(request(), urls=urls)
    assert reply.status == 403
    assert b"Forbidden. For troubleshooting Function URL authorization issues" in reply.body
    reply, _ = ask(request(authorization="AWS4-HMAC-SHA256 Credential=..."), urls=urls)
    assert reply.status == 200


CORS = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 5, "ExposeHeaders": ["x-y"]}


def test_a_preflight_is_answered_without_the_function() -> None:
    exchange = request("OPTIONS", origin="https://a.example", access_control_request_method="GET")
    reply, plane = ask(exchange, urls=Urls(cors=CORS))
    assert plane.event == {}
    told = headers_of(reply)
    assert reply.status == 200
    assert told["access-control-allow-origin"] == "https://a.example"
    assert (told["access-control-allow-methods"], told["access-control-max-age"]) == ("GET", "5")
    reply, plane = ask(exchange)
    assert plane.event["requestContext"]["http"]["method"] == "OPTIONS"


def test_who_may_read_the_answer() -> None:
    told = headers_of(ask(request(origin="https://a.example"), urls=Urls(cors=CORS))[0])
    assert (told["access-control-expose-headers"], told["vary"]) == ("x-y", "Origin")
    assert "access-control-allow-origin" not in headers_of(ask(request(origin="b"), urls=Urls(cors=CORS))[0])
    anybody = Urls(cors={"AllowOrigins": ["*"]})
    assert headers_of(ask(request(origin="b"), urls=anybody)[0])["access-control-allow-origin"] == "*"
    credentials = Urls(cors={"AllowOrigins": ["*"], "AllowCredentials": True})
    told = headers_of(ask(request(origin="b"), urls=credentials)[0])
    assert (told["access-control-allow-origin"], told["access-control-allow-credentials"]) == ("b", "true")


def streamed(content_type: str | None, parts: list[bytes], end: Outcome) -> tuple[Reply, bytes, bool]:
    """The reply, its body, and whether it came whole."""

    async def main() -> tuple[Reply, bytes, bool]:
        plane = Plane()
        stream = plane.stream = ResponseStream("the-id")
        if content_type is not None:
            stream.begins(content_type)
        for part in parts:
            stream.chunk(part)
        stream.ends(end)
        urls = FunctionUrls(Urls(invoke_mode="RESPONSE_STREAM"), plane, Clock(), Entropy())  # type: ignore[arg-type]
        reply = await urls.answer(request())  # type: ignore[misc]
        body = reply.body
        try:
            if reply.stream is not None:
                async for part in reply.stream:
                    body += part
        except CutShort:
            return reply, body, False
        return reply, body, True

    return asyncio.run(main())


DONE = Outcome("the-id", b"", "1")


def test_a_stream_with_its_own_status_and_headers() -> None:
    prelude = json.dumps({"statusCode": 201, "headers": {"Content-Type": "text/html"}, "cookies": ["a=b"]}).encode()
    data = prelude + bytes(8) + b"Hello,"
    parts = [data[:5], data[5 : len(prelude) + 3], data[len(prelude) + 3 :], b" world!"]
    reply, body, whole = streamed(HTTP_INTEGRATION, parts, DONE)
    assert (reply.status, body, whole) == (201, b"Hello, world!", True)
    assert reply.head.endswith(b"Content-Type: text/html\r\nset-cookie: a=b\r\n")


def test_a_plain_stream_and_no_stream_at_all() -> None:
    reply, body, whole = streamed("text/plain", [b"a", b"b"], DONE)
    assert (body, whole, headers_of(reply)["content-type"]) == (b"ab", True, "text/plain")
    payload = b'{"statusCode": 201, "body": "x"}'
    reply, body, whole = streamed(None, [], Outcome("the-id", payload, "1"))
    assert (reply.status, body, whole) == (200, payload, True)


FAILED = Outcome("the-id", b'{"errorType":"X"}', "1", "Unhandled", "X")


def test_a_stream_that_fails_before_it_begins() -> None:
    assert streamed(None, [], FAILED)[0].status == 502
    assert streamed(HTTP_INTEGRATION, [b"no prelude"], DONE)[0].status == 502


def test_a_stream_that_breaks_is_cut_short() -> None:
    async def main() -> None:
        plane = Plane()
        stream = plane.stream = ResponseStream("the-id")
        stream.begins("text/plain")
        urls = FunctionUrls(Urls(invoke_mode="RESPONSE_STREAM"), plane, Clock(), Entropy())  # type: ignore[arg-type]
        reply = await urls.answer(request())  # type: ignore[misc]
        assert reply.status == 200
        stream.chunk(b"a")
        assert await anext(reply.stream) == b"a"
        stream.ends(FAILED)
        with pytest.raises(CutShort):
            await anext(reply.stream)

    asyncio.run(main())


def test_a_streaming_function_behind_a_url_that_does_not_stream() -> None:
    payload = b'{"statusCode":202}' + bytes(8) + b"body"
    reply, _ = ask(request(), payload, content_type=HTTP_INTEGRATION)
    assert (reply.status, reply.body) == (202, b"body")
