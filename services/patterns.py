"""Event patterns: the filter language of EventBridge, Pipes and Lambda's event source mappings.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html

Theory of operation. A pattern is compiled once; an event is matched without looking at the pattern's text again. Both
are flattened: a leaf's *name* is its path joined by dots, so that `{"a": {"b": [1]}}` and `{"a.b": [1]}` are the same.
A `$or` multiplies the pattern into several *rules*; a rule maps names to the values that it takes, and all its names
have to find a leaf. Leaves out of different elements of one array do not go together: whoever asks for `a.x` and `a.y`
asks for one element that has both.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.pattern_rules import ABSENT, PatternError, read_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.pattern_rules import Accepts

__all__ = ["Pattern", "PatternError", "compile_pattern", "pattern_of"]

_RULES_MAX: Final = 1_000
"""Combinations that `$or` may multiply to. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"""
_OPERATORS: Final = frozenset({
    "anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard",
})  # fmt: skip

Rule = dict[str, "list[Accepts]"]
Place = tuple[tuple[int, int], ...]
"""Where in arrays a leaf stands: which element of which array."""


class _Leaf(NamedTuple):
    value: Any
    place: Place


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_on_the_way", "_rules", "given")

    def __init__(self, given: Mapping[str, Any], rules: list[Rule]) -> None:
        self.given = given
        """The pattern as parsed from JSON."""
        self._rules = rules
        ways: set[str] = set()
        for rule in rules:
            for name in rule:
                parts = name.split(".")
                ways.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
        self._on_the_way = frozenset(ways)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event, as parsed from JSON, is one that the pattern asks for."""
        leaves: dict[str, list[_Leaf]] = {}
        for name, leaf in _Walk(self._on_the_way).leaves("", event, ()):
            leaves.setdefault(name, []).append(leaf)
        return any(_agree(list(rule.items()), leaves, {}) for rule in self._rules)


def compile_pattern(text: str) -> Pattern:
    """The pattern that a JSON text spells.

    Raises:
        PatternError: it is no JSON, or no pattern; `reason` is EventBridge's own wording.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PatternError(f"Unexpected input: {error}") from None
    return pattern_of(given)


def pattern_of(given: Any) -> Pattern:
    """The pattern of a JSON value; raises as `compile_pattern`."""
    if not isinstance(given, dict):
        raise PatternError("Filter is not an object")
    return Pattern(given, _read_object("", given))


# Reading.


def _read_object(path: str, given: Mapping[str, Any]) -> list[Rule]:
    if not given:
        raise PatternError("Empty objects are not allowed")
    rules: list[Rule] = [{}]
    for key, value in given.items():
        if key == "$or" and _is_alternative(value):
            more = [rule for choice in value for rule in _read_object(path, choice)]
        else:
            name = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                more = _read_object(name, value)
            elif isinstance(value, list):
                more = [{name: read_values(value)}]
            else:
                raise PatternError(f'"{key}" must be an object or an array')
        if len(rules) * len(more) > _RULES_MAX:
            raise PatternError("Rule is too complex - try using fewer $or conditions")
        rules = [_both(one, other) for one in rules for other in more]
    return rules


def _is_alternative(value: Any) -> bool:
    """Whether `$or` is the relation, not a field of that name: two objects or more, none of them a match expression."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(choice, dict) and choice and not _OPERATORS.issuperset(choice) for choice in value)
    )


def _both(one: Rule, other: Rule) -> Rule:
    return {**one, **other}


# Matching.


class _Walk:
    """Finds the leaves of one event."""

    __slots__ = ("_arrays", "_on_the_way")

    def __init__(self, on_the_way: frozenset[str]) -> None:
        self._on_the_way = on_the_way
        self._arrays = 0

    def leaves(self, name: str, value: Any, place: Place) -> Iterator[tuple[str, _Leaf]]:
        """The leaves below `name` that some rule may ask for."""
        if isinstance(value, dict):
            for key, below in value.items():
                path = f"{name}.{key}" if name else key
                if path in self._on_the_way:
                    yield from self.leaves(path, below, place)
        elif isinstance(value, list):
            self._arrays += 1
            array = self._arrays
            for index, element in enumerate(value):
                yield from self.leaves(name, element, (*place, (array, index)))
        else:
            yield name, _Leaf(value, place)


def _agree(asked: list[tuple[str, list[Accepts]]], leaves: Mapping[str, list[_Leaf]], taken: dict[int, int]) -> bool:
    """Whether each name finds a leaf, all of them in the same elements of arrays. `taken`: the element by array."""
    if not asked:
        return True
    (name, values), rest = asked[0], asked[1:]
    found = leaves.get(name, ())
    if not found:
        return ABSENT in values and _agree(rest, leaves, taken)
    for value, place in found:
        if all(taken.get(array, index) == index for array, index in place) and any(
            accepts is not ABSENT and accepts(value) for accepts in values
        ):
            # Where a leaf stands in no array, or what it adds is known, one success settles the name.
            if _agree(rest, leaves, {**taken, **dict(place)} if place else taken):
                return True
            if not place:
                return False
    return False
