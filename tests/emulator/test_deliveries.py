"""Where records go by the ARN of their target."""

from __future__ import annotations

import asyncio
import json

import pytest

from emulator.clock import Clock
from emulator.deliveries import Deliveries, UnknownTarget
from emulator.entropy import RandomEntropy
from services.errors import ServiceError

RECORD = json.dumps({
    "requestContext": {
        "functionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST", "condition": "RetriesExhausted",
    }
})  # fmt: skip
ATTRIBUTES = {"ErrorCode": {"DataType": "Number", "StringValue": "200"}}


class World:
    def __init__(self):
        self.told = []

    def send(self, arn, body, attributes, *, account, trace_header, group_id, deduplication_id):
        self.told.append(("sqs", arn, body, attributes, account, trace_header))
        self.fifo = group_id, deduplication_id

    def invoke_event(self, arn, payload, trace):
        self.told.append(("lambda", arn, payload, trace))
        return "request"

    def publish(self, arn, message, attributes, *, account, trace_header, group_id, deduplication_id):
        self.told.append(("sns", arn, message, attributes, account, trace_header))
        self.fifo = group_id, deduplication_id

    async def call(self, service, operation, params, account, region):
        self.told.append((f"{service}.{operation}", params, account, region))
        return {}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def send(world):
    clock = Clock("manual", 0.0, 1_800_000_000.0)
    deliveries = Deliveries(
        clock,
        RandomEntropy(1),
        queues=world,
        functions=lambda: world,
        topics=lambda: world,
        neighbours=lambda: world,
    )

    def send(arn, body=RECORD, attributes=ATTRIBUTES, **more):
        who = {"account": "000000000000", "region": "eu-west-1", "trace": "Root=1"}
        asyncio.run(deliveries.send(arn, body, attributes, **who, **more))
        return world.told[-1]

    return send


def test_to_a_queue(send):
    arn = "arn:aws:sqs:eu-west-1:000000000000:q"
    assert send(arn) == ("sqs", arn, RECORD, ATTRIBUTES, "000000000000", "Root=1")


def test_to_a_topic(send):
    arn = "arn:aws:sns:us-east-2:111111111111:t"
    assert send(arn) == ("sns", arn, RECORD, ATTRIBUTES, "000000000000", "Root=1")


def test_to_a_delivery_stream_in_its_own_account_and_region(send):
    arn = "arn:aws:firehose:us-east-2:111111111111:deliverystream/s"
    params = {"DeliveryStreamName": "s", "Record": {"Data": RECORD.encode()}}
    assert send(arn) == ("firehose.PutRecord", params, "111111111111", "us-east-2")


def test_to_a_function(send):
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:g"
    assert send(arn) == ("lambda", arn, RECORD.encode(), "Root=1")


def test_to_a_bus(send):
    arn = "arn:aws:events:eu-west-1:000000000000:event-bus/b"
    asked, params, *_ = send(arn)
    [entry] = params["Entries"]
    assert asked == "events.PutEvents"
    assert entry["Source"] == "lambda"
    assert entry["DetailType"] == "Lambda Function Invocation Result - Failure"
    assert entry["Resources"] == [arn, "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST"]
    assert entry["EventBusName"] == arn


def test_to_a_bucket(send):
    asked, params, *_ = send("arn:aws:s3:::bucket")
    assert asked == "s3.PutObject"
    assert params["Bucket"] == "bucket"
    assert params["Key"].startswith("aws/lambda/async/f/2027/01/15/2027-01-15T08.00.00-")
    assert params["Body"] == RECORD.encode()


@pytest.mark.parametrize("arn", ["", "no arn", "arn:aws:ec2:eu-west-1:000000000000:instance/i", "arn:aws:sqs"])
def test_to_nobody(send, world, arn):
    with pytest.raises(UnknownTarget) as refused:
        send(arn)
    assert isinstance(refused.value, ServiceError)
    assert world.told == []


@pytest.mark.parametrize("service", ["sqs", "sns"])
def test_to_what_is_fifo(send, world, service):
    arn = f"arn:aws:{service}:eu-west-1:000000000000:x.fifo"
    send(arn)
    assert world.fifo == ("", "")
    send(arn, group_id="g", deduplication_id="d")
    assert world.fifo == ("g", "d")
