"""Sending, receiving, visibility, delay, retention and deletion in standard queues."""

from __future__ import annotations

import pytest

from services.api import Call
from services.scope import Scope
from services.sqs.errors import (
    InvalidAttributeName,
    InvalidMessageContents,
    InvalidParameterValue,
    MissingParameter,
    OverLimit,
    PurgeQueueInProgress,
    QueueDoesNotExist,
    ReceiptHandleIsInvalid,
)

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture
def url(sqs):
    return sqs.queue()


def test_a_message_is_received_once_and_deleted(sqs, url):
    sent = sqs.send(url, "message")
    assert sent["MD5OfMessageBody"] == "78e731027d8fd50ed642340b7c9a63b3"
    (message,) = sqs.receive(url)
    assert message == {
        "MessageId": sent["MessageId"],
        "ReceiptHandle": message["ReceiptHandle"],
        "MD5OfBody": sent["MD5OfMessageBody"],
        "Body": "message",
    }
    assert sqs.receive_message(QueueUrl=url) == {}
    assert sqs.depth(url) == (0, 1, 0)
    for _ in range(3):
        sqs.delete(url, message)
    assert sqs.depth(url) == (0, 0, 0)


def test_the_visibility_timeout_ends_on_time(sqs, url):
    sqs.send(url)
    (first,) = sqs.receive(url)
    sqs.clock.advance(29.9)
    assert sqs.receive(url) == []
    sqs.clock.advance(0.1)
    assert sqs.depth(url) == (1, 0, 0)
    (second,) = sqs.receive(url, VisibilityTimeout=5)
    assert first["ReceiptHandle"] != second["ReceiptHandle"]
    sqs.clock.advance(5)
    assert len(sqs.receive(url)) == 1


def test_one_that_comes_back_is_received_before_younger_ones(sqs, url):
    sqs.send(url, "old")
    sqs.receive(url, VisibilityTimeout=3)
    sqs.clock.advance(1)
    sqs.send(url, "young")
    sqs.clock.advance(2)
    assert sqs.bodies(url) == ["old", "young"]


def test_a_visibility_timeout_of_0_leaves_it_visible_but_takes_it_once(sqs, url):
    sqs.send(url, "a")
    sqs.send(url, "b")
    assert sqs.bodies(url, VisibilityTimeout=0) == ["a", "b"]
    assert sqs.depth(url) == (2, 0, 0)
    assert sqs.bodies(url) == ["a", "b"]


def test_change_message_visibility_counts_from_now(sqs, url):
    sqs.send(url)
    (message,) = sqs.receive(url)
    sqs.clock.advance(20)
    sqs.hide(url, message, 15)
    sqs.clock.advance(14)
    assert sqs.receive(url) == []
    sqs.hide(url, message, 0)
    (message,) = sqs.receive(url)
    sqs.clock.advance(30)
    assert len(sqs.receive(url)) == 1, "the queue's own timeout applies again at the next receive"


def test_twelve_hours_from_the_receive_is_the_most(sqs, url):
    sqs.send(url)
    (message,) = sqs.receive(url)
    sqs.hide(url, message, 43200)
    sqs.clock.advance(1)
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.hide(url, message, 43200)
    assert refused.value.message == (
        "Value 43200 for parameter VisibilityTimeout is invalid. "
        "Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    )
    sqs.hide(url, message, 43199)
    for seconds in (-1, 43201):
        with pytest.raises(InvalidParameterValue):
            sqs.hide(url, message, seconds)


def test_an_old_receipt_of_a_standard_queue(sqs, url):
    sqs.send(url)
    (first,) = sqs.receive(url, VisibilityTimeout=1)
    sqs.clock.advance(2)
    sqs.hide(url, first, 2)
    (second,) = sqs.receive(url)
    sqs.hide(url, first, 0)
    assert sqs.depth(url) == (1, 0, 0)
    sqs.delete(url, first)
    sqs.delete(url, second)
    assert sqs.depth(url) == (0, 0, 0)
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.hide(url, second, 10)
    assert refused.value.message == (
        f"Value {second['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is "
        "not available for visibility timeout change."
    )


@pytest.mark.parametrize("handle", ["garbage", "", "AQEB", "AQEBAAAA", "ключ", "AQEB" + "A" * 32])
def test_what_is_no_receipt_handle(sqs, url, handle):
    for call in (
        lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle=handle),
        lambda: sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1),
    ):
        with pytest.raises(ReceiptHandleIsInvalid) as refused:
            call()
        assert refused.value.message == f'The input receipt handle "{handle}" is not a valid receipt handle.'


def test_a_receipt_handle_of_another_queue(sqs, url):
    other = sqs.queue("other")
    sqs.send(url)
    (message,) = sqs.receive(url)
    with pytest.raises(ReceiptHandleIsInvalid):
        sqs.delete(other, message)


