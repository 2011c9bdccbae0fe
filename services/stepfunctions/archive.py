"""Histories of executions that have ended: kept small, and read as they were.

A history is a list of tuples and dicts that share their values: a hundred times what its text would take, and for the
garbage collector to walk. Once an execution has ended nobody writes to it, and few are ever read: it becomes bytes,
some hundred events together, and only what is asked for becomes events again.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Sequence
from typing import Any, Final, overload

from statemachine.events import Event

_TOGETHER: Final = 500
"""Events of one piece: a page's worth, packed or read in less than half a millisecond."""
_SQUEEZED_MAX: Final = 256 * 1024
"""Bytes of a piece that are still made smaller: what has more would keep the event loop."""


class Archive(Sequence[Event]):
    """A history that has ended, as bytes. A sequence of its events, the first one at 0."""

    __slots__ = ("_count", "_pieces")

    def __init__(self, events: Sequence[Event]) -> None:
        """Raises ValueError for values that are no plain JSON, or nested too deeply: such a history stays a list."""
        self._count = len(events)
        self._pieces = tuple(_packed(events[at : at + _TOGETHER]) for at in range(0, len(events), _TOGETHER))

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self._pieces))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Event: ...

    @overload
    def __getitem__(self, at: slice) -> list[Event]: ...

    def __getitem__(self, at: int | slice) -> Event | list[Event]:
        if isinstance(at, slice):
            first, last, step = at.indices(self._count)
            low, high = (first, last) if step > 0 else (last + 1, first + 1)
            found = self._between(low, high)
            return found[::step] if step > 0 else found[::-1][::-step]
        index = range(self._count)[at]
        return Event(*(column[index % _TOGETHER] for column in _columns(self._pieces[index // _TOGETHER])))

    def _between(self, low: int, high: int) -> list[Event]:
        if low >= high:
            return []
        piece = low // _TOGETHER
        events = [event for packed in self._pieces[piece : (high - 1) // _TOGETHER + 1] for event in _unpacked(packed)]
        skipped = piece * _TOGETHER
        return events[low - skipped : high - skipped]


def _packed(events: Sequence[Event]) -> bytes:
    # By columns, which are more alike than rows. Values that events share are written once.
    plain = marshal.dumps(tuple(zip(*events, strict=True)))
    return zlib.compress(plain, 1) if len(plain) <= _SQUEEZED_MAX else plain


def _unpacked(packed: bytes) -> list[Event]:
    return list(map(Event, *_columns(packed)))


def _columns(packed: bytes) -> tuple[tuple[Any, ...], ...]:
    # zlib's first byte is an "x"; a tuple's, in marshal's format, is none.
    plain = zlib.decompress(packed) if packed[:1] == b"x" else packed
    columns: tuple[tuple[Any, ...], ...] = marshal.loads(plain)  # noqa: S302 - our own bytes
    return columns
