"""What standard and FIFO queues have in common: the life of a message, its visibility, its receipts, its end.

    send ──► DELAYED ──► READY ──receive──► IN_FLIGHT ──delete──► GONE
                           ▲                    │
                           └── visibility ends ─┘        retention, purge and redrive: to GONE from anywhere

No message has a timer. What is due by itself (a delay, a visibility timeout, retention) stands in a heap or in order
of age, and every operation first catches up with the clock (`catch_up`), which is one comparison when nothing is due.
One timer a queue is armed, at the first instant at which something may change: for parked polls, and so that a clock
that is moved stops where counts change. It may ring for nothing, when what it was for has gone.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from services.sqs import limits, receipts
from services.sqs.errors import InvalidParameterValue, PurgeQueueInProgress, QueueDoesNotExist
from services.sqs.message import DELAYED, EVERYTHING, GONE, IN_FLIGHT, READY
from services.sqs.structures import NEVER, DueHeap
from services.sqs.waiting import WaitingRoom

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Mapping

    from services.ports import Clock, Timer
    from services.sqs.attributes import QueueAttributes
    from services.sqs.message import Message
    from services.sqs.receipts import Receipt
    from services.sqs.waiting import Messages, Wanted

_SLACK = 1024


class Depth(NamedTuple):
    """How many messages a queue has, exactly."""

    visible: int
    in_flight: int
    delayed: int


class Queue(ABC):
    """One queue. `find` looks up the queue of an ARN; `tag` is a random number of its own, for its receipt handles."""

    in_flight_max: int

    def __init__(
        self,
        arn: str,
        attributes: QueueAttributes,
        *,
        clock: Clock,
        find: Callable[[str], Queue | None],
        tag: int,
        tags: Mapping[str, str],
    ) -> None:
        self.arn = arn
        self.name = arn.rsplit(":", 1)[1]
        self.attributes = attributes
        self.tags = dict(tags)
        self.created_at = self.modified_at = clock.now()
        self.purged_at = -NEVER
        self._clock = clock
        self._find = find
        self._tag = tag
        self._last_number = 0
        self._waiting = WaitingRoom(clock)
        self._alarm: Timer | None = None
        self._empty()

    def _empty(self) -> None:
        """Be without messages."""
        self.visible = self.in_flight = self.delayed = 0
        self._due = DueHeap()
        self._received: dict[int, Message] = {}
        """Messages received at least once, by number: where receipt handles point."""
        self._by_age: deque[Message] = deque()
        self._inherited: list[tuple[float, int, Message]] = []
        """Heap by age of messages that came with an older time of enqueueing (dead letters)."""
        self._next_change = NEVER
        """Nothing becomes visible or expires by itself before this instant."""
        self._disarm()

    # What differs between the two kinds of queue.

    @abstractmethod
    def _show(self, message: Message) -> None:
        """A message has become READY."""

    @abstractmethod
    def _hide(self, message: Message) -> None:
        """A READY message is gone without having been received."""

    @abstractmethod
    def _take(self, limit: int, visibility_s: int, now: float) -> list[Message]:
        """Up to `limit` messages, received (see `_deliver`), in the order in which a receiver gets them."""

    @abstractmethod
    def _move_next(self, move: Callable[[Message], None], now: float) -> bool:
        """See `move_next`."""

    @abstractmethod
    def _check_delete(self, message: Message, receipt: Receipt, handle: str) -> None:
        """Raise when this receipt may no longer delete the message."""

    @abstractmethod
    def _may_change(self, message: Message, receipt: Receipt, handle: str) -> bool:
        """Whether this receipt may change the message's visibility; False to do nothing, or raise."""

    @abstractmethod
    def _receivable(self) -> set[int]:
        """The numbers of all messages that may be received now. O(n), for `peek`."""

    def _arrived(self, message: Message, now: float) -> None:  # noqa: B027 (a hook)
        """A message has come, whatever its state."""

    def _answered(self, wanted: Wanted, taken: list[Message], answer: Messages, now: float) -> None:  # noqa: B027 (a hook)
        """A receive has been answered."""

    def _landed(self, message: Message, now: float) -> None:  # noqa: B027 (a hook)
        """A message is no longer in flight."""

    def _left(self, message: Message) -> None:  # noqa: B027 (a hook)
        """A message is gone."""

    def _check_in_flight(self) -> None:  # noqa: B027 (a hook)
        """A short poll has got nothing: refuse it if that is because too many messages are in flight."""

    # Sending.

    def send(self, message: Message, delay_s: float, now: float) -> None:
        """Take in a new message, visible after `delay_s` seconds."""
        self.catch_up(now)
        self._by_age.append(message)
        self._enter(message, delay_s, now)

    def adopt(self, message: Message, now: float) -> None:
        """Take in a message that another queue had, with the age it has, visible at once."""
        self.catch_up(now)
        heappush(self._inherited, (message.enqueued_at, self._last_number + 1, message))
        self._enter(message, 0, now)

    def readmit(self, message: Message, now: float) -> None:
        """Take in a message that a move task brings: a new one, visible at once."""
        self.send(message, 0, now)

    def _enter(self, message: Message, delay_s: float, now: float) -> None:
        self._last_number += 1
        message.number = self._last_number
        expires_at = message.enqueued_at + self.attributes.retention_s
        if expires_at < self._next_change:
            self._next_change = expires_at
            if expires_at < self._alarm_at:
                self._arm()
        self._arrived(message, now)
        if delay_s:
            message.state = DELAYED
            message.due = now + delay_s
            self.delayed += 1
            self._schedule(message)
        else:
            self.visible += 1
            self._show(message)
            if self._waiting:
                self._serve(now)

    # Receiving.

    def receive(self, wanted: Wanted, wait_s: float, now: float) -> Messages | asyncio.Future[Messages]:
        """What is there, or, when nothing is and `wait_s` is not 0, a future of it."""
        self.catch_up(now)
        answer = self._answer(wanted, now)
        if answer:
            return answer
        if wait_s:
            return self._waiting.park(wanted, wait_s)
        self._check_in_flight()
        return answer

    def _answer(self, wanted: Wanted, now: float) -> Messages:
        visibility_s = self._visibility_s(wanted)
        taken = self._take(wanted.limit, visibility_s, now)
        if not taken:
            return {}
        view = wanted.selection.view
        encode, tag = receipts.encode, self._tag
        answer = {"Messages": [view(message, encode(tag, message.number, message.received_here)) for message in taken]}
        self._answered(wanted, taken, answer, now)
        if not visibility_s:
            # Only now, or one receive could take the same message twice.
            for message in taken:
                self._surface(message, now)
        return answer

    def _visibility_s(self, wanted: Wanted) -> int:
        return wanted.visibility_s if wanted.visibility_s is not None else self.attributes.visibility_s

    def _deliver(self, message: Message, visibility_s: int, now: float) -> None:
        """A READY message that `_take` has taken out goes to a receiver."""
        message.state = IN_FLIGHT
        message.due = now + visibility_s
        message.received_at = now
        message.receive_count += 1
        message.received_here += 1
        if message.receive_count == 1:
            message.first_received_at = now
        self.visible -= 1
        self.in_flight += 1
        self._received[message.number] = message
        if visibility_s:
            self._schedule(message)

    def _dead_letter_queue(self, message: Message) -> Queue | None:
        """Where a READY message has to go instead of being received once more; None: nowhere.

        A message stays when its dead-letter queue has been deleted: better received too often than lost.
        """
        policy = self.attributes.redrive
        if policy is None or message.received_here < policy.max_receive_count:
            return None
        return self._find(policy.target_arn)

    def _serve(self, now: float) -> None:
        self._waiting.serve(lambda wanted: self._answer(wanted, now))

    # Receipts.

    def delete(self, handle: str, now: float) -> None:
        """DeleteMessage. Deleting again what is gone succeeds; ReceiptHandleIsInvalid for what never was a handle."""
        receipt = receipts.decode(handle, self._tag)
        self.catch_up(now)
        message = self._received.get(receipt.number)
        if message is not None:
            self._check_delete(message, receipt, handle)
            self._drop(message, now)
            if self._waiting:
                self._serve(now)

    def change_visibility(self, handle: str, visibility_s: int, now: float) -> None:
        """ChangeMessageVisibility: invisible for `visibility_s` from now, at most 12 hours from the receive."""
        if not 0 <= visibility_s <= limits.VISIBILITY_MAX_S:
            raise InvalidParameterValue.of(
                visibility_s, "VisibilityTimeout", f"Must be >= 0 and <= {limits.VISIBILITY_MAX_S}, if provided."
            )
        receipt = receipts.decode(handle, self._tag)
        self.catch_up(now)
        message = self._received.get(receipt.number)
        if message is None:
            raise InvalidParameterValue.of(
                handle,
                "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change.",
            )
        if not self._may_change(message, receipt, handle):
            return
        if visibility_s and now + visibility_s > message.received_at + limits.VISIBILITY_MAX_S:
            raise InvalidParameterValue.of(
                visibility_s,
                "VisibilityTimeout",
                f"Total VisibilityTimeout for the message is beyond the limit [{limits.VISIBILITY_MAX_S} seconds]",
            )
        message.due = now + visibility_s
        if visibility_s:
            self._schedule(message)
        else:
            self._surface(message, now)
            if self._waiting:
                self._serve(now)

    # The whole queue.

    def depth(self, now: float) -> Depth:
        """Exact counts."""
        self.catch_up(now)
        return Depth(self.visible, self.in_flight, self.delayed)

    def peek(self, now: float, *, show_invisible: bool, show_delayed: bool) -> list[dict[str, Any]]:
        """Messages as ReceiveMessage would show them, oldest first, without receiving them.

        Two attributes are ours: `IsVisible` and `IsDelayed`. The receipt handles are of no use. O(n log n).
        """
        self.catch_up(now)
        found = []
        receivable = self._receivable()
        for message in sorted(self._messages(), key=lambda message: message.number):
            if not (
                message.number in receivable
                or (show_delayed and message.state == DELAYED)
                or (show_invisible and message.state != DELAYED)
            ):
                continue
            shown = EVERYTHING.view(message, receipts.encode(self._tag, message.number, message.received_here))
            shown["Attributes"]["IsVisible"] = str(message.state == READY).lower()
            shown["Attributes"]["IsDelayed"] = str(message.state == DELAYED).lower()
            found.append(shown)
        return found

    def purge(self, now: float, *, cooldown_s: float) -> None:
        """Drop all messages; PurgeQueueInProgress within `cooldown_s` of the last time."""
        if now < self.purged_at + cooldown_s:
            raise PurgeQueueInProgress(self.name)
        self.purged_at = now
        self._empty()

    def close(self) -> None:
        """The queue has been deleted: whoever waits hears so."""
        self._empty()
        self._waiting.dismiss(QueueDoesNotExist())

    def configure(self, changes: Mapping[str, str], now: float) -> None:
        """Take over attributes that `attributes.checked` has returned. Retention changes for what is here, too."""
        self.catch_up(now)
        self.attributes.update(changes)
        self.modified_at = now
        self._next_change = -NEVER
        self.catch_up(now)

    def move_next(self, move: Callable[[Message], None], now: float) -> bool:
        """Give the message that would be received next to `move`, and drop it here. False when there is none.

        What `move` raises leaves the message where it is.
        """
        self.catch_up(now)
        return self._move_next(move, now)

    # Time.

    def catch_up(self, now: float) -> None:
        """Let happen what is due by `now`."""
        if now < self._next_change:
            return
        self._expire(now)
        for message in self._due.pop_due(now):
            self._surface(message, message.due)
        self._next_change = min(self._due.next_due(), self._oldest_at() + self.attributes.retention_s)
        if self._next_change < self._alarm_at:
            self._arm()
        if self._waiting:
            self._serve(now)

    def _surface(self, message: Message, at: float) -> None:
        """A message in flight or delayed becomes visible."""
        if message.state == DELAYED:
            self.delayed -= 1
        else:
            self.in_flight -= 1
            self._landed(message, at)
        message.state = READY
        self.visible += 1
        self._show(message)

    def _schedule(self, message: Message) -> None:
        self._due.push(message, self.in_flight + self.delayed)
        if message.due < self._next_change:
            self._next_change = message.due
            if message.due < self._alarm_at:
                self._arm()

    def _arm(self) -> None:
        """Have the clock call when something may change."""
        when = self._next_change
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = when
        self._alarm = self._clock.at(when, self._ring)

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_at = NEVER

    def _ring(self) -> None:
        self._alarm = None
        self._alarm_at = NEVER
        self.catch_up(self._clock.now())
        if self._next_change < self._alarm_at:
            self._arm()

    # The end of a message.

    def _expire(self, now: float) -> None:
        # Through `self` each time: a drop may compact, which replaces both. The sum is the one that the alarm is set
        # to: a difference may be rounded otherwise, and the alarm would ring for ever.
        retention_s = self.attributes.retention_s
        while self._by_age and (self._by_age[0].state == GONE or self._by_age[0].enqueued_at + retention_s <= now):
            self._drop(self._by_age.popleft(), now)
        while self._inherited and (self._inherited[0][2].state == GONE or self._inherited[0][0] + retention_s <= now):
            self._drop(heappop(self._inherited)[2], now)

    def _oldest_at(self) -> float:
        """When the oldest message here was enqueued, NEVER without one (after `_expire`: no gone one is in front)."""
        first = self._by_age[0].enqueued_at if self._by_age else NEVER
        return min(first, self._inherited[0][0]) if self._inherited else first

    def _drop(self, message: Message, now: float) -> None:
        """Remove a message, whatever its state."""
        state = message.state
        if state == GONE:
            return
        message.state = GONE
        if state == READY:
            self.visible -= 1
            self._hide(message)
        elif state == IN_FLIGHT:
            self.in_flight -= 1
            self._landed(message, now)
        else:
            self.delayed -= 1
        self._bury(message)

    def _drop_taken(self, message: Message) -> None:
        """Remove a READY message that has been taken out of the visible ones already."""
        message.state = GONE
        self.visible -= 1
        self._bury(message)

    def _bury(self, message: Message) -> None:
        # What still refers to it lazily must not keep its content alive.
        message.body = ""
        message.attributes = None
        message.sealed = None
        self._received.pop(message.number, None)
        self._left(message)
        live = self.visible + self.in_flight + self.delayed
        if len(self._by_age) + len(self._inherited) > 2 * live + _SLACK:
            self._by_age = deque(other for other in self._by_age if other.state != GONE)
            self._inherited = [entry for entry in self._inherited if entry[2].state != GONE]
            heapify(self._inherited)

    def _messages(self) -> Iterator[Message]:
        for message in self._by_age:
            if message.state != GONE:
                yield message
        for _, _, message in self._inherited:
            if message.state != GONE:
                yield message
