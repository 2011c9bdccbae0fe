"""Subscriptions: endpoints, confirmation, attributes, the end."""

from __future__ import annotations

import json

import pytest

from services.scope import Scope
from services.sns import limits
from services.sns.errors import AuthorizationError, InvalidParameter, NotFound

OTHERS = Scope("111111111111", "us-east-1")
QUEUE = "arn:aws:sqs:us-east-1:000000000000:inbox"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
MAIL = "somebody@example.com"


def token_of(world, subscription):
    return world.sns.topics.token_of(subscription)


@pytest.mark.parametrize(
    ("protocol", "endpoint", "text"),
    [
        ("pigeon", "x", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"),
        ("http", "https://example.com", "Invalid parameter: Endpoint must match the specified protocol"),
        ("https", "http://example.com", "Invalid parameter: Endpoint must match the specified protocol"),
        ("email", "nobody", "Invalid parameter: Email address"),
        ("sms", "+15--551234567", "Invalid SMS endpoint: +15--551234567"),
        ("sms", "NAA+15551234567", "Invalid SMS endpoint: NAA+15551234567"),
        ("sms", "+15551234567.", "Invalid SMS endpoint: +15551234567."),
        ("sms", "+1234567890123456", "Invalid SMS endpoint: +1234567890123456"),
        ("sqs", "http://localhost:4566/000000000000/inbox", "Invalid parameter: SQS endpoint ARN"),
        ("lambda", QUEUE, "Invalid parameter: Lambda endpoint ARN"),
        ("sqs", f"{QUEUE}.fifo", ("Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be "
                                 "subscribed to standard SNS topics")),
    ],
)  # fmt: skip
def test_endpoints_that_are_refused(world, protocol, endpoint, text):
    topic = world.topic()
    with pytest.raises(InvalidParameter) as error:
        world.subscribe(topic, endpoint, protocol)
    assert error.value.message == text
    assert world.ask("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"] == []


@pytest.mark.parametrize("number", ["+1234567890", "+12/34-567.890", "1234567"])
def test_phone_numbers(world, number):
    assert world.attributes(world.subscribe(world.topic(), number, "sms"))["PendingConfirmation"] == "false"


@pytest.mark.parametrize("protocol", ["lambda", "email", "sms"])
def test_a_fifo_topic_takes_queues_only(world, protocol):
    endpoint = {"lambda": FUNCTION, "email": MAIL, "sms": "+1234567"}[protocol]
    with pytest.raises(InvalidParameter):
        world.subscribe(world.topic("a.fifo"), endpoint, protocol)


def test_what_a_subscription_shows(world):
    topic = world.topic()
    subscription = world.subscribe(topic, QUEUE)
    assert subscription.startswith(f"{topic}:")
    assert world.attributes(subscription) == {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": QUEUE,
        "Owner": "000000000000",
        "PendingConfirmation": "false",
        "Protocol": "sqs",
        "RawMessageDelivery": "false",
        "SubscriptionArn": subscription,
        "SubscriptionPrincipal": "arn:aws:iam::000000000000:user/undercast",
        "TopicArn": topic,
    }


def test_subscribe_is_idempotent_for_what_it_asks(world):
    topic = world.topic()
    subscription = world.subscribe(topic, QUEUE, RawMessageDelivery="TrUe")
    assert world.attributes(subscription)["RawMessageDelivery"] == "true"
    for attributes in ({"RawMessageDelivery": "true"}, {"FilterPolicyScope": "MessageAttributes"}, {}):
        assert world.subscribe(topic, QUEUE, **attributes) == subscription
    for attributes in ({"RawMessageDelivery": "false"}, {"FilterPolicyScope": "MessageBody"}):
        with pytest.raises(InvalidParameter, match="Subscription already exists with different attributes"):
            world.subscribe(topic, QUEUE, **attributes)
    assert len(world.ask("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]) == 1


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Nonsense", "x", "AttributeName"),
        ("RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."),
        ("FilterPolicyScope", "All", ("FilterPolicyScope: Invalid value [All]. Please use either MessageBody or "
                                     "MessageAttributes")),
        ("RedrivePolicy", '{"deadLetterTargetArn": "x"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ("FilterPolicy", '{"a": {"b": ["c"]}}', ("Filter policy scope MessageAttributes does not support nested filter "
                                                "policy")),
    ],
)  # fmt: skip
def test_attributes_that_are_refused_say_where_they_were_set(world, name, value, text):
    subscription = world.subscribe(world.topic(), QUEUE)
    before = world.attributes(subscription)
    with pytest.raises(InvalidParameter) as error:
        world.ask("SetSubscriptionAttributes", SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)
    assert error.value.message == f"Invalid parameter: {text}"
    assert world.attributes(subscription) == before
    with pytest.raises(InvalidParameter) as error:
        world.subscribe(world.topic("other"), QUEUE, **{name: value})
    assert error.value.message == f"Invalid parameter: Attributes Reason: {text}"


