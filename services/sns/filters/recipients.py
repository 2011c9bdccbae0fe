"""For each topic: who gets a message, and for a while why somebody did not."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from services.sns.filters.index import Index
from services.sns.filters.policy import ACCEPTED

if TYPE_CHECKING:
    from services.sns.model import Decision, Message, Subscription, Topic
    from services.sns.state import Topics

KEPT_MESSAGES: Final = 100
"""Messages of a topic whose decisions are kept."""
_KEPT_CHARACTERS: Final = 1 << 20
"""And characters of their bodies altogether."""


class Decided(NamedTuple):
    """What became of a message at one subscription with a filter policy."""

    message: Message
    subscription: Subscription
    decision: Decision


class _Kept:
    """The last messages of a topic that not every subscription got."""

    __slots__ = ("characters", "messages")

    def __init__(self) -> None:
        self.messages: deque[tuple[Message, list[Subscription]]] = deque()
        self.characters = 0

    def add(self, message: Message, filtered: list[Subscription]) -> None:
        """Keep a message and the subscriptions with filters that there were."""
        messages = self.messages
        messages.append((message, filtered))
        self.characters += len(message.body)
        while len(messages) > KEPT_MESSAGES or (self.characters > _KEPT_CHARACTERS and len(messages) > 1):
            gone, _ = messages.popleft()
            self.characters -= len(gone.body)


class Recipients:
    """Answers for all topics. Listens to their changes."""

    def __init__(self, topics: Topics) -> None:
        self._indexes: dict[str, Index] = {}
        self._kept: dict[str, _Kept] = {}
        topics.on_subscriptions.append(self._changed)
        topics.on_deleted.append(self._deleted)

    def of(self, topic: Topic, message: Message) -> list[Subscription]:
        """The confirmed subscriptions that get a message, oldest first. Nobody changes the list."""
        index = self._indexes.get(topic.arn)
        if index is None:
            index = self._indexes[topic.arn] = Index([one for one in topic.subscriptions.values() if one.confirmed])
        found = index.recipients(message)
        if len(found) != index.size:
            kept = self._kept.get(topic.arn)
            if kept is None:
                kept = self._kept[topic.arn] = _Kept()
            # Not yet decided why: that is worked out when somebody asks.
            kept.add(message, index.filtered)
        return found

    def decisions(self, topic_arn: str) -> list[Decided]:
        """What the filters of a topic decided about its last messages, the latest message first.

        Of messages that every subscription got nothing is told.
        """
        kept = self._kept.get(topic_arn)
        return [
            Decided(message, subscription, ACCEPTED if policy is None else policy.explain(message))
            for message, filtered in reversed([] if kept is None else kept.messages)
            for subscription, policy in ((one, one.filter) for one in filtered)
        ]

    def _changed(self, topic: Topic, before: Subscription | None, after: Subscription | None) -> None:
        # Built again with the next message: a thousand Subscribes build nothing.
        self._indexes.pop(topic.arn, None)

    def _deleted(self, topic: Topic) -> None:
        self._indexes.pop(topic.arn, None)
        self._kept.pop(topic.arn, None)
