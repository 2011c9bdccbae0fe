"""One client connection: bytes in through httptools, exchanges to the front door, replies out in order.

uvicorn owns the listening socket, the signals and the loop; this class takes the place of its HTTP protocol
(`docs/decisions/0002-own-protocol-class.md`): no ASGI scope, no task a request, nothing between the parser and the
route. It is the hot road's first half and is written out straight.

A connection serves one exchange at a time, in the order they came. What arrives meanwhile waits in a short queue, and
beyond that in the kernel (reading is paused).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

import httptools

from emulator.wire.exchange import CutShort, Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from services.ports import Hold

log = logging.getLogger("undercast.http")

MAX_HEAD_BYTES = 256 * 1024
"""Request line and headers together. AWS takes some 16 KiB; Query requests by GET may carry a message in the URL."""
MAX_WAITING = 16
HALF_READ_PATIENCE_S = 30.0
"""Real seconds in which some more of a request has to come: a request half read keeps the clock from being moved."""
LARGE_BODY = 1024 * 1024
"""Bodies up to this size fit every service, so their limit need not be looked up."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
# All of them: a neighbour may answer with a status of its own.
_STATUS_LINE = {code: f"HTTP/1.1 {code} {_PHRASES.get(code, 'Unknown')}\r\n".encode() for code in range(100, 1000)}
_NO_BODY = frozenset({204, 304})


class Door(Protocol):
    """What a connection asks of the front door (`emulator.door.FrontDoor`)."""

    def handle(self, exchange: Exchange) -> Reply | Awaitable[Reply]:
        """Answer; never raises."""

    def body_limit(self, exchange: Exchange) -> int:
        """The most bytes a body for this (bodiless as yet) exchange may have."""

    def refuse(self, exchange: Exchange | None, status: int, text: str) -> Reply:
        """An answer to what is not HTTP, or is too large to be read."""

    def hold(self) -> Hold:
        """Keep the clock from being moved."""


