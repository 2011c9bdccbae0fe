"""Records, filters and answers: the pure parts of a queue's mapping."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.lambda_.sources.answers import failed_items
from services.lambda_.sources.filters import Filters
from services.lambda_.sources.records import record
from services.lambda_.sources.scaling import HIGHEST, LOWEST, START, Scaling

ARN = "arn:aws:sqs:eu-west-1:000000000000:q"
MESSAGE = {
    "MessageId": "m",
    "ReceiptHandle": "r",
    "MD5OfBody": "d",
    "Body": "text",
    "Attributes": {
        "SenderId": "000000000000",
        "ApproximateFirstReceiveTimestamp": "2",
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1",
    },
}


def test_a_record_in_the_order_in_which_aws_writes_it():
    shown = record(MESSAGE, ARN, "eu-west-1", windowed=False)
    assert list(shown) == [
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
        "eventSourceARN", "awsRegion",
    ]  # fmt: skip
    assert list(shown["attributes"]) == [
        "ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp",
    ]  # fmt: skip
    assert (shown["eventSource"], shown["eventSourceARN"], shown["awsRegion"]) == ("aws:sqs", ARN, "eu-west-1")
    assert record(MESSAGE, ARN, "eu-west-1", windowed=True)["md5OfMessageAttributes"] is None


def test_message_attributes_in_lambdas_spelling():
    given_ = {
        "text": {"DataType": "String.x", "StringValue": "a"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    shown = record(
        {**MESSAGE, "MessageAttributes": given_, "MD5OfMessageAttributes": "e"}, ARN, "eu-west-1", windowed=False
    )
    assert shown["md5OfMessageAttributes"] == "e"
    lists = {"stringListValues": [], "binaryListValues": []}
    assert shown["messageAttributes"] == {
        "text": {"stringValue": "a", "dataType": "String.x", **lists},
        "bytes": {"binaryValue": "AP8=", "dataType": "Binary", **lists},
    }


@pytest.mark.parametrize(
    ("pattern", "body", "passes"),
    [
        ({"body": {"k": ["v"]}}, '{"k": "v"}', True),
        ({"body": {"k": ["v"]}}, ' {"k": "w"}', False),
        ({"body": {"k": ["v"]}}, "plain", False),
        # Documented: plain text and a pattern for JSON is dropped, even where the pattern asks for absence.
        ({"body": {"k": [{"exists": False}]}}, "plain", False),
        ({"body": {"k": [{"exists": False}]}}, "{}", True),
        ({"body": {"k": [1]}}, "{not json", False),
        ({"body": {"k": [1]}}, '[{"k": 0}, {"k": 1}]', True),
        ({"body": ["plain"]}, "plain", True),
        ({"body": [{"prefix": "Result: "}]}, "Result: 5", True),
        ({"body": [{"prefix": "{"}]}, '{"k": "v"}', False),
        ({"body": ["5"]}, "5", True),
        ({"body": {"k": ["v"]}}, '{"k": ' + "[" * 900 + "]" * 900 + "}", False),
        ({"attributes": {"SenderId": ["000000000000"]}}, "plain", True),
        ({"attributes": {"SenderId": ["1"]}}, "plain", False),
    ],
)
def test_filters(pattern, body, passes):
    shown = record({**MESSAGE, "Body": body}, ARN, "eu-west-1", windowed=False)
    assert Filters([json.dumps(pattern)]).passes(shown) is passes


def test_one_filter_of_several_is_enough_and_without_any_all_pass():
    shown = record(MESSAGE, ARN, "eu-west-1", windowed=False)
    assert Filters([]).passes(shown)
    assert Filters(['{"body": ["no"]}', '{"body": ["text"]}']).passes(shown)
    assert not Filters(['{"body": ["no"]}']).passes(shown)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b" ", b"null", b"{}", b'""', b"[]", b"false", b'{"batchItemFailures": []}',
        b'{"batchItemFailures": null}', b'{"other": 1}', b'"done"', b"5",
    ],
)  # fmt: skip
def test_answers_that_mean_success(answer):
    assert failed_items(answer, {"a", "b"}) == set()


@pytest.mark.parametrize(
    "answer",
    [
        b"{no json",
        b"\xff",
        b'{"batchItemFailures": [{"itemIdentifier": ""}]}',
        b'{"batchItemFailures": [{"itemIdentifier": null}]}',
        b'{"batchItemFailures": [{"foo": "a"}]}',
        b'{"batchItemFailures": ["a"]}',
        b'{"batchItemFailures": "a"}',
        b'{"batchItemFailures": {"itemIdentifier": "a"}}',
        b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "unknown"}]}',
        b"[" * 100_000,
    ],
)
def test_answers_that_fail_the_whole_batch(answer):
    assert failed_items(answer, {"a", "b"}) is None


@given(st.sets(st.text(min_size=1)), st.sets(st.text(min_size=1)))
def test_reported_items_are_a_part_of_the_batch_or_all_fail(batch, reported):
    answer = json.dumps({"batchItemFailures": [{"itemIdentifier": name} for name in reported]}).encode()
    assert failed_items(answer, batch) == (reported if reported <= batch else None)


def test_scaling_begins_with_five_and_ends_at_its_ceiling():
    scaling = Scaling(None)
    assert scaling.limit == START
    while scaling.grow():
        pass
    assert scaling.limit == HIGHEST
    scaling.quiet()
    assert scaling.limit == START


def test_errors_and_throttles_bring_it_down():
    scaling = Scaling(None)
    for _ in range(10):
        scaling.failed()
    assert scaling.limit == LOWEST
    scaling.throttled(0)
    assert scaling.limit == 1


@given(st.integers(2, 1000), st.lists(st.sampled_from(["grow", "quiet", "failed", "throttled"])))
def test_no_history_gets_over_the_maximum_concurrency(ceiling, steps):
    scaling = Scaling(ceiling)
    for step in steps:
        scaling.throttled(ceiling) if step == "throttled" else getattr(scaling, step)()
        assert 1 <= scaling.limit <= ceiling
