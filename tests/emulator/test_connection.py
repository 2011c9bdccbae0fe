"""The HTTP protocol class over real sockets, with a door of the test's own."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, Self

import pytest

from emulator import connection as connection_module
from emulator.connection import LARGE_BODY, MAX_HEAD_BYTES, Connection
from emulator.wire.exchange import Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class State:
    """What uvicorn shares between connections."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.default_headers = [(b"date", b"Sat, 01 Jan 2028 00:00:00 GMT")]
        self.total_requests = 0


class CountedHold:
    def __init__(self, door: EchoDoor) -> None:
        self._door = door
        door.holds += 1

    def release(self) -> None:
        self._door.holds -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class EchoDoor:
    """Answers with what it read; `/later` waits until the test lets it go on."""

    def __init__(self) -> None:
        self.holds = 0
        self.seen: list[Exchange] = []
        self.let_go = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.parked = asyncio.Event()

    def handle(self, exchange: Exchange) -> Reply | Awaitable[Reply]:
        self.seen.append(exchange)
        reply = Reply(200, b"content-type: text/plain\r\n", exchange.path + b" " + exchange.body)
        return self._later(reply) if exchange.path == b"/later" else reply

    async def _later(self, reply: Reply) -> Reply:
        self.parked.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return reply

    def body_limit(self, exchange: Exchange) -> int:
        return 2 * LARGE_BODY

    def refuse(self, exchange: Exchange | None, status: int, text: str) -> Reply:
        return Reply(status, b"", text.encode())

    def hold(self) -> Any:
        return CountedHold(self)


class Peer:
    """A raw client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def reply(self, head_only: bool = False) -> tuple[int, dict[str, str], bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = b"" if head_only else await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split()[1]), headers, body

    async def closed(self) -> bool:
        return await self.reader.read() == b""


def run(body: Callable[[EchoDoor, Callable[[], Awaitable[Peer]], State], Awaitable[None]]) -> None:
    async def main() -> None:
        door, state = EchoDoor(), State()
        loop = asyncio.get_running_loop()
        factory = functools.partial(Connection, door, server_state=state)
        server = await loop.create_server(factory, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        peers: list[Peer] = []

        async def connect() -> Peer:
            peers.append(Peer(*await asyncio.open_connection("127.0.0.1", port)))
            return peers[-1]

        try:
            await body(door, connect, state)
        finally:
            for peer in peers:
                peer.writer.close()
            for connection in list(state.connections):
                connection.shutdown()
            server.close()
            if state.tasks:
                await asyncio.wait(set(state.tasks))

    asyncio.run(main())


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: h", *headers, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    return get(path, f"Content-Length: {len(body)}", *headers, method="POST") + body


def test_a_request_comes_back_whole() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(post("/a%20b?x=1&y", b"hello", "X-Thing: one", "x-thing: two"))
        status, headers, got = await peer.reply()
        assert (status, got) == (200, b"/a%20b hello")
        assert headers["date"] == "Sat, 01 Jan 2028 00:00:00 GMT"
        assert headers["content-type"] == "text/plain"
        seen = door.seen[0]
        assert (seen.method, seen.path, seen.query) == (b"POST", b"/a%20b", b"x=1&y")
        assert seen.headers[b"x-thing"] == b"one,two"

    run(body)


def test_byte_by_byte_is_the_same_and_holds_the_clock_meanwhile() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        raw = post("/slow", b"0123456789")
        for index in range(len(raw) - 1):
            peer.send(raw[index : index + 1])
            await peer.writer.drain()
        while not door.holds:
            await asyncio.wait([asyncio.ensure_future(turn())])
        peer.send(raw[-1:])
        assert (await peer.reply())[2] == b"/slow 0123456789"
        assert door.holds == 0

    run(body)


async def turn() -> None:
    """One turn of the loop."""


def test_pipelined_requests_are_answered_in_order() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/later") + b"".join(get(f"/{number}") for number in range(50)))
        await door.parked.wait()
        door.let_go.set()
        assert (await peer.reply())[2] == b"/later "
        for number in range(50):
            assert (await peer.reply())[2] == f"/{number} ".encode()

    run(body)


def test_a_parked_request_is_given_up_when_its_client_goes() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/later"))
        await door.parked.wait()
        peer.writer.transport.abort()
        await door.cancelled.wait()
        assert not [task for task in state.tasks if not task.done()]

    run(body)


def test_connection_close_and_http_1_0_end_the_connection() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/x", "Connection: close"))
        status, headers, _ = await peer.reply()
        assert (status, headers["connection"]) == (200, "close")
        assert await peer.closed()
        peer = await connect()
        peer.send(b"GET /y HTTP/1.0\r\n\r\n")
        assert (await peer.reply())[2] == b"/y "
        assert await peer.closed()

    run(body)


def test_head_has_the_length_but_no_body() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/abc", method="HEAD"))
        _, headers, _ = await peer.reply(head_only=True)
        assert headers["content-length"] == "5"
        peer.send(get("/abc"))
        assert (await peer.reply())[2] == b"/abc "

    run(body)


def test_expect_100_continue_is_met_before_the_body() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/put", "Content-Length: 4", "Expect: 100-continue", method="PUT"))
        assert await peer.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.send(b"body")
        assert (await peer.reply())[2] == b"/put body"

    run(body)


def test_chunked_bodies_are_joined() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/c", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert (await peer.reply())[2] == b"/c abcde"

    run(body)


def test_an_offered_upgrade_is_passed_over() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/a", "Connection: Upgrade", "Upgrade: h2c"))
        assert (await peer.reply())[0] == 200
        peer.send(get("/b"))
        assert (await peer.reply())[2] == b"/b "

    run(body)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: twelve\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (2 * LARGE_BODY + 1), 413),
        (b"GET /" + b"x" * (MAX_HEAD_BYTES + 1) + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
    ],
)
def test_what_cannot_be_read_is_refused_and_closed(raw: bytes, status: int) -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(raw)
        got, headers, _ = await peer.reply()
        assert (got, headers["connection"]) == (status, "close")
        assert await peer.closed()
        assert door.holds == 0
        other = await connect()
        other.send(get("/alive"))
        assert (await other.reply())[0] == 200

    run(body)


def test_a_chunked_body_without_end_is_cut_at_the_limit() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/big", "Transfer-Encoding: chunked", method="POST"))
        chunk = b"%x\r\n%b\r\n" % (LARGE_BODY, b"x" * LARGE_BODY)
        peer.send(chunk * 3)
        assert (await peer.reply())[0] == 413

    run(body)


def test_a_client_that_goes_in_the_middle_of_a_request_releases_the_clock() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(b"POST / HTTP/1.1\r\nContent-Le")
        while not door.holds:
            await asyncio.wait([asyncio.ensure_future(turn())])
        peer.writer.transport.abort()
        while state.connections:
            await asyncio.wait([asyncio.ensure_future(turn())])
        assert door.holds == 0

    run(body)


def test_patience_is_for_silence_not_for_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "HALF_READ_PATIENCE_S", 0)

    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/put", "Content-Length: 3", method="PUT"))
        status, _, text = await peer.reply()
        assert (status, text) == (408, b"The rest of the request did not come in time.")
        assert door.holds == 0

    run(body)


def test_a_client_that_never_reads_does_not_fill_memory() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
        request = post("/echo", b"x" * 60_000)
        for _ in range(400):
            peer.send(request)
        connection = next(iter(state.connections))
        while not connection._write_blocked:
            await asyncio.wait([asyncio.ensure_future(turn())])
        assert connection._reading_paused
        assert len(connection._waiting) <= 64
        peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(400):
            assert len((await peer.reply())[2]) == 60_006

    run(body)


def test_shutdown_ends_parked_and_idle_connections() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        idle, parked = await connect(), await connect()
        idle.send(get("/x"))
        await idle.reply()
        parked.send(get("/later"))
        await door.parked.wait()
        for connection in list(state.connections):
            connection.shutdown()
        assert await idle.closed()
        assert await parked.closed()

    run(body)


OFFER = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
"""What Java's client says with its first request."""


