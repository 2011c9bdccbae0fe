"""Policies and messages for the tests of filters, and an evaluator that knows nothing of ours."""

from __future__ import annotations

import ipaddress
import json
from itertools import product
from typing import Any

from hypothesis import strategies as st

from services.sns.filters.policy import ATTRIBUTES, BODY, compile_policy
from services.sns.model import Message, Subscription

TEXTS = st.sampled_from(["", "a", "A", "ab", "abc", "bc", "10.0.0.7", "10.1.0.7", "order-1", "5"])
NUMBERS = st.sampled_from([0, 1, -1, 5, 5.5, 5.0, 100, 1e3, 10**9, 10**9 + 1])
LITERALS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
NAMES = ("a", "b", "c", "a.b")

_TEXT_OPERATORS = st.sampled_from(["prefix", "suffix", "equals-ignore-case"])
_BOUNDS = st.sampled_from([-5, 0, 1, 5, 5.5, 100])


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted(draw(st.lists(_BOUNDS, min_size=2, max_size=2, unique=True)))
    return {
        "numeric": draw(
            st.sampled_from([
                ["=", low], ["<", low], ["<=", low], [">", low], [">=", low],
                [">", low, "<", high], [">=", low, "<=", high],
            ])
        )
    }  # fmt: skip


EXPRESSIONS = st.one_of(
    LITERALS,
    st.builds(lambda kind, text: {kind: text}, _TEXT_OPERATORS, TEXTS),
    st.sampled_from([{"wildcard": "a*c"}, {"wildcard": "*"}, {"cidr": "10.0.0.0/24"}]),
    st.booleans().map(lambda wanted: {"exists": wanted}),
    st.one_of(TEXTS, st.lists(TEXTS, min_size=1, max_size=2), st.lists(_BOUNDS, min_size=1, max_size=2)).map(
        lambda refused: {"anything-but": refused}
    ),
    st.sampled_from(["a", "order-"]).map(lambda text: {"anything-but": {"prefix": text}}),
    ranges(),
)
ASKED = st.lists(EXPRESSIONS, min_size=1, max_size=3)


def _with_alternatives(policies: st.SearchStrategy[Any], choices: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some_policies = st.one_of(st.just({}), policies)
    return st.one_of(
        policies,
        st.builds(lambda policy, one, other: {**policy, "$or": [one, other]}, some_policies, choices, choices),
    )


def _flat(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(names), ASKED, min_size=1, max_size=2)


def _deep(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(names), st.one_of(ASKED, _flat(("x", "y"))), min_size=1, max_size=2)


FLAT_POLICIES = _with_alternatives(_flat(NAMES), _flat(("d", "e")))
DEEP_POLICIES = _with_alternatives(_deep(("a", "b")), _deep(("d", "e")))

BODIES = st.dictionaries(
    st.sampled_from(("a", "b", "d", "e", "a.x")),
    st.recursive(
        LITERALS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(("x", "y")), inner, max_size=2)
        ),
        max_leaves=5,
    ),
    max_size=3,
)
ATTRIBUTE = st.one_of(
    TEXTS.filter(bool).map(lambda text: {"DataType": "String", "StringValue": text}),
    NUMBERS.map(lambda number: {"DataType": "Number", "StringValue": str(number)}),
    st.lists(LITERALS, max_size=3).map(lambda array: {"DataType": "String.Array", "StringValue": json.dumps(array)}),
    st.just({"DataType": "Binary", "BinaryValue": b"a"}),
)
ATTRIBUTE_SETS = st.dictionaries(st.sampled_from((*NAMES, "d", "e")), ATTRIBUTE, max_size=4)


def message(body: Any = "text", attributes: dict[str, dict[str, Any]] | None = None) -> Message:
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(message_id="id", published_at=0.0, body=text, attributes=attributes or {})


