"""Parked long polls of one queue, served first come, first served.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from services.sqs.errors import SqsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.ports import Clock, Timer
    from services.sqs.message import Selection


class Wanted(NamedTuple):
    """What one ReceiveMessage asks for."""

    limit: int
    visibility_s: int | None
    """None: what the queue says."""
    selection: Selection
    attempt_id: str = ""


Messages = dict[str, Any]
"""ReceiveMessage's answer: `{"Messages": [...]}`, or `{}` for none."""


class _Poll:
    __slots__ = ("future", "patience", "wanted")

    def __init__(self, wanted: Wanted, future: asyncio.Future[Messages]) -> None:
        self.wanted = wanted
        self.future = future
        self.patience: Timer | None = None

    def end(self) -> None:
        if self.patience is not None:
            self.patience.cancel()

    def refuse(self, error: Exception) -> None:
        self.end()
        self.future.set_exception(error)


class WaitingRoom:
    """Long polls waiting for a message."""

    __slots__ = ("_clock", "_more", "_polls", "_serving")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._polls: deque[_Poll] = deque()
        self._serving = self._more = False

    def __bool__(self) -> bool:
        """Whether anybody still waits."""
        polls = self._polls
        while polls and polls[0].future.done():
            polls.popleft().end()
        return bool(polls)

    def park(self, wanted: Wanted, wait_s: float) -> asyncio.Future[Messages]:
        """A future of the answer: the messages as soon as there are some, nothing after `wait_s` seconds."""
        future: asyncio.Future[Messages] = asyncio.get_running_loop().create_future()
        poll = _Poll(wanted, future)

        def give_up() -> None:
            if not future.done():
                future.set_result({})

        poll.patience = self._clock.patience(wait_s, give_up)
        # Where no message ever comes nobody else looks, and polls that have ended would pile up.
        while self._polls and self._polls[0].future.done():
            self._polls.popleft().end()
        self._polls.append(poll)
        return future

    def serve(self, take: Callable[[Wanted], Messages]) -> None:
        """Let each poll `take` in turn, until one gets nothing. A poll whose client has gone is passed over.

        A take may bring further messages to this very queue (a dead letter of its own): they are left to the turn that
        is under way.
        """
        self._more = True
        if self._serving:
            return
        self._serving = True
        try:
            while self._more and self:
                self._more = self._serve_one(take)
        finally:
            self._serving = False

    def _serve_one(self, take: Callable[[Wanted], Messages]) -> bool:
        """Serve the poll that has waited longest; whether the next one may find something."""
        poll = self._polls[0]
        self._more = False
        try:
            answer = take(poll.wanted)
        except SqsError as error:
            # The poll's own refusal (too many messages in flight), not that of whoever brought the message.
            self._polls.popleft().refuse(error)
            return True
        if answer:
            self._polls.popleft().end()
            poll.future.set_result(answer)
        return bool(answer) or self._more

    def dismiss(self, error: Exception) -> None:
        """Answer everybody with an error."""
        while self:
            self._polls.popleft().refuse(error)
