"""Filters, their decisions and data protection, with real boto3 over a real socket."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from undercast.server import Server


class World:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.sns: Any = server.boto3("sns")
        self.sqs: Any = server.boto3("sqs")
        self.logs: Any = server.boto3("logs")
        self.topic = self.sns.create_topic(Name="topic")["TopicArn"]

    def subscribe(self, name: str, policy: Any = None, *, topic: str = "", **attributes: str) -> str:
        """A queue that is subscribed; the subscription's ARN."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        given = attributes if policy is None else {"FilterPolicy": json.dumps(policy), **attributes}
        arn: str = self.sns.subscribe(
            TopicArn=topic or self.topic,
            Protocol="sqs",
            Endpoint=found["Attributes"]["QueueArn"],
            Attributes=given,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return arn

    def publish(self, text: str, **more: Any) -> str:
        published: str = self.sns.publish(TopicArn=self.topic, Message=text, **more)["MessageId"]
        return published

    def received(self, name: str) -> list[str]:
        """The texts that a queue got, raw or out of their documents."""
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        texts = []
        for message in messages:
            body = message["Body"]
            texts.append(json.loads(body)["Message"] if '"Notification"' in body else body)
        return texts

    def page(self, **query: str) -> Any:
        address = f"{self.server.endpoint}/_undercast/sns/decisions?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address) as answer:
            return json.load(answer)


@pytest.fixture
def world(server: Server) -> World:
    return World(server)


def text(value: str) -> dict[str, Any]:
    return {"MessageAttributes": {"kind": {"DataType": "String", "StringValue": value}}}


def test_each_queue_gets_what_its_filter_lets_pass(world: World) -> None:
    world.subscribe("all", RawMessageDelivery="true")
    world.subscribe("a", {"kind": ["a"]})
    world.subscribe("big", {"total": [{"numeric": [">", 100]}]}, FilterPolicyScope="MessageBody")

    world.publish('{"total": 5}', **text("a"))
    world.publish('{"total": 500}', **text("b"))

    assert world.received("all") == ['{"total": 5}', '{"total": 500}']
    assert world.received("a") == ['{"total": 5}']
    assert world.received("big") == ['{"total": 500}']


def test_a_changed_filter_holds_for_the_next_message(world: World) -> None:
    arn = world.subscribe("q", {"kind": ["a"]})
    world.publish("one", **text("b"))
    world.sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"kind":["b"]}'
    )
    world.publish("two", **text("b"))
    world.sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="")
    world.publish("three")

    assert world.received("q") == ["two", "three"]


def test_it_can_say_why_a_message_was_not_delivered(world: World) -> None:
    arn = world.subscribe("q", {"kind": ["a"]})
    message_id = world.publish("text", **text("b"))

    [decision] = world.page(topic_arn=world.topic)["decisions"]

    assert decision["message_id"] == message_id
    assert decision["subscription_arn"] == arn
    assert (decision["delivered"], decision["key"], decision["rule"]) == (False, "kind", '["a"]')
    assert world.page(topic_arn=world.topic, message_id="other")["decisions"] == []


@pytest.mark.parametrize(
    ("query", "status"), [({}, 400), ({"topic_arn": "arn:aws:sns:us-east-1:000000000000:no"}, 404)]
)
def test_of_no_topic_nothing_is_known(world: World, query: dict[str, str], status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        world.page(**query)
    with refused.value as answer:
        assert answer.code == status


def test_what_is_no_filter_is_refused(world: World) -> None:
    with pytest.raises(ClientError) as on_subscribe:
        world.subscribe("q", {"kind": []})
    said = on_subscribe.value.response["Error"]
    assert said["Code"] == "InvalidParameter"
    assert said["Message"] == (
        "Invalid parameter: Attributes Reason: FilterPolicy: Empty arrays are not allowed\n"
        ' at [Source: (String)"{"kind":[]}"; line: 1, column: 11]'
    )

    arn = world.subscribe("q")
    with pytest.raises(ClientError) as on_change:
        world.sns.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"a": {"b": ["c"]}}'
        )
    assert on_change.value.response["Error"]["Message"] == (
        "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
    )


def policy(operation: Any, direction: str = "Inbound") -> str:
    statement = {
        "DataDirection": direction,
        "Principal": ["*"],
        "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
        "Operation": operation,
    }
    return json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": [statement]})


def test_what_is_sensitive_is_masked_on_the_way(world: World) -> None:
    world.subscribe("q")
    mask = {"Deidentify": {"MaskConfig": {"MaskWithCharacter": "*"}}}
    world.sns.put_data_protection_policy(ResourceArn=world.topic, DataProtectionPolicy=policy(mask, "Outbound"))

    world.publish("ask ann@example.org")

    assert world.received("q") == ["ask ***************"]


def test_a_message_may_be_denied(world: World) -> None:
    world.subscribe("q")
    world.sns.put_data_protection_policy(ResourceArn=world.topic, DataProtectionPolicy=policy({"Deny": {}}))

    with pytest.raises(ClientError) as denied:
        world.publish("ask ann@example.org")
    world.publish("ask ann")

    assert denied.value.response["Error"]["Code"] == "AuthorizationError"
    assert world.received("q") == ["ask ann"]


def test_a_topic_may_be_made_with_a_policy(world: World) -> None:
    given = policy({"Deny": {}})
    arn = world.sns.create_topic(Name="guarded", DataProtectionPolicy=given)["TopicArn"]

    assert world.sns.get_data_protection_policy(ResourceArn=arn)["DataProtectionPolicy"] == given
    with pytest.raises(ClientError, match="Invalid parameter: DataProtectionPolicy"):
        world.sns.create_topic(Name="other", DataProtectionPolicy="{}")


def test_an_audit_is_read_in_the_logs(world: World) -> None:
    destination = {"CloudWatchLogs": {"LogGroup": "/aws/vendedlogs/audit"}}
    audit = {"Audit": {"SampleRate": "99", "FindingsDestination": destination}}
    world.sns.put_data_protection_policy(ResourceArn=world.topic, DataProtectionPolicy=policy(audit))

    for _ in range(20):
        world.publish("ask ann@example.org")

    events = world.logs.filter_log_events(logGroupName="/aws/vendedlogs/audit")["events"]
    assert events
    told = json.loads(events[0]["message"])
    assert told["resourceArn"] == world.topic
    assert [one["name"] for one in told["dataIdentifiers"]] == ["EmailAddress"]


def test_a_hundred_queues_get_their_own_documents(world: World) -> None:
    arns = {f"q{number}": world.subscribe(f"q{number}") for number in range(100)}
    world.publish('quoted "text", ünïcode', Subject="subject")

    for name, arn in arns.items():
        url = world.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        [message] = world.sqs.receive_message(QueueUrl=url)["Messages"]
        document = json.loads(message["Body"])
        assert document["Message"] == 'quoted "text", ünïcode'
        assert document["UnsubscribeURL"].endswith(arn)
        assert len(document["Signature"]) == 344