def subscription(number: int, policy: Any = None, scope: str = ATTRIBUTES, *, confirmed: bool = True) -> Subscription:
    return Subscription(
        arn=f"arn:aws:sns:us-east-1:000000000000:topic:{number}",
        topic_arn="arn:aws:sns:us-east-1:000000000000:topic",
        protocol="sqs",
        endpoint="queue",
        owner="000000000000",
        created_at=0.0,
        confirmed=confirmed,
        filter=None if policy is None else compile_policy(json.dumps(policy), scope),
    )


# A naive evaluator: it takes one element out of every array in every way there is, and asks the policy as written.


def naive(policy: Any, event: dict[str, Any]) -> bool:
    choices = list(_choices(event))
    present = {name for choice in choices for name in choice}
    return any(_takes(policy, "", choice, present) for choice in choices)


def naive_attributes(policy: Any, attributes: dict[str, dict[str, Any]]) -> bool:
    event: dict[str, Any] = {}
    for name, attribute in attributes.items():
        if attribute["DataType"] in {"Number", "String.Array"}:
            event[name] = json.loads(attribute["StringValue"])
        elif attribute["DataType"] == "String":
            event[name] = attribute["StringValue"]
    return naive(policy, event)


def _choices(value: Any) -> Any:
    """Every flat event that one element of each array makes."""
    if isinstance(value, dict):
        parts = [[(key, choice) for choice in _choices(below)] for key, below in value.items()]
        for combination in product(*parts):
            flat: dict[str, list[Any]] = {}
            for key, choice in combination:
                for name, leaves in choice.items():
                    flat.setdefault(f"{key}.{name}" if name else key, []).extend(leaves)
            yield flat
    elif isinstance(value, list):
        if not value:
            yield {}
        for element in value:
            yield from _choices(element)
    else:
        yield {"": [value]}


def _takes(policy: Any, path: str, flat: dict[str, list[Any]], present: set[str]) -> bool:
    for key, asked in policy.items():
        if key == "$or":
            if not any(_takes(choice, path, flat, present) for choice in asked):
                return False
        elif isinstance(asked, dict):
            if not _takes(asked, f"{path}{key}.", flat, present):
                return False
        else:
            name = path + key
            absent_will_do = {"exists": False} in [one for one in asked if isinstance(one, dict)]
            if not (absent_will_do and name not in present) and not any(
                _accepts(one, leaf) for one in asked for leaf in flat.get(name, [])
            ):
                return False
    return True


def _number(value: Any) -> bool:
    return type(value) in {int, float}


def _accepts(asked: Any, leaf: Any) -> bool:
    if not isinstance(asked, dict):
        if _number(asked):
            return _number(leaf) and asked == leaf
        return type(asked) is type(leaf) and asked == leaf
    ((kind, what),) = asked.items()
    if kind == "exists":
        return bool(what)
    if kind == "anything-but":
        refused = what if isinstance(what, list) else [what]
        return not any(_accepts(one, leaf) for one in refused)
    if kind == "numeric":
        terms = list(zip(what[::2], what[1::2], strict=True))
        return (
            _number(leaf) and abs(leaf) <= 10**9 and all(_compare(leaf, operator, bound) for operator, bound in terms)
        )
    if not isinstance(leaf, str):
        return False
    if kind == "cidr":
        try:
            return ipaddress.ip_address(leaf) in ipaddress.ip_network(what)
        except ValueError:
            return False
    return {
        "prefix": lambda: leaf.startswith(what),
        "suffix": lambda: leaf.endswith(what),
        "equals-ignore-case": lambda: leaf.lower() == what.lower(),
        "wildcard": lambda: what == "*" or (leaf.startswith("a") and leaf.endswith("c") and len(leaf) > 1),
    }[kind]()


def _compare(leaf: float, operator: str, bound: float) -> bool:
    return {
        "=": leaf == bound, "<": leaf < bound, "<=": leaf <= bound, ">": leaf > bound, ">=": leaf >= bound,
    }[operator]  # fmt: skip


__all__ = [
    "ATTRIBUTE_SETS", "BODIES", "BODY", "DEEP_POLICIES", "FLAT_POLICIES", "message", "naive", "naive_attributes",
    "subscription",
]  # fmt: skip
