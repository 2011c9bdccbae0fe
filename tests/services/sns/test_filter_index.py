"""A topic's index finds whom each policy by itself would take, and remembers whom not."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from services.scope import Scope
from services.sns.filters.index import Index
from services.sns.filters.policy import ATTRIBUTES, BODY
from services.sns.filters.recipients import KEPT_MESSAGES, Recipients
from services.sns.filters.tokens import FilterPolicyError
from services.sns.model import Topic
from services.sns.state import Topics
from tests.services.sns import filter_samples as samples
from tests.services.sns.filter_samples import message, subscription

POLICIES = st.lists(
    st.one_of(
        st.just((None, ATTRIBUTES)),
        st.just(({}, BODY)),
        samples.FLAT_POLICIES.map(lambda policy: (policy, ATTRIBUTES)),
        samples.DEEP_POLICIES.map(lambda policy: (policy, BODY)),
    ),
    max_size=8,
)


@given(POLICIES, st.lists(st.tuples(samples.BODIES, samples.ATTRIBUTE_SETS), min_size=1, max_size=3))
def test_it_finds_whom_each_policy_takes(policies, messages):
    subscriptions = []
    for number, (policy, scope) in enumerate(policies):
        try:
            subscriptions.append(subscription(number, policy, scope))
        except FilterPolicyError:
            continue
    index = Index(subscriptions)

    for body, attributes in messages:
        what = message(body, attributes)
        expected = [one for one in subscriptions if one.filter is None or one.filter.accepts(what)]
        assert index.recipients(what) == expected


def test_what_is_looked_up_is_not_asked():
    """A thousand policies, and only those are asked whose handle the message has."""
    asked = []
    subscriptions = [subscription(number, {"kind": [f"kind-{number}"], "price": [1]}) for number in range(1_000)]
    for number, one in enumerate(subscriptions):
        (rule,) = one.filter.rules
        test = rule["price"].tests[0]
        spy = test._replace(accepts=lambda leaf, number=number, test=test: asked.append(number) or test.accepts(leaf))
        rule["price"] = rule["price"]._replace(tests=(spy,), given="")
    # Otherwise the price, exact as well, could be the handle.
    index = Index(subscriptions)
    attributes = {
        "kind": {"DataType": "String", "StringValue": "kind-7"},
        "price": {"DataType": "Number", "StringValue": "1"},
    }

    assert index.recipients(message(attributes=attributes)) == [subscriptions[7]]
    assert asked == [7]


class World:
    def __init__(self):
        self.topics = Topics()
        self.recipients = Recipients(self.topics)
        self.topic = Topic(
            arn="arn:aws:sns:us-east-1:000000000000:topic",
            name="topic",
            scope=Scope("000000000000", "us-east-1"),
            created_at=0.0,
            fifo=False,
            attributes={},
        )
        self.topics.add(self.topic)

    def subscribe(self, number, policy=None, **more):
        one = subscription(number, policy, **more)
        self.topics.put(self.topic, one)
        return one

    def of(self, body="text", attributes=None):
        return self.recipients.of(self.topic, message(body, attributes))


def kind(value):
    return {"kind": {"DataType": "String", "StringValue": value}}


def test_a_change_holds_from_the_next_message_on():
    world = World()
    first = world.subscribe(1)
    second = world.subscribe(2, {"kind": ["a"]})
    assert world.of() == [first]
    assert world.of(attributes=kind("a")) == [first, second]

    changed = world.subscribe(2, {"kind": ["b"]})
    assert world.of(attributes=kind("a")) == [first]
    assert world.of(attributes=kind("b")) == [first, changed]

    world.topics.remove(world.topic, changed)
    assert world.of(attributes=kind("b")) == [first]


def test_the_pending_get_nothing():
    world = World()
    world.subscribe(1, confirmed=False)

    assert world.of() == []


def test_why_a_message_was_not_delivered_is_known_for_a_while():
    world = World()
    world.subscribe(1)
    filtered = world.subscribe(2, {"kind": ["a"]})
    world.of("first", kind("b"))
    world.subscribe(2, {"kind": ["b"]})
    world.of("passes", kind("b"))

    (decided,) = world.recipients.decisions(world.topic.arn)

    assert decided.message.body == "first"
    # The policy as it was then.
    assert decided.subscription is filtered
    assert decided.decision == (False, "kind", json.dumps(["a"]))


def test_no_more_is_kept_than_can_be():
    world = World()
    world.subscribe(1, {"kind": ["a"]})
    for number in range(KEPT_MESSAGES + 5):
        world.of(str(number))
    assert [one.message.body for one in world.recipients.decisions(world.topic.arn)][::99] == ["104", "5"]

    for _ in range(6):
        world.of("x" * 262_144)
    assert len(world.recipients.decisions(world.topic.arn)) == 4

    world.topics.delete(world.topic)
    assert world.recipients.decisions(world.topic.arn) == []
