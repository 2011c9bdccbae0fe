"""Order within a message group, beginning with the case of a group that is partly visible."""

from __future__ import annotations

import pytest

from services.sqs.errors import InvalidParameterValue, MessageNotInflight


@pytest.fixture
def url(sqs):
    return sqs.queue("q.fifo", ContentBasedDeduplication="true", VisibilityTimeout=10)


def fill(sqs, url, *bodies):
    for body in bodies:
        sqs.send(url, body, MessageGroupId=body.split("-")[0])


# "When a message with a message group ID is in-flight, subsequent messages in that group are not made available until
# the in-flight message is either deleted or the visibility timeout expires":
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
@pytest.mark.parametrize(("hidden", "expected"), [(0, []), (1, ["g-0"]), (2, ["g-0", "g-1"])])
def test_of_a_partly_visible_group_only_what_precedes_the_first_invisible_message_is_received(
    sqs, url, hidden, expected
):
    fill(sqs, url, "g-0", "g-1", "g-2")
    received = sqs.receive(url)
    sqs.hide(url, received[hidden], 60)
    sqs.clock.advance(10)
    assert sqs.bodies(url) == expected
    assert sqs.depth(url) == (2 - len(expected), 1 + len(expected), 0)


def test_a_first_message_made_visible_again_is_received_alone_while_later_ones_are_in_flight(sqs, url):
    fill(sqs, url, "g-0", "g-1", "h-0")
    first, _ = sqs.receive(url, 2)
    sqs.hide(url, first, 0)
    assert sqs.bodies(url) == ["h-0", "g-0"]
    assert sqs.bodies(url) == []


def test_a_later_message_made_visible_again_waits_for_the_first(sqs, url):
    fill(sqs, url, "g-0", "g-1")
    first, second = sqs.receive(url)
    sqs.hide(url, second, 0)
    assert sqs.bodies(url) == []
    sqs.delete(url, first)
    assert sqs.bodies(url) == ["g-1"]


def test_a_group_in_flight_does_not_hold_up_another(sqs, url):
    fill(sqs, url, "g-0", "g-1", "h-0")
    assert sqs.bodies(url, 1) == ["g-0"]
    assert sqs.bodies(url) == ["h-0"]
    fill(sqs, url, "g-2")
    assert sqs.bodies(url) == []


def test_a_receive_takes_as_much_of_a_group_as_it_may(sqs, url):
    fill(sqs, url, "g-0", "h-0", "g-1", "g-2")
    assert sqs.bodies(url) == ["g-0", "g-1", "g-2", "h-0"]


def test_groups_take_turns(sqs, url):
    fill(sqs, url, "g-0", "h-0", "h-1", "i-0", "g-1")
    assert sqs.bodies(url, 3, VisibilityTimeout=0) == ["g-0", "g-1", "h-0"]
    assert sqs.bodies(url, VisibilityTimeout=0) == ["i-0", "g-0", "g-1", "h-0", "h-1"]


def test_a_partly_deleted_group_stays_blocked(sqs, url):
    fill(sqs, url, "g-0", "h-0", "g-1", "g-2")
    first, second = sqs.receive(url, 2)
    sqs.delete(url, first)
    assert sqs.bodies(url) == ["h-0"]
    sqs.delete(url, second)
    assert sqs.bodies(url) == ["g-2"]


def test_order_is_kept_after_the_visibility_timeout(sqs, url):
    fill(sqs, url, "g-0", "g-1", "g-2")
    assert sqs.bodies(url) == ["g-0", "g-1", "g-2"]
    sqs.clock.advance(10)
    assert sqs.bodies(url) == ["g-0", "g-1", "g-2"]


def test_a_delayed_message_stops_its_group(sqs):
    url = sqs.queue("d.fifo", ContentBasedDeduplication="true", DelaySeconds=5)
    fill(sqs, url, "g-0")
    sqs.clock.advance(3)
    fill(sqs, url, "g-1")
    sqs.clock.advance(2)
    assert sqs.bodies(url) == ["g-0"]
    sqs.clock.advance(3)
    assert sqs.bodies(url) == []


def test_a_change_of_the_delay_is_retroactive(sqs):
    url = sqs.queue("d.fifo", ContentBasedDeduplication="true", DelaySeconds=60)
    fill(sqs, url, "g-0")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    sqs.clock.advance(4.9)
    assert sqs.depth(url) == (0, 0, 1)
    sqs.clock.advance(0.1)
    assert sqs.depth(url) == (1, 0, 0)


def test_expiry_of_the_head_frees_its_group(sqs):
    url = sqs.queue("r.fifo", ContentBasedDeduplication="true", MessageRetentionPeriod=60, VisibilityTimeout=1000)
    fill(sqs, url, "g-0")
    sqs.clock.advance(30)
    fill(sqs, url, "g-1")
    assert sqs.bodies(url, 1) == ["g-0"]
    sqs.clock.advance(30)
    assert sqs.bodies(url) == ["g-1"]


def test_an_expired_receipt_does_not_delete(sqs, url):
    fill(sqs, url, "g-0")
    (old,) = sqs.receive(url)
    sqs.clock.advance(10)
    for _ in range(2):
        with pytest.raises(InvalidParameterValue) as refused:
            sqs.delete(url, old)
        assert refused.value.message == (
            f"Value {old['ReceiptHandle']} for parameter ReceiptHandle is invalid. "
            "Reason: The receipt handle has expired."
        )
        with pytest.raises((InvalidParameterValue, MessageNotInflight)):
            sqs.hide(url, old, 5)
        new = sqs.receive(url)
    assert sqs.depth(url) == (0, 1, 0)
    assert new == []


def test_an_extended_receipt_deletes(sqs, url):
    fill(sqs, url, "g-0")
    (message,) = sqs.receive(url)
    sqs.hide(url, message, 20)
    sqs.clock.advance(15)
    sqs.delete(url, message)
    assert sqs.depth(url) == (0, 0, 0)


def test_a_group_that_was_empty_can_be_used_again(sqs, url):
    for number in range(3):
        fill(sqs, url, f"g-{number}")
        (message,) = sqs.receive(url)
        sqs.delete(url, message)
        assert sqs.bodies(url) == []


def test_the_same_attempt_gets_the_same_messages(sqs, url):
    fill(sqs, url, "g-0", "g-1", "h-0")
    first = sqs.receive(url, 2, ReceiveRequestAttemptId="a")
    sqs.clock.advance(6)
    assert sqs.receive(url, 2, ReceiveRequestAttemptId="a") == first
    sqs.clock.advance(6)
    # The retry has begun the visibility timeout anew, so this is still in flight.
    assert sqs.receive(url, 2, ReceiveRequestAttemptId="a") == first
    sqs.delete(url, first[0])
    assert sqs.bodies(url, 2, ReceiveRequestAttemptId="a") == ["h-0"]


def test_an_attempt_is_forgotten_after_five_minutes(sqs):
    url = sqs.queue("a.fifo", ContentBasedDeduplication="true", VisibilityTimeout=1000)
    fill(sqs, url, "g-0")
    assert sqs.bodies(url, ReceiveRequestAttemptId="a") == ["g-0"]
    sqs.clock.advance(300)
    assert sqs.bodies(url, ReceiveRequestAttemptId="a") == []


def test_beyond_the_limit_in_flight_nothing_is_returned_and_no_error(sqs, url, monkeypatch):
    monkeypatch.setattr("services.sqs.fifo.FifoQueue.in_flight_max", 2)
    fill(sqs, url, "a-0", "b-0", "c-0")
    assert sqs.bodies(url) == ["a-0", "b-0"]
    assert sqs.bodies(url) == []
