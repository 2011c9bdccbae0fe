"""Queues as other services use them."""

from __future__ import annotations

import pytest

from services.sqs.errors import InvalidParameterValue, MissingParameter, QueueDoesNotExist

NOBODY = "arn:aws:sqs:us-east-1:000000000000:nobody"


def test_polling_gives_what_is_there_with_all_attributes(sqs, run):
    async def main():
        url = sqs.queue()
        arn = sqs.arn("q")
        sqs.send(url, "a", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
        [message] = sqs.api.by_arn.poll(arn, 10)["Messages"]
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"
        assert message["MessageAttributes"]["k"]["StringValue"] == "v"
        waiting = sqs.api.by_arn.poll(arn, 10)
        sqs.send(url, "b")
        assert (await waiting)["Messages"][0]["Body"] == "b"

    run(main)


def test_a_cancelled_poll_takes_nothing(sqs, run):
    async def main():
        url = sqs.queue()
        arn = sqs.arn("q")
        waiting = sqs.api.by_arn.poll(arn, 10)
        waiting.cancel()
        sqs.send(url, "still here")
        assert sqs.depth(url) == (1, 0, 0)

    run(main)


def test_released_messages_are_visible_and_deleted_ones_gone(sqs):
    url = sqs.queue()
    arn = sqs.arn("q")
    sqs.send(url, "a")
    sqs.send(url, "b")
    handles = [message["ReceiptHandle"] for message in sqs.api.by_arn.poll(arn, 10)["Messages"]]
    sqs.api.by_arn.release(arn, handles[:1])
    sqs.api.by_arn.delete(arn, [*handles[1:], "no handle"])
    assert sqs.depth(url) == (1, 0, 0)


def test_sending_by_arn(sqs):
    sqs.queue()
    arn = sqs.arn("q")
    attributes = {"ErrorCode": {"DataType": "Number", "StringValue": "200"}}
    assert sqs.api.by_arn.send(arn, "letter", attributes, account="111111111111")["MessageId"]
    [message] = sqs.api.by_arn.poll(arn, 1)["Messages"]
    assert message["Body"] == "letter"
    assert message["Attributes"]["SenderId"] == "111111111111"
    assert message["MessageAttributes"] == attributes


def test_what_can_not_be_sent_is_refused(sqs):
    with pytest.raises(QueueDoesNotExist):
        sqs.api.by_arn.send(NOBODY, "x", {}, account="1")
    with pytest.raises(QueueDoesNotExist):
        sqs.api.by_arn.poll(NOBODY, 1)
    sqs.queue("ordered.fifo")
    arn = sqs.arn("ordered.fifo")
    with pytest.raises(MissingParameter):
        sqs.api.by_arn.send(arn, "x", {}, account="1")
    with pytest.raises(InvalidParameterValue):
        sqs.api.by_arn.send(arn, "x", {}, account="1", group_id="g")
    assert sqs.api.by_arn.send(arn, "x", {}, account="1", group_id="g", deduplication_id="d")["SequenceNumber"]


def test_nobody_has_no_visibility_and_nothing_to_delete(sqs):
    assert sqs.api.by_arn.visibility_s(NOBODY) is None
    sqs.api.by_arn.delete(NOBODY, ["x"])
    sqs.api.by_arn.release(NOBODY, ["x"])