class ServerState(Protocol):
    """What uvicorn shares between its connections."""

    connections: set[Any]
    tasks: set[asyncio.Task[None]]
    default_headers: list[tuple[bytes, bytes]]
    total_requests: int


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(
        self,
        door: Door,
        *,
        server_state: ServerState,
        config: object = None,
        app_state: object = None,
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._door = door
        self._handle = door.handle
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        # The request being read.
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._limit = LARGE_BODY
        self._reading = False
        self._hold: Hold | None = None
        self._patience: asyncio.TimerHandle | None = None
        # Of a request half read: what the parser has handed on so far, and the bytes that came since.
        self._progress = self._progress_seen = 0
        self._stalled = 0
        # The exchange being answered, and those behind it.
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[Exchange, bool]] = deque()
        self._closing = False
        self._reading_paused = False
        self._write_blocked = False
        self._drained: asyncio.Future[None] | None = None
        """What a streamed reply waits for while the client takes no more."""
        # The Date header, rebuilt when uvicorn's clock tick makes a new one.
        self._default_headers: list[tuple[bytes, bytes]] = []
        self._tail = b"\r\ncontent-length: "

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]
        self._state.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.connections.discard(self)
        self._closing = True
        self._waiting.clear()
        self._finished_reading()
        if self._task is not None:
            # A parked receive of a client that is gone must not take messages.
            self._task.cancel()
        self._transport = None

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        while True:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                # We speak HTTP/1.1 only: the offer is passed over and the connection goes on (RFC 9110, 7.8).
                head = self._head_without_offer() if self._reading else b""
                self._parser = httptools.HttpRequestParser(self)
                data = head + data[upgrade.args[0] :]
            except (httptools.HttpParserError, _Refused) as error:
                self._refuse(error)
                return
        if self._reading and not self._closing:
            self._half_read(len(data))

    def eof_received(self) -> None:
        """The client's side is closed: taken as gone, as every server of AWS's does.

        To keep answering a client that only half-closed would be to park the receive of one that died.
        """

    def pause_writing(self) -> None:
        self._write_blocked = True
        self._pause_reading()

    def resume_writing(self) -> None:
        self._write_blocked = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if len(self._waiting) < MAX_WAITING:
            self._resume_reading()

    # -- httptools callbacks

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._head_bytes = 0
        self._body = []
        self._body_bytes = 0
        self._limit = LARGE_BODY
        self._reading = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self._headers
        if name in headers:
            value = headers[name] + b"," + value
        headers[name] = value
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _Refused(431, "The request's headers are too large.")

    def on_headers_complete(self) -> None:
        headers = self._headers
        length = headers.get(b"content-length")
        if length is not None and len(length) > 6 and int(length) > LARGE_BODY:
            self._limit = self._door.body_limit(self._exchange(b""))
            if int(length) > self._limit:
                raise _Refused(413, f"The request's body is larger than {self._limit} bytes.")
        if b"expect" in headers and headers[b"expect"].lower() == b"100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._body_bytes += len(body)
        if self._body_bytes > self._limit:
            if self._limit == LARGE_BODY:
                self._limit = self._door.body_limit(self._exchange(b""))
            if self._body_bytes > self._limit:
                raise _Refused(413, f"The request's body is larger than {self._limit} bytes.")

    def on_message_complete(self) -> None:
        parts = self._body
        exchange = self._exchange(parts[0] if len(parts) == 1 else b"".join(parts))
        parser = self._parser
        keep_alive = parser.should_keep_alive()
        if b"connection" in self._headers:
            if b"upgrade" in self._headers and parser.should_upgrade():
                # The parser believes that what follows is another protocol; see `data_received`.
                return
            # To keep one of HTTP/1.0 open its client would have to be told so; none needs it.
            keep_alive = keep_alive and parser.get_http_version() != "1.0"
        self._finished_reading()
        if self._task is None and not self._waiting:
            self._serve(exchange, keep_alive)
        elif not self._closing:
            self._waiting.append((exchange, keep_alive))
            if len(self._waiting) >= MAX_WAITING:
                self._pause_reading()

    # -- reading

    def _exchange(self, body: bytes) -> Exchange:
        path, _, query = self._url.partition(b"?")
        return Exchange(self._parser.get_method(), path, query, self._headers, body)

    def _head_without_offer(self) -> bytes:
        """The head of the request that offers another protocol, without the offer: its body is yet to be read."""
        lines = [b"%b: %b\r\n" % header for header in self._headers.items() if header[0] not in (b"upgrade", b"expect")]
        return b"%b %b HTTP/1.1\r\n%b\r\n" % (self._parser.get_method(), self._url, b"".join(lines))

    def _half_read(self, size: int) -> None:
        """So many bytes have come, and there is more to come."""
        progress = self._head_bytes + self._body_bytes
        if self._hold is None:
            self._hold = self._door.hold()
            self._patience = self._loop.call_later(HALF_READ_PATIENCE_S, self._gave_up_reading)
            self._stalled = 0
            self._progress_seen = progress
        elif progress != self._progress:
            self._stalled = 0
        else:
            # The parser keeps a header to itself until its line ends.
            self._stalled += size
            if self._stalled > MAX_HEAD_BYTES:
                self._refuse(_Refused(431, "The request's headers are too large."))
        self._progress = progress

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _Refused(414, "The request's URL is too long.")

    def _finished_reading(self) -> None:
        self._reading = False
        self._body = []
        if self._hold is not None:
            self._hold.release()
            self._hold = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _gave_up_reading(self) -> None:
        if self._progress != self._progress_seen:
            # A long upload, and it goes on.
            self._progress_seen = self._progress
            self._patience = self._loop.call_later(HALF_READ_PATIENCE_S, self._gave_up_reading)
            return
        self._patience = None
        self._refuse(_Refused(408, "The rest of the request did not come in time."))

    def _refuse(self, error: Exception) -> None:
        """Answer what can't be read, and close: where the next request begins is not known."""
        # httptools wraps what a callback raises; the refusal of ours is its context.
        refused = error if isinstance(error, _Refused) else error.__context__
        self._finished_reading()
        self._closing = True
        self._waiting.clear()
        if self._task is not None:
            # Its answer comes first, and then the connection closes.
            return
        exchange = self._exchange(b"") if self._url else None
        if isinstance(refused, _Refused):
            reply = self._door.refuse(exchange, refused.status, refused.text)
        else:
            reply = self._door.refuse(exchange, 400, "The request could not be read as HTTP.")
        self._write(reply, head_only=False, keep_alive=False)

    def _pause_reading(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()

    # -- answering

    def _serve(self, exchange: Exchange, keep_alive: bool) -> None:
        reply = self._handle(exchange)
        if type(reply) is Reply:
            self._write(reply, head_only=exchange.method == b"HEAD", keep_alive=keep_alive)
        else:
            task = self._loop.create_task(self._serve_later(reply, exchange, keep_alive))  # type: ignore[arg-type]
            self._task = task
            self._state.tasks.add(task)
            task.add_done_callback(self._state.tasks.discard)

    async def _serve_later(self, pending: Awaitable[Reply], exchange: Exchange, keep_alive: bool) -> None:
        reply = await pending
        if reply.stream is not None:
            keep_alive = await self._stream(reply, exchange, keep_alive and not self._closing)
            self._task = None
            if not keep_alive and self._transport is not None:
                self._closing = True
                self._transport.close()
        else:
            self._task = None
            self._write(reply, head_only=exchange.method == b"HEAD", keep_alive=keep_alive and not self._closing)
        self._serve_waiting()

    async def _stream(self, reply: Reply, exchange: Exchange, keep_alive: bool) -> bool:
        """Write a reply as it comes, no faster than the client takes it; whether the connection may go on.

        A client that goes away ends the stream: this task is cancelled then.
        """
        assert reply.stream is not None
        async with contextlib.aclosing(reply.stream) as parts:
            if exchange.method == b"HEAD" or reply.status in _NO_BODY:
                self._write(reply, head_only=True, keep_alive=keep_alive)
                return keep_alive
            transport = self._transport
            if transport is None:
                return False
            # HTTP/1.0 has no chunks: there the end of the connection is the end of the body.
            chunked = self._parser.get_http_version() != "1.0"
            self._state.total_requests += 1
            dated = b"".join(b"%b: %b\r\n" % header for header in self._state.default_headers)
            coding = b"transfer-encoding: chunked\r\n" if chunked else b""
            close = b"" if keep_alive else b"connection: close\r\n"
            transport.write(_STATUS_LINE[reply.status] + reply.head + dated + coding + close + b"\r\n")
            try:
                if reply.body:
                    await self._write_part(transport, reply.body, chunked=chunked)
                async for part in parts:
                    if part:
                        await self._write_part(transport, part, chunked=chunked)
            except CutShort:
                # Without its last chunk the client sees that the response is not whole.
                return False
            if chunked:
                transport.write(b"0\r\n\r\n")
            return keep_alive

    async def _write_part(self, transport: asyncio.Transport, part: bytes, *, chunked: bool) -> None:
        transport.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
        if self._write_blocked:
            self._drained = self._loop.create_future()
            await self._drained
            self._drained = None

    def _serve_waiting(self) -> None:
        while self._waiting and self._task is None and not self._closing:
            exchange, keep_alive = self._waiting.popleft()
            if not self._write_blocked:
                self._resume_reading()
            self._serve(exchange, keep_alive)

    def _write(self, reply: Reply, *, head_only: bool, keep_alive: bool) -> None:
        transport = self._transport
        if transport is None:
            return
        state = self._state
        state.total_requests += 1
        if state.default_headers is not self._default_headers:
            self._default_headers = state.default_headers
            self._tail = b"".join(b"%b: %b\r\n" % header for header in state.default_headers) + b"content-length: "
        status, head, body, _ = reply
        if keep_alive and not head_only and status not in _NO_BODY:
            transport.write(b"%b%b%b%d\r\n\r\n%b" % (_STATUS_LINE[status], head, self._tail, len(body), body))
            return
        tail = self._tail.removesuffix(b"content-length: ")
        if status not in _NO_BODY and b"content-length:" not in head:
            tail += b"content-length: %d\r\n" % len(body)
        if not keep_alive:
            tail += b"connection: close\r\n"
        transport.write(
            _STATUS_LINE[status] + head + tail + b"\r\n" + (b"" if head_only or status in _NO_BODY else body)
        )
        if not keep_alive:
            self._closing = True
            transport.close()

    # -- uvicorn's graceful stop

    def shutdown(self) -> None:
        """Stop: idle connections close, a parked request is given up. (Called by uvicorn.)"""
        self._closing = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.close()


class _Refused(Exception):
    """Raised from a parser callback: the request is not taken."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
