"""A message, and how a receiver sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.sqs import md5
from services.sqs.errors import InvalidAttributeName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.sqs.fair import Tenant
    from services.sqs.fifo import Group

READY: Final = 0
"""Visible: it may be received (of a FIFO queue: when no earlier one of its group is in flight)."""
IN_FLIGHT: Final = 1
"""Received and invisible until `due`."""
DELAYED: Final = 2
"""Sent and invisible until `due`."""
GONE: Final = 3
"""Deleted, expired or moved. Structures that still hold it drop it when they meet it."""

SYSTEM_ATTRIBUTES: Final = frozenset({
    "AWSTraceHeader",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
})  # fmt: skip


class Message:
    """One message in one queue. A move to another queue makes another `Message`.

    Instants are epoch seconds.
    """

    __slots__ = (
        "attributes",
        "attributes_md5",
        "body",
        "dead_letter_source",
        "deduplication_id",
        "due",
        "enqueued_at",
        "first_received_at",
        "group_id",
        "id",
        "lane",
        "md5",
        "number",
        "receive_count",
        "received_at",
        "received_here",
        "sealed",
        "sender_id",
        "sent_at",
        "sequence_number",
        "state",
        "trace_header",
    )

    def __init__(self, message_id: str, body: str, body_md5: str, sender_id: str, now: float) -> None:
        self.id = message_id
        self.body = body
        self.md5 = body_md5
        self.sender_id = sender_id
        self.sent_at = now
        self.enqueued_at = now
        """What retention counts from. A dead letter of a standard queue keeps it, one of a FIFO queue does not."""
        self.attributes: Mapping[str, Mapping[str, Any]] | None = None
        self.attributes_md5 = ""
        self.trace_header = ""
        self.group_id = ""
        self.deduplication_id = ""
        self.sequence_number = ""
        self.dead_letter_source = ""
        """ARN of the queue it was a dead letter of."""
        self.number = 0
        """Its place in its queue: running, given on arrival."""
        self.state = READY
        self.due = 0.0
        self.lane: Group | Tenant | None = None
        """Its message group (FIFO queue) or tenant (fair queue)."""
        self.receive_count = 0
        self.received_here = 0
        """Receives from this queue, which is what `maxReceiveCount` bounds; `receive_count` is over all queues."""
        self.first_received_at = 0.0
        self.received_at = 0.0
        self.sealed: Callable[[Message], None] | None = None
        """Fills in id, body and digests, which nobody has seen yet; until then `body` is what it makes the body of."""

    def open(self) -> None:
        """Before id, body or digests are looked at: of a message from a topic they are made only now."""
        if self.sealed is not None:
            self.sealed(self)
            self.sealed = None

    def as_dead_letter(self, source_arn: str) -> Message:
        """The same message for a dead-letter queue: id, attributes, receive count and time of sending stay.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        """
        self.open()
        letter = self.as_new(self.id, self.sent_at)
        letter.enqueued_at = self.enqueued_at
        letter.receive_count = self.receive_count
        letter.first_received_at = self.first_received_at
        letter.dead_letter_source = source_arn
        return letter

    def as_new(self, message_id: str, now: float) -> Message:
        """A new message of the same content, which is what a redrive makes of a dead letter.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
        """
        self.open()
        copy = Message(message_id, self.body, self.md5, self.sender_id, now)
        copy.attributes = self.attributes
        copy.attributes_md5 = self.attributes_md5
        copy.trace_header = self.trace_header
        copy.group_id = self.group_id
        copy.deduplication_id = self.deduplication_id
        return copy

    def system_attributes(self) -> dict[str, str]:
        """All system attributes this message has, as ReceiveMessage shows them."""
        found = {
            "SenderId": self.sender_id,
            "ApproximateFirstReceiveTimestamp": _milliseconds(self.first_received_at),
            "ApproximateReceiveCount": str(self.receive_count),
            "SentTimestamp": _milliseconds(self.sent_at),
        }
        optional = (
            ("SequenceNumber", self.sequence_number),
            ("MessageDeduplicationId", self.deduplication_id),
            ("MessageGroupId", self.group_id),
            ("AWSTraceHeader", self.trace_header),
            ("DeadLetterQueueSourceArn", self.dead_letter_source),
        )
        found.update({name: value for name, value in optional if value})
        return found


def _milliseconds(instant: float) -> str:
    return str(int(instant * 1000))


class Selection:
    """Which attributes a receiver asked for.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """

    __slots__ = ("_all_attributes", "_all_system", "_names", "_prefixes", "_system", "empty")

    def __init__(self, system: Iterable[str] = (), attributes: Iterable[str] = ()) -> None:
        self._system = frozenset(system)
        self._all_system = "All" in self._system
        names = frozenset(attributes)
        self._all_attributes = not names.isdisjoint(("All", ".*", "*"))
        self._names = names
        self._prefixes = tuple(name[:-2] for name in names if name.endswith(".*"))
        self.empty = not self._system and not names

    def view(self, message: Message, handle: str) -> dict[str, Any]:
        """The message as ReceiveMessage answers it."""
        if message.sealed is not None:
            message.open()
        shown: dict[str, Any] = {
            "MessageId": message.id,
            "ReceiptHandle": handle,
            "MD5OfBody": message.md5,
            "Body": message.body,
        }
        if self.empty:
            return shown
        system = self._pick_system(message)
        if system:
            shown["Attributes"] = system
        if message.attributes:
            if self._all_attributes:
                shown["MD5OfMessageAttributes"] = message.attributes_md5
                shown["MessageAttributes"] = message.attributes
            elif picked := self._pick(message.attributes):
                shown["MD5OfMessageAttributes"] = md5.of_attributes(picked)
                shown["MessageAttributes"] = picked
        return shown

    def _pick_system(self, message: Message) -> dict[str, str]:
        if not self._system:
            return {}
        found = message.system_attributes()
        return found if self._all_system else {name: found[name] for name in found if name in self._system}

    def _pick(self, attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        return {
            name: attribute
            for name, attribute in attributes.items()
            if name in self._names or (self._prefixes and name.startswith(self._prefixes))
        }


NOTHING: Final = Selection()
EVERYTHING: Final = Selection(("All",), ("All",))


def selection(system: Iterable[str], attributes: Iterable[str], known: frozenset[str]) -> Selection:
    """The selection these names make; InvalidAttributeName for a system attribute that is not `known`."""
    for name in system:
        if name not in known:
            raise InvalidAttributeName.unknown(name)
    return Selection(system, attributes)
