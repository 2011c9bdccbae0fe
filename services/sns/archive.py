"""Archives of FIFO topics, and their replay to one subscription.

A replay goes in slices, the first before the request that asked for it is answered, so that a large archive holds up
nobody. What is published meanwhile waits at the fan-out (`Fanout.held_back`) and goes after what is replayed, so order
is kept. `ReplayStatus` can be watched in between; the clock stands still until the replay is over.
https://docs.aws.amazon.com/sns/latest/dg/fifo-message-archiving-replay.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.sns import instants
from services.sns.errors import InvalidState
from services.sns.outside.documents import Refused, read
from services.sns.subscription_attributes import Unacceptable

if TYPE_CHECKING:
    from services.ports import Clock, Entropy, Hold
    from services.sns.fanout import Fanout
    from services.sns.model import Message, Subscription, Topic
    from services.sns.state import Topics

POLICY: Final = "ArchivePolicy"
REPLAY: Final = "ReplayPolicy"
_PERIOD: Final = "MessageRetentionPeriod"
RETENTION_DAYS: Final = (1, 365)
_DAY_S: Final = 86_400
_REPLAY_MEMBERS: Final = frozenset({"PointType", "StartingPoint", "EndingPoint"})
_SLICE: Final = 100
"""Messages that are looked at before others have their turn."""
PENDING: Final = "Pending"
IN_PROGRESS: Final = "In progress"
COMPLETED: Final = "Completed"
FAILED: Final = "Failed"


class Replay(NamedTuple):
    """A ReplayPolicy. Instants are epoch seconds."""

    start: float
    end: float | None


def retention_days(text: str) -> int | None:
    """The days of an ArchivePolicy; None when it archives nothing (`{}`).

    Raises:
        Refused: it is not one.
    """
    document = read(POLICY, text) if text else {}
    _refuse_unknown(POLICY, document, frozenset({_PERIOD}))
    if not document:
        return None
    days = document[_PERIOD]
    number = int(days) if isinstance(days, str) and days.isascii() and days.isdecimal() and len(days) < 6 else days
    least, most = RETENTION_DAYS
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise Refused(POLICY, f"{_PERIOD} must be an integer from {least} to {most}")
    return number


def parse_replay(text: str) -> Replay | None:
    """A ReplayPolicy; None when there is nothing to be replayed (`{}`).

    Raises:
        Refused: it is not one.
    """
    document = read(REPLAY, text) if text else {}
    _refuse_unknown(REPLAY, document, _REPLAY_MEMBERS)
    if not document:
        return None
    if document.get("PointType") != "Timestamp":
        raise Refused(REPLAY, "PointType must be Timestamp")
    start, end = _instant(document, "StartingPoint"), _instant(document, "EndingPoint")
    if start is None:
        raise Refused(REPLAY, "StartingPoint must be specified")
    if end is not None and end <= start:
        raise Refused(REPLAY, "EndingPoint must be after StartingPoint")
    return Replay(start, end)


def _refuse_unknown(attribute: str, document: dict[str, Any], known: frozenset[str]) -> None:
    for name in document:
        if name not in known:
            raise Refused(attribute, f"invalid JSON. Attribute {name} is unknown.")


def _instant(document: dict[str, Any], name: str) -> float | None:
    text = document.get(name)
    if text is None:
        return None
    at = instants.read(text) if isinstance(text, str) else None
    if at is None:
        raise Refused(REPLAY, f"{name} must be a timestamp of ISO 8601")
    return at


class _Kept:
    """What a topic has archived."""

    __slots__ = ("days", "messages", "since")

    def __init__(self, since: float, days: int) -> None:
        self.since = since
        self.days = days
        self.messages: deque[Message] = deque()
        """Oldest first."""

    def begins_at(self, now: float) -> float:
        """Before this nothing can be replayed."""
        return max(self.since, now - self.days * _DAY_S)

    def sweep(self, now: float) -> None:
        """Drop what is older than the archive keeps."""
        begins_at = self.begins_at(now)
        while self.messages and self.messages[0].published_at < begins_at:
            self.messages.popleft()


class _Run:
    """A replay under way to one subscription."""

    __slots__ = ("held_back", "hold", "id", "old", "replay", "subscription_arn", "topic")

    def __init__(self, topic: Topic, subscription_arn: str, held_back: deque[Message]) -> None:
        self.topic = topic
        self.subscription_arn = subscription_arn
        self.held_back = held_back
        """What was published since it began, for the subscription to get afterwards."""
        self.old: deque[Message] = deque()
        """What is still to be replayed, as far as `replay` wants it."""
        self.replay = Replay(0.0, None)
        self.id = ""
        self.hold: Hold | None = None


class Archive:
    """Keeps what FIFO topics publish, and replays it."""

    def __init__(self, clock: Clock, entropy: Entropy, topics: Topics, fanout: Fanout) -> None:
        self._clock = clock
        self._entropy = entropy
        self._fanout = fanout
        self._of: dict[str, _Kept] = {}
        """By the topic's ARN."""
        self._statuses: dict[str, str] = {}
        """By the subscription's ARN: what the last replay has come to."""
        self._runs: dict[str, _Run] = {}
        """By the subscription's ARN."""
        fanout.on_published.append(self._published)
        topics.on_changed.append(self._changed)
        topics.on_deleted.append(self._deleted)
        topics.on_subscriptions.append(self._subscription_changed)

    # -- for the API (`TopicsApi.shown`, `SubscriptionsApi.shown` and `checks`)

    def check_replay(self, topic: Topic, subscription: Subscription | None, text: str) -> None:
        """A ReplayPolicy for a subscription of the topic (for `SubscriptionsApi.checks`).

        Raises:
            Unacceptable: it is not one, or the topic archives nothing.
        """
        try:
            replay = parse_replay(text)
        except Refused as refused:
            raise Unacceptable(refused.text) from None
        if replay is not None and self._kept(topic) is None:
            raise Unacceptable(f"{REPLAY}: the topic has no active archive policy")

    def check_deletable(self, topic: Topic) -> None:
        """InvalidState while the topic archives."""
        if self._kept(topic) is not None:
            raise InvalidState(
                "Cannot delete a topic with an active archive policy. Deactivate the archive policy first."
            )

    def of_topic(self, topic: Topic) -> dict[str, str]:
        """What GetTopicAttributes tells of the archive."""
        kept = self._kept(topic)
        return {} if kept is None else {"BeginningArchiveTime": instants.shown(kept.begins_at(self._clock.now()))}

    def of_subscription(self, subscription: Subscription) -> dict[str, str]:
        """What GetSubscriptionAttributes tells of a replay."""
        status = self._statuses.get(subscription.arn)
        return {} if status is None else {"ReplayStatus": status}

    def busy(self) -> bool:
        """Whether a replay is under way."""
        return bool(self._runs)

    def _kept(self, topic: Topic) -> _Kept | None:
        """The archive of a topic, None where it has none. One that was set with the topic begins with it."""
        kept = self._of.get(topic.arn)
        if kept is None and topic.attributes.get(POLICY):
            days = retention_days(topic.attributes[POLICY])
            if days is not None:
                kept = self._of[topic.arn] = _Kept(topic.created_at, days)
        return kept

    # -- what others tell

    def _changed(self, topic: Topic) -> None:
        """With the policy goes the archive: AWS deletes the messages too. A replay ends where it is."""
        days = retention_days(topic.attributes.get(POLICY, ""))
        kept = self._of.get(topic.arn)
        if days is None:
            if self._of.pop(topic.arn, None) is not None:
                for run in [run for run in self._runs.values() if run.topic is topic]:
                    self._abandon(run.subscription_arn, FAILED)
        elif kept is None:
            self._of[topic.arn] = _Kept(self._clock.now(), days)
        else:
            kept.days = days

    def _deleted(self, topic: Topic) -> None:
        self._of.pop(topic.arn, None)
        for subscription_arn in topic.subscriptions:
            self._statuses.pop(subscription_arn, None)
            self._end(subscription_arn)

    def _published(self, topic: Topic, message: Message) -> None:
        kept = self._kept(topic) if topic.fifo else None
        if kept is not None:
            kept.messages.append(message)
            kept.sweep(self._clock.now())

    def _subscription_changed(self, topic: Topic, before: Subscription | None, after: Subscription | None) -> None:
        if after is None:
            if before is not None:
                self._statuses.pop(before.arn, None)
                self._end(before.arn)
            return
        policy = after.attributes.get(REPLAY, "")
        replay = parse_replay(policy)
        if replay is None:
            self._abandon(after.arn, "")
        elif not after.confirmed:
            self._statuses[after.arn] = PENDING
        elif before is None or not before.confirmed or policy != before.attributes.get(REPLAY):
            self._begin(topic, after.arn, replay)

    # -- a replay

    def _begin(self, topic: Topic, subscription_arn: str, replay: Replay) -> None:
        """Begin a replay; one that is under way already is replaced by it."""
        kept = self._kept(topic)
        if kept is None:
            return
        kept.sweep(self._clock.now())
        run = self._runs.get(subscription_arn)
        begun = run is not None
        if run is None:
            held_back = self._fanout.held_back[subscription_arn] = deque()
            run = self._runs[subscription_arn] = _Run(topic, subscription_arn, held_back)
        run.id, run.old, run.replay = self._entropy.uuid(), deque(kept.messages), replay
        self._statuses[subscription_arn] = IN_PROGRESS
        if not begun:
            self._go_on(run)

    def _abandon(self, subscription_arn: str, status: str) -> None:
        """Replay no more; what was held back is still to come."""
        run = self._runs.get(subscription_arn)
        if run is not None:
            run.old.clear()
        if status and run is not None:
            self._statuses[subscription_arn] = status
        elif not status:
            self._statuses.pop(subscription_arn, None)

    def _go_on(self, run: _Run) -> None:
        """The next slice."""
        subscription = run.topic.subscriptions.get(run.subscription_arn)
        if self._runs.get(run.subscription_arn) is not run or subscription is None:
            return
        start, end = run.replay
        for _ in range(_SLICE):
            if run.old:
                message = run.old.popleft()
                in_time = message.published_at >= start and (end is None or message.published_at <= end)
                if in_time and (subscription.filter is None or subscription.filter.accepts(message)):
                    self._fanout.deliver(run.topic, subscription, _again(message, run.id))
            elif run.held_back:
                self._fanout.deliver(run.topic, subscription, run.held_back.popleft())
            else:
                break
        if run.old or run.held_back:
            if run.hold is None:
                run.hold = self._clock.hold()
            asyncio.get_running_loop().call_soon(self._go_on, run)
            return
        self._end(run.subscription_arn)
        if self._statuses.get(run.subscription_arn) == IN_PROGRESS:
            self._statuses[run.subscription_arn] = COMPLETED

    def _end(self, subscription_arn: str) -> None:
        """Nothing holds the subscription's messages back any more."""
        self._fanout.held_back.pop(subscription_arn, None)
        run = self._runs.pop(subscription_arn, None)
        if run is not None and run.hold is not None:
            run.hold.release()


def _again(message: Message, run: str) -> Message:
    """The same message for a replay. Its deduplication id is another one: a queue that has had the message in the last
    five minutes would drop it.
    """
    identity = f"{run}-{message.sequence_number or message.message_id}"
    return replace(message, replayed=True, deduplication_id=identity, prepared={})
