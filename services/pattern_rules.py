"""What an event pattern says of one value: literals, and the match expressions `{"prefix": ...}` and so on.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Accepts = Callable[[Any], bool]
    """Whether a leaf of an event is what a pattern asks for."""

_SAME_AFTER_WILDCARD_MAX: Final = 4
"""Wildcards that one and the same character may follow. EventBridge counts the states of its automaton instead."""


class PatternError(ValueError):
    """Not a pattern. `reason` is EventBridge's wording, without its note of the position."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ABSENT(value: Any) -> bool:  # noqa: N802 - a mark, compared by identity
    """`{"exists": false}`: no leaf of that name at all. Never asked."""
    return False


def read_values(given: list[Any]) -> list[Accepts]:
    """The values that a name's list takes; any of them will do. Raises PatternError."""
    if not given:
        raise PatternError("Empty arrays are not allowed")
    return [_read_value(value) for value in given]


def _read_value(given: Any) -> Accepts:
    if isinstance(given, dict):
        if not given:
            raise PatternError("Match expression name not found")
        kind, value = next(iter(given.items()))
        read = _EXPRESSIONS.get(kind)
        if read is None:
            raise PatternError(f"Unrecognized match type {kind}")
        accepts = read(value)
        if len(given) > 1:
            raise PatternError("Only one key allowed in match expression")
        return accepts
    if isinstance(given, list):
        raise PatternError("Match value must be String, number, true, false, or null")
    return _literal(given)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _literal(given: Any) -> Accepts:
    if given is None or isinstance(given, bool):
        return lambda value: value is given
    if _is_number(given):
        return lambda value: _is_number(value) and value == given
    return lambda value: isinstance(value, str) and value == given


# Text.


def _prefix(given: Any, kind: str = "prefix") -> Accepts:
    starts = str.startswith if kind == "prefix" else str.endswith
    if isinstance(given, dict) and list(given) == ["equals-ignore-case"]:
        if not isinstance(given["equals-ignore-case"], str):
            raise PatternError("equals-ignore-case match pattern must be a string")
        folded = given["equals-ignore-case"].lower()
        return lambda value: isinstance(value, str) and starts(value.lower(), folded)
    if not isinstance(given, str):
        raise PatternError(f"{kind} match pattern must be a string")
    return lambda value: isinstance(value, str) and starts(value, given)


def _suffix(given: Any) -> Accepts:
    return _prefix(given, "suffix")


def _equals_ignore_case(given: Any) -> Accepts:
    if not isinstance(given, str):
        raise PatternError("equals-ignore-case match pattern must be a string")
    folded = given.lower()
    return lambda value: isinstance(value, str) and value.lower() == folded


def _wildcard(given: Any) -> Accepts:
    """Literal parts in order, anything between them: no backtracking, whatever the value's length."""
    if not isinstance(given, str):
        raise PatternError("wildcard match pattern must be a string")
    first, *rest = _wildcard_parts(given)
    if not rest:
        return lambda value: value == first
    last = rest.pop()

    def accepts(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first):
            return False
        at = len(first)
        for part in rest:
            at = value.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return len(value) - len(last) >= at and value.endswith(last)

    return accepts


def _wildcard_parts(given: str) -> list[str]:
    """The literal parts between the wildcards; a backslash makes a star or a backslash literal."""
    parts = [""]
    followers: list[str] = []
    at = 0
    while at < len(given):
        letter = given[at]
        if letter == "*":
            if given[at + 1 : at + 2] == "*":
                # EventBridge counts the opening quote.
                raise PatternError(f"Consecutive wildcard characters at pos {at + 1}")
            followers.append(given[at + 1 : at + 2])
            parts.append("")
        elif letter == "\\":
            at += 1
            if given[at : at + 1] not in {"*", "\\"}:
                raise PatternError(f"Invalid escape character at pos {at}")
            parts[-1] += given[at]
        else:
            parts[-1] += letter
        at += 1
    if any(followers.count(letter) > _SAME_AFTER_WILDCARD_MAX for letter in set(followers)):
        raise PatternError(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
            "wildcard character"
        )
    return parts


