"""Event streams: a response as a sequence of framed messages (`application/vnd.amazon.eventstream`).

    total length, headers' length, CRC of these eight bytes, headers, payload, CRC of all before it

https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

from emulator.wire.json import dump

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from emulator.wire.model import Shape

    Encode = Callable[[dict[str, Any]], bytes]

CHUNK_MAX = 1024 * 1024
"""Bytes of one message's payload; the format allows 16 MiB, and so long a message would have to come whole."""
_STRING = 7


def frame(headers: list[tuple[str, str]], payload: bytes) -> bytes:
    """One message; every header is a string."""
    told = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value.encode())) + value.encode()
        for name, value in headers
    )
    prelude = struct.pack("!II", len(told) + len(payload) + 16, len(told))
    checked = prelude + struct.pack("!I", crc32(prelude))
    checksum = crc32(payload, crc32(told, crc32(checked)))
    return b"%b%b%b%b" % (checked, told, payload, struct.pack("!I", checksum))


def encoder(union: Shape) -> Encode:
    """Compiles the writing of an event: a dict with the one member that happened."""
    of_member = {name: _event(name, member.shape) for name, member in union.members.items()}

    def encode(event: dict[str, Any]) -> bytes:
        ((name, value),) = event.items()
        return of_member[name](value)

    return encode


def _event(name: str, shape: Shape) -> Encode:
    payload = next((member for member in shape.members.values() if member.event_payload), None)
    kind = (":message-type", "event")
    if payload is not None and payload.shape.kind == "blob":
        member = payload.name
        headers = [(":event-type", name), (":content-type", "application/octet-stream"), kind]

        def encode_bytes(value: dict[str, Any]) -> bytes:
            data = value.get(member) or b""
            if len(data) <= CHUNK_MAX:
                return frame(headers, data)
            return b"".join(frame(headers, data[at : at + CHUNK_MAX]) for at in range(0, len(data), CHUNK_MAX))

        return encode_bytes
    write = dump(shape)
    in_json = [(":event-type", name), (":content-type", "application/json"), kind]
    return lambda value: frame(in_json, write(value))


async def frames(events: AsyncIterator[dict[str, Any]], encode: Encode) -> AsyncGenerator[bytes, None]:
    """The messages of events."""
    async for event in events:
        yield encode(event)
