"""Standard queues: oldest message first, and fair between tenants once messages have a MessageGroupId.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.sqs import limits
from services.sqs.errors import OverLimit, SqsError
from services.sqs.fair import Tenants
from services.sqs.message import IN_FLIGHT, READY
from services.sqs.queue import Queue
from services.sqs.structures import InOrder

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.sqs.message import Message
    from services.sqs.receipts import Receipt


class StandardQueue(Queue):
    """AWS promises no order; giving the oldest first is what it does nearly always, and what tests can rely on."""

    in_flight_max = limits.IN_FLIGHT_MAX_STANDARD

    def _empty(self) -> None:
        super()._empty()
        self._ready = InOrder()
        self._fair: Tenants | None = None
        """Takes the place of `_ready` from the first message with a group on."""

    def _arrived(self, message: Message, now: float) -> None:
        if message.group_id and self._fair is None:
            self._fair = Tenants(self._ready, self.in_flight, now)
        if self._fair is not None:
            self._fair.sent(message, now)

    def _show(self, message: Message) -> None:
        if self._fair is None:
            self._ready.push(message)
        else:
            self._fair.push(message)

    def _hide(self, message: Message) -> None:
        if self._fair is None:
            self._ready.forget_one()
        else:
            self._fair.forget(message)

    def _landed(self, message: Message, now: float) -> None:
        if self._fair is not None:
            self._fair.in_flight(message, -1, now)

    def _next(self, now: float) -> Message | None:
        return self._ready.pop() if self._fair is None else self._fair.pop(now)

    def _take(self, limit: int, visibility_s: int, now: float) -> list[Message]:
        limit = min(limit, self.in_flight_max - self.in_flight)
        taken: list[Message] = []
        while len(taken) < limit and (message := self._next(now)) is not None:
            target = self._dead_letter_queue(message)
            if target is not None:
                letter = message.as_dead_letter(self.arn)
                self._drop_taken(message)
                target.adopt(letter, now)
                continue
            self._deliver(message, visibility_s, now)
            if self._fair is not None:
                self._fair.in_flight(message, 1, now)
            taken.append(message)
        return taken

    def _check_in_flight(self) -> None:
        if self.in_flight >= self.in_flight_max:
            raise OverLimit(f"Too many messages in flight, the maximum is {self.in_flight_max}.")

    def _move_next(self, move: Callable[[Message], None], now: float) -> bool:
        message = self._next(now)
        if message is None:
            return False
        try:
            move(message)
        except SqsError:
            self._show(message)
            raise
        self._drop_taken(message)
        return True

    def _check_delete(self, message: Message, receipt: Receipt, handle: str) -> None:
        """An old handle deletes as well, even when the message is visible again or was received again."""

    def _may_change(self, message: Message, receipt: Receipt, handle: str) -> bool:
        """AWS's recorded answer to a change after the timeout has run out is success. It has no effect."""
        return message.state == IN_FLIGHT

    def _receivable(self) -> set[int]:
        return {message.number for message in self._messages() if message.state == READY}
