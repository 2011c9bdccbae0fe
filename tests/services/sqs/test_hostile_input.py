"""What nobody should send: a refusal of AWS's, never a failure of ours."""

from __future__ import annotations

import base64
import json

import pytest

from services.sqs.errors import InvalidAttributeValue, InvalidParameterValue, SqsError

DEEP = "[" * 100_000
DIGITS = "9" * 5_000
HALF_A_PAIR = '"\\ud800"'
DLQ = '"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q"'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VisibilityTimeout", DIGITS),
        ("MessageRetentionPeriod", "0" * 5_000),
        ("Policy", DEEP),
        ("Policy", '{"Statement":["text"]}'),
        ("Policy", f'{{"Statement":[{{"Sid":{HALF_A_PAIR}}}]}}'),
        ("RedrivePolicy", DEEP),
        ("RedrivePolicy", f'{{{DLQ},"maxReceiveCount":"{DIGITS}"}}'),
        ("RedrivePolicy", f'{{{DLQ},"maxReceiveCount":{DIGITS}}}'),
        ("RedrivePolicy", f'{{{DLQ},"maxReceiveCount":{HALF_A_PAIR}}}'),
        ("RedrivePolicy", f'{{"deadLetterTargetArn":{HALF_A_PAIR},"maxReceiveCount":1}}'),
        ("RedriveAllowPolicy", '{"redrivePermission":["allowAll"]}'),
        ("RedriveAllowPolicy", '{"redrivePermission":{}}'),
    ],
)
def test_an_attribute_that_is_nonsense_is_refused(sqs, name, value):
    url = sqs.queue()
    with pytest.raises(SqsError) as refused:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: value})
    # The answer can be written.
    refused.value.message.encode()
    assert not sqs.attributes(url, name).get(name, "").startswith(value[:2])


def test_permissions_are_added_to_a_policy_of_one_statement(sqs):
    url = sqs.queue(Policy='{"Statement":{"Sid":"mine","Effect":"Allow"}}')
    sqs.add_permission(QueueUrl=url, Label="more", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
    statements = json.loads(sqs.attributes(url, "Policy")["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["mine", "more"]
    with pytest.raises(InvalidAttributeValue):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": '{"Statement":"text"}'})


@pytest.mark.parametrize("label", ["", "a b", "a" * 81, "é"])
def test_a_label_has_the_letters_of_a_queue_name(sqs, label):
    url = sqs.queue()
    with pytest.raises(InvalidParameterValue, match="for parameter Label"):
        sqs.add_permission(QueueUrl=url, Label=label, AWSAccountIds=["111111111111"], Actions=["SendMessage"])


@pytest.mark.parametrize("token", ["é", "=", "/w=="])
def test_a_token_that_is_none_is_refused(sqs, token):
    with pytest.raises(InvalidParameterValue):
        sqs.list_queues(NextToken=token, MaxResults=1)


@pytest.mark.parametrize(
    "document", [DEEP, "[]", "{}", '"text"', f'{{"taskId":"x","sourceArn":{HALF_A_PAIR}}}', "\xff"]
)
def test_a_task_handle_that_is_none_is_refused(sqs, document):
    handle = base64.b64encode(document.encode("latin-1")).decode()
    with pytest.raises(InvalidParameterValue):
        sqs.cancel_message_move_task(TaskHandle=handle)


@pytest.mark.parametrize("number", ["1_000", " 1", "1\n", "NaN", "Infinity", "1e999999999999999999999", "one"])
def test_not_everything_that_python_takes_is_a_number(sqs, number):
    url = sqs.queue()
    with pytest.raises(InvalidParameterValue, match="to a number"):
        sqs.send(url, MessageAttributes={"n": {"DataType": "Number", "StringValue": number}})


def test_an_empty_value_of_the_other_kind_does_not_change_the_digest(sqs):
    url = sqs.queue()
    plain = {"DataType": "String", "StringValue": "s"}
    expected = sqs.send(url, MessageAttributes={"a": plain})["MD5OfMessageAttributes"]
    given = sqs.send(url, MessageAttributes={"a": {**plain, "BinaryValue": b""}})
    assert given["MD5OfMessageAttributes"] == expected


def test_an_attempt_id_is_as_long_as_other_ids(sqs):
    url = sqs.queue("q.fifo")
    with pytest.raises(InvalidParameterValue, match="ReceiveRequestAttemptId"):
        sqs.receive(url, ReceiveRequestAttemptId="a" * 129)
    assert sqs.receive(url, ReceiveRequestAttemptId="a" * 128) == []


def test_urls_of_any_length_name_a_queue_and_only_short_ones_are_remembered(sqs):
    sqs.queue()
    url = f"http://{'x' * 10_000}/000000000000/q"
    before = len(sqs.api._resolved)
    sqs.send(url)
    assert len(sqs.api._resolved) == before


@pytest.mark.parametrize("start", [0.1, 1_073_741_823.3, 2_147_483_600.000_000_2])
def test_retention_ends_where_the_sum_of_two_instants_is_rounded(sqs, start):
    # From here the alarm of the queue would ring for ever, if it were set by a sum and answered by a difference.
    sqs.clock._now = start
    url = sqs.queue(MessageRetentionPeriod=345_600)
    for _ in range(100):
        sqs.send(url)
        sqs.clock.advance(0.013)
    rings = 0
    at = sqs.clock.at

    def counted(when, callback):
        nonlocal rings
        rings += 1
        assert rings < 1_000, "the alarm rings for ever"
        return at(when, callback)

    sqs.clock.at = counted
    sqs.clock.advance(345_600)
    assert sqs.depth(url) == (0, 0, 0)


def test_the_sources_of_another_account_s_queue_are_that_account_s(sqs):
    sqs.queue("q")
    sqs.queue("source", RedrivePolicy=f'{{{DLQ},"maxReceiveCount":1}}')
    sqs.call = type(sqs.call)(type(sqs.call.scope)("222222222222", "us-east-1"), "http://localhost:4566")
    found = sqs.list_dead_letter_source_queues(QueueUrl="http://localhost:4566/000000000000/q")
    assert found["queueUrls"] == ["http://localhost:4566/000000000000/source"]
