"""Run by `test_old_boto3.py` with boto3 1.26: `python checks.py NAME` runs one check against AWS_ENDPOINT_URL."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

# This boto3 does not read AWS_ENDPOINT_URL.
sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def refused(code, call, **parameters):
    """The refusal of `call`, which has to carry `code`."""
    try:
        call(**parameters)
    except ClientError as error:
        found = error.response
    else:
        raise AssertionError(f"{call.__name__} was not refused")
    assert found["Error"]["Code"] == code, found
    return found


def speaks_query():
    assert sqs.meta.service_model.protocol == "query"
    answer = sqs.create_queue(QueueName="q")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"].startswith("text/xml"), headers
    assert answer["ResponseMetadata"]["RequestId"]
    assert sqs.get_queue_url(QueueName="q")["QueueUrl"] == answer["QueueUrl"]


def send_and_receive():
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    body = '<&> "quoted" + 100% ünï 世界 😀\n\ttab'
    sent = sqs.send_message(QueueUrl=url, MessageBody=body)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert message["Body"] == body
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def attributes_and_system_attributes():
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    attributes = {
        "text": {"DataType": "String", "StringValue": "a & b"},
        "number": {"DataType": "Number", "StringValue": "12.5"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff<"},
    }
    sqs.send_message(
        QueueUrl=url,
        MessageBody="with attributes",
        MessageAttributes=attributes,
        MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}
        },
    )
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"] == attributes
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-5759e988-bd862e3fe1be46a994272793"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["SentTimestamp"].isdigit()


def batches():
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            *({"Id": f"m{n}", "MessageBody": f"body {n}"} for n in range(3)),
            {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
        ],
    )
    assert sorted(each["Id"] for each in answer["Successful"]) == ["m0", "m1", "m2"]
    assert [(each["Id"], each["Code"]) for each in answer["Failed"]] == [("late", "InvalidParameterValue")]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(each["Body"] for each in messages) == ["body 0", "body 1", "body 2"]
    entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
    changed = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[{**entry, "VisibilityTimeout": 60} for entry in entries]
    )
    assert len(changed["Successful"]) == 3
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "no", "ReceiptHandle": "nonsense"}])
    assert len(deleted["Successful"]) == 3
    assert [(each["Id"], each["Code"]) for each in deleted["Failed"]] == [("no", "ReceiptHandleIsInvalid")]


def queue_attributes_and_tags():
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "45"}, tags={"team": "post"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "7"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], found["DelaySeconds"]) == ("45", "7")
    assert found["QueueArn"] == "arn:aws:sqs:us-east-1:000000000000:q"
    sqs.tag_queue(QueueUrl=url, Tags={"cost": "centre & co"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"cost": "centre & co"}


def fifo():
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for n in ("1", "2", "2"):
        sqs.send_message(QueueUrl=url, MessageBody=n, MessageGroupId="g", MessageDeduplicationId=n)
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [each["Body"] for each in messages] == ["1", "2"]
    assert {each["Attributes"]["MessageGroupId"] for each in messages} == {"g"}
    first, second = (int(each["Attributes"]["SequenceNumber"]) for each in messages)
    assert first < second


def listing():
    urls = [sqs.create_queue(QueueName=f"q{n}")["QueueUrl"] for n in range(5)]
    pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2}))
    assert sorted(url for page in pages for url in page.get("QueueUrls", [])) == sorted(urls)
    assert len(pages) == 3
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="none")
    sqs.purge_queue(QueueUrl=urls[0])
    sqs.delete_queue(QueueUrl=urls[0])
    assert urls[0] not in sqs.list_queues()["QueueUrls"]


def errors():
    missing = refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="nowhere")
    assert missing["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert missing["Error"]["Type"] == "Sender"
    assert missing["Error"]["Message"] == "The specified queue does not exist for this wsdl version."
    try:
        sqs.get_queue_url(QueueName="nowhere")
    except sqs.exceptions.QueueDoesNotExist:
        pass
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    refused("QueueAlreadyExists", sqs.create_queue, QueueName="q", Attributes={"DelaySeconds": "9"})
    refused("InvalidParameterValue", sqs.receive_message, QueueUrl=url, WaitTimeSeconds=21)
    refused("InvalidAttributeName", sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Nonsense"])
    refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="nonsense")
    refused("AWS.SimpleQueueService.EmptyBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=[])
    entry = {"Id": "same", "MessageBody": "x"}
    refused(
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", sqs.send_message_batch, QueueUrl=url, Entries=[entry] * 2
    )
    refused("InvalidMessageContents", sqs.send_message, QueueUrl=url, MessageBody="bad \x01 character")


def permissions():
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["123456789012"], Actions=["SendMessage"])
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    (statement,) = json.loads(found["Policy"])["Statement"]
    assert statement["Sid"] == "share"
    sqs.remove_permission(QueueUrl=url, Label="share")
    assert not sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")


def dead_letters():
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    url = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})["QueueUrl"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (message,) = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(":q")
    task = sqs.start_message_move_task(SourceArn=arn)
    assert task["TaskHandle"]
    (listed,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert listed["SourceArn"] == arn
    assert listed["Status"] in {"RUNNING", "COMPLETED"}


def send_and_keep_in_flight():
    url = sqs.create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="come back")
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def nothing_to_receive():
    assert "Messages" not in sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="kept")["QueueUrl"])


def receive_it_again():
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print(f"{sys.argv[1]} ok")