# Everything else.


def _anything_but(given: Any) -> Accepts:
    """What is there, null included, and is none of these."""
    if isinstance(given, dict):
        return _anything_but_expression(given)
    values = given if isinstance(given, list) else [given]
    if not isinstance(given, (str, list)) and not _is_number(given):
        raise PatternError("Value of anything-but must be an array or single string/number value.")
    if not values:
        raise PatternError("Empty arrays are not allowed")
    if not all(isinstance(value, str) or _is_number(value) for value in values):
        raise PatternError("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(value, str) for value in values}) > 1:
        raise PatternError(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    refused = [_literal(value) for value in values]
    return lambda value: not any(refuses(value) for refuses in refused)


def _anything_but_expression(given: dict[str, Any]) -> Accepts:
    kind, value = next(iter(given.items()), ("", None))
    values = value if isinstance(value, list) else [value]
    if kind not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
        raise PatternError(f"Unsupported anything-but pattern: {kind}")
    if len(given) > 1:
        raise PatternError("Only one key allowed in match expression")
    if isinstance(value, dict):
        raise PatternError("Value of anything-but must be an array or single string/number value.")
    if not values:
        raise PatternError("Empty arrays are not allowed")
    for one in values:
        if not isinstance(one, str):
            raise PatternError(_NOT_TEXT[kind])
        if not one and kind in {"prefix", "suffix"}:
            raise PatternError("Null prefix/suffix not allowed")
    refused = [_EXPRESSIONS[kind](one) for one in values]
    return lambda value: not any(refuses(value) for refuses in refused)


_NOT_TEXT: Final = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "wildcard": "wildcard match pattern must be a string",
}


def _exists(given: Any) -> Accepts:
    if not isinstance(given, bool):
        raise PatternError("exists match pattern must be either true or false.")
    return (lambda value: True) if given else ABSENT


def _cidr(given: Any) -> Accepts:
    if not isinstance(given, str):
        # EventBridge's own words, prefix and all.
        raise PatternError("prefix match pattern must be a string")
    address, slash, bits = given.partition("/")
    if not slash or "/" in bits:
        raise PatternError("Malformed CIDR, one '/' required")
    if not (bits.isascii() and bits.isdigit()):
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise PatternError(f"Nonstandard IP address: {address}") from None
    try:
        network = ipaddress.ip_network(given, strict=False)
    except ValueError:
        raise PatternError("Malformed CIDR, mask bits must not be greater than the address has") from None

    def accepts(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return accepts


_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


def _numeric(given: Any) -> Accepts:
    """`["=", n]`, `[">", n]`, `[">", n, "<=", m]`: of numbers only, never of text that spells one."""
    if not isinstance(given, list):
        raise PatternError("Value of numeric must be an array.")
    operator = given[0] if given else None
    if not isinstance(operator, str):
        raise PatternError(f"Invalid member in numeric match: {operator if given else ']'}")
    if operator not in _COMPARISONS:
        raise PatternError(f"Unrecognized numeric range operator: {operator}")
    bounds = [(_COMPARISONS[operator], _bound(given, 1, "equals" if operator == "=" else operator))]
    if len(given) > 2:
        if operator not in {">", ">="}:
            raise PatternError("Too many elements in numeric expression")
        other = given[2]
        if not isinstance(other, str):
            raise PatternError(f"Bad value in numeric range: {other}")
        if other not in {"<", "<="}:
            raise PatternError(f"Bad numeric range operator: {other}")
        bounds.append((_COMPARISONS[other], _bound(given, 3, other)))
        if len(given) > 4:
            raise PatternError("Too many terms in numeric range expression")
        if bounds[0][1] >= bounds[1][1]:
            raise PatternError("Bottom must be less than top")
    return lambda value: _is_number(value) and all(compare(value, bound) for compare, bound in bounds)


def _bound(given: list[Any], at: int, operator: str) -> float:
    if len(given) <= at or not _is_number(given[at]):
        raise PatternError(f"Value of {operator} must be numeric")
    bound: float = given[at]
    return bound


_EXPRESSIONS: Final[dict[str, Callable[[Any], Accepts]]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
