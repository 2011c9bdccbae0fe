"""FIFO topics: what counts as the same message, and numbers in sequence.

https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from services.sns import limits
from services.sns.errors import InvalidParameter

if TYPE_CHECKING:
    from services.sns.model import Topic

_ID = re.compile(rf"[!-~]{{1,{limits.GROUP_ID_MAX}}}\Z").match
_FIRST_NUMBER: Final = 10**19
_STEP: Final = 1000
"""AWS's numbers have twenty digits and are not consecutive."""


class Published(NamedTuple):
    """What Publish answered for a message."""

    message_id: str
    sequence_number: str


def check_id(value: str, parameter: str) -> None:
    """InvalidParameter for a MessageGroupId or MessageDeduplicationId that is none.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    if not _ID(value):
        reason = (
            f"{parameter} can only include alphanumeric and punctuation characters. 1 to {limits.GROUP_ID_MAX} in "
            "length"
        )
        raise InvalidParameter.of(parameter, reason)


def content_id(body: str) -> str:
    """The deduplication id of a message that has none of its own: SHA-256 of its body, not of its attributes."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def next_number(topic: Topic) -> str:
    """The next sequence number of a topic: twenty digits."""
    topic.sequence += 1
    return str(_FIRST_NUMBER + topic.sequence * _STEP)


class Deduplication:
    """The messages of a topic that were published in the last five minutes."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[float, Published]] = {}
        """By group (empty: the whole topic is the scope) and id, oldest first: until when, and what was answered."""

    def before(self, topic: Topic, group_id: str, deduplication_id: str, now: float) -> Published | None:
        """What the same message was answered with; None when there was none."""
        seen = self._seen
        while seen:
            oldest = next(iter(seen))
            if seen[oldest][0] > now:
                break
            del seen[oldest]
        found = seen.get(self._key(topic, group_id, deduplication_id))
        return None if found is None else found[1]

    def remember(self, topic: Topic, group_id: str, deduplication_id: str, now: float, published: Published) -> None:
        """A message was published."""
        self._seen[self._key(topic, group_id, deduplication_id)] = (now + limits.DEDUPLICATION_S, published)

    @staticmethod
    def _key(topic: Topic, group_id: str, deduplication_id: str) -> tuple[str, str]:
        by_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
        return (group_id if by_group else "", deduplication_id)
