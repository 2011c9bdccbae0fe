"""What S3 and SES tell queues, topics and functions reaches ours."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

    from undercast.server import Server

QUEUE = "arn:aws:sqs:us-east-1:000000000000:orders"
CODE = "def handler(event, context):\n    print(event['Records'][0]['s3']['object']['key'])\n"


def received(sqs: SQSClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def bucket_that_tells(server: Server, **whom: Any) -> Any:
    s3 = server.boto3("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration=whom)
    return s3


def test_an_object_is_told_to_a_queue(server: Server, sqs: SQSClient, queue_url: str) -> None:
    s3 = bucket_that_tells(server, QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}])
    s3.put_object(Bucket="photos", Key="cat.png", Body=b"meow")

    test, told = received(sqs, queue_url)
    assert test["Event"] == "s3:TestEvent"
    assert told["Records"][0]["eventName"] == "ObjectCreated:Put"
    assert told["Records"][0]["s3"]["object"]["key"] == "cat.png"


def test_an_object_is_told_to_a_topic(server: Server, sns: SNSClient, sqs: SQSClient, queue_url: str) -> None:
    topic = sns.create_topic(Name="news")["TopicArn"]
    s3 = bucket_that_tells(server, TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    s3.put_object(Bucket="photos", Key="cat.png", Body=b"meow")
    s3.delete_object(Bucket="photos", Key="cat.png")

    [told] = received(sqs, queue_url)
    assert told["TopicArn"] == topic
    assert json.loads(told["Message"])["Records"][0]["eventName"] == "ObjectRemoved:Delete"


def test_an_object_is_told_to_a_function(server: Server) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", CODE)
    functions = server.boto3("lambda")
    arn = functions.create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="main.handler",
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName="f")
    whom = [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    bucket_that_tells(server, LambdaFunctionConfigurations=whom).put_object(Bucket="photos", Key="cat.png", Body=b"")
    server.client.advance(1)

    events = server.boto3("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert "cat.png" in {event["message"].rstrip() for event in events}


def test_who_is_not_there_is_told_nothing(server: Server) -> None:
    gone = [{"QueueArn": f"{QUEUE}-gone", "Events": ["s3:ObjectCreated:*"]}]
    s3 = bucket_that_tells(server, QueueConfigurations=gone)
    s3.put_object(Bucket="photos", Key="cat.png", Body=b"meow")
    assert server.client.health().time.holds == 0


def test_a_bounce_is_told_to_a_topic(server: Server, sns: SNSClient, sqs: SQSClient, queue_url: str) -> None:
    topic = sns.create_topic(Name="bounces")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    ses = server.boto3("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.set_identity_notification_topic(Identity="example.com", NotificationType="Bounce", SnsTopic=topic)
    ses.send_email(
        Source="me@example.com",
        Destination={"ToAddresses": ["bounce@bounce.com", "bounce@simulator.amazonses.com"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}},
    )
    told = received(sqs, queue_url)
    assert told
    assert "bounce" in json.loads(told[0]["Message"])


@pytest.fixture
def sns(server: Server) -> SNSClient:
    client: SNSClient = server.boto3("sns")
    return client