def test_delays(sqs):
    url = sqs.queue(DelaySeconds=10)
    sqs.send(url, "queue's")
    sqs.send(url, "own", DelaySeconds=5)
    sqs.send(url, "none", DelaySeconds=0)
    assert sqs.depth(url) == (1, 0, 2)
    assert sqs.bodies(url) == ["none"]
    sqs.clock.advance(5)
    assert sqs.bodies(url) == ["own"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "600"})
    sqs.clock.advance(5)
    assert sqs.bodies(url) == ["queue's"], "the delay of a standard queue is not retroactive"
    with pytest.raises(InvalidParameterValue, match=r"Reason: DelaySeconds must be >= 0 and <= 900\."):
        sqs.send(url, DelaySeconds=901)


def test_retention_expires_messages_in_every_state(sqs):
    url = sqs.queue(MessageRetentionPeriod=60, VisibilityTimeout=1000)
    sqs.send(url, "in flight")
    sqs.send(url, "visible")
    (message,) = sqs.receive(url, 1)
    sqs.clock.advance(30)
    sqs.send(url, "delayed", DelaySeconds=900)
    sqs.send(url, "young")
    sqs.clock.advance(30)
    assert sqs.depth(url) == (1, 0, 1)
    sqs.delete(url, message)
    assert sqs.bodies(url) == ["young"]
    sqs.clock.advance(30)
    assert sqs.depth(url) == (0, 0, 0)


def test_a_new_retention_applies_to_what_is_there(sqs, url):
    sqs.send(url)
    sqs.clock.advance(100)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "101"})
    assert sqs.depth(url) == (1, 0, 0)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "100"})
    assert sqs.depth(url) == (0, 0, 0)


def test_system_attributes(sqs, url):
    sqs.send(url, MessageGroupId="tenant", MessageSystemAttributes={
        "AWSTraceHeader": {"DataType": "String", "StringValue": TRACE},
    })  # fmt: skip
    sent = str(int(sqs.clock.now() * 1000))
    sqs.clock.advance(1.5)
    (message,) = sqs.receive(url, AttributeNames=["All"], VisibilityTimeout=0)
    assert message["Attributes"] == {
        "SenderId": "000000000000",
        "SentTimestamp": sent,
        "ApproximateFirstReceiveTimestamp": str(int(sqs.clock.now() * 1000)),
        "ApproximateReceiveCount": "1",
        "MessageGroupId": "tenant",
        "AWSTraceHeader": TRACE,
    }
    (message,) = sqs.receive(
        url, MessageSystemAttributeNames=["ApproximateReceiveCount", "SequenceNumber"], VisibilityTimeout=0
    )
    assert message["Attributes"] == {"ApproximateReceiveCount": "2"}
    (message,) = sqs.receive(url, AttributeNames=["SequenceNumber"], VisibilityTimeout=0)
    assert "Attributes" not in message
    with pytest.raises(InvalidAttributeName, match=r"Unknown Attribute Foo\."):
        sqs.receive(url, AttributeNames=["Foo"])


