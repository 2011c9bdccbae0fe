"""The Runtime API's door, without processes."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from emulator.clock import Clock
from emulator.sandboxes.connection import RuntimeConnection, ServerState
from emulator.sandboxes.extensions import Extensions
from emulator.sandboxes.runtime_api import RuntimeApi
from emulator.sandboxes.telemetry import Telemetry
from emulator.wire.exchange import Exchange, Reply
from services.ports import Work

WORK = Work("r-1", b'{"a":1}', "arn:x", 3, "Root=1", "{}\r\nX-Injected: 1", "")


class Recorder:
    """emulator.sandboxes.runtime_api.Runtime."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def hold(self) -> Any:
        return Clock().hold()

    def extension_moved(self) -> None: ...

    def extension_failed(self, error_type: str, payload: bytes) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.seen.append((name, *values))


def make() -> tuple[RuntimeApi, Recorder]:
    runtime: Any = Recorder()
    return RuntimeApi(runtime, Extensions(runtime, None, lambda: "id"), Telemetry(lambda _: False)), runtime  # type: ignore[arg-type]


def request(method: bytes, path: bytes, body: bytes = b"", **headers: str) -> Exchange:
    named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    return Exchange(method, b"/2018-06-01/runtime/" + path, b"", named, body)


async def handed_out(api: RuntimeApi) -> Reply:
    pending: Any = api.handle(request(b"GET", b"invocation/next"))
    api.give(WORK, 1_795_228_987_000)
    reply: Reply = await pending
    return reply


def run(scenario: Any) -> Any:
    return asyncio.run(scenario())


def test_next() -> None:
    async def scenario() -> tuple[Reply, Recorder]:
        api, runtime = make()
        return await handed_out(api), runtime

    reply, runtime = run(scenario)
    assert reply.status == 200
    assert reply.body == b'{"a":1}'
    assert reply.head.decode().split("\r\n") == [
        "Content-Type: application/json",
        "Lambda-Runtime-Aws-Request-Id: r-1",
        "Lambda-Runtime-Deadline-Ms: 1795228987000",
        "Lambda-Runtime-Invoked-Function-Arn: arn:x",
        "Lambda-Runtime-Trace-Id: Root=1",
        "Lambda-Runtime-Client-Context: {}  X-Injected: 1",
        "",
    ]
    assert runtime.seen == [("asks",)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"invocation/r-2/response", 400),
        (b"invocation/r-2/error", 400),
        (b"invocation/r-1/other", 404),
        (b"invocation/", 404),
        (b"other", 404),
        (b"invocation/next", 405),
        (b"invocation/r-1/response", 202),
        (b"invocation/r-1/error", 202),
    ],
)
def test_statuses_while_one_is_under_way(path: bytes, status: int) -> None:
    async def scenario() -> Any:
        api, _ = make()
        await handed_out(api)
        return api.handle(request(b"POST", path, b"{}"))

    assert run(scenario).status == status


def test_nobody_answers_for_another_or_twice() -> None:
    async def scenario() -> Any:
        api, runtime = make()
        early = api.handle(request(b"POST", b"invocation/r-1/response", b"1"))
        await handed_out(api)
        again: Any = api.handle(request(b"GET", b"invocation/next"))
        first = api.handle(request(b"POST", b"invocation/r-1/response", b"2"))
        second = api.handle(request(b"POST", b"invocation/r-1/error", b"3"))
        return [early, again, first, second], runtime.seen

    replies, seen = run(scenario)
    assert [reply.status for reply in replies] == [403, 403, 202, 403]
    assert seen == [("asks",), ("responded", WORK, b"2")]


def test_errors() -> None:
    async def scenario() -> Any:
        api, runtime = make()
        api.handle(request(b"POST", b"init/error", b"{}", lambda_runtime_function_error_type="A.B"))
        await handed_out(api)
        api.handle(request(b"POST", b"invocation/r-1/error", b"{1}", lambda_runtime_function_error_type="C"))
        return runtime.seen

    assert run(scenario) == [("failed_init", b"{}", "A.B"), ("asks",), ("failed", WORK, b"{1}", "C")]


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def get_extra_info(self, name: str) -> None:
        """Nobody is at the other end."""

    def close(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("failed", [False, True])
def test_a_streamed_response_in_pieces(step: int, failed: bool) -> None:
    error = base64.b64encode(b'{"errorMessage":"no"}').decode()
    trailers = f"Lambda-Runtime-Function-Error-Type: Bad\r\nLambda-Runtime-Function-Error-Body: {error}\r\n"
    text = (
        "POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: x\r\nContent-Type: text/html\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
        f"4\r\none \r\n3\r\ntwo\r\n0\r\n{trailers if failed else ''}\r\n"
    ).encode()

    async def scenario() -> Any:
        api, runtime = make()
        await handed_out(api)
        connection = RuntimeConnection(api, server_state=ServerState())
        wire: Any = Wire()
        connection.connection_made(wire)
        for place in range(0, len(text), step):
            connection.data_received(text[place : place + step])
        return runtime.seen, wire.written

    seen, written = run(scenario)
    assert seen[1] == ("stream_begins", WORK, "text/html")
    assert b"".join(chunk for name, *_, chunk in seen[2:-1] if name == "stream_chunk") == b"one two"
    assert seen[-1] == ("stream_ends", WORK, *(("Bad", b'{"errorMessage":"no"}') if failed else ("", b"")))
    assert written.startswith(b"HTTP/1.1 202")


def test_a_stream_that_breaks_off() -> None:
    async def scenario() -> Any:
        api, runtime = make()
        await handed_out(api)
        connection = RuntimeConnection(api, server_state=ServerState())
        wire: Any = Wire()
        connection.connection_made(wire)
        connection.data_received(
            b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: x\r\n"
            b"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none"
        )
        connection.connection_lost(None)
        return runtime.seen[-1]

    assert run(scenario) == ("stream_ends", WORK, "Runtime.TruncatedResponse", b"")
