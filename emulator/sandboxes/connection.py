"""A function's connection to its Runtime API: the front door's protocol class, and bodies that are taken as they come.

A streamed response (`Lambda-Runtime-Function-Response-Mode: streaming`) is a chunked body whose end may tell of an
error in trailers: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from emulator.connection import Connection, Door

if TYPE_CHECKING:
    import asyncio

    from emulator.wire.exchange import Exchange


class Sink(Protocol):
    """Takes a body in parts."""

    def chunk(self, data: bytes) -> None:
        """A part."""

    def broken(self) -> None:
        """The connection was lost in the midst of it."""


class StreamingDoor(Door, Protocol):
    """A door that may want a body in parts."""

    def sink(self, exchange: Exchange) -> Sink | None:
        """Who takes the body of this (bodiless as yet) exchange; None: it is wanted whole.

        When the body has ended, `handle` gets the exchange: without its body, with the trailers among its headers.
        """


class ServerState:
    """What connections share."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.default_headers: list[tuple[bytes, bytes]] = []
        self.total_requests = 0


class RuntimeConnection(Connection):
    """One connection of a function's process."""

    def __init__(self, door: StreamingDoor, *, server_state: ServerState) -> None:
        super().__init__(door, server_state=server_state)
        self._streaming_door = door
        self._sink: Sink | None = None

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if b"lambda-runtime-function-response-mode" in self._headers:
            self._sink = self._streaming_door.sink(self._exchange(b""))

    def on_body(self, body: bytes) -> None:
        if self._sink is None:
            super().on_body(body)
        else:
            self._sink.chunk(body)

    def on_message_complete(self) -> None:
        self._sink = None
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.broken()
        super().connection_lost(exc)
