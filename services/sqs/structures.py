"""The two containers a queue is made of. Neither is ever scanned by a request.

Both delete lazily: a message that leaves is only marked (its state, or its due time, changes), and what no longer
applies is dropped when met. So that memory stays bounded when nothing is met, each is compacted once more than half of
it is dead weight, which costs a constant for each message that left.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from services.sqs.message import DELAYED, IN_FLIGHT, READY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.sqs.message import Message

_SLACK = 1024
NEVER = float("inf")


class InOrder:
    """Visible messages by their number: a sorted run, and a heap for those that come back late.

    Nearly every message is appended to the run and taken from its front. Only one that became visible again behind
    younger ones goes through the heap, and is handed out before them.
    """

    __slots__ = ("_late", "_run", "live")

    def __init__(self) -> None:
        self._run: deque[Message] = deque()
        self._late: list[tuple[int, Message]] = []
        self.live = 0

    def push(self, message: Message) -> None:
        """Add a visible message."""
        self.live += 1
        run = self._run
        if not run or message.number > run[-1].number:
            run.append(message)
        else:
            heappush(self._late, (message.number, message))

    def first(self) -> Message | None:
        """The message with the smallest number, which stays."""
        run, late = self._run, self._late
        while run and run[0].state != READY:
            run.popleft()
        while late and late[0][1].state != READY:
            heappop(late)
        if late and (not run or late[0][0] < run[0].number):
            return late[0][1]
        return run[0] if run else None

    def pop(self) -> Message | None:
        """Take the message with the smallest number."""
        message = self.first()
        if message is not None:
            self.live -= 1
            if self._late and self._late[0][1] is message:
                heappop(self._late)
            else:
                self._run.popleft()
        return message

    def forget_one(self) -> None:
        """One message in here is no longer READY."""
        self.live -= 1
        if len(self._run) + len(self._late) > 2 * self.live + _SLACK:
            self._run = deque(message for message in self._run if message.state == READY)
            self._late = [entry for entry in self._late if entry[1].state == READY]
            heapify(self._late)


class DueHeap:
    """Messages that become visible by themselves: delayed and in flight, by the instant.

    A message may be in it several times, after ChangeMessageVisibility; only the entry of its present `due` counts.
    """

    __slots__ = ("_heap", "_ticket")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Message]] = []
        self._ticket = count()

    def push(self, message: Message, live: int) -> None:
        """Add a message at its `due`. `live` is how many there are, this one included."""
        heap = self._heap
        heappush(heap, (message.due, next(self._ticket), message))
        if len(heap) > 2 * live + _SLACK:
            heap[:] = [entry for entry in heap if _applies(entry)]
            heapify(heap)

    def next_due(self) -> float:
        """When the first message becomes visible, NEVER if none does."""
        heap = self._heap
        while heap and not _applies(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else NEVER

    def pop_due(self, now: float) -> Iterator[Message]:
        """Take the messages due at `now`, earliest first; each still has its old state."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            entry = heappop(heap)
            if _applies(entry):
                yield entry[2]

    def __iter__(self) -> Iterator[Message]:
        return (entry[2] for entry in self._heap if _applies(entry))


def _applies(entry: tuple[float, int, Message]) -> bool:
    due, _, message = entry
    return message.due == due and (message.state == IN_FLIGHT or message.state == DELAYED)
