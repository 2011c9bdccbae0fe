"""Replies that come part by part, over real sockets: chunks, back-pressure, clients that go away."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from emulator.connection import Connection
from emulator.wire.exchange import CutShort, Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

MIB = 1024 * 1024


class State:
    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.default_headers = [(b"date", b"Sat, 01 Jan 2028 00:00:00 GMT")]
        self.total_requests = 0


class StreamDoor:
    """Streams what the test puts into a queue; None ends it, an exception is raised."""

    def __init__(self) -> None:
        self.parts: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.taken = 0
        self.closed = asyncio.Event()

    async def handle(self, exchange: Exchange) -> Reply:
        if exchange.path == b"/plain":
            return Reply(200, b"", b"plain")
        return Reply(200, b"content-type: text/plain\r\n", b"first ", self._stream())

    async def _stream(self) -> AsyncGenerator[bytes, None]:
        try:
            while (part := await self.parts.get()) is not None:
                if isinstance(part, Exception):
                    raise part
                yield part
                self.taken += 1
        finally:
            self.closed.set()

    def body_limit(self, exchange: Exchange) -> int:
        return MIB

    def refuse(self, exchange: Exchange | None, status: int, text: str) -> Reply:
        return Reply(status, b"", text.encode())

    def hold(self) -> Any:
        raise NotImplementedError


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def run(scenario: Callable[[StreamDoor, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
    async def main() -> None:
        door, state = StreamDoor(), State()
        factory = functools.partial(Connection, door, server_state=state)
        server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        try:
            await scenario(door, reader, writer)
        finally:
            writer.close()
            for connection in list(state.connections):
                connection.shutdown()
            server.close()
            if state.tasks:
                await asyncio.wait(set(state.tasks))

    asyncio.run(main())


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: h", *headers, "", ""]).encode()


async def head_of(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode().lower()


async def chunk_of(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readuntil(b"\r\n"), 16)
    data = await reader.readexactly(size)
    assert await reader.readexactly(2) == b"\r\n"
    return data


def test_each_part_is_sent_when_it_comes() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(get("/"))
        head = await head_of(reader)
        assert "transfer-encoding: chunked\r\n" in head
        assert "content-length" not in head
        assert "date: sat, 01 jan 2028" in head
        assert await chunk_of(reader) == b"first "
        for part in (b"a", b"", b"bc"):
            door.parts.put_nowait(part)
        assert await chunk_of(reader) == b"a"
        assert await chunk_of(reader) == b"bc"
        door.parts.put_nowait(None)
        assert await chunk_of(reader) == b""

    run(scenario)


def test_the_connection_goes_on_and_the_next_one_waits_its_turn() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(get("/") + get("/plain"))
        await head_of(reader)
        assert await chunk_of(reader) == b"first "
        door.parts.put_nowait(None)
        assert await chunk_of(reader) == b""
        assert "content-length: 5" in await head_of(reader)
        assert await reader.readexactly(5) == b"plain"

    run(scenario)


def test_what_is_cut_short_has_no_last_chunk() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(get("/"))
        await head_of(reader)
        door.parts.put_nowait(CutShort())
        assert await reader.read() == b"6\r\nfirst \r\n"
        assert door.closed.is_set()

    run(scenario)


def test_an_old_client_gets_the_body_until_the_end_of_the_connection() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(get("/", version="1.0"))
        head = await head_of(reader)
        assert "transfer-encoding" not in head
        assert "connection: close\r\n" in head
        door.parts.put_nowait(b"second")
        door.parts.put_nowait(None)
        assert await reader.read() == b"first second"

    run(scenario)


def test_a_head_request_takes_nothing() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(get("/", "Connection: close", method="HEAD"))
        await head_of(reader)
        assert await reader.read() == b""

    run(scenario)


def test_a_client_that_goes_away_ends_the_stream() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(get("/"))
        await head_of(reader)
        writer.transport.abort()
        await door.closed.wait()

    run(scenario)


def test_no_more_is_taken_than_the_client_reads() -> None:
    async def scenario(door: StreamDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = 64
        for _ in range(parts):
            door.parts.put_nowait(bytes(MIB))
        door.parts.put_nowait(None)
        writer.write(get("/"))
        await head_of(reader)
        # The client's reader stops at its own limit; turns of the loop are all that the server needs to go on.
        for _ in range(1000):
            await asyncio.sleep(0)  # noqa: TID251 (a turn of the loop, no time)
        assert door.taken < parts
        size = 0
        while chunk := await chunk_of(reader):
            size += len(chunk)
        assert size == parts * MIB + len(b"first ")

    run(scenario)