def test_the_trace_header_of_the_request_is_kept(sqs, url):
    call = Call(Scope("000000000000", "us-east-1"), "http://localhost", trace_header=TRACE)
    answer = sqs.api.send_message(call, {"QueueUrl": url, "MessageBody": "b"})
    assert "MD5OfMessageSystemAttributes" not in answer
    (message,) = sqs.receive(url, AttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": TRACE}


def test_md5_of_system_attributes(sqs, url):
    attribute = {"timestamp": {"StringValue": "1493147359900", "DataType": "Number"}}
    answer = sqs.send(url, "test", MessageAttributes=attribute, MessageSystemAttributes={
        "AWSTraceHeader": {"StringValue": TRACE, "DataType": "String"},
    })  # fmt: skip
    assert answer["MD5OfMessageSystemAttributes"] == "5ae4d5d7636402d80f4eb6d213245a88"
    assert answer["MD5OfMessageAttributes"] == "235c5c510d26fb653d073faed50ae77c"


KENOBI = {
    "Help.Me": {"DataType": "String", "StringValue": "Me"},
    "Hello": {"DataType": "String", "StringValue": "There"},
    "General": {"DataType": "String", "StringValue": "Kenobi"},
}


@pytest.mark.parametrize(("names", "shown", "md5"), [
    ([], set(), None),
    (["All"], set(KENOBI), "4c360f3fdafd970e05fae2f149d997f5"),
    (["*"], set(KENOBI), "4c360f3fdafd970e05fae2f149d997f5"),
    ([".*"], set(KENOBI), "4c360f3fdafd970e05fae2f149d997f5"),
    (["Foo", "Help"], set(), None),
    (["Hello", "General"], {"Hello", "General"}, "fca026605781cb4126a1e9044df24232"),
    (["Foo", "Hello"], {"Hello"}, "a311262e065454b75da111d535b8dacd"),
    (["Hel.*"], {"Hello", "Help.Me"}, "83fee93c1bcd8b9a5a923ffacdc636c7"),
    (["AWS."], set(), None),
    (["..foo"], set(), None),
])  # fmt: skip
def test_which_message_attributes_are_shown(sqs, url, names, shown, md5):
    assert sqs.send(url, "msg", MessageAttributes=KENOBI)["MD5OfMessageAttributes"] == (
        "4c360f3fdafd970e05fae2f149d997f5"
    )
    (message,) = sqs.receive(url, MessageAttributeNames=names)
    assert message.get("MessageAttributes", {}) == {name: KENOBI[name] for name in shown}
    assert message.get("MD5OfMessageAttributes") == md5


def test_binary_attributes(sqs, url):
    value = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    attributes = {"attr1": {"BinaryValue": value, "DataType": "Binary"}}
    sent = sqs.send(url, "test", MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == "8cbe4db156db8a94db8b801b7addb984"
    (message,) = sqs.receive(url, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == attributes


@pytest.mark.parametrize(("name", "attribute"), [
    *(("a", {"DataType": "String", "StringValue": value}) for value in ("", "\x08", "a\x0b")),
    *((name, {"DataType": "String", "StringValue": "v"}) for name in (
        "aWs.x", "AMAZON.x", ".x", "x.", "x..y", "x!", 'x"', "x§", "x(", "", "L" * 257)),
    *(("a", {"DataType": kind, "StringValue": "1"}) for kind in ("", "Invalid", "string", "Number." + "L" * 256)),
    ("a", {"DataType": "Number", "StringValue": "one"}),
    ("a", {"DataType": "Binary", "BinaryValue": b""}),
    ("a", {"DataType": "Binary", "StringValue": "v"}),
    ("a", {"DataType": "String", "StringValue": "v", "BinaryValue": b"v"}),
    ("a", {"DataType": "String", "StringListValues": ["v"]}),
])  # fmt: skip
def test_message_attributes_that_are_refused(sqs, url, name, attribute):
    with pytest.raises(InvalidParameterValue):
        sqs.send(url, MessageAttributes={name: attribute})
    assert sqs.depth(url) == (0, 0, 0)


def test_message_attributes_that_are_taken(sqs, url):
    sqs.send(url, MessageAttributes={
        "attr.1øßä": {"DataType": "String", "StringValue": "v"},
        "n": {"DataType": "Number.java.lang.Long", "StringValue": "-1.5e3"},
    })  # fmt: skip
    with pytest.raises(InvalidParameterValue):
        sqs.send(url, MessageAttributes={f"a{i}": {"DataType": "String", "StringValue": "v"} for i in range(11)})


def test_the_empty_string_attribute_in_aws_words(sqs, url):
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.send(url, MessageAttributes={"ErrorDetails": {"StringValue": "", "DataType": "String"}})
    assert refused.value.message == (
        "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'."
    )


@pytest.mark.parametrize("body", ["\x00", "a\x08", "\x13", "￿", "￾", "\ud800", "\x7f\x01"])
def test_characters_that_are_refused(sqs, url, body):
    with pytest.raises(InvalidMessageContents):
        sqs.send(url, body)


@pytest.mark.parametrize("body", ['"&quot;&quot;\r', "{\r\n}", "\t", "\x7f", "\x85", "퟿", "�", "\U0010ffff", "日本"])
def test_characters_that_are_taken(sqs, url, body):
    sqs.send(url, body)
    assert sqs.bodies(url) == [body]


def test_an_empty_body(sqs, url):
    with pytest.raises(MissingParameter, match=r"The request must contain the parameter MessageBody\."):
        sqs.send(url, "")


@pytest.mark.parametrize("limit", [1024, 2000, 1_048_576])
def test_the_size_counts_bytes_and_attributes(sqs, limit):
    url = sqs.queue(MaximumMessageSize=limit)
    attributes = {"k": {"DataType": "String", "StringValue": "x"}}
    sqs.send(url, "a" * limit)
    sqs.send(url, "a" * (limit - 8), MessageAttributes=attributes)
    sqs.send(url, "é" * (limit // 2))
    for body, more in (("a" * (limit + 1), {}), ("é" * (limit // 2 + 1), {}), ("a" * (limit - 7), attributes)):
        with pytest.raises(InvalidParameterValue) as refused:
            sqs.send(url, body, MessageAttributes=more)
        assert refused.value.message == (
            f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )


def test_what_a_standard_queue_refuses(sqs, url):
    with pytest.raises(InvalidParameterValue, match="MessageDeduplicationId is invalid"):
        sqs.send(url, MessageDeduplicationId="d")
    with pytest.raises(InvalidParameterValue, match="ReceiveRequestAttemptId is invalid"):
        sqs.receive(url, ReceiveRequestAttemptId="a")
    with pytest.raises(InvalidParameterValue, match="Value  for parameter MessageGroupId is invalid"):
        sqs.send(url, MessageGroupId="")


TEN = "Must be between 1 and 10, if provided."
TWENTY = "Must be >= 0 and <= 20, if provided."


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("MaxNumberOfMessages", 0, TEN),
        ("MaxNumberOfMessages", 11, TEN),
        ("WaitTimeSeconds", 21, TWENTY),
        ("WaitTimeSeconds", -1, TWENTY),
        ("VisibilityTimeout", 43201, "Must be >= 0 and <= 43200, if provided."),
    ],
)
def test_ranges_of_a_receive(sqs, url, parameter, value, reason):
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.receive_message(QueueUrl=url, **{parameter: value})
    assert refused.value.message == f"Value {value} for parameter {parameter} is invalid. Reason: {reason}"


def test_beyond_the_limit_in_flight_a_receive_is_refused(sqs, url, monkeypatch):
    monkeypatch.setattr("services.sqs.standard.StandardQueue.in_flight_max", 2)
    for body in "abc":
        sqs.send(url, body)
    first, _ = sqs.receive(url)
    with pytest.raises(OverLimit):
        sqs.receive(url)
    sqs.delete(url, first)
    assert sqs.bodies(url) == ["c"]


def test_purge_drops_everything_once_a_minute(sqs, url):
    for body in "abc":
        sqs.send(url, body)
    sqs.send(url, "delayed", DelaySeconds=2)
    (message,) = sqs.receive(url, 1)
    sqs.purge_queue(QueueUrl=url)
    assert sqs.depth(url) == (0, 0, 0)
    sqs.delete(url, message)
    with pytest.raises(PurgeQueueInProgress, match=r"Only one PurgeQueue operation on q is allowed every 60 seconds\."):
        sqs.purge_queue(QueueUrl=url)
    sqs.send(url, "new")
    sqs.clock.advance(60)
    assert sqs.bodies(url) == ["new"]
    sqs.purge_queue(QueueUrl=url)


def test_memory_stays_bounded_however_many_messages_pass(sqs, url):
    sqs.send(url, "stays", DelaySeconds=900)
    for _ in range(5000):
        sqs.send(url)
        (message,) = sqs.receive(url)
        sqs.hide(url, message, 40000)
        sqs.delete(url, message)
    queue = sqs.api._queue(sqs.call, url)
    assert len(queue._by_age) < 1200
    assert len(queue._due._heap) < 1200
    assert queue._received == {}


def test_messages_deleted_while_visible_do_not_pile_up(sqs, url):
    for _ in range(5000):
        sqs.send(url)
    handles = [message for _ in range(500) for message in sqs.receive(url, VisibilityTimeout=1)]
    sqs.clock.advance(1)
    for message in handles[1:]:
        sqs.delete(url, message)
    assert sqs.depth(url) == (1, 0, 0)
    assert len(sqs.api._queue(sqs.call, url)._ready._run) + len(sqs.api._queue(sqs.call, url)._ready._late) < 1200
    assert len(sqs.receive(url)) == 1


def test_one_timer_a_queue_however_many_messages(sqs, url):
    for delay in (50, 5, 500):
        sqs.send(url, DelaySeconds=delay)
    sqs.send(url)
    sqs.receive(url)
    assert sqs.clock.armed == 1


def test_busy_is_what_goes_on_by_itself(sqs, url):
    assert not sqs.api.busy()
    sqs.send(url, DelaySeconds=5)
    assert sqs.api.busy()
    sqs.clock.advance(5)
    assert not sqs.api.busy()
    (message,) = sqs.receive(url)
    assert sqs.api.busy()
    sqs.delete(url, message)
    assert not sqs.api.busy()


def test_peek_receives_nothing(sqs, url):
    for body in "abc":
        sqs.send(url, body)
    sqs.send(url, "later", DelaySeconds=5)
    sqs.receive(url, 1)
    scope = sqs.call.scope

    def seen(**options):
        return [
            (shown["Body"], shown["Attributes"]["IsVisible"], shown["Attributes"]["IsDelayed"])
            for shown in sqs.api.peek(scope, "q", **options)
        ]

    assert seen() == [("b", "true", "false"), ("c", "true", "false")]
    assert seen(show_invisible=True)[0] == ("a", "false", "false")
    assert seen(show_delayed=True)[-1] == ("later", "false", "true")
    assert [shown["Attributes"]["ApproximateReceiveCount"] for shown in sqs.api.peek(scope, "q")] == ["0", "0"]
    assert sqs.depth(url) == (2, 1, 1)
    with pytest.raises(QueueDoesNotExist):
        sqs.api.peek(scope, "none")
