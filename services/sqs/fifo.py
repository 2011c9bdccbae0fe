"""FIFO queues: order within a message group, deduplication, retries of a receive.

**Order.** A message may be received when every earlier message of its group, down to the oldest that is still in the
queue, is received along with it. So a group's messages form one line; its head decides; and a receive takes a run of
visible messages from the head. Whatever is in flight or delayed stops the run, and with it the group. From this one
rule follow AWS's recorded answers: a group is blocked while its first message is in flight; made visible again, it may
be received alone while later ones are still in flight; and where a later one stays invisible longer, all up to it,
and none behind it, are received.

**Deduplication.** Within five minutes a second message with the same deduplication id is accepted and dropped,
whether or not the first one has been deleted meanwhile.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
"""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from services.sqs import limits
from services.sqs.errors import InvalidParameterValue, MessageNotInflight, SqsError
from services.sqs.message import DELAYED, GONE, IN_FLIGHT, READY
from services.sqs.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from services.sqs.message import Message
    from services.sqs.receipts import Receipt
    from services.sqs.waiting import Messages, Wanted

_FIRST_SEQUENCE_NUMBER = 18_871_942_653_187_514_368
"""Twenty digits as on AWS, where they rise by multiples of 256; no run of zeros that reads like an account."""
_SEQUENCE_STEP = 256


class Group:
    """The messages of one MessageGroupId, in order, those in flight included."""

    __slots__ = ("messages", "name", "queued")

    def __init__(self, name: str) -> None:
        self.name = name
        self.messages: deque[Message] = deque()
        self.queued = False
        """Whether it stands among the groups that may be received from."""

    def head(self) -> Message | None:
        """The oldest message that is not gone."""
        messages = self.messages
        while messages and messages[0].state == GONE:
            messages.popleft()
        return messages[0] if messages else None

    def receivable(self) -> Iterator[Message]:
        """The run of visible messages from the head. It is short: a receive takes at most ten."""
        for message in self.messages:
            if message.state == READY:
                yield message
            elif message.state != GONE:
                return


class Accepted(NamedTuple):
    """What a first message was answered, for its duplicates."""

    message_id: str
    sequence_number: str


class _Attempt(NamedTuple):
    """What a ReceiveRequestAttemptId was answered."""

    received: list[tuple[Message, int, float]]
    """Each message with the receive it was and the instant it was due, to see whether it has been touched since."""
    answer: Messages
    expires_at: float


