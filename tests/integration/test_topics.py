"""SNS over a real socket: boto3, links that people click, JSON."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

    from undercast.server import Server

QUEUE = "arn:aws:sqs:us-east-1:000000000000:orders"


@pytest.fixture
def sns(server: Server) -> SNSClient:
    """SNS of the default account."""
    client: SNSClient = server.boto3("sns")
    return client


@pytest.fixture
def topic(sns: SNSClient) -> str:
    """A topic."""
    return sns.create_topic(Name="news")["TopicArn"]


def bodies(sqs: SQSClient, queue_url: str) -> list[dict[str, Any]]:
    messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def get(server: Server, query: str) -> bytes:
    with urllib.request.urlopen(f"{server.endpoint}/?{query}", timeout=10) as answer:
        found: bytes = answer.read()
    return found


def test_from_publish_to_a_queue(sns: SNSClient, sqs: SQSClient, topic: str, queue_url: str) -> None:
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    published = sns.publish(
        TopicArn=topic, Message="m", MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    )
    [body] = bodies(sqs, queue_url)
    assert body["MessageId"] == published["MessageId"]
    assert body["MessageAttributes"] == {"a": {"Type": "Binary", "Value": "AP8="}}


def test_a_batch_answers_with_both_lists(sns: SNSClient, topic: str) -> None:
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}])
    assert answer["Failed"] == []
    assert [done["Id"] for done in answer["Successful"]] == ["1"]


def test_a_refusal_as_boto3_sees_it(sns: SNSClient) -> None:
    with pytest.raises(sns.exceptions.NotFoundException) as error:
        sns.publish(TopicArn="arn:aws:sns:us-east-1:000000000000:none", Message="m")
    said = error.value.response
    assert said["Error"] == {"Type": "Sender", "Code": "NotFound", "Message": "Topic does not exist"}
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_links_confirm_and_end_a_subscription_in_any_region(server: Server) -> None:
    sns: SNSClient = server.boto3("sns", region_name="eu-west-1")
    topic = sns.create_topic(Name="news")["TopicArn"]
    subscribed = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)
    arn = subscribed["SubscriptionArn"]
    with urllib.request.urlopen(f"{server.endpoint}/_aws/sns/subscription-tokens/{arn}", timeout=10) as answer:
        token = json.load(answer)["subscription_token"]
    said = get(server, f"Action=ConfirmSubscription&TopicArn={topic}&Token={token}")
    assert f"<SubscriptionArn>{arn}</SubscriptionArn>".encode() in said
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "false"
    assert b"<UnsubscribeResponse" in get(server, f"Action=Unsubscribe&SubscriptionArn={arn}")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_link_that_leads_nowhere(server: Server) -> None:
    with pytest.raises(HTTPError) as error:
        get(server, "Action=ConfirmSubscription&TopicArn=x&Token=ab")
    assert error.value.code == 400
    assert b"<Message>Invalid parameter: Topic</Message>" in error.value.read()


def test_json_if_a_client_sends_it(server: Server, topic: str) -> None:
    request = urllib.request.Request(
        server.endpoint,
        data=json.dumps({"TopicArn": topic, "Message": "m"}).encode(),
        headers={
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AmazonSimpleNotificationService.Publish",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert set(json.load(answer)) == {"MessageId"}


def test_reset_and_health(server: Server, sns: SNSClient, topic: str) -> None:
    assert server.client.health().services["sns"] == "running"
    assert server.client.reset("sns") == ["sns"]
    assert sns.list_topics()["Topics"] == []
    assert topic


def test_idle_waits_for_what_sns_still_has_to_deliver(server: Server, sns: SNSClient, topic: str) -> None:
    arn = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/", ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    moved = server.client.run_until({"idle": True}, at_most="1h")
    assert moved.met
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
