"""Archives of FIFO topics and their replay."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scope import Scope
from services.sns.archive import Archive, parse_replay, retention_days
from services.sns.errors import InvalidState
from services.sns.instants import shown
from services.sns.model import Message, Subscription, Topic
from services.sns.outside.documents import Refused
from services.sns.state import Topics
from services.sns.subscription_attributes import Unacceptable

DAY = 86_400
TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:news.fifo"
POLICY = '{"MessageRetentionPeriod":"30"}'


class Fanout:
    """What Archive needs of it."""

    def __init__(self):
        self.on_published = []
        self.held_back = {}
        self.delivered = []

    def deliver(self, topic, subscription, message):
        self.delivered.append((subscription.arn, message))

    @property
    def bodies(self):
        return [message.body for _, message in self.delivered]


class OnlyEven:
    def accepts(self, message):
        return int(message.body) % 2 == 0


class World:
    def __init__(self, clock, entropy, **attributes):
        self.clock = clock
        self.topics = Topics()
        self.fanout = Fanout()
        self.archive = Archive(clock, entropy, self.topics, self.fanout)
        scope = Scope("000000000000", "us-east-1")
        self.topic = Topic(TOPIC_ARN, "news.fifo", scope, clock.now(), fifo=True, attributes=attributes)
        self.topics.add(self.topic)
        self.published = 0

    def publish(self, count=1, every_s=1):
        for _ in range(count):
            message = Message(
                f"id-{self.published}",
                self.clock.now(),
                str(self.published),
                topic_arn=TOPIC_ARN,
                group_id="g",
                deduplication_id=f"d-{self.published}",
                sequence_number=f"{self.published:020}",
            )
            self.published += 1
            for told in self.fanout.on_published:
                told(self.topic, message)
            for held_back in self.fanout.held_back.values():
                held_back.append(message)
            if every_s:
                asyncio.run(self.clock.advance(every_s))

    def set_archive(self, policy):
        self.topic.attributes["ArchivePolicy"] = policy
        self.topics.tell_changed(self.topic)

    def subscribe(self, name="s", **changed):
        subscription = Subscription(
            f"{TOPIC_ARN}:{name}", TOPIC_ARN, "sqs", "arn:q.fifo", "000000000000", self.clock.now(), confirmed=True
        )
        self.topics.put(self.topic, replace(subscription, **changed))
        return self.topic.subscriptions[f"{TOPIC_ARN}:{name}"]

    def replay(self, start, end=None, **changed):
        policy = {"PointType": "Timestamp", "StartingPoint": shown(start)}
        policy |= {} if end is None else {"EndingPoint": shown(end)}
        return self.subscribe(attributes={"ReplayPolicy": json.dumps(policy)}, **changed)


@pytest.fixture
def aws(world):
    return World(world.clock, world.entropy, ArchivePolicy=POLICY)


def test_a_replay_has_everything_in_order_marked_as_replayed(aws):
    began = aws.clock.now()
    aws.publish(20)
    subscription = aws.replay(began)

    assert aws.fanout.bodies == [str(number) for number in range(20)]
    for number, (_, message) in enumerate(aws.fanout.delivered):
        assert message.replayed
        assert (message.message_id, message.published_at) == (f"id-{number}", began + number)
        assert message.group_id == "g"
        assert message.deduplication_id != f"d-{number}"
    assert len({message.deduplication_id for _, message in aws.fanout.delivered}) == 20
    assert aws.archive.of_subscription(subscription) == {"ReplayStatus": "Completed"}


def test_the_window_and_the_filter_decide(aws):
    began = aws.clock.now()
    aws.publish(20)
    aws.replay(began + 5, began + 10, filter=OnlyEven())

    assert aws.fanout.bodies == ["6", "8", "10"]


def test_a_policy_is_replayed_once_and_a_new_one_again(aws):
    began = aws.clock.now()
    aws.publish(2)
    subscription = aws.replay(began)
    aws.topics.put(aws.topic, replace(subscription, raw=True))
    assert len(aws.fanout.delivered) == 2
    aws.replay(began + 1)
    assert aws.fanout.bodies == ["0", "1", "1"]


def test_a_subscription_that_is_not_confirmed_waits(aws):
    began = aws.clock.now()
    aws.publish(2)
    pending = aws.replay(began, confirmed=False)
    assert aws.fanout.delivered == []
    assert aws.archive.of_subscription(pending) == {"ReplayStatus": "Pending"}
    aws.topics.put(aws.topic, replace(pending, confirmed=True))
    assert aws.fanout.bodies == ["0", "1"]


def test_messages_are_kept_as_long_as_the_policy_says(aws):
    began = aws.clock.now()
    assert aws.archive.of_topic(aws.topic) == {"BeginningArchiveTime": shown(began)}
    aws.publish(3, every_s=20 * DAY)
    assert aws.archive.of_topic(aws.topic) == {"BeginningArchiveTime": shown(began + 30 * DAY)}
    aws.replay(began)
    assert aws.fanout.bodies == ["2"]


def test_without_its_policy_a_topic_forgets(aws):
    began = aws.clock.now()
    aws.publish(3)
    aws.set_archive("{}")
    assert aws.archive.of_topic(aws.topic) == {}
    aws.set_archive(POLICY)
    aws.publish(1)
    aws.replay(began)
    assert aws.fanout.bodies == ["3"]


def test_a_topic_that_archives_cannot_be_deleted(aws):
    with pytest.raises(InvalidState):
        aws.archive.check_deletable(aws.topic)
    aws.set_archive("{}")
    aws.archive.check_deletable(aws.topic)


def test_there_is_nothing_to_replay_without_an_archive(aws):
    aws.set_archive("{}")
    with pytest.raises(Unacceptable, match="ReplayPolicy: "):
        aws.archive.check_replay(
            aws.topic, None, '{"PointType":"Timestamp","StartingPoint":"2023-01-01T00:00:00.000Z"}'
        )
    aws.archive.check_replay(aws.topic, None, "{}")


def test_an_empty_policy_ends_what_was_told_of_the_last(aws):
    began = aws.clock.now()
    subscription = aws.replay(began)
    aws.topics.put(aws.topic, replace(subscription, attributes={"ReplayPolicy": "{}"}))
    assert aws.archive.of_subscription(subscription) == {}


@pytest.mark.parametrize(
    "text", ['{"MessageRetentionPeriod":0}', '{"MessageRetentionPeriod":"366"}', '{"a":1}', "[]", "x"]
)
def test_archive_policies_that_are_refused(text):
    with pytest.raises(Refused, match="ArchivePolicy: "):
        retention_days(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"PointType":"Timestamp"}',
        '{"StartingPoint":"2023-01-01T00:00:00Z"}',
        '{"PointType":"Timestamp","StartingPoint":"yesterday"}',
        '{"PointType":"Timestamp","StartingPoint":5}',
        '{"PointType":"Timestamp","StartingPoint":"2023-01-02T00:00:00Z","EndingPoint":"2023-01-01T00:00:00Z"}',
        '{"PointType":"Timestamp","StartingPoint":"2023-01-01T00:00:00Z","Speed":2}',
    ],
)
def test_replay_policies_that_are_refused(text):
    with pytest.raises(Refused, match="ReplayPolicy: "):
        parse_replay(text)


@given(st.integers(1, 365))
def test_days_may_be_a_number_or_a_text(days):
    assert retention_days(f'{{"MessageRetentionPeriod":{days}}}') == days
    assert retention_days(f'{{"MessageRetentionPeriod":"{days}"}}') == days


async def turns(count=1):
    for _ in range(count):
        await asyncio.sleep(0)  # noqa: TID251 (a turn of the loop, no time)


def status(aws, subscription):
    return aws.archive.of_subscription(subscription).get("ReplayStatus")


def test_a_large_archive_goes_in_slices_and_what_is_new_goes_after_it(aws):
    async def main():
        began = aws.clock.now()
        aws.publish(250, every_s=0)
        subscription = aws.replay(began)
        assert len(aws.fanout.delivered) == 100
        assert status(aws, subscription) == "In progress"
        assert aws.archive.busy()
        assert aws.clock.holds == 1
        aws.publish(1, every_s=0)
        await turns()
        aws.publish(1, every_s=0)
        assert len(aws.fanout.delivered) == 200
        await turns(2)

        assert aws.fanout.bodies == [str(number) for number in range(252)]
        assert [message.replayed for _, message in aws.fanout.delivered] == [True] * 250 + [False] * 2
        assert status(aws, subscription) == "Completed"
        assert not aws.archive.busy()
        assert aws.clock.holds == 0
        assert aws.fanout.held_back == {}

    asyncio.run(main())


@pytest.mark.parametrize("end", ["unsubscribe", "delete", "reset"])
def test_a_replay_ends_with_its_subscription(aws, end):
    async def main():
        aws.publish(250, every_s=0)
        subscription = aws.replay(aws.clock.now())
        if end == "unsubscribe":
            aws.topics.remove(aws.topic, subscription)
        elif end == "delete":
            aws.topics.delete(aws.topic)
        else:
            aws.topics.forget(aws.topic.scope)
        await turns(5)
        assert len(aws.fanout.delivered) == 100
        assert not aws.archive.busy()
        assert aws.clock.holds == 0
        assert aws.fanout.held_back == {}

    asyncio.run(main())


def test_a_replay_that_is_stopped_gives_way_to_what_is_new(aws):
    async def main():
        aws.publish(250, every_s=0)
        subscription = aws.replay(aws.clock.now())
        aws.publish(1, every_s=0)
        aws.topics.put(aws.topic, replace(subscription, attributes={"ReplayPolicy": "{}"}))
        await turns(2)
        assert aws.fanout.bodies == [*map(str, range(100)), "250"]
        assert status(aws, subscription) is None
        assert not aws.archive.busy()

    asyncio.run(main())


def test_a_replay_fails_when_the_archive_goes(aws):
    async def main():
        aws.publish(250, every_s=0)
        subscription = aws.replay(aws.clock.now())
        aws.set_archive("{}")
        aws.publish(1, every_s=0)
        await turns(2)
        assert aws.fanout.bodies == [*map(str, range(100)), "250"]
        assert status(aws, subscription) == "Failed"

    asyncio.run(main())


def test_a_second_replay_replaces_the_first(aws):
    async def main():
        began = aws.clock.now()
        aws.publish(250, every_s=0)
        aws.replay(began)
        aws.publish(1, every_s=0)
        subscription = aws.replay(began - 1)
        await turns(5)
        assert aws.fanout.bodies == [*map(str, range(100)), *map(str, range(251)), "250"]
        assert status(aws, subscription) == "Completed"

    asyncio.run(main())
