"""`[?(...)]`: which items a path takes. The operators are Jayway's, whose JSONPath AWS runs.

or     = and ("||" and)*
and    = not ("&&" not)*
not    = "!" not | "(" or ")" | test
test   = operand [operator operand]
operand = "@" steps | "$" steps | quoted | number | true | false | null | array | /regular expression/flags
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from statemachine.data import bounded_regex

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.data.path_syntax import Reader

    Filter = Callable[[Any, Any], bool]
    """Whether an item (first) passes; the second is the document, for `$`."""
    Operand = Callable[[Any, Any], Any]

MISSING: Any = object()
"""What a path that finds nothing means within a filter."""

_OPERATORS = re.compile(r"==|!=|<=|>=|=~|<|>|(?:in|nin|subsetof|anyof|noneof|size|empty|contains)\b", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORD = re.compile(r"(true|false|null)\b")
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_WORDS = {"true": True, "false": False, "null": None}


def parse_filter(reader: Reader) -> Filter:
    """A whole condition."""
    reader.depth += 1
    parts = [_and(reader)]
    while _take(reader, "||"):
        parts.append(_and(reader))
    reader.depth -= 1
    if len(parts) == 1:
        return parts[0]
    return lambda item, document: any(part(item, document) for part in parts)


def _and(reader: Reader) -> Filter:
    parts = [_not(reader)]
    while _take(reader, "&&"):
        parts.append(_not(reader))
    if len(parts) == 1:
        return parts[0]
    return lambda item, document: all(part(item, document) for part in parts)


def _not(reader: Reader) -> Filter:
    from statemachine.data.path_syntax import NESTING_MAX

    if reader.depth > NESTING_MAX:
        raise reader.fault("Nested too deeply")
    if not reader.text.startswith("!=", reader.at) and _take(reader, "!"):
        reader.depth += 1
        inner = _not(reader)
        reader.depth -= 1
        return lambda item, document: not inner(item, document)
    if _take(reader, "("):
        inner = parse_filter(reader)
        reader.expect(")")
        return inner
    return _test(reader)


def _test(reader: Reader) -> Filter:
    left = _operand(reader)
    reader.blanks()
    operator = _OPERATORS.match(reader.text, reader.at)
    if operator is None:
        return lambda item, document: left(item, document) is not MISSING
    if reader.reference and (operator[0].isalpha() or operator[0] == "=~"):
        raise reader.fault(f"'{operator[0]}' is not for Reference Paths")
    reader.at = operator.end()
    right = _operand(reader)
    compare = _COMPARE[operator[0].lower()]
    return lambda item, document: compare(left(item, document), right(item, document))


def _operand(reader: Reader) -> Operand:
    reader.blanks()
    text, at = reader.text, reader.at
    char = text[at : at + 1]
    if char in ("@", "$") and char:
        return _path(reader)
    if char in ("'", '"') and char:
        return _constant(reader.quoted())
    if word := _WORD.match(text, at):
        reader.at = word.end()
        return _constant(_WORDS[word[0]])
    if number := _NUMBER.match(text, at):
        reader.at = number.end()
        return _constant(json.loads(number[0]))
    if pattern := _PATTERN.match(text, at):
        reader.at = pattern.end()
        flags = pattern[2]
        try:
            return _constant(
                bounded_regex.compile_pattern(pattern[1], ignore_case="i" in flags, multiline="m" in flags)
            )
        except bounded_regex.BadPattern as e:
            raise reader.fault(f"Bad regular expression ({e})") from None
    if char == "[":
        return _constant(_array(reader))
    raise reader.fault("A value is missing in the filter")


def _array(reader: Reader) -> list[Any]:
    reader.expect("[")
    items: list[Any] = []
    reader.blanks()
    while not reader.text.startswith("]", reader.at):
        items.append(_operand(reader)(None, None))
        if not _take(reader, ","):
            break
        reader.blanks()
    reader.expect("]")
    return items


def _path(reader: Reader) -> Operand:
    from statemachine.data.path_eval import NothingFound, find

    syntax = reader.path(roots="@" if reader.reference else "@$")
    if reader.reference and not syntax.is_plain:
        raise reader.fault("Names and indexes only follow '@' in a Reference Path")
    at_item = syntax.root == "@"

    def look(item: Any, document: Any) -> Any:
        try:
            return find(syntax, item if at_item else document)
        except NothingFound:
            return MISSING

    return look


def _constant(value: Any) -> Operand:
    return lambda item, document: value


def _take(reader: Reader, what: str) -> bool:
    reader.blanks()
    if not reader.text.startswith(what, reader.at):
        return False
    reader.at += len(what)
    return True


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, but 1 is not true, at any depth."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    # Loops, not generators: values may be as deep as half of what Python's stack holds.
    if isinstance(left, list):
        if not isinstance(right, list) or len(left) != len(right):
            return False
        for one, other in zip(left, right, strict=True):  # noqa: SIM110
            if not same(one, other):
                return False
        return True
    if isinstance(left, dict):
        if not isinstance(right, dict) or left.keys() != right.keys():
            return False
        for key, one in left.items():  # noqa: SIM110
            if not same(one, right[key]):
                return False
        return True
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of two numbers or two texts; false for anything else."""

    def check(left: Any, right: Any) -> bool:
        if isinstance(left, bool) or isinstance(right, bool):
            return False
        if isinstance(left, int | float) and isinstance(right, int | float):
            return compare(left, right)
        return isinstance(left, str) and isinstance(right, str) and compare(left, right)

    return check


def _matches(left: Any, right: Any) -> bool:
    text, pattern = (right, left) if isinstance(left, bounded_regex.Pattern) else (left, right)
    return isinstance(pattern, bounded_regex.Pattern) and isinstance(text, str) and pattern.matches_whole(text)


def _is_in(left: Any, right: Any) -> bool:
    return isinstance(right, list) and any(same(left, item) for item in right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _is_in(right, left)


def _size(left: Any, right: Any) -> bool:
    return isinstance(left, str | list) and len(left) == right


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matches,
    "in": _is_in,
    "nin": lambda left, right: not _is_in(left, right),
    "subsetof": lambda left, right: isinstance(left, list) and all(_is_in(item, right) for item in left),
    "anyof": lambda left, right: isinstance(left, list) and any(_is_in(item, right) for item in left),
    "noneof": lambda left, right: isinstance(left, list) and not any(_is_in(item, right) for item in left),
    "size": _size,
    "empty": lambda left, right: isinstance(left, str | list) and (not left) is right,
    "contains": _contains,
}
