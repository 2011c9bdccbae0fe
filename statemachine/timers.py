"""Instants that an execution waits for, in a heap."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer:
    """Something to do at an instant. Cancelled ones stay in the heap until they are met."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """It will not be done."""
        self.action = None


class Timers:
    """Timers by their instants; those of the same instant in the order of their setting."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._count = 0

    def at(self, when: float, action: Callable[[], None]) -> Timer:
        """Set one."""
        timer = Timer(action)
        self._count += 1
        heappush(self._heap, (when, self._count, timer))
        return timer

    def fire(self, now: float) -> None:
        """Do what is due."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, _, timer = heappop(heap)
            if timer.action is not None:
                action, timer.action = timer.action, None
                action()

    def next(self) -> float | None:
        """The earliest instant that is waited for."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def clear(self) -> None:
        """Nothing is waited for any more."""
        self._heap.clear()
