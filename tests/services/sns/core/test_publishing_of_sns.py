"""Publish and PublishBatch: what is refused, and what everybody gets."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sns import limits, message_attributes
from services.sns.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidParameter,
    InvalidParameterValue,
    NotFound,
    TooManyEntriesInBatchRequest,
)

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
MISSING = "arn:aws:lambda:us-east-1:000000000000:function:missing"
ATTRIBUTES = {
    "color": {"DataType": "String", "StringValue": "grün"},
    "size": {"DataType": "Number", "StringValue": "1.5e3"},
    "raw": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"},
}


@pytest.fixture
def topic(world):
    """A topic with the queue `inbox`."""
    arn = world.topic()
    world.subscribe(arn, world.queue())
    return arn


def refused(world, operation="Publish", kind=InvalidParameter, **params):
    with pytest.raises(kind) as error:
        world.ask(operation, **params)
    return error.value.message


def test_the_document_that_a_queue_gets(world, topic):
    answer = world.ask("Publish", TopicArn=topic, Message='"a"\n/é', Subject="S", MessageAttributes=ATTRIBUTES)
    [message] = world.messages()
    [subscription] = world.ask("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert "é" in message["Body"]
    body = json.loads(message["Body"])
    text = f'Message\n"a"\n/é\nMessageId\n{answer["MessageId"]}\nSubject\nS\nTimestamp\n2023-11-14T22:13:20.000Z\n'
    assert list(body.items()) == [
        ("Type", "Notification"),
        ("MessageId", answer["MessageId"]),
        ("TopicArn", topic),
        ("Subject", "S"),
        ("Message", '"a"\n/é'),
        ("Timestamp", "2023-11-14T22:13:20.000Z"),
        ("SignatureVersion", "1"),
        ("Signature", f"sha1({text}TopicArn\n{topic}\nType\nNotification\n)"),
        ("SigningCertURL", "http://localhost:4566/cert.pem"),
        (
            "UnsubscribeURL",
            f"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn={subscription['SubscriptionArn']}",
        ),
        (
            "MessageAttributes",
            {
                "color": {"Type": "String", "Value": "grün"},
                "size": {"Type": "Number", "Value": "1.5e3"},
                "raw": {"Type": "Binary", "Value": "AgME"},
            },
        ),
    ]
    assert "MessageAttributes" not in message


@pytest.mark.parametrize(("version", "digest"), [("1", "sha1"), ("2", "sha256")])
def test_the_topic_says_how_to_sign(world, version, digest):
    arn = world.topic(SignatureVersion=version)
    world.subscribe(arn, world.queue())
    world.subscribe(arn, FUNCTION, "lambda")
    world.ask("Publish", TopicArn=arn, Message="m")
    [body] = world.bodies()
    assert (body["SignatureVersion"], body["Signature"].partition("(")[0]) == (version, digest)
    [(_, event)] = world.functions.events
    # AWS tells functions 1 even where it signs otherwise.
    assert event["Records"][0]["Sns"]["SignatureVersion"] == "1"
    assert event["Records"][0]["Sns"]["Signature"] == body["Signature"]


def test_raw_delivery(world):
    arn = world.topic()
    world.subscribe(arn, world.queue(), RawMessageDelivery="true")
    world.ask("Publish", TopicArn=arn, Message="as it is", Subject="lost", MessageAttributes=ATTRIBUTES)
    [message] = world.messages()
    assert message["Body"] == "as it is"
    assert message["MessageAttributes"] == ATTRIBUTES


def test_raw_delivery_of_more_attributes_than_a_queue_takes_fails(world):
    arn = world.topic()
    world.subscribe(arn, world.queue(), RawMessageDelivery="true")
    world.subscribe(arn, world.queue("second"))
    many = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(11)}
    world.ask("Publish", TopicArn=arn, Message="m", MessageAttributes=many)
    assert world.messages() == []
    assert len(world.bodies("second")[0]["MessageAttributes"]) == 11


def test_the_event_that_a_function_gets(world):
    arn = world.topic()
    subscription = world.subscribe(arn, FUNCTION, "lambda")
    answer = world.ask("Publish", TopicArn=arn, Message="m")
    [(function, event)] = world.functions.events
    [record] = event["Records"]
    assert function == FUNCTION
    assert {key: record[key] for key in ("EventSource", "EventVersion", "EventSubscriptionArn")} == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
    }
    sns = record["Sns"]
    assert sns.pop("Signature")
    assert sns == {
        "Type": "Notification",
        "MessageId": answer["MessageId"],
        "TopicArn": arn,
        "Subject": None,
        "Message": "m",
        "Timestamp": "2023-11-14T22:13:20.000Z",
        "SignatureVersion": "1",
        "SigningCertUrl": "http://localhost:4566/cert.pem",
        "UnsubscribeUrl": f"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn={subscription}",
        "MessageAttributes": {},
    }


def test_what_a_function_does_not_take_is_a_dead_letter(world):
    arn = world.topic()
    redrive = json.dumps({"deadLetterTargetArn": world.queue("dead")})
    world.subscribe(arn, MISSING, "lambda", RedrivePolicy=redrive)
    world.ask("Publish", TopicArn=arn, Message="m")
    assert [body["Message"] for body in world.bodies("dead")] == ["m"]


def test_one_subscription_that_fails_does_not_keep_others_from_theirs(world, topic):
    world.subscribe(topic, MISSING, "lambda")
    world.subscribe(topic, "arn:aws:sqs:us-east-1:000000000000:missing")
    world.subscribe(topic, world.queue("second"))
    world.ask("Publish", TopicArn=topic, Message="m")
    assert [len(world.messages(name)) for name in ("inbox", "second")] == [1, 1]


def test_a_message_for_each_protocol(world, topic):
    world.subscribe(topic, FUNCTION, "lambda")
    text = json.dumps({"default": "everybody", "sqs": "queues", "lambda": 5})
    world.ask("Publish", TopicArn=topic, Message=text, MessageStructure="json")
    assert [body["Message"] for body in world.bodies()] == ["queues"]
    assert world.functions.events[0][1]["Records"][0]["Sns"]["Message"] == "everybody"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ('{"sqs": "x"}', "No default entry in JSON message body"),
        ('{"default": {"x": 1}}', "No default entry in JSON message body"),
        ('{"default": "x"} }', "JSON message body failed to parse"),
        ("[1]", "JSON message body failed to parse"),
    ],
)
def test_a_structure_that_is_none(world, topic, message, text):
    said = refused(world, TopicArn=topic, Message=message, MessageStructure="json")
    assert said == f"Invalid parameter: Message Structure - {text}"
    entries = [{"Id": "1", "Message": "good"}, {"Id": "2", "Message": message, "MessageStructure": "json"}]
    assert refused(world, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries) == said
    assert world.messages() == []


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Subject": ""}, "Subject"),
        ({"Subject": "x" * 101}, "Subject"),
        ({"Subject": "two\nlines"}, "Subject"),
        ({"MessageDeduplicationId": "x"}, ("MessageDeduplicationId Reason: The request includes MessageDeduplicationId "
                                          "parameter that is not valid for this topic type")),
        ({"Message": "x" * (limits.MESSAGE_MAX + 1)}, "Message too long"),
    ],
)  # fmt: skip
def test_what_is_not_published(world, topic, params, text):
    assert refused(world, **{"TopicArn": topic, "Message": "m", **params}) == f"Invalid parameter: {text}"
    assert world.messages() == []


def test_who_publishes_says_where(world):
    text = "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
    assert refused(world, Message="m") == text
    missing = f"{world.topic()}-none"
    for parameter in ("TopicArn", "TargetArn"):
        with pytest.raises(NotFound, match=r"^Topic does not exist$"):
            world.ask("Publish", Message="m", **{parameter: missing})


def test_a_topic_is_a_target_too(world, topic):
    world.ask("Publish", TargetArn=topic, Message="m")
    assert len(world.messages()) == 1


def test_attributes_count_towards_the_size(world, topic):
    attributes = {"attr1": {"DataType": "Number", "StringValue": "1"}}
    room = limits.MESSAGE_MAX - len("attr1" + "Number" + "1")
    text = refused(world, TopicArn=topic, Message="x" * (room + 1), MessageAttributes=attributes)
    assert text == "Invalid parameter: Message too long"
    world.ask("Publish", TopicArn=topic, Message="x" * room, MessageAttributes=attributes)


def test_a_topic_for_large_messages(world):
    arn = world.topic(MaximumMessageSize="1048576")
    world.ask("Publish", TopicArn=arn, Message="x" * 1_048_576)
    assert refused(world, TopicArn=arn, Message="x" * 1_048_577) == "Invalid parameter: Message too long"
    small = world.topic("small", MaximumMessageSize="1024")
    assert refused(world, TopicArn=small, Message="x" * 1025) == "Invalid parameter: Message too long"
    world.subscribe(small, "+1234567", "sms")
    text = refused(
        world, "SetTopicAttributes", TopicArn=small, AttributeName="MaximumMessageSize", AttributeValue="262145"
    )
    assert text == "Invalid parameter: MaximumMessageSize"


def test_the_trace_goes_along(world, topic):
    world.subscribe(topic, FUNCTION, "lambda")
    world.ask("Publish", trace="Root=1-2-3", TopicArn=topic, Message="m")
    assert world.messages()[0]["Attributes"]["AWSTraceHeader"] == "Root=1-2-3"
    assert world.functions.traces == ["Root=1-2-3"]


def test_fair_queues_get_the_group(world, topic):
    world.ask("Publish", TopicArn=topic, Message="m", MessageGroupId="tenant")
    assert world.messages()[0]["Attributes"]["MessageGroupId"] == "tenant"


# Attributes.


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ({"DataType": "String", "StringValue": ""}, ("must contain non-empty message attribute value for message "
                                                    "attribute type 'String'.")),
        ({"DataType": "String"}, "must contain non-empty message attribute value for message attribute type 'String'."),
        ({"DataType": "Binary", "BinaryValue": b""}, ("must contain non-empty message attribute value for message "
                                                     "attribute type 'Binary'.")),
        ({"DataType": "String", "BinaryValue": b"1"}, "with type 'String' must use field 'String'."),
        ({"DataType": "Number", "BinaryValue": b"1"}, "with type 'Number' must use field 'String'."),
        ({"DataType": "Binary", "StringValue": "1"}, "with type 'Binary' must use field 'Binary'."),
        ({"DataType": "String.", "StringValue": "1"}, ("has an invalid message attribute type, the set of supported "
                                                      "type prefixes is Binary, Number, and String.")),
        ({"DataType": "Stringy", "StringValue": "1"}, ("has an invalid message attribute type, the set of supported "
                                                      "type prefixes is Binary, Number, and String.")),
    ],
)  # fmt: skip
def test_attributes_that_are_refused(world, topic, attribute, text):
    params = {"TopicArn": topic, "Message": "m", "MessageAttributes": {"attr1": attribute}}
    assert refused(world, kind=InvalidParameterValue, **params) == f"The message attribute 'attr1' {text}"
    assert world.messages() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a" * 257, "Length of message attribute name must be less than 256 bytes."),
        (".abc", "Invalid message attribute name starting with character '.' was found."),
        ("abc.", "Invalid message attribute name ending with character '.' was found."),
        ("a..bc", "Message attribute name can not have successive '.' character."),
        ("a^*?", ("Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include "
                 "alphanumeric characters, hyphens, underscores, or dots.")),
    ],
)  # fmt: skip
def test_names_of_attributes_that_are_refused(name, text):
    with pytest.raises(InvalidParameterValue) as error:
        message_attributes.check({name: {"DataType": "String", "StringValue": "x"}})
    assert error.value.message == text


@given(st.from_regex(r"[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){0,3}", fullmatch=True), st.text(min_size=1))
def test_any_other_name_and_value_will_do(name, value):
    message_attributes.check({name: {"DataType": "String.anything", "StringValue": value}})


# Batches.


def entries(*ids, **more):
    return [{"Id": entry_id, "Message": "m", **more} for entry_id in ids]


@pytest.mark.parametrize(
    ("batch", "kind"),
    [
        ([], EmptyBatchRequest),
        (entries(*map(str, range(11))), TooManyEntriesInBatchRequest),
        (entries("1", "1"), BatchEntryIdsNotDistinct),
        (entries("a.b"), InvalidBatchEntryId),
        (entries("a" * 81), InvalidBatchEntryId),
        ([{"Id": str(n), "Message": "x" * 131_073} for n in range(2)], BatchRequestTooLong),
    ],
)
def test_batches_that_are_refused_as_a_whole(world, topic, batch, kind):
    refused(world, "PublishBatch", kind, TopicArn=topic, PublishBatchRequestEntries=batch)
    assert world.messages() == []


def test_a_batch(world, topic):
    answer = world.ask("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries("a" * 80, "b-_1"))
    assert answer["Failed"] == []
    assert [done["Id"] for done in answer["Successful"]] == ["a" * 80, "b-_1"]
    assert {body["MessageId"] for body in world.bodies()} == {done["MessageId"] for done in answer["Successful"]}


# FIFO.


@pytest.fixture
def fifo(world):
    """A FIFO topic that deduplicates by content, with the queue `inbox.fifo`."""
    arn = world.topic("news.fifo", ContentBasedDeduplication="true")
    world.subscribe(arn, world.queue("inbox.fifo"))
    return arn


def test_fifo_topics_want_a_group_and_a_way_to_deduplicate(world):
    arn = world.topic("news.fifo")
    assert refused(world, TopicArn=arn, Message="m") == (
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    )
    assert refused(world, TopicArn=arn, Message="m", MessageGroupId="g") == (
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly"
    )
    for bad in ("with space", "", "x" * 129, "ü"):
        refused(world, TopicArn=arn, Message="m", MessageGroupId=bad, MessageDeduplicationId="d")


def test_a_fifo_message_is_not_signed_and_keeps_its_ids(world, fifo):
    answer = world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g")
    assert len(answer["SequenceNumber"]) == 20
    [message] = world.messages("inbox.fifo")
    assert list(json.loads(message["Body"])) == [
        "Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL",
    ]  # fmt: skip
    assert json.loads(message["Body"])["SequenceNumber"] == answer["SequenceNumber"]
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"m").hexdigest()


def test_the_same_message_is_published_once_in_five_minutes(world, fifo):
    world.subscribe(fifo, world.queue())
    first = world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g")
    world.clock.advance(limits.DEDUPLICATION_S - 1)
    assert world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="other") == first
    batch = [{"Id": "1", "Message": "m", "MessageGroupId": "g"}]
    again = world.ask("PublishBatch", TopicArn=fifo, PublishBatchRequestEntries=batch)
    assert again["Successful"] == [{"Id": "1", **first}]
    world.clock.advance(1)
    later = world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g")
    assert later["MessageId"] != first["MessageId"]
    assert int(later["SequenceNumber"]) > int(first["SequenceNumber"])
    # A standard queue deduplicates nothing: the topic did.
    messages = world.messages()
    assert len(messages) == 2
    assert "MessageGroupId" not in messages[0]["Attributes"]


def test_an_id_of_its_own_counts_before_the_content(world, fifo):
    first = world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g", MessageDeduplicationId="d")
    assert world.ask("Publish", TopicArn=fifo, Message="n", MessageGroupId="g", MessageDeduplicationId="d") == first
    assert world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g") != first


def test_groups_can_be_the_scope_of_deduplication(world):
    arn = world.topic("news.fifo", ContentBasedDeduplication="true", FifoThroughputScope="MessageGroup")
    answers = [world.ask("Publish", TopicArn=arn, Message="m", MessageGroupId=group) for group in "aba"]
    assert answers[0] == answers[2] != answers[1]


def test_every_queue_gets_the_same_order(world, fifo):
    others = [f"q{n}.fifo" for n in range(3)]
    for name in others:
        world.subscribe(fifo, world.queue(name), RawMessageDelivery="true")
    sent = [str(n) for n in range(12)]
    for text in sent:
        world.ask("Publish", TopicArn=fifo, Message=text, MessageGroupId="g")
    for name in others:
        assert [message["Body"] for message in world.messages(name)] == sent
    assert [body["Message"] for body in world.bodies("inbox.fifo")] == sent


def test_a_new_topic_of_the_same_name_remembers_nothing(world, fifo):
    first = world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g")
    world.ask("DeleteTopic", TopicArn=fifo)
    world.topic("news.fifo", ContentBasedDeduplication="true")
    assert world.ask("Publish", TopicArn=fifo, Message="m", MessageGroupId="g")["MessageId"] != first["MessageId"]


# For other services.


def test_another_service_publishes(world, topic):
    attributes = {"ErrorCode": {"DataType": "Number", "StringValue": "200"}}
    world.sns.publish(topic, "failed", attributes, account="000000000000", trace_header="Root=1")
    [message] = world.messages()
    body = json.loads(message["Body"])
    assert (body["Message"], body["MessageAttributes"]) == ("failed", {"ErrorCode": {"Type": "Number", "Value": "200"}})
    assert body["UnsubscribeURL"].startswith("http://localhost:4566/?Action=Unsubscribe")
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1"
