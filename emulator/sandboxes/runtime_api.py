"""The Lambda Runtime API of one sandbox, 2018-06-01, and the way to its extensions and telemetry.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
One sandbox has one of these, at an address of its own on loopback, and answers its own processes only (`peers`); it
knows at most one invocation. So no process can answer for another's.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING, Final, Protocol

from emulator.sandboxes.answers import JSON, refusal
from emulator.wire.exchange import Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from emulator.sandboxes.connection import Sink
    from emulator.sandboxes.extensions import Extensions
    from emulator.sandboxes.peers import Address
    from emulator.sandboxes.telemetry import Telemetry
    from services.ports import Hold, Work

RUNTIME: Final = b"/2018-06-01/runtime/"
_INVOCATION: Final = RUNTIME + b"invocation/"
_ERROR_TYPE: Final = b"lambda-runtime-function-error-type"
_ERROR_BODY: Final = b"lambda-runtime-function-error-body"

RESPONSE_MAX: Final = 6 * 1024 * 1024 + 100
"""Bytes of a buffered response: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
READ_MAX: Final = 64 * 1024 * 1024
"""More than this is not even read."""

ACCEPTED: Final = Reply(202, JSON, b'{"status":"OK"}\n')


class Runtime(Protocol):
    """What happens behind the API: the sandbox."""

    def asks(self) -> None:
        """The runtime asks for an invocation."""

    def responded(self, work: Work, payload: bytes) -> None:
        """The response, whole."""

    def failed(self, work: Work, payload: bytes, error_type: str) -> None:
        """The handler raised."""

    def failed_init(self, payload: bytes, error_type: str) -> None:
        """The runtime could not begin."""

    def stream_begins(self, work: Work, content_type: str) -> None:
        """A streamed response."""

    def stream_chunk(self, work: Work, data: bytes) -> None:
        """A part of it."""

    def stream_ends(self, work: Work, error_type: str, error: bytes) -> None:
        """Its end."""

    def hold(self) -> Hold:
        """Keep the clock."""

    def owns(self, client: Address, server: Address) -> bool:
        """Whether the client's end of a connection is a process of this sandbox's, as far as can be told."""


