"""Deliveries to many queues at once are the same as deliveries one by one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api import Call
from services.scope import Scope
from services.sns.channels import QueueChannel
from services.sns.envelope import Envelopes
from services.sns.model import Message, Subscription
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

ACCOUNT = "000000000000"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"
NOW = 1_700_000_000.0


class Clock:
    def now(self):
        return NOW

    def at(self, when, callback):
        return self

    def cancel(self):
        """Nothing rings."""


class Entropy:
    def __init__(self):
        self._numbers = itertools.count(1)

    def uuid(self):
        return f"00000000-0000-4000-8000-{next(self._numbers):012d}"

    def bits(self, n):
        return next(self._numbers)


class Signer:
    def __init__(self):
        self.signed = 0

    def sign(self, text, digest):
        self.signed += 1
        return "s" * 344

    def certificate_url(self, origin):
        return f"{origin}/certificate.pem"


class Outcomes(list):
    def ended(self, subscription, message, attempted):
        self.append((subscription.endpoint.rpartition(":")[2], attempted.ok, attempted.error_code))


class World:
    def __init__(self):
        self.sqs = SqsApi(Clock(), Entropy(), SqsSettings())
        self.call = Call(Scope(ACCOUNT, "us-east-1"), "http://localhost:4566")
        self.signer = Signer()
        self.outcomes = Outcomes()
        envelopes = Envelopes(self.signer, "http://localhost:4566")
        self.channel = QueueChannel(Clock(), envelopes, self.outcomes, self.sqs.by_arn)

    def subscription(self, name, *, raw=False, make=True, **attributes):
        if make:
            self.sqs.create_queue(self.call, {"QueueName": name, "Attributes": attributes})
        return Subscription(
            arn=f"{TOPIC}:of-{name}",
            topic_arn=TOPIC,
            protocol="sqs",
            endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}",
            owner=ACCOUNT,
            created_at=NOW,
            confirmed=True,
            raw=raw,
        )

    def received(self, name):
        found = self.sqs.receive_message(
            self.call,
            {
                "QueueUrl": f"http://localhost:4566/{ACCOUNT}/{name}",
                "MaxNumberOfMessages": 10,
                "MessageSystemAttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            },
        )
        return [
            {key: value for key, value in one.items() if key not in {"MessageId", "ReceiptHandle"}}
            for one in found.get("Messages", [])
        ]


def message(body="text", **more):
    return Message("id", NOW, body, topic_arn=TOPIC, account=ACCOUNT, region="us-east-1", **more)


ATTRIBUTES = st.dictionaries(
    st.text(alphabet="abc_", min_size=1, max_size=3),
    st.one_of(
        st.text(min_size=1, max_size=5).map(lambda text: {"DataType": "String", "StringValue": text}),
        st.binary(min_size=1, max_size=5).map(lambda data: {"DataType": "Binary", "BinaryValue": data}),
    ),
    max_size=12,
)


@given(
    st.text(alphabet=st.characters(), min_size=1, max_size=30),
    st.one_of(st.none(), st.text(min_size=1, max_size=10)),
    ATTRIBUTES,
    st.sampled_from(["", "group"]),
    st.booleans(),
)
def test_at_once_is_as_one_by_one(body, subject, attributes, group, raw):
    at_once, one_by_one = World(), World()
    given_message = message(body, subject=subject, attributes=attributes, group_id=group, trace_header="Root=1")

    at_once.channel.deliver_all([at_once.subscription(name, raw=raw) for name in "abc"], given_message)
    for name in "abc":
        one_by_one.channel.deliver(one_by_one.subscription(name, raw=raw), given_message)

    for name in "abc":
        assert at_once.received(name) == one_by_one.received(name)
    assert [one for one in at_once.outcomes if not one[1]] == [one for one in one_by_one.outcomes if not one[1]]


def test_what_cannot_be_sent_at_once_is_sent_alone():
    world = World()
    subscriptions = [
        world.subscription("a"),
        world.subscription("gone", make=False),
        world.subscription("small", raw=True, MaximumMessageSize="1024"),
        world.subscription("f.fifo", FifoQueue="true"),
    ]
    text = "x" * 2000
    sent = message(text, group_id="g", deduplication_id="d", sequence_number="1" * 20)

    world.channel.deliver_all(subscriptions, sent)

    assert len(world.received("a")) == 1
    assert len(world.received("f.fifo")) == 1
    assert [(name, ok) for name, ok, _ in sorted(world.outcomes)] == [
        ("f.fifo", True),
        ("gone", False),
        ("small", False),
    ]


def test_nothing_is_signed_before_somebody_looks_and_then_once():
    world = World()
    world.channel.deliver_all([world.subscription(name) for name in "abc"], message())
    assert world.signer.signed == 0

    bodies = [world.received(name)[0]["Body"] for name in "abc"]

    assert world.signer.signed == 1
    assert len(set(bodies)) == 3
    assert [f'"UnsubscribeURL" : "http://localhost:4566/?Action=Unsubscribe&SubscriptionArn={TOPIC}:of-{name}"' in body
            for name, body in zip("abc", bodies, strict=True)] == [True] * 3  # fmt: skip


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\ufffe", "a\x0bb"])
def test_unusual_characters_go_the_careful_way(text):
    world = World()
    world.channel.deliver_all([world.subscription("a", raw=True)], message(text))

    assert [one[:2] for one in world.outcomes] == [("a", False)]
