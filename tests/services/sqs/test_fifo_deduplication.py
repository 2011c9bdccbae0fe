from __future__ import annotations

import pytest

from services.sqs.errors import InvalidAttributeValue, InvalidParameterValue, MissingParameter


def test_a_duplicate_is_accepted_and_dropped_for_five_minutes_even_after_deletion(sqs):
    url = sqs.queue("q.fifo")
    first = sqs.send(url, "one", MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = sqs.receive(url)
    sqs.delete(url, message)
    sqs.clock.advance(299)
    again = sqs.send(url, "two", MessageGroupId="h", MessageDeduplicationId="d")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    assert again["MD5OfMessageBody"] == "b8a9f715dbb64fd5c56e7783c6820a61"
    assert sqs.bodies(url) == []
    sqs.clock.advance(1)
    assert sqs.send(url, "two", MessageGroupId="h", MessageDeduplicationId="d")["MessageId"] != first["MessageId"]
    assert sqs.bodies(url) == ["two"]


def test_content_based_deduplication_uses_sha_256_of_the_body(sqs):
    url = sqs.queue("q.fifo", ContentBasedDeduplication="true")
    sqs.send(url, "same", MessageGroupId="g")
    sqs.send(url, "same", MessageGroupId="g", MessageAttributes={"a": {"DataType": "String", "StringValue": "x"}})
    sqs.send(url, "same", MessageGroupId="g", MessageDeduplicationId="explicit")
    found = sqs.receive(url, AttributeNames=["MessageDeduplicationId"])
    assert [message["Attributes"]["MessageDeduplicationId"] for message in found] == [
        "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5",
        "explicit",
    ]


def test_the_scope_may_be_the_message_group(sqs):
    url = sqs.queue("q.fifo", DeduplicationScope="messageGroup")
    for group in ("g", "h", "g"):
        sqs.send(url, group, MessageGroupId=group, MessageDeduplicationId="d")
    assert sqs.bodies(url) == ["g", "h"]


@pytest.mark.parametrize(("before", "after", "at_once", "later"), [
    ("queue", "messageGroup", [], ["third"]),
    ("messageGroup", "queue", ["second"], []),
])  # fmt: skip
def test_a_new_scope_takes_effect_after_a_minute(sqs, before, after, at_once, later):
    url = sqs.queue("q.fifo", DeduplicationScope=before)
    sqs.send(url, "first", MessageGroupId="g", MessageDeduplicationId="d")
    sqs.receive(url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": after})
    sqs.send(url, "second", MessageGroupId="h", MessageDeduplicationId="d")
    assert sqs.bodies(url) == at_once
    sqs.clock.advance(60)
    sqs.send(url, "new", MessageGroupId="i", MessageDeduplicationId="e")
    sqs.purge_queue(QueueUrl=url)
    sqs.send(url, "new", MessageGroupId="i", MessageDeduplicationId="e")
    sqs.send(url, "third", MessageGroupId="j", MessageDeduplicationId="e")
    assert sqs.bodies(url) == ["new", *later]


def test_a_purge_forgets_deduplication(sqs):
    url = sqs.queue("q.fifo")
    sqs.send(url, "one", MessageGroupId="g", MessageDeduplicationId="d")
    sqs.purge_queue(QueueUrl=url)
    sqs.send(url, "two", MessageGroupId="g", MessageDeduplicationId="d")
    assert sqs.bodies(url) == ["two"]


def test_sequence_numbers_have_twenty_digits_and_increase(sqs):
    url = sqs.queue("q.fifo", ContentBasedDeduplication="true")
    numbers = [sqs.send(url, str(i), MessageGroupId="g")["SequenceNumber"] for i in range(5)]
    assert all(len(number) == 20 for number in numbers)
    assert numbers == sorted(set(numbers))


def test_what_a_fifo_queue_asks_of_a_message(sqs):
    url = sqs.queue("q.fifo")
    with pytest.raises(MissingParameter, match=r"The request must contain the parameter MessageGroupId\."):
        sqs.send(url, MessageDeduplicationId="d")
    with pytest.raises(InvalidParameterValue, match="ContentBasedDeduplication enabled or MessageDeduplicationId"):
        sqs.send(url, MessageGroupId="g")
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.send(url, MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=2)
    assert refused.value.message == (
        "Value 2 for parameter DelaySeconds is invalid. "
        "Reason: The request include parameter that is not valid for this queue type."
    )
    sqs.send(url, MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=0)


@pytest.mark.parametrize("bad", ["", "a" * 129, "with space", "é"])
@pytest.mark.parametrize("parameter", ["MessageGroupId", "MessageDeduplicationId"])
def test_ids_are_1_to_128_printable_characters(sqs, parameter, bad):
    url = sqs.queue("q.fifo")
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.send(url, **{"MessageGroupId": "g", "MessageDeduplicationId": "d", parameter: bad})
    assert refused.value.message == (
        f"Value {bad} for parameter {parameter} is invalid. Reason: {parameter} can only include alphanumeric and "
        f"punctuation characters. 1 to 128 in length."
    )
    sqs.send(url, **{"MessageGroupId": "g", "MessageDeduplicationId": "d", parameter: "!" * 128})


def test_high_throughput_needs_the_scope(sqs):
    with pytest.raises(InvalidAttributeValue):
        sqs.queue("q.fifo", FifoThroughputLimit="perMessageGroupId")
    url = sqs.queue("q.fifo", FifoThroughputLimit="perMessageGroupId", DeduplicationScope="messageGroup")
    with pytest.raises(InvalidAttributeValue):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "queue"})
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}
    )
