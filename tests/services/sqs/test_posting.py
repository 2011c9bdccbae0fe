"""Messages from a topic: sent to many queues at once, and made only when somebody looks."""

from __future__ import annotations

import hashlib

import pytest

ACCOUNT = "111111111111"
NOBODY = "arn:aws:sqs:us-east-1:000000000000:nobody"
ATTRIBUTES = {"k": {"DataType": "String", "StringValue": "v"}}


@pytest.fixture
def made():
    return []


@pytest.fixture
def post(sqs, made):
    def make(key):
        made.append(key)
        return f"body of {key}"

    def post(names, attributes=None, size_at_most=100, **more):
        letters = [(name if ":" in name else sqs.arn(name), name) for name in names]
        return sqs.api.by_arn.post(letters, make, attributes or {}, size_at_most=size_at_most, account=ACCOUNT, **more)

    return post


def received(sqs, name):
    url = f"http://localhost:4566/000000000000/{name}"
    return sqs.receive(url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])


def test_each_queue_gets_its_own_body_when_it_is_received(sqs, post, made):
    for name in "ab":
        sqs.queue(name)
    assert post("ab", ATTRIBUTES, trace_header="Root=1") == []
    assert made == []

    [first] = received(sqs, "a")
    assert first["Body"] == "body of a"
    assert first["MD5OfBody"] == hashlib.md5(b"body of a").hexdigest()
    assert first["Attributes"]["SenderId"] == ACCOUNT
    assert first["Attributes"]["AWSTraceHeader"] == "Root=1"
    assert first["MessageAttributes"] == ATTRIBUTES
    assert first["MD5OfMessageAttributes"]
    [second] = received(sqs, "b")
    assert second["Body"] == "body of b"
    assert first["MessageId"] != second["MessageId"]
    assert made == ["a", "b"]


def test_it_is_the_same_message_when_it_is_received_again(sqs, post, made):
    sqs.queue("a")
    post("a")
    [first] = received(sqs, "a")
    sqs.api.by_arn.release(sqs.arn("a"), [first["ReceiptHandle"]])
    [again] = received(sqs, "a")

    assert (again["MessageId"], again["Body"]) == (first["MessageId"], first["Body"])
    assert made == ["a"]


def test_whoever_peeks_sees_what_will_be_received(sqs, post):
    sqs.queue("a")
    post("a")
    [seen] = sqs.api.peek(sqs.call.scope, "a")

    [message] = received(sqs, "a")
    assert (message["MessageId"], message["Body"]) == (seen["MessageId"], "body of a")


def test_it_may_become_a_dead_letter(sqs, post):
    sqs.queue("dead")
    sqs.queue("a", RedrivePolicy=f'{{"deadLetterTargetArn":"{sqs.arn("dead")}","maxReceiveCount":1}}')
    post("a")
    [seen] = received(sqs, "a")
    sqs.api.by_arn.release(sqs.arn("a"), [seen["ReceiptHandle"]])
    assert received(sqs, "a") == []

    [letter] = received(sqs, "dead")
    assert (letter["MessageId"], letter["Body"]) == (seen["MessageId"], "body of a")


def test_what_it_cannot_send_it_says(sqs, post):
    sqs.queue("a")
    sqs.queue("f.fifo", FifoQueue="true")
    sqs.queue("small", MaximumMessageSize="1024")

    assert post(["a", NOBODY, "f.fifo", "small"], size_at_most=1025) == [1, 2, 3]
    assert post(["a"], {"aws.x": ATTRIBUTES["k"]}) == [0]
    assert len(received(sqs, "a")) == 1


def test_a_group_makes_the_queue_fair(sqs, post):
    sqs.queue("a")
    post("a", group_id="tenant")

    [message] = received(sqs, "a")
    assert message["Attributes"]["MessageGroupId"] == "tenant"


def test_a_queue_that_delays_delays_these_too(sqs, post):
    url = sqs.queue("a", DelaySeconds="5")
    post("a")

    assert sqs.depth(url) == (0, 0, 1)
