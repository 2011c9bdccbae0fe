"""CBOR (RFC 8949), as far as AWS's protocols use it: bytes <-> plain Python data.

Neither botocore's nor moto's codec is open to us: botocore's is bound to its shapes, moto has none.
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html says what may occur.
"""

from __future__ import annotations

import math
import struct
from typing import Any, NamedTuple

_MAX_DEPTH = 128


class BadCbor(ValueError):
    """The bytes are not CBOR, or end too early."""


class Instant(NamedTuple):
    """A timestamp (tag 1): epoch seconds."""

    seconds: float


def decode(data: bytes) -> Any:
    """The first item of `data`: dict, list, str, bytes, int, float, bool, None or Instant. Raises BadCbor."""
    try:
        return _Reader(data).item(0)
    except (IndexError, TypeError, struct.error, UnicodeDecodeError) as error:
        raise BadCbor(f"not CBOR: {error}") from error


class _Reader:
    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def item(self, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise BadCbor("nested too deeply")
        initial = self._data[self._at]
        self._at += 1
        major, info = initial >> 5, initial & 31
        if major == 7:
            return self._simple(info)
        size = None if info == 31 else self._argument(info)
        if major in {2, 3}:
            data = self._bytes(size, major)
            return data if major == 2 else data.decode()
        if major == 4:
            return [self.item(depth + 1) for _ in self._count(size)]
        if major == 5:
            # Pairs in order: the key is read before its value.
            return {self.item(depth + 1): self.item(depth + 1) for _ in self._count(size)}
        if size is None:
            raise BadCbor("a length is missing")
        if major == 6:
            return self._tagged(size, self.item(depth + 1))
        return size if major == 0 else -1 - size

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise BadCbor("a reserved length")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise BadCbor("ends too early")
        self._at += size
        return taken

    def _bytes(self, size: int | None, major: int) -> bytes:
        if size is not None:
            return self._take(size)
        parts = []
        while not self._at_break():
            initial = self._data[self._at]
            self._at += 1
            if initial >> 5 != major or initial & 31 == 31:
                raise BadCbor("a broken string")
            parts.append(self._take(self._argument(initial & 31)))
        return b"".join(parts)

    def _count(self, size: int | None) -> Any:
        if size is None:
            return iter(lambda: not self._at_break(), False)
        if size > len(self._data):
            raise BadCbor("ends too early")
        return range(size)

    def _at_break(self) -> bool:
        if self._data[self._at] != 0xFF:
            return False
        self._at += 1
        return True

    def _simple(self, info: int) -> Any:
        if info in {25, 26, 27}:
            return struct.unpack({25: ">e", 26: ">f", 27: ">d"}[info], self._take(1 << (info - 24)))[0]
        try:
            return {20: False, 21: True, 22: None, 23: None}[info]
        except KeyError:
            raise BadCbor(f"simple value {info}") from None

    @staticmethod
    def _tagged(tag: int, value: Any) -> Any:
        if tag == 1 and isinstance(value, int | float):
            return Instant(value)
        if tag in {2, 3} and isinstance(value, bytes):
            number = int.from_bytes(value, "big")
            return number if tag == 2 else -1 - number
        if tag == 4 and isinstance(value, list) and len(value) == 2:
            return float(f"{value[1]}e{value[0]}")
        return value


def encode(value: Any) -> bytes:
    """`value` as CBOR. A float stays a float, of 64 bits."""
    out = bytearray()
    _write(value, out)
    return bytes(out)


def _head(major: int, argument: int, out: bytearray) -> None:
    if argument < 24:
        out.append(major << 5 | argument)
        return
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            out.append(major << 5 | info)
            out += argument.to_bytes(size, "big")
            return
    raise BadCbor("a number of more than 64 bits")


def _write(value: Any, out: bytearray) -> None:
    # Instant before tuple, bool before int: each is the other too.
    if isinstance(value, Instant):
        out.append(0xC1)
        _write(value.seconds, out)
    elif value is None or isinstance(value, bool):
        out.append(0xF6 if value is None else 0xF4 + value)
    elif isinstance(value, int):
        _head(1, -1 - value, out) if value < 0 else _head(0, value, out)
    elif isinstance(value, float):
        out += b"\xf9\x7e\x00" if math.isnan(value) else b"\xfb" + struct.pack(">d", value)
    elif isinstance(value, str | bytes):
        data = value.encode() if isinstance(value, str) else value
        _head(3 if isinstance(value, str) else 2, len(data), out)
        out += data
    elif isinstance(value, dict):
        _head(5, len(value), out)
        for key, member in value.items():
            _write(key, out)
            _write(member, out)
    elif isinstance(value, list | tuple):
        _head(4, len(value), out)
        for member in value:
            _write(member, out)
    else:
        raise TypeError(f"{type(value).__name__} has no CBOR form")
