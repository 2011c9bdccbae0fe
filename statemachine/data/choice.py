"""Choice rules of JSONPath, compiled to conditions.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

from statemachine import errors
from statemachine.data.field_error import FieldError
from statemachine.data.path_eval import NothingFound
from statemachine.data.path_syntax import parse_reference
from statemachine.data.paths import Path
from statemachine.data.timestamps import parse_timestamp
from statemachine.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.data.scope import Condition, Scope

    Test = Callable[[Any, Any], bool]
    """Whether the variable's value (first) passes, given what it is compared with."""

DEPTH_MAX = 100


def _strings(compare: Callable[[Any, Any], bool]) -> Test:
    return lambda value, other: isinstance(value, str) and isinstance(other, str) and compare(value, other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(compare: Callable[[Any, Any], bool]) -> Test:
    return lambda value, other: _is_number(value) and _is_number(other) and compare(value, other)


def _timestamps(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: Any, other: Any) -> bool:
        first, second = parse_timestamp(value), parse_timestamp(other)
        return first is not None and second is not None and compare(first, second)

    return test


def _booleans(value: Any, other: Any) -> bool:
    return isinstance(value, bool) and value is other


_ORDERS: Final = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_KINDS: Final = {"String": _strings, "Numeric": _numbers, "Timestamp": _timestamps}
COMPARISONS: Final[dict[str, Test]] = {
    f"{kind}{order}": make(compare) for kind, make in _KINDS.items() for order, compare in _ORDERS.items()
} | {"BooleanEquals": _booleans}
"""Each exists with `Path` at its end, too; and `StringMatches`, which does not."""
TYPE_TESTS: Final[dict[str, Callable[[Any], bool]]] = {
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsTimestamp": lambda value: parse_timestamp(value) is not None,
}
OPERATORS: Final = frozenset(
    {*COMPARISONS, *(f"{name}Path" for name in COMPARISONS), *TYPE_TESTS, "IsPresent", "StringMatches"}
)
"""All that a rule can compare its Variable by."""


class Compare:
    """The Variable against a value."""

    __slots__ = ("_other", "_path", "_test", "variables")

    def __init__(self, path: Path, test: Test, other: Any) -> None:
        self._path = path
        self._test = test
        self._other = other
        self.variables = path.variables

    def holds(self, scope: Scope, root: Any) -> bool:
        """Whether it passes. Raises StateError (States.Runtime): there is no such Variable."""
        return self._test(_look(self._path, scope, root), self._other)


class ComparePath:
    """The Variable against another."""

    __slots__ = ("_other", "_path", "_test", "variables")

    def __init__(self, path: Path, test: Test, other: Path) -> None:
        self._path = path
        self._test = test
        self._other = other
        self.variables = path.variables | other.variables

    def holds(self, scope: Scope, root: Any) -> bool:
        """Whether it passes. Raises StateError (States.Runtime): one of them is missing."""
        return self._test(_look(self._path, scope, root), _look(self._other, scope, root))


class IsPresent:
    """Whether there is such a Variable: the one test that does not need it."""

    __slots__ = ("_path", "_wanted", "variables")

    def __init__(self, path: Path, wanted: bool) -> None:
        self._path = path
        self._wanted = wanted
        self.variables = path.variables

    def holds(self, scope: Scope, root: Any) -> bool:
        """Whether it is there, or is not, as wanted."""
        try:
            self._path.find(scope, root)
        except NothingFound:
            return not self._wanted
        return self._wanted


class Combined:
    """And, Or: as far as it must be looked."""

    __slots__ = ("_all", "_parts", "variables")

    def __init__(self, parts: list[Condition], *, every: bool) -> None:
        self._parts = tuple(parts)
        self._all = every
        self.variables: frozenset[str] = frozenset().union(*(getattr(p, "variables", ()) for p in parts))

    def holds(self, scope: Scope, root: Any) -> bool:
        """Whether all, or any, hold."""
        every = self._all
        for part in self._parts:
            if part.holds(scope, root) is not every:
                return not every
        return every


class Not:
    """Not."""

    __slots__ = ("_part", "variables")

    def __init__(self, part: Condition) -> None:
        self._part = part
        self.variables: frozenset[str] = getattr(part, "variables", frozenset())

    def holds(self, scope: Scope, root: Any) -> bool:
        """Whether the other does not."""
        return not self._part.holds(scope, root)


def _look(path: Path, scope: Scope, root: Any) -> Any:
    try:
        return path.find(scope, root)
    except NothingFound:
        raise StateError(
            errors.RUNTIME,
            f"Invalid path '{path.text}': The choice state's condition path references an invalid value.",
        ) from None


def matcher(pattern: str) -> Callable[[str], bool]:
    r"""StringMatches: `*` stands for any text, `\*` for a star and `\\` for a backslash.

    Raises:
        FieldError: a backslash before anything else.
    """
    parts = [""]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            parts.append("")
            continue
        if char == "\\":
            char = pattern[at : at + 1]
            if char not in ("*", "\\"):
                raise FieldError(f"Invalid escape sequence in '{pattern}'")
            at += 1
        parts[-1] += char
    if len(parts) == 1:
        whole = parts[0]
        return lambda text: text == whole
    head, tail = parts[0], parts[-1]
    middle = [part for part in parts[1:-1] if part]

    def matches(text: str) -> bool:
        if len(text) < len(head) + len(tail) or not text.startswith(head) or not text.endswith(tail):
            return False
        at, end = len(head), len(text) - len(tail)
        for part in middle:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return matches


def compile_condition(rule: Any, *, depth: int = 0) -> Condition:
    """A rule: And, Or, Not, or a Variable and one operator; without the fields that only the outermost has.

    Raises:
        FieldError: `at` points to the member that is wrong.
    """
    if depth > DEPTH_MAX:
        raise FieldError("Nested too deeply")
    if not isinstance(rule, dict):
        raise FieldError("Expected value of type Object")
    for name in ("And", "Or"):
        if name in rule:
            _only(rule, name)
            parts = rule[name]
            if not isinstance(parts, list) or not parts:
                raise FieldError("Expected a non-empty Array", f"/{name}")
            return Combined(
                [_below(part, f"/{name}/{i}", depth) for i, part in enumerate(parts)],
                every=name == "And",
            )
    if "Not" in rule:
        _only(rule, "Not")
        return Not(_below(rule["Not"], "/Not", depth))
    return _comparison(rule)


def _below(rule: Any, at: str, depth: int) -> Condition:
    try:
        return compile_condition(rule, depth=depth + 1)
    except FieldError as e:
        raise FieldError(e.message, at + e.at) from None


def _only(rule: dict[str, Any], *allowed: str) -> None:
    for field in rule:
        if field not in allowed and field != "Comment":
            raise FieldError(f"Field '{field}' is not supported")


def _comparison(rule: dict[str, Any]) -> Condition:
    found = [name for name in rule if name in OPERATORS]
    _only(rule, "Variable", *found)
    if len(found) != 1:
        raise FieldError("A choice rule must have exactly one comparison operator")
    name = found[0]
    path = _path(rule.get("Variable"), "Variable")
    expected = rule[name]
    at = f"/{name}"
    if name == "IsPresent":
        return IsPresent(path, _boolean(expected, at))
    if name in TYPE_TESTS:
        is_type = TYPE_TESTS[name]
        return Compare(path, lambda value, wanted: is_type(value) is wanted, _boolean(expected, at))
    if name == "StringMatches":
        if not isinstance(expected, str):
            raise FieldError("Expected value of type String", at)
        try:
            matches = matcher(expected)
        except FieldError as e:
            raise FieldError(e.message, at) from None
        return Compare(path, lambda value, other: isinstance(value, str) and matches(value), None)
    if name.endswith("Path"):
        return ComparePath(path, COMPARISONS[name[:-4]], _path(expected, name))
    _check_constant(name, expected, at)
    if name.startswith("Timestamp"):
        return _against_instant(path, name, expected)
    return Compare(path, COMPARISONS[name], expected)


def _against_instant(path: Path, name: str, expected: str) -> Condition:
    compare, instant = _ORDERS[name.removeprefix("Timestamp")], parse_timestamp(expected)

    def test(value: Any, other: Any) -> bool:
        found = parse_timestamp(value)
        return found is not None and bool(compare(found, other))

    return Compare(path, test, instant)


def _check_constant(name: str, expected: Any, at: str) -> None:
    if name == "BooleanEquals":
        _boolean(expected, at)
    elif name.startswith("Numeric"):
        if not _is_number(expected):
            raise FieldError("Expected value of type Number", at)
    elif not isinstance(expected, str):
        raise FieldError("Expected value of type String", at)
    elif name.startswith("Timestamp") and parse_timestamp(expected) is None:
        raise FieldError("Value is not a valid Timestamp", at)


def _boolean(value: Any, at: str) -> bool:
    if not isinstance(value, bool):
        raise FieldError("Expected value of type Boolean", at)
    return value


def _path(text: Any, name: str) -> Path:
    if not isinstance(text, str):
        raise FieldError("Expected value of type String", f"/{name}")
    try:
        syntax = parse_reference(text)
    except FieldError as e:
        raise FieldError(e.message, f"/{name}") from None
    return Path(text, syntax, "Variable")
