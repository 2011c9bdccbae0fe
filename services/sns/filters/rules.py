"""What a filter policy says of one value.

https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html
https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.pattern_rules import ABSENT, read_values

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

_NUMBER_MAX: Final = 1_000_000_000
"""https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"""
_PRECISION: Final = 1_000_000
"""Digits after that are cut off before numbers are compared. Five are documented; the matcher keeps six."""

EXACT: Final = "exact"
PREFIX: Final = "prefix"
SUFFIX: Final = "suffix"
FOLDED: Final = "equals-ignore-case"


class Test(NamedTuple):
    """One value of a name's list; any of them will do."""

    accepts: Callable[[Any], bool]
    """Of a leaf's value. `ABSENT` asks that there be none."""
    found_by: tuple[str, Any] | None = None
    """How an index finds it: one of the kinds above and what to look up. None when it has to be asked."""

    @property
    def absent(self) -> bool:
        """`{"exists": false}`."""
        return self.accepts is ABSENT


def comparable(number: float) -> int | None:
    """A number as it is compared; None out of the range that can be."""
    if -_NUMBER_MAX <= number <= _NUMBER_MAX:
        # Cut off, not rounded, on the way from the lower bound: two numbers that differ only behind that are equal.
        return int(_PRECISION * (_NUMBER_MAX + number))
    return None


def key_of(value: Any) -> Hashable:
    """What stands for a leaf's value in an index of exact ones: equal for values that are equal to SNS."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return (value,)
    cut = comparable(value)
    return ("large", value) if cut is None else cut


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def literal(value: Any) -> Test:
    """A string, number, true, false or null."""
    key = key_of(value)
    if isinstance(value, str):
        return Test(lambda leaf: leaf == value, (EXACT, key))
    return Test(lambda leaf: key_of(leaf) == key, (EXACT, key))


def text_operator(kind: str, given: Any) -> Test:
    """`prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `cidr`: the same as in event patterns.

    Raises PatternError for an address or a wildcard that is none.
    """
    (accepts,) = read_values([{kind: given}])
    if kind in {PREFIX, SUFFIX} and isinstance(given, str):
        return Test(accepts, (kind, given))
    if kind == FOLDED:
        return Test(accepts, (FOLDED, given.lower()))
    return Test(accepts)


def exists(wanted: bool) -> Test:
    """`{"exists": ...}`."""
    return Test((lambda leaf: True) if wanted else ABSENT)


def anything_but(refused: Iterable[Test]) -> Test:
    """What is there and is none of these."""
    tests = [test.accepts for test in refused]
    return Test(lambda leaf: not any(test(leaf) for test in tests))


def equals(number: float) -> Test:
    """`{"numeric": ["=", number]}`."""
    return literal(number)


def between(low: int | None, high: int | None, *, open_low: bool, open_high: bool) -> Test:
    """Numbers in a range of comparable numbers; None leaves an end open. Never text that spells one."""
    at_least = -1 if low is None else low + open_low
    at_most = _PRECISION * 2 * _NUMBER_MAX if high is None else high - open_high

    def accepts(leaf: Any) -> bool:
        if not is_number(leaf):
            return False
        cut = comparable(leaf)
        return cut is not None and at_least <= cut <= at_most

    return Test(accepts)
