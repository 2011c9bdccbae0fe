"""Topics: names, attributes, tags, policies, pages."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scope import Scope
from services.sns import limits, names
from services.sns.errors import InvalidParameter, NotFound, ResourceNotFound, TagLimitExceeded

ELSEWHERE = Scope("000000000000", "eu-west-1")


def refused(world, operation, **params):
    with pytest.raises(InvalidParameter) as error:
        world.ask(operation, **params)
    return error.value.message


@given(st.text(max_size=6) | st.sampled_from(["a" * 256, "a" * 257, "a" * 251 + ".fifo", "a" * 252 + ".fifo"]))
def test_names(name):
    plain = re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name) is not None
    fifo = re.fullmatch(r"[A-Za-z0-9_-]+\.fifo", name) is not None and len(name) <= limits.TOPIC_NAME_MAX
    for is_fifo, fits in ((False, plain), (True, fifo)):
        if fits:
            names.check_topic_name(name, fifo=is_fifo)
        else:
            with pytest.raises(InvalidParameter, match=r"^Invalid parameter: Topic Name$"):
                names.check_topic_name(name, fifo=is_fifo)


def test_a_new_topic_shows_its_defaults_only(world):
    arn = world.topic()
    shown = world.ask("GetTopicAttributes", TopicArn=arn)["Attributes"]
    assert arn == "arn:aws:sns:us-east-1:000000000000:news"
    assert set(shown) == {
        "DisplayName", "EffectiveDeliveryPolicy", "Owner", "Policy", "SubscriptionsConfirmed", "SubscriptionsDeleted",
        "SubscriptionsPending", "TopicArn",
    }  # fmt: skip
    assert json.loads(shown["Policy"])["Statement"][0]["Condition"] == {
        "StringEquals": {"AWS:SourceOwner": "000000000000"}
    }


def test_a_fifo_topic_shows_that_it_is_one(world):
    shown = world.ask("GetTopicAttributes", TopicArn=world.topic("a.fifo"))["Attributes"]
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "false")


def test_create_topic_is_idempotent_for_what_it_asks(world):
    arn = world.topic(DisplayName="one")
    assert world.topic() == arn
    assert world.topic(FifoTopic="false") == arn
    different = "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    for attributes in ({"DisplayName": "two"}, {"SignatureVersion": "2"}, {"SignatureVersion": "2"}):
        assert refused(world, "CreateTopic", Name="news", Attributes=attributes) == different
    world.ask("SetTopicAttributes", TopicArn=arn, AttributeName="DisplayName", AttributeValue="two")
    assert world.topic(DisplayName="two") == arn


def test_create_topic_compares_tags(world):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    arn = world.ask("CreateTopic", Name="news", Tags=tags)["TopicArn"]
    for same in (tags, tags[:1], []):
        assert world.ask("CreateTopic", Name="news", Tags=same)["TopicArn"] == arn
    text = refused(world, "CreateTopic", Name="news", Tags=[{"Key": "a", "Value": "other"}])
    assert text == "Invalid parameter: Tags Reason: Topic already exists with different tags"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("FifoTopic", "false", "AttributeName"),
        ("Nonsense", "x", "AttributeName"),
        ("SignatureVersion", "3", "SignatureVersion"),
        ("ContentBasedDeduplication", "true", "Content-based deduplication can only be set for FIFO topics"),
        ("Policy", "no json", "Policy Error: null"),
        ("Policy", '{"Statement":{"Action":"sqs:SendMessage"}}', "Policy statement action out of service scope!"),
        ("MaximumMessageSize", "1023", "MaximumMessageSize"),
        ("SQSSuccessFeedbackSampleRate", "101", "SQSSuccessFeedbackSampleRate"),
    ],
)
def test_attributes_that_are_refused(world, name, value, text):
    arn = world.topic()
    said = refused(world, "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value)
    assert said == f"Invalid parameter: {text}"
    assert name not in world.ask("GetTopicAttributes", TopicArn=arn)["Attributes"] or name == "Policy"


def test_a_policy_may_name_any_action_of_sns(world):
    arn = world.topic()
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Action": ["sns:*", "SNS:Publish", "*"], "Resource": "*"}]})
    world.ask("SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    assert world.ask("GetTopicAttributes", TopicArn=arn)["Attributes"]["Policy"] == policy


@pytest.mark.parametrize("operation", ["GetTopicAttributes", "ListSubscriptionsByTopic", "DeleteTopic"])
def test_another_region_does_not_know_the_topic(world, operation):
    arn = world.topic()
    with pytest.raises(InvalidParameter, match=r"^Invalid parameter: TopicArn$"):
        world.ask(operation, ELSEWHERE, TopicArn=arn)


@pytest.mark.parametrize(("arn", "count"), [("", 1), ("news", 1), ("a:b", 2), ("arn:aws:sns:us-east-1:news", 5)])
def test_what_is_no_arn(world, arn, count):
    text = refused(world, "GetTopicAttributes", TopicArn=arn)
    assert text == f"Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not {count}"


def test_a_deleted_topic_is_gone_with_everything_and_deleting_it_again_is_no_error(world):
    arn = world.topic()
    subscription = world.subscribe(arn, world.queue())
    world.ask("DeleteTopic", TopicArn=arn)
    world.ask("DeleteTopic", TopicArn=arn)
    for operation, params in (
        ("GetTopicAttributes", {"TopicArn": arn}),
        ("GetSubscriptionAttributes", {"SubscriptionArn": subscription}),
    ):
        with pytest.raises(NotFound):
            world.ask(operation, **params)
    world.topic()
    assert world.ask("ListSubscriptionsByTopic", TopicArn=arn)["Subscriptions"] == []


def test_pages_neither_repeat_nor_hide_what_stays(world):
    arns = [world.topic(f"t{number}") for number in range(150)]
    first = world.ask("ListTopics")
    assert [topic["TopicArn"] for topic in first["Topics"]] == arns[:100]
    for gone in (arns[0], arns[99], arns[120]):
        world.ask("DeleteTopic", TopicArn=gone)
    second = world.ask("ListTopics", NextToken=first["NextToken"])
    assert [topic["TopicArn"] for topic in second["Topics"]] == [*arns[100:120], *arns[121:]]
    assert "NextToken" not in second
    assert refused(world, "ListTopics", NextToken="bm9uc2Vuc2U=") == "Invalid parameter: NextToken"


def test_tags(world):
    arn = world.topic()
    world.ask("TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    world.ask("UntagResource", ResourceArn=arn, TagKeys=["a", "never there"])
    assert world.ask("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    twice = [{"Key": "c", "Value": "1"}] * 2
    assert refused(world, "TagResource", ResourceArn=arn, Tags=twice) == (
        "Invalid parameter: Duplicated keys are not allowed."
    )
    with pytest.raises(TagLimitExceeded):
        world.ask("TagResource", ResourceArn=arn, Tags=[{"Key": str(n), "Value": ""} for n in range(50)])
    with pytest.raises(ResourceNotFound):
        world.ask("ListTagsForResource", ResourceArn=f"{arn}-none")
    assert world.ask("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def statements(world, arn):
    return json.loads(world.ask("GetTopicAttributes", TopicArn=arn)["Attributes"]["Policy"])["Statement"]


def test_permissions(world):
    arn = world.topic()
    granted = {"TopicArn": arn, "Label": "one", "AWSAccountId": ["111111111111"], "ActionName": ["Publish"]}
    world.ask("AddPermission", **granted)
    assert statements(world, arn)[1] == {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "SNS:Publish",
        "Resource": arn,
    }
    assert refused(world, "AddPermission", **granted) == "Invalid parameter: Statement already exists"
    nonsense = {**granted, "Label": "two", "ActionName": ["Nonsense"]}
    assert refused(world, "AddPermission", **nonsense) == (
        "Invalid parameter: Policy statement action out of service scope!"
    )
    world.ask("RemovePermission", TopicArn=arn, Label="one")
    assert [statement["Sid"] for statement in statements(world, arn)] == ["__default_statement_ID"]


def test_a_delivery_policy_is_shown_without_nulls(world):
    arn = world.topic()
    given_policy = json.dumps({"http": {"defaultHealthyRetryPolicy": None}})
    world.ask("SetTopicAttributes", TopicArn=arn, AttributeName="DeliveryPolicy", AttributeValue=given_policy)
    shown = world.ask("GetTopicAttributes", TopicArn=arn)["Attributes"]
    assert json.loads(shown["DeliveryPolicy"]) == {"http": {"disableSubscriptionOverrides": False}}
    world.ask("SetTopicAttributes", TopicArn=arn, AttributeName="DeliveryPolicy", AttributeValue="")
    assert "DeliveryPolicy" not in world.ask("GetTopicAttributes", TopicArn=arn)["Attributes"]


def test_scopes_are_reset_one_by_one(world):
    here = world.topic()
    there = world.ask("CreateTopic", ELSEWHERE, Name="news")["TopicArn"]
    world.sns.reset_scope(None, "eu-west-1")
    assert world.ask("ListTopics")["Topics"] == [{"TopicArn": here}]
    assert world.ask("ListTopics", ELSEWHERE)["Topics"] == []
    assert there.split(":")[3] == "eu-west-1"
    world.sns.reset()
    assert world.ask("ListTopics")["Topics"] == []


def test_a_sample_rate_of_thousands_of_digits_is_refused(world):
    topic = world.topic()
    params = {"AttributeName": "SQSSuccessFeedbackSampleRate", "AttributeValue": "9" * 5000}
    with pytest.raises(InvalidParameter):
        world.ask("SetTopicAttributes", TopicArn=topic, **params)