@pytest.mark.parametrize("apart", [False, True])
def test_a_request_that_offers_another_protocol_keeps_its_body(apart: bool) -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        raw = post("/offer?a=b", b"POST /not-a-request HTTP/1.1\r\n\r\n", *OFFER)
        cut = raw.index(b"\r\n\r\n") + 4 if apart else 0
        peer.send(raw[:cut])
        while apart and not door.holds:
            await asyncio.wait([asyncio.ensure_future(turn())])
        peer.send(raw[cut:] + get("/next"))
        assert (await peer.reply())[2] == b"/offer POST /not-a-request HTTP/1.1\r\n\r\n"
        assert (await peer.reply())[2] == b"/next "
        assert [exchange.query for exchange in door.seen] == [b"a=b", b""]
        assert door.holds == 0

    run(body)


def test_many_offers_at_once_are_passed_over() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(get("/offer", "Connection: upgrade", "Upgrade: x") * 2_000)
        for _ in range(2_000):
            assert (await peer.reply())[2] == b"/offer "

    run(body)


def test_a_header_without_an_end_is_refused_long_before_memory_is() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(64):
            peer.send(b"a" * 65_536)
        assert (await peer.reply())[0] == 431
        assert door.seen == []

    run(body)


def test_a_client_of_http_1_0_is_told_that_the_connection_ends() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        peer = await connect()
        peer.send(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        status, headers, got = await peer.reply()
        assert (status, headers["connection"], got) == (200, "close", b"/old ")
        assert await peer.closed()

    run(body)


def test_a_status_that_has_no_name_goes_out_all_the_same() -> None:
    async def body(door: EchoDoor, connect: Any, state: State) -> None:
        door.handle = lambda exchange: Reply(460, b"", b"odd")  # type: ignore[method-assign]
        peer = await connect()
        peer.send(get("/"))
        status, _, got = await peer.reply()
        assert (status, got) == (460, b"odd")

    run(body)
