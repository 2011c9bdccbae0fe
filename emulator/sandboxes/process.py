"""One process of a sandbox, with its output: the runtime's, or an extension's."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Final, Protocol

from emulator.sandboxes.output import Splitter

if TYPE_CHECKING:
    from emulator.sandboxes.nursery import Child, Nursery, Order

_READ: Final = 65536
_MOST_READS: Final = 256
"""So that one who writes without end does not keep the loop."""


class Owner(Protocol):
    """Who hears of a process."""

    def process_born(self, process: Process, pid: int, failure: tuple[int, str] | None) -> None:
        """It runs; or could not be started, for `failure` (errno and text)."""

    def process_wrote(self, process: Process, text: bytes) -> None:
        """One event of its log."""

    def process_died(self, process: Process, status: int, max_memory: int) -> None:
        """It has ended, and all that it wrote has been told."""


class Process:
    """Starts at once. `name` is an extension's, empty for the runtime."""

    def __init__(self, owner: Owner, nursery: Nursery, order: Order, name: str = "") -> None:
        self.name = name
        self.argv = order.argv
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._splitter = Splitter()
        read, write = os.pipe()
        os.set_blocking(read, False)
        self._output = read
        self._loop.add_reader(read, self.drain)
        self._child: Child | None = nursery.start(order, write, self)

    @property
    def alive(self) -> bool:
        """Whether its end has not been told."""
        return self._child is not None

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Signal it; SIGKILL takes all that it has started along."""
        if self._child is not None:
            self._child.kill(how)

    def drain(self) -> None:
        """Read what it has written so far, all of it."""
        if self._output < 0:
            return
        for _ in range(_MOST_READS):
            try:
                part = os.read(self._output, _READ)
            except BlockingIOError:
                return
            if not part:
                self.close()
                return
            for event in self._splitter.feed(part):
                self._owner.process_wrote(self, event)
            if len(part) < _READ:
                # A pipe gives all that it has.
                return

    def close(self) -> None:
        """Nothing more is read."""
        if self._output < 0:
            return
        self._loop.remove_reader(self._output)
        os.close(self._output)
        self._output = -1
        rest = self._splitter.rest()
        if rest:
            self._owner.process_wrote(self, rest)

    # -- emulator.sandboxes.nursery.Owner

    def born(self, pid: int, failure: tuple[int, str] | None) -> None:
        """It runs, or could not be started."""
        self._owner.process_born(self, pid, failure)

    def died(self, status: int, max_memory: int) -> None:
        """It has ended."""
        self._child = None
        self.drain()
        self.close()
        self._owner.process_died(self, status, max_memory)
