"""A subscription's filter policy, compiled.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.sns.filters.leaves import Leaves, attribute_leaves, body_leaves, ways_to
from services.sns.filters.reading import read_policy
from services.sns.model import Decision

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.sns.filters.reading import Asked, Rule
    from services.sns.model import Message

ATTRIBUTES: Final = "MessageAttributes"
BODY: Final = "MessageBody"

ACCEPTED: Final = Decision(accepted=True)
_NO_JSON: Final = Decision(accepted=False, rule="the message's body is not a JSON object")


class FilterPolicy:
    """A compiled filter policy (`services.sns.model.Filter`)."""

    __slots__ = ("_ways", "on_body", "rules")

    def __init__(self, rules: Sequence[Rule], *, on_body: bool) -> None:
        self.rules = rules
        """One of them has to hold; without any, everything passes."""
        self.on_body = on_body
        """Whether it looks at the message's body, not at its attributes."""
        self._ways = ways_to(self.names) if on_body else frozenset()

    @property
    def names(self) -> Collection[str]:
        """Every name that is asked for."""
        return {name for rule in self.rules for name in rule}

    def accepts(self, message: Message) -> bool:
        """Whether the message passes."""
        if not self.rules:
            return True
        leaves = self._leaves(message)
        return leaves is not None and any(holds(rule, leaves) for rule in self.rules)

    def explain(self, message: Message) -> Decision:
        """Whether the message passes; if not, which key of the policy found nothing it could take.

        Of several rules (`$or`) the one that got farthest is told of.
        """
        if not self.rules:
            return ACCEPTED
        leaves = self._leaves(message)
        if leaves is None:
            return _NO_JSON
        farthest = (-1, ACCEPTED)
        for rule in self.rules:
            if holds(rule, leaves):
                return ACCEPTED
            got, decision = _stumbles(rule, leaves)
            if got > farthest[0]:
                farthest = got, decision
        return farthest[1]

    def _leaves(self, message: Message) -> Leaves | None:
        if self.on_body:
            return body_leaves(message, self._ways)
        return attribute_leaves(message.attributes)


def compile_policy(text: str, scope: str = ATTRIBUTES) -> FilterPolicy:
    """The filter policy that a JSON text spells, for the FilterPolicyScope `scope`.

    Raises:
        FilterPolicyError: SNS refuses it; its `text` follows `Invalid parameter: `.
    """
    on_body = scope == BODY
    return FilterPolicy(read_policy(text, nested=on_body), on_body=on_body)


def holds(rule: Rule, leaves: Leaves) -> bool:
    """Whether each of the rule's names finds a leaf, all of them in the same elements of arrays."""
    placed = False
    for name, asked in rule.items():
        found = leaves.get(name)
        if found is None:
            if not any(test.absent for test in asked.tests):
                return False
        elif not _any(asked, found):
            return False
        elif len(rule) > 1 and not placed:
            placed = any(place for _, place in found)
    return not placed or _agree(list(rule.items()), leaves, {})


def _any(asked: Asked, found: Sequence[tuple[object, object]]) -> bool:
    for value, _ in found:
        for test in asked.tests:
            if test.accepts(value):
                return True
    return False


def _agree(asked: list[tuple[str, Asked]], leaves: Leaves, taken: dict[int, int]) -> bool:
    """Whether all names find leaves that go together. `taken`: the element by array."""
    if not asked:
        return True
    (name, of_name), rest = asked[0], asked[1:]
    found = leaves.get(name)
    if found is None:
        # Asked before: it may be absent.
        return _agree(rest, leaves, taken)
    for value, place in found:
        if all(taken.get(array, index) == index for array, index in place) and any(
            test.accepts(value) for test in of_name.tests
        ):
            # Where a leaf stands in no array one success settles the name.
            if _agree(rest, leaves, {**taken, **dict(place)} if place else taken):
                return True
            if not place:
                return False
    return False


def _stumbles(rule: Rule, leaves: Leaves) -> tuple[int, Decision]:
    """How many names of a rule that does not hold found something, and the first that did not."""
    got = 0
    first = None
    for name, asked in rule.items():
        found = leaves.get(name)
        if any(test.absent for test in asked.tests) if found is None else _any(asked, found):
            got += 1
        elif first is None:
            first = Decision(accepted=False, key=name, rule=asked.given)
    if first is None:
        first = Decision(accepted=False, key=", ".join(rule), rule="not in the same element of an array")
    return got, first
