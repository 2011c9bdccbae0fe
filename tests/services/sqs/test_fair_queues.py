"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html"""

from __future__ import annotations

import pytest

NOBODY = "nobody"
"""The body of messages without a group."""


@pytest.fixture
def url(sqs):
    return sqs.queue(VisibilityTimeout=43200)


def send(sqs, url, tenant, count=1):
    more = {} if tenant == NOBODY else {"MessageGroupId": tenant}
    for _ in range(count):
        sqs.send(url, tenant, **more)


def take(sqs, url, count):
    return [message for _ in range(count) for message in sqs.receive(url, 1)]


def bodies(messages):
    return [message["Body"] for message in messages]


def test_a_quiet_tenant_overtakes_the_backlog_of_one_with_many_in_flight(sqs, url):
    send(sqs, url, "noisy", 200)
    take(sqs, url, 30)
    send(sqs, url, "quiet", 2)
    assert sqs.bodies(url, 4) == ["quiet", "quiet", "noisy", "noisy"]


def test_thirty_in_flight_is_the_least_that_is_noisy(sqs, url):
    send(sqs, url, "noisy", 200)
    take(sqs, url, 29)
    send(sqs, url, "quiet")
    assert sqs.bodies(url, 2) == ["noisy", "quiet"]


def test_a_tenth_of_what_is_in_flight_is_not_noisy(sqs, url):
    send(sqs, url, "many", 30)
    send(sqs, url, NOBODY, 271)
    take(sqs, url, 300)
    send(sqs, url, "many")
    send(sqs, url, "quiet")
    assert bodies(take(sqs, url, 3)) == [NOBODY, "many", "quiet"]


def test_a_tenant_whose_messages_take_long_is_noisy_with_few_in_flight(sqs, url):
    send(sqs, url, "slow", 5)
    take(sqs, url, 1)
    sqs.clock.advance(60)
    send(sqs, url, "quiet")
    assert sqs.bodies(url, 2) == ["quiet", "slow"]


def test_processing_time_fades(sqs, url):
    send(sqs, url, "slow")
    (message,) = take(sqs, url, 1)
    sqs.clock.advance(60)
    sqs.delete(url, message)
    send(sqs, url, "other")
    (message,) = take(sqs, url, 1)
    sqs.clock.advance(1500)
    send(sqs, url, "slow")
    send(sqs, url, "other")
    send(sqs, url, "third")
    assert bodies(take(sqs, url, 3)) == ["slow", "third", "other"]


def test_when_only_noisy_tenants_wait_the_one_with_the_fewest_in_flight_is_first(sqs, url):
    send(sqs, url, "big", 100)
    take(sqs, url, 50)
    send(sqs, url, "small", 50)
    take(sqs, url, 40)
    assert bodies(take(sqs, url, 4)) == ["small", "small", "small", "small"]
    assert bodies(take(sqs, url, 7)) == ["small"] * 6 + ["big"]


def test_messages_without_a_group_are_never_noisy(sqs, url):
    send(sqs, url, NOBODY, 100)
    take(sqs, url, 60)
    send(sqs, url, "quiet")
    assert bodies(take(sqs, url, 41)) == [NOBODY] * 40 + ["quiet"]


def test_a_tenant_that_has_sent_nothing_for_five_minutes_is_quiet_again(sqs, url):
    send(sqs, url, "noisy", 100)
    take(sqs, url, 50)
    send(sqs, url, "quiet")
    sqs.clock.advance(300)
    assert sqs.bodies(url, 2) == ["noisy", "noisy"]


def test_in_flight_messages_that_come_back_or_go_no_longer_count(sqs, url):
    send(sqs, url, "noisy", 40)
    received = take(sqs, url, 32)
    send(sqs, url, "quiet")
    for message in received[:2]:
        sqs.delete(url, message)
    sqs.hide(url, received[2], 0)
    # 29 in flight: the oldest message is first again.
    assert sqs.bodies(url, 1) == ["noisy"]


def test_fairness_begins_with_the_first_message_that_has_a_group(sqs, url):
    send(sqs, url, NOBODY, 10)
    (early,) = take(sqs, url, 1)
    send(sqs, url, "tenant", 3)
    send(sqs, url, NOBODY, 1)
    assert bodies(take(sqs, url, 12)) == [NOBODY] * 9 + ["tenant"] * 3
    sqs.hide(url, early, 0)
    assert sqs.depth(url) == (2, 12, 0)
    assert sqs.bodies(url) == [NOBODY, NOBODY]


def test_counts_and_deletion_while_visible(sqs, url):
    send(sqs, url, "a", 3)
    received = sqs.receive(url, VisibilityTimeout=1)
    sqs.clock.advance(1)
    sqs.delete(url, received[0])
    assert sqs.depth(url) == (2, 0, 0)
    assert sqs.bodies(url) == ["a", "a"]
    sqs.purge_queue(QueueUrl=url)
    assert sqs.depth(url) == (0, 0, 0)
    send(sqs, url, "a")
    assert sqs.bodies(url) == ["a"]


def test_tenants_of_the_past_are_forgotten(sqs, url):
    for number in range(100):
        send(sqs, url, f"tenant-{number}")
        (message,) = take(sqs, url, 1)
        sqs.delete(url, message)
        sqs.clock.advance(10)
    assert len(sqs.api._queue(sqs.call, url)._fair._tenants) < 40


def test_a_delayed_message_outlasts_the_memory_of_its_idle_tenant(sqs, url):
    sqs.send(url, "delayed", DelaySeconds=900, MessageGroupId="patient")
    sqs.clock.advance(301)
    # The next one that comes makes the queue forget who is idle.
    send(sqs, url, "other")
    sqs.clock.advance(600)
    first = take(sqs, url, 2)
    assert sorted(bodies(first)) == ["delayed", "other"]
    assert sqs.depth(url) == (0, 2, 0)
    for message in first:
        sqs.delete(url, message)
    assert sqs.depth(url) == (0, 0, 0)


def test_a_tenant_that_was_forgotten_and_came_anew_is_one_tenant(sqs, url):
    sqs.send(url, "delayed", DelaySeconds=900, MessageGroupId="patient")
    sqs.clock.advance(301)
    send(sqs, url, "other")
    send(sqs, url, "patient", 3)
    sqs.clock.advance(600)
    assert sorted(bodies(take(sqs, url, 5))) == ["delayed", "other", "patient", "patient", "patient"]
    assert sqs.depth(url) == (0, 5, 0)
