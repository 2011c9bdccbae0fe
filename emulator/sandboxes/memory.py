"""How much memory processes hold, from /proc. Elsewhere than on Linux nothing is known: zeros."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple


class Memory(NamedTuple):
    """Bytes."""

    now: int
    peak: int
    """The most that it has held so far."""
    files: int = 0
    """Of the present, pages of files: the kernel takes those back before it kills anybody."""

    @property
    def peak_own(self) -> int:
        """The most, without pages of files."""
        return self.peak - self.files


class Family(NamedTuple):
    """A process with all that it has started."""

    members: int
    held: int
    """Bytes, without pages of files."""


class Gauge:
    """Reads the memory of one process, cheaply: it is read at the end of each invocation."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status = -1
        with contextlib.suppress(OSError):
            self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> Memory:
        """Of the process itself."""
        if self._status < 0:
            return Memory(0, 0)
        try:
            text = os.pread(self._status, 4096, 0)
        except OSError:
            return Memory(0, 0)
        return Memory(_field(text, b"VmRSS:"), _field(text, b"VmHWM:"), _field(text, b"RssFile:"))

    def of_family(self) -> Family:
        """It and its descendants, now."""
        found = self.read()
        total = found.now - found.files
        below = descendants(self.pid)
        for pid in below:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 (hot)
                text = file.read()
                total += _field(text, b"VmRSS:") - _field(text, b"RssFile:")
        return Family(1 + len(below), total)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._status >= 0:
            os.close(self._status)
            self._status = -1


def _field(text: bytes, name: bytes) -> int:
    start = text.find(name)
    if start < 0:
        return 0
    return int(text[start + len(name) : text.index(b"kB", start)]) * 1024


def descendants(pid: int) -> set[int]:
    """All that a process has started, and they."""
    waiting = _children(pid)
    seen = set(waiting)
    while waiting:
        for child in _children(waiting.pop()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return seen


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 (hot)
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123
                found += [int(number) for number in file.read().split()]
    return found