class FifoQueue(Queue):
    """One FIFO queue."""

    in_flight_max = limits.IN_FLIGHT_MAX_FIFO

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._sequence_number = _FIRST_SEQUENCE_NUMBER
        super().__init__(*args, **kwargs)
        self._by_group = self.attributes.deduplication_by_group
        self._new_scope_at: float | None = None

    def _empty(self) -> None:
        super()._empty()
        self._groups: dict[str, Group] = {}
        self._open: deque[Group] = deque()
        """Groups that may be received from, longest waiting first. One may have closed meanwhile."""
        self._accepted: dict[tuple[str, str], Accepted] = {}
        self._accepted_until: deque[tuple[float, tuple[str, str]]] = deque()
        self._attempts: OrderedDict[str, _Attempt] = OrderedDict()

    # Deduplication.

    def accepted_before(self, message: Message, now: float) -> Accepted | None:
        """What the first message of this deduplication id was answered; None if `message` is the first.

        The message is remembered, and given its sequence number, in the latter case.
        """
        self._forget_accepted(now)
        key = (message.group_id if self._deduplicates_by_group(now) else "", message.deduplication_id)
        before = self._accepted.get(key)
        if before is None:
            message.sequence_number = self._next_sequence_number()
            self._accepted[key] = Accepted(message.id, message.sequence_number)
            self._accepted_until.append((now + limits.DEDUPLICATION_S, key))
        return before

    def _forget_accepted(self, now: float) -> None:
        until = self._accepted_until
        while until and until[0][0] <= now:
            del self._accepted[until.popleft()[1]]

    def _deduplicates_by_group(self, now: float) -> bool:
        if self._new_scope_at is not None and now >= self._new_scope_at:
            self._by_group = self.attributes.deduplication_by_group
            self._new_scope_at = None
        return self._by_group

    def _next_sequence_number(self) -> str:
        self._sequence_number += _SEQUENCE_STEP
        return str(self._sequence_number)

    # Order.

    def _arrived(self, message: Message, now: float) -> None:
        group = self._groups.get(message.group_id)
        if group is None:
            group = self._groups[message.group_id] = Group(message.group_id)
        group.messages.append(message)
        message.lane = group

    def _show(self, message: Message) -> None:
        self._reopen(message)

    def _hide(self, message: Message) -> None:
        """Its group is looked at when it has left, as for every other state."""

    def _left(self, message: Message) -> None:
        self._reopen(message)

    def _reopen(self, message: Message) -> None:
        """Let the group of this message be received from if its head is visible now."""
        group = message.lane
        assert isinstance(group, Group)
        head = group.head()
        if head is None:
            if self._groups.get(group.name) is group:
                del self._groups[group.name]
        elif head.state == READY and not group.queued:
            group.queued = True
            self._open.append(group)

    def _next_group(self) -> Group | None:
        while self._open:
            group = self._open.popleft()
            group.queued = False
            head = group.head()
            if head is not None and head.state == READY:
                return group
        return None

    # Receiving.

    def _take(self, limit: int, visibility_s: int, now: float) -> list[Message]:
        limit = min(limit, self.in_flight_max - self.in_flight)
        taken: list[Message] = []
        while len(taken) < limit and (group := self._next_group()) is not None:
            for message in list(islice(group.receivable(), limit - len(taken))):
                target = self._dead_letter_queue(message)
                if target is None:
                    self._deliver(message, visibility_s, now)
                    taken.append(message)
                else:
                    letter = message.as_dead_letter(self.arn)
                    self._drop_taken(message)
                    target.adopt(letter, now)
        return taken

    def _move_next(self, move: Callable[[Message], None], now: float) -> bool:
        group = self._next_group()
        message = group.head() if group is not None else None
        if message is None:
            return False
        try:
            move(message)
        except SqsError:
            self._reopen(message)
            raise
        self._drop_taken(message)
        return True

    def adopt(self, message: Message, now: float) -> None:
        """Take in a dead letter: its age starts anew, and its id takes the place of its deduplication id.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
        """
        message.enqueued_at = now
        message.deduplication_id = message.id
        message.sequence_number = self._next_sequence_number()
        super().adopt(message, now)

    def readmit(self, message: Message, now: float) -> None:
        """Take in a redriven message, in the order in which it comes and without deduplication."""
        message.sequence_number = self._next_sequence_number()
        super().readmit(message, now)

    # Retries of a receive.

    def _answer(self, wanted: Wanted, now: float) -> Messages:
        again = self._again(wanted, now) if wanted.attempt_id else None
        return again if again is not None else super()._answer(wanted, now)

    def _again(self, wanted: Wanted, now: float) -> Messages | None:
        """The answer to an earlier receive of the same attempt id, invisible anew, unless it has been touched since."""
        attempt = self._attempts.pop(wanted.attempt_id, None)
        if attempt is None or attempt.expires_at <= now:
            return None
        for message, receive, due in attempt.received:
            if message.state != IN_FLIGHT or message.received_here != receive or message.due != due:
                return None
        for message, _, _ in attempt.received:
            message.due = now + self._visibility_s(wanted)
            self._schedule(message)
        self._answered(wanted, [message for message, _, _ in attempt.received], attempt.answer, now)
        return attempt.answer

    def _answered(self, wanted: Wanted, taken: list[Message], answer: Messages, now: float) -> None:
        if not wanted.attempt_id:
            return
        attempts = self._attempts
        while attempts and next(iter(attempts.values())).expires_at <= now:
            attempts.popitem(last=False)
        received = [(message, message.received_here, message.due) for message in taken]
        attempts[wanted.attempt_id] = _Attempt(received, answer, now + limits.RECEIVE_ATTEMPT_S)

    # Receipts.

    def _check_delete(self, message: Message, receipt: Receipt, handle: str) -> None:
        if message.state != IN_FLIGHT or message.received_here != receipt.receive:
            raise InvalidParameterValue.of(handle, "ReceiptHandle", "The receipt handle has expired.")

    def _may_change(self, message: Message, receipt: Receipt, handle: str) -> bool:
        if message.state != IN_FLIGHT:
            raise MessageNotInflight
        self._check_delete(message, receipt, handle)
        return True

    # The whole queue.

    def configure(self, changes: Mapping[str, str], now: float) -> None:
        """As for every queue; but a new delay is retroactive, and a new deduplication scope takes effect later.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
        """
        by_group = self.attributes.deduplication_by_group
        super().configure(changes, now)
        if self.attributes.deduplication_by_group != by_group:
            self._new_scope_at = now + limits.PROPAGATION_S
        if "DelaySeconds" in changes:
            for message in {message for message in self._due if message.state == DELAYED}:
                message.due = message.enqueued_at + self.attributes.delay_s
                self._schedule(message)
            self.catch_up(now)

    def _receivable(self) -> set[int]:
        return {message.number for group in self._groups.values() for message in group.receivable()}
