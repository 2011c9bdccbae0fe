"""A function's connection to its Runtime API: the front door's protocol class, and bodies that are taken as they come.

A streamed response (`Lambda-Runtime-Function-Response-Mode: streaming`) is a chunked body whose end may tell of an
error in trailers: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from emulator.connection import Connection, Door

if TYPE_CHECKING:
    import asyncio

    from emulator.sandboxes.peers import Address
    from emulator.wire.exchange import Exchange

log = logging.getLogger("undercast.lambda")


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

    def knows(self, client: Address, server: Address) -> bool:
        """Whether the client is a process that may ask here."""


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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if client and server and not self._streaming_door.knows(client[:2], server[:2]):
            log.warning("a process of another sandbox was turned away from the Runtime API at %s:%d", *server[:2])
            self._closing = True
            transport.close()
            return
        super().connection_made(transport)

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
