"""SQS and the clock through the front door: days pass when a test says so."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

    from undercast.server import Server


def bodies(sqs: SQSClient, url: str, **options: Any) -> list[str]:
    """What one receive of up to ten messages gives."""
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **options)
    return [message["Body"] for message in answer.get("Messages", [])]


def counts(sqs: SQSClient, url: str) -> tuple[int, int, int]:
    """Visible, in flight, delayed."""
    names: Any = ["", "NotVisible", "Delayed"]
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=[f"ApproximateNumberOfMessages{name}" for name in names]
    )["Attributes"]
    return tuple(int(attributes[f"ApproximateNumberOfMessages{name}"]) for name in names)  # type: ignore[return-value]


def test_a_delay_passes_when_told(server: Server, sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="later", DelaySeconds=900)
    assert counts(sqs, queue_url) == (0, 0, 1)
    server.client.advance(899)
    assert bodies(sqs, queue_url) == []
    server.client.advance(1)
    assert bodies(sqs, queue_url) == ["later"]


def test_visibility_ends_when_told(server: Server, sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="again")
    assert bodies(sqs, queue_url, VisibilityTimeout=43_200) == ["again"]
    assert bodies(sqs, queue_url) == []
    server.client.advance("12h")
    assert bodies(sqs, queue_url) == ["again"]


def test_retention_expires_a_message(server: Server, sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="forgotten")
    server.client.advance("4d")
    assert counts(sqs, queue_url) == (0, 0, 0)


def test_the_deduplication_window_is_five_minutes(server: Server, sqs: SQSClient, fifo_url: str) -> None:
    def send() -> None:
        sqs.send_message(QueueUrl=fifo_url, MessageBody="once", MessageGroupId="g")

    send()
    server.client.advance(299)
    send()
    assert counts(sqs, fifo_url)[0] == 1
    server.client.advance(2)
    send()
    assert counts(sqs, fifo_url)[0] == 2


def test_cool_downs_pass_when_told(server: Server, sqs: SQSClient, queue_url: str) -> None:
    sqs.purge_queue(QueueUrl=queue_url)
    with pytest.raises(ClientError) as refused:
        sqs.purge_queue(QueueUrl=queue_url)
    assert refused.value.response["Error"]["Code"] == "AWS.SimpleQueueService.PurgeQueueInProgress"
    server.client.advance(60)
    sqs.purge_queue(QueueUrl=queue_url)
    sqs.delete_queue(QueueUrl=queue_url)
    with pytest.raises(ClientError) as refused:
        sqs.create_queue(QueueName="orders")
    assert refused.value.response["Error"]["Code"] == "AWS.SimpleQueueService.QueueDeletedRecently"
    server.client.advance(60)
    assert sqs.create_queue(QueueName="orders")["QueueUrl"] == queue_url


def test_a_long_poll_wakes_at_once(server: Server, sqs: SQSClient, queue_url: str) -> None:
    got: list[list[str]] = []
    other: SQSClient = server.boto3("sqs")
    waiter = threading.Thread(target=lambda: got.append(bodies(other, queue_url, WaitTimeSeconds=20)))
    waiter.start()
    sqs.send_message(QueueUrl=queue_url, MessageBody="here")
    # Had it not been woken, it would wait for twenty real seconds; the timeout of the run would end the test.
    waiter.join(15)
    assert got == [["here"]]


def test_a_long_poll_sees_what_becomes_visible_as_time_moves(server: Server, sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="soon", DelaySeconds=10)
    got: list[list[str]] = []
    other: SQSClient = server.boto3("sqs")
    waiter = threading.Thread(target=lambda: got.append(bodies(other, queue_url, WaitTimeSeconds=20)))
    waiter.start()
    # Whether the poll is parked before or after the move makes no difference to what it gets.
    server.client.advance(15)
    waiter.join(15)
    assert got == [["soon"]]


def test_run_until_stops_where_the_count_is_reached(server: Server, sqs: SQSClient, queue_url: str) -> None:
    began = server.client.time().now
    for delay in (100, 200, 300):
        sqs.send_message(QueueUrl=queue_url, MessageBody="x", DelaySeconds=delay)
    ran = server.client.run_until({"queue": "orders", "visible": {"at_least": 2}}, at_most="1d")
    assert ran.met
    assert server.client.time().now - began == 200
    assert not server.client.run_until({"queue": "orders", "visible": {"at_least": 5}}, at_most="1h").met
    assert server.client.time().now - began == 3800


def test_run_until_takes_a_callable(server: Server, sqs: SQSClient, queue_url: str) -> None:
    began = server.client.time().now
    sqs.send_message(QueueUrl=queue_url, MessageBody="x", DelaySeconds=60)
    assert server.client.run_until(lambda: counts(sqs, queue_url)[0] == 1, at_most="1d")
    assert server.client.time().now - began == 60


def test_three_days_of_retries_end_in_the_dead_letter_queue(server: Server, sqs: SQSClient, queue_url: str) -> None:
    dead = sqs.create_queue(QueueName="dead", Attributes={"MessageRetentionPeriod": "1209600"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":6}}'
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "43200"})
    sqs.send_message(QueueUrl=queue_url, MessageBody="poison")
    for _ in range(6):
        assert bodies(sqs, queue_url) == ["poison"]
        server.client.advance("12h")
    assert bodies(sqs, queue_url) == []
    assert bodies(sqs, dead) == ["poison"]


def test_timestamps_are_the_clocks(server: Server, sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    sent = server.client.time().now
    server.client.advance("1d")
    answer = sqs.receive_message(QueueUrl=queue_url, MessageSystemAttributeNames=["All"])
    attributes = answer["Messages"][0]["Attributes"]
    assert int(attributes["SentTimestamp"]) == int(sent * 1000)
    assert int(attributes["ApproximateFirstReceiveTimestamp"]) == int(sent * 1000) + 86_400_000
