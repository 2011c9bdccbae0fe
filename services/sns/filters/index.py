"""Which of many subscriptions a message goes to, without asking each of them.

Theory of operation. Of every rule of every policy one name is its *handle*: the one that says most. If all that is
asked of the handle can be looked up (exact values, prefixes, suffixes, text in any case), the rule is filed under each
of those values, and a message finds it only if it has such a value. Otherwise the rule is filed under the handle's
name, and is asked whenever a message has that name; or, if it asks only for names to be absent, with those that are
always asked. What is found by its handle is then asked in whole, but for rules of one name that the look-up settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.sns.filters.leaves import attribute_leaves, body_leaves, ways_to
from services.sns.filters.policy import FilterPolicy, holds
from services.sns.filters.rules import EXACT, FOLDED, PREFIX, key_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from services.sns.filters.leaves import Leaves
    from services.sns.filters.reading import Asked, Rule
    from services.sns.model import Filter, Message, Subscription


class _Filed(NamedTuple):
    """A rule in the index."""

    number: int
    """Of its subscription."""
    rule: Rule
    settled: bool
    """A look-up of its handle says it all."""


class _Name:
    """What is filed under one name."""

    __slots__ = ("asked", "exact", "folded", "prefixes", "suffixes")

    def __init__(self) -> None:
        self.asked: list[_Filed] = []
        self.exact: dict[Hashable, list[_Filed]] = {}
        self.folded: dict[str, list[_Filed]] = {}
        # By length, so that a value is cut once for each length there is.
        self.prefixes: dict[int, dict[str, list[_Filed]]] = {}
        self.suffixes: dict[int, dict[str, list[_Filed]]] = {}

    def file(self, filed: _Filed, kind: str, what: Any) -> None:
        if kind == EXACT:
            self.exact.setdefault(what, []).append(filed)
        elif kind == FOLDED:
            self.folded.setdefault(what, []).append(filed)
        else:
            by_length = self.prefixes if kind == PREFIX else self.suffixes
            by_length.setdefault(len(what), {}).setdefault(what, []).append(filed)

    def find(self, value: Any, found: list[list[_Filed]]) -> None:
        """The rules filed under a value."""
        exact = self.exact.get(key_of(value))
        if exact:
            found.append(exact)
        if not isinstance(value, str):
            return
        if self.folded:
            found.append(self.folded.get(value.lower(), []))
        size = len(value)
        for length, by_text in self.prefixes.items():
            if length <= size:
                found.append(by_text.get(value[:length], []))
        for length, by_text in self.suffixes.items():
            if length <= size:
                found.append(by_text.get(value[size - length :], []))


class _Rules:
    """The rules of one FilterPolicyScope."""

    __slots__ = ("_always", "_names", "ways")

    def __init__(self, rules: list[tuple[int, Rule]], *, on_body: bool) -> None:
        self._names: dict[str, _Name] = {}
        self._always: list[_Filed] = []
        for number, rule in rules:
            self._file(number, rule)
        self.ways = ways_to({name for _, rule in rules for name in rule}) if on_body else frozenset()

    def _file(self, number: int, rule: Rule) -> None:
        handle = min(rule, key=lambda name: _worth(rule[name]))
        worth = _worth(rule[handle])
        if worth > _BY_NAME:
            self._always.append(_Filed(number, rule, settled=False))
            return
        under = self._names.get(handle)
        if under is None:
            under = self._names[handle] = _Name()
        if worth == _BY_NAME:
            under.asked.append(_Filed(number, rule, settled=False))
            return
        filed = _Filed(number, rule, settled=len(rule) == 1)
        for kind, what in {test.found_by for test in rule[handle].tests if test.found_by is not None}:
            under.file(filed, kind, what)

    def find(self, leaves: Leaves, numbers: set[int]) -> None:
        """Add the numbers of the subscriptions that a message with these leaves goes to."""
        found = [self._always]
        names = self._names
        # Whichever are fewer.
        for name in leaves if len(leaves) <= len(names) else names:
            under = names.get(name)
            of_name = leaves.get(name)
            if under is None or of_name is None:
                continue
            found.append(under.asked)
            for value, _ in of_name:
                under.find(value, found)
        for group in found:
            for number, rule, settled in group:
                if number not in numbers and (settled or holds(rule, leaves)):
                    numbers.add(number)


_BY_NAME: Final = 2


def _worth(asked: Asked) -> int:
    """How well a name serves as handle, the best first."""
    if any(test.absent for test in asked.tests):
        return 3
    if all(test.found_by is not None for test in asked.tests):
        return 0 if all(test.found_by is not None and test.found_by[0] == EXACT for test in asked.tests) else 1
    return _BY_NAME


class Index:
    """Subscriptions as they stand; a change of any makes another index."""

    __slots__ = ("_of_attributes", "_of_body", "_others", "_subscriptions", "_unfiltered", "filtered", "size")

    def __init__(self, subscriptions: list[Subscription]) -> None:
        """`subscriptions` in their order, confirmed ones only."""
        self._subscriptions = subscriptions
        self.size = len(subscriptions)
        of_attributes: list[tuple[int, Rule]] = []
        of_body: list[tuple[int, Rule]] = []
        self._unfiltered: list[int] = []
        self._others: list[tuple[int, Filter]] = []
        for number, subscription in enumerate(subscriptions):
            policy = subscription.filter
            if policy is None:
                self._unfiltered.append(number)
            elif not isinstance(policy, FilterPolicy):
                self._others.append((number, policy))
            elif not policy.rules:
                self._unfiltered.append(number)
            else:
                (of_body if policy.on_body else of_attributes).extend((number, rule) for rule in policy.rules)
        self._of_attributes = _Rules(of_attributes, on_body=False) if of_attributes else None
        self._of_body = _Rules(of_body, on_body=True) if of_body else None
        self.filtered = [one for one in subscriptions if one.filter is not None]
        """Those with a filter policy."""

    def recipients(self, message: Message) -> list[Subscription]:
        """The subscriptions that get a message, in their order. Nobody changes the list."""
        if len(self._unfiltered) == len(self._subscriptions):
            return self._subscriptions
        numbers: set[int] = set()
        if self._of_attributes is not None:
            self._of_attributes.find(attribute_leaves(message.attributes), numbers)
        if self._of_body is not None:
            leaves = body_leaves(message, self._of_body.ways)
            if leaves is not None:
                self._of_body.find(leaves, numbers)
        numbers.update(number for number, policy in self._others if policy.accepts(message))
        numbers.update(self._unfiltered)
        subscriptions = self._subscriptions
        return [subscriptions[number] for number in sorted(numbers)]