class RuntimeApi:
    """The door of one sandbox."""

    def __init__(self, runtime: Runtime, extensions: Extensions, telemetry: Telemetry) -> None:
        self._runtime = runtime
        self._extensions = extensions
        self._telemetry = telemetry
        self._parked: asyncio.Future[Reply] | None = None
        self._work: Work | None = None
        self._streaming = False

    @property
    def asking(self) -> bool:
        """Whether the runtime waits for an invocation."""
        return self._parked is not None

    def give(self, work: Work, deadline_ms: int) -> None:
        """Hand out an invocation to the runtime that asks."""
        parked, self._parked = self._parked, None
        assert parked is not None
        self._work = work
        lines = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", work.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", work.invoked_arn),
            ("Lambda-Runtime-Trace-Id", work.trace),
            ("Lambda-Runtime-Client-Context", work.client_context),
            ("Lambda-Runtime-Cognito-Identity", work.cognito_identity),
        ]
        head = "".join(f"{name}: {_one_line(text)}\r\n" for name, text in lines if text)
        if not parked.done():
            parked.set_result(Reply(200, head.encode("utf-8"), work.payload))

    # -- emulator.connection.Door

    def handle(self, exchange: Exchange) -> Reply | Awaitable[Reply]:
        """Answer."""
        path = exchange.path
        if path.startswith(_INVOCATION):
            rest = path[len(_INVOCATION) :]
            if rest == b"next":
                return self._next() if exchange.method == b"GET" else _NOT_ALLOWED
            request_id, _, what = rest.partition(b"/")
            if exchange.method == b"POST" and what in {b"response", b"error"}:
                return self._finish(exchange, request_id, error=what == b"error")
            return _NOT_FOUND
        if path == RUNTIME + b"init/error":
            self._runtime.failed_init(exchange.body, _text(exchange, _ERROR_TYPE, "Runtime.Unknown"))
            return ACCEPTED
        if path.startswith(b"/2020-01-01/extension/"):
            return self._extensions.handle(exchange)
        if path in {b"/2022-07-01/telemetry", b"/2020-08-15/logs"}:
            return self._telemetry.handle(exchange)
        return _NOT_FOUND

    def sink(self, exchange: Exchange) -> Sink | None:
        """A streamed response is passed on as it comes."""
        if exchange.headers.get(b"lambda-runtime-function-response-mode", b"").lower() != b"streaming":
            return None
        request_id, _, what = exchange.path.removeprefix(_INVOCATION).partition(b"/")
        work = self._work
        if what != b"response" or work is None or work.request_id.encode() != request_id or self._streaming:
            return None
        self._streaming = True
        self._runtime.stream_begins(work, _text(exchange, b"content-type", "application/octet-stream"))
        return _Stream(self, self._runtime, work)

    def knows(self, client: Address, server: Address) -> bool:
        """Only the sandbox's own processes are answered."""
        return self._runtime.owns(client, server)

    def body_limit(self, exchange: Exchange) -> int:
        """Bytes of a body that are read."""
        return READ_MAX

    def refuse(self, exchange: Exchange | None, status: int, text: str) -> Reply:
        """What can't be read. A response that is too large for that is a response that is too large."""
        work = self._work
        if status == 413 and exchange is not None and work is not None and not self._streaming:
            too_large = exchange.path == b"%b%b/response" % (_INVOCATION, work.request_id.encode())
            if too_large:
                self._work = None
                self._runtime.responded(work, bytes(RESPONSE_MAX + 1))
        return refusal(status, "RequestEntityTooLarge" if status == 413 else "InvalidRequest", text)

    def hold(self) -> Hold:
        """Keep the clock while a request is half read."""
        return self._runtime.hold()

    # -- the runtime's requests

    def _next(self) -> Reply | Awaitable[Reply]:
        if self._work is not None:
            return refusal(403, "InvalidStateTransition", "Transition from Running to Ready is not allowed")
        if self._parked is not None and not self._parked.done():
            # Asked again, on another connection: the last one counts.
            self._parked.cancel()
        parked = self._parked = asyncio.get_running_loop().create_future()
        self._runtime.asks()
        return parked

    def _finish(self, exchange: Exchange, request_id: bytes, *, error: bool) -> Reply:
        work = self._work
        if work is None:
            state = "InvocationError" if error else "InvocationResponse"
            return refusal(403, "InvalidStateTransition", f"Transition from Ready to {state} is not allowed")
        if work.request_id.encode() != request_id:
            return refusal(400, "InvalidRequestID", "Invalid request ID")
        if self._streaming:
            self.ends_stream(work, _text(exchange, _ERROR_TYPE, ""), _decoded(exchange.headers.get(_ERROR_BODY, b"")))
            return ACCEPTED
        self._work = None
        if error:
            self._runtime.failed(work, exchange.body, _text(exchange, _ERROR_TYPE, "Unhandled"))
            return ACCEPTED
        self._runtime.responded(work, exchange.body)
        if len(exchange.body) > RESPONSE_MAX:
            text = f"Exceeded maximum allowed payload size ({RESPONSE_MAX} bytes)."
            return refusal(413, "RequestEntityTooLarge", text)
        return ACCEPTED

    def ends_stream(self, work: Work, error_type: str, error: bytes) -> None:
        """A streamed response is over."""
        if self._work is work and self._streaming:
            self._work = None
            self._streaming = False
            self._runtime.stream_ends(work, error_type, error)


class _Stream:
    """A streamed response under way."""

    def __init__(self, api: RuntimeApi, runtime: Runtime, work: Work) -> None:
        self._api = api
        self._runtime = runtime
        self._work = work

    def chunk(self, data: bytes) -> None:
        self._runtime.stream_chunk(self._work, data)

    def broken(self) -> None:
        self._api.ends_stream(self._work, "Runtime.TruncatedResponse", b"")


def _text(exchange: Exchange, header: bytes, default: str) -> str:
    return exchange.headers.get(header, b"").decode("utf-8", "replace") or default


def _one_line(text: str) -> str:
    """What came from a caller's header or JSON must not become another header."""
    return text.replace("\r", " ").replace("\n", " ").replace("\0", " ")


def _decoded(body: bytes) -> bytes:
    """The trailer with the error is base64."""
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return body


_NOT_FOUND = refusal(404, "NotFound", "404 page not found")
_NOT_ALLOWED = refusal(405, "MethodNotAllowed", "Method Not Allowed")