def test_the_scope_of_a_filter_shows_only_with_the_filter(world):
    subscription = world.subscribe(world.topic(), QUEUE)

    def set_to(name, value):
        world.ask("SetSubscriptionAttributes", SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)
        return world.attributes(subscription)

    assert "FilterPolicyScope" not in set_to("FilterPolicyScope", "MessageBody")
    shown = set_to("FilterPolicy", '{"a":{"b":["c"]}}')
    assert (shown["FilterPolicyScope"], shown["FilterPolicy"]) == ("MessageBody", '{"a":{"b":["c"]}}')
    with pytest.raises(InvalidParameter):
        set_to("FilterPolicyScope", "MessageAttributes")
    assert not set_to("FilterPolicy", "").keys() & {"FilterPolicy", "FilterPolicyScope"}


def test_a_fifo_queue_needs_a_fifo_queue_for_its_dead_letters(world):
    topic = world.topic("a.fifo")
    redrive = json.dumps({"deadLetterTargetArn": f"{QUEUE}-dead"})
    world.subscribe(topic, QUEUE, RedrivePolicy=redrive)
    with pytest.raises(InvalidParameter, match="must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic"):
        world.subscribe(topic, f"{QUEUE}.fifo", RedrivePolicy=redrive)


def test_who_waits_for_a_confirmation_is_told_nothing_but_that(world):
    topic = world.topic()
    params = {"TopicArn": topic, "Protocol": "email", "Endpoint": MAIL}
    assert world.ask("Subscribe", **params) == {"SubscriptionArn": "pending confirmation"}
    subscription = world.subscribe(topic, MAIL, "email")
    listed = world.ask("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed] == ["PendingConfirmation"]
    shown = world.ask("GetTopicAttributes", TopicArn=topic)["Attributes"]
    assert (shown["SubscriptionsPending"], shown["SubscriptionsConfirmed"]) == ("1", "0")
    assert world.attributes(subscription)["PendingConfirmation"] == "true"
    confirmed = world.ask("ConfirmSubscription", TopicArn=topic, Token=token_of(world, subscription))
    assert confirmed == {"SubscriptionArn": subscription}
    shown = world.attributes(subscription)
    assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("false", "false")
    # And once more: nothing changes.
    token = token_of(world, subscription)
    world.ask("ConfirmSubscription", TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    assert world.attributes(subscription) == shown


def test_the_token_decides_not_the_topic_but_the_region_has_to_fit(world):
    topic = world.topic()
    subscription = world.subscribe(topic, MAIL, "email")
    token = token_of(world, subscription)
    for wrong, given, text in (
        ("no arn", token, "Invalid parameter: Topic"),
        (topic.replace("us-east-1", "eu-west-1"), token, "Invalid parameter: Topic"),
        (topic, "ab" * 144, "Invalid parameter: Token"),
        (topic, "randomtoken", "Invalid token"),
    ):
        with pytest.raises(InvalidParameter) as error:
            world.ask("ConfirmSubscription", TopicArn=wrong, Token=given)
        assert error.value.message == text
    answer = world.ask("ConfirmSubscription", signed=False, TopicArn=f"{topic}-other", Token=token)
    assert answer == {"SubscriptionArn": subscription}


def test_nobody_confirmed(world):
    topic = world.topic()
    subscription = world.subscribe(topic, MAIL, "email")
    confirmed = world.subscribe(topic, "+1234567", "sms")
    token = token_of(world, subscription)
    world.clock.advance(limits.PENDING_S - 1)
    assert world.attributes(subscription)["PendingConfirmation"] == "true"
    world.clock.advance(1)
    listed = world.ask("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed] == [confirmed]
    with pytest.raises(InvalidParameter, match="Token"):
        world.ask("ConfirmSubscription", TopicArn=topic, Token=token)


def test_a_queue_of_another_account_confirms_by_what_it_gets(world):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html"""
    topic, queue = world.topic(), world.queue(scope=OTHERS)
    by_its_owner = world.subscribe(topic, world.queue("second", OTHERS), scope=OTHERS)
    assert world.attributes(by_its_owner)["PendingConfirmation"] == "false"
    subscription = world.subscribe(topic, queue)
    world.ask("Publish", TopicArn=topic, Message="too early")
    [asked] = world.bodies(scope=OTHERS)
    assert asked["Type"] == "SubscriptionConfirmation"
    assert asked["SubscribeURL"] == (
        f"http://localhost:4566/?Action=ConfirmSubscription&TopicArn={topic}&Token={asked['Token']}"
    )
    world.ask("ConfirmSubscription", OTHERS, TopicArn=topic, Token=asked["Token"])
    world.ask("Publish", TopicArn=topic, Message="now")
    assert [body["Message"] for body in world.bodies(scope=OTHERS)] == ["now"]
    assert world.attributes(subscription)["Owner"] == "000000000000"


def test_subscriptions_are_listed_for_who_subscribed_and_for_the_topics_owner(world):
    topic = world.topic()
    mine, theirs = world.subscribe(topic, QUEUE), world.subscribe(topic, f"{QUEUE}-theirs", scope=OTHERS)
    world.ask("ConfirmSubscription", TopicArn=topic, Token=token_of(world, theirs))

    def listed(scope):
        return [one["SubscriptionArn"] for one in world.ask("ListSubscriptions", scope)["Subscriptions"]]

    assert listed(Scope("000000000000", "us-east-1")) == [mine, theirs]
    assert listed(OTHERS) == [theirs]
    assert listed(Scope("000000000000", "eu-west-1")) == []


def test_the_end_of_a_subscription(world):
    topic = world.topic()
    world.queue()
    subscription = world.subscribe(topic, QUEUE)
    for _ in range(2):
        assert world.ask("Unsubscribe", SubscriptionArn=subscription) == {}
    with pytest.raises(NotFound, match="Subscription does not exist"):
        world.attributes(subscription)
    world.ask("Publish", TopicArn=topic, Message="nobody hears")
    assert world.messages() == []
    assert world.ask("GetTopicAttributes", TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


@pytest.mark.parametrize(
    ("arn", "text"),
    [
        ("x", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        ("arn:aws:sns:us-east-1:000000000000:news", "SubscriptionId"),
    ],
)
def test_what_is_no_subscription(world, arn, text):
    with pytest.raises(InvalidParameter) as error:
        world.ask("Unsubscribe", SubscriptionArn=arn)
    assert error.value.message == f"Invalid parameter: {text}"


def test_an_unsubscribed_mailbox_can_come_back(world):
    topic = world.topic()
    subscription = world.subscribe(topic, MAIL, "email")
    world.ask("ConfirmSubscription", TopicArn=topic, Token=token_of(world, subscription))
    world.ask("Unsubscribe", signed=False, SubscriptionArn=subscription)
    with pytest.raises(NotFound):
        world.attributes(subscription)
    world.ask("ConfirmSubscription", signed=False, TopicArn=topic, Token=token_of(world, subscription))
    assert world.attributes(subscription)["PendingConfirmation"] == "false"


def test_the_link_in_a_message_ends_only_what_needs_no_authentication(world):
    topic = world.topic()
    subscription = world.subscribe(topic, MAIL, "email")
    token = token_of(world, subscription)
    world.ask("ConfirmSubscription", TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    assert world.attributes(subscription)["ConfirmationWasAuthenticated"] == "true"
    with pytest.raises(AuthorizationError):
        world.ask("Unsubscribe", signed=False, SubscriptionArn=subscription)
    world.ask("Unsubscribe", SubscriptionArn=subscription)


def test_a_topic_of_large_messages_takes_only_who_can_have_them(world):
    topic = world.topic(MaximumMessageSize="1048576")
    world.subscribe(topic, world.queue())
    with pytest.raises(InvalidParameter):
        world.subscribe(topic, "http://example.com", "http")
    for number in range(99):
        world.subscribe(topic, f"{QUEUE}-{number}")
    with pytest.raises(InvalidParameter):
        world.subscribe(topic, f"{QUEUE}-99")


@pytest.mark.parametrize("end", ["unsubscribe", "delete", "confirm", "reset"])
def test_a_subscription_that_is_no_longer_pending_leaves_nothing_behind(world, end):
    topic = world.topic()
    timers = world.clock.armed
    subscription = world.subscribe(topic, MAIL, "email")
    assert world.clock.armed == timers + 1
    if end == "unsubscribe":
        world.ask("Unsubscribe", SubscriptionArn=subscription)
    elif end == "delete":
        world.ask("DeleteTopic", TopicArn=topic)
    elif end == "confirm":
        world.ask("ConfirmSubscription", TopicArn=topic, Token=token_of(world, subscription))
    else:
        world.sns.reset()
    assert world.clock.armed == timers
    assert bool(token_of(world, subscription)) == (end == "confirm")


def test_tokens_are_not_kept_without_end(world, monkeypatch):
    monkeypatch.setattr("services.sns.state._TOKENS_MAX", 3)
    topic = world.topic()
    for _ in range(5):
        subscription = world.subscribe(topic, MAIL, "email")
    first = world.subscribe(topic, f"x{MAIL}", "email")
    for number in range(3):
        world.subscribe(topic, f"{number}{MAIL}", "email")
    assert token_of(world, first) == token_of(world, subscription) == ""
