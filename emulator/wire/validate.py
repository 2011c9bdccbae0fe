"""The model's constraints, checked and worded as AWS's framework does.

"1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater
than or equal to 1". All violations are collected, as many as there are, in the model's order.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from emulator.wire.refusals import ValidationFailure, ValidationFailureOfQuery

if TYPE_CHECKING:
    from emulator.wire.model import Operation, Shape

Check = Callable[[dict[str, Any]], None]
"""Raises a ServiceError when parameters do not meet the model; may complete them."""

Violation = tuple[str, str, str]
"""The value as AWS shows it, where it is, and the constraint."""

Inspect = Callable[[Any, str], Iterable[Violation]]


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_shown(item)}" for name, item in value.items()) + "}"
    return str(value)


def _shown_as(shape: Shape, value: Any) -> str:
    """A list as AWS shows it: of structures, each by its shape's name."""
    if shape.kind == "list" and shape.element is not None:
        return f"[{', '.join(_shown_as(shape.element.shape, item) for item in value)}]"
    if shape.kind == "structure":
        inner = (
            f"{_lower_first(name)}={'null' if value.get(name) is None else _shown_as(member.shape, value[name])}"
            for name, member in shape.members.items()
        )
        return f"{shape.name}({', '.join(inner)})"
    return _shown(value)


def _quoted(value: Any) -> str:
    return f"'{_shown(value)}'"


def _number(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else str(bound)


class _Pattern:
    """A model's regular expression, compiled when first needed: there are hundreds and few are ever asked."""

    __slots__ = ("_compiled", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._compiled: re.Pattern[str] | None = None

    def allows(self, value: str) -> bool:
        """Whether the whole value matches."""
        if self._compiled is None:
            # The models' patterns are Java's. What Python cannot compile, or would read otherwise (nested sets), is
            # not checked rather than checked wrongly.
            with warnings.catch_warnings():
                warnings.simplefilter("error", FutureWarning)
                try:
                    self._compiled = re.compile(self._text.replace(r"\p{IsAlphabetic}", r"[^\W\d_]"))
                except (re.error, FutureWarning):
                    self._compiled = re.compile(".*", re.DOTALL)
        return self._compiled.fullmatch(value) is not None


class Constraints:
    """Compiles inspections, each shape once (shapes may contain themselves)."""

    def __init__(self, texts: Mapping[str, str] = MappingProxyType({})) -> None:
        self._made: dict[str, Inspect | None] = {}
        self._texts = texts
        """By a member's name as AWS shows it: what AWS says of any violation in it, where that is not what the model
        says. An empty text: the service looks at it itself."""

    def shape(self, shape: Shape) -> Inspect | None:
        """The inspection of a shape, or None when nothing constrains it."""
        if shape.name not in self._made:
            made: list[Inspect | None] = []

            def stand_in(value: Any, at: str) -> Iterable[Violation]:
                return made[0](value, at) if made[0] is not None else ()

            self._made[shape.name] = stand_in
            compiled = {"structure": self._structure, "list": self._list, "map": self._map}.get(
                shape.kind, self._scalar
            )(shape)
            made.append(compiled)
            self._made[shape.name] = compiled
        return self._made[shape.name]

    def _structure(self, shape: Shape) -> Inspect | None:
        inner = [
            (name, _lower_first(name), name in shape.required, self._member(_lower_first(name), member.shape))
            for name, member in shape.members.items()
        ]
        inner = [entry for entry in inner if entry[2] or entry[3] is not None]
        # AWS's order is nobody's; where it was seen, these come first.
        inner.sort(key=lambda entry: entry[1] not in self._texts)
        if not inner:
            return None

        def inspect(value: Any, at: str) -> Iterable[Violation]:
            for name, shown, required, inspect_member in inner:
                item = value.get(name)
                if item is None:
                    if required:
                        yield "null", at + shown, "Member must not be null"
                elif inspect_member is not None:
                    yield from inspect_member(item, at + shown)

        return lambda value, at: inspect(value, f"{at}." if at else "")

    def _member(self, shown: str, shape: Shape) -> Inspect | None:
        """The inspection of a structure's member, in the words that `texts` has for it."""
        text, inspect = self._texts.get(shown), self.shape(shape)
        if text is None or inspect is None:
            return inspect
        if not text:
            return None
        found: Inspect = inspect

        def inspect_worded(value: Any, at: str) -> Iterable[Violation]:
            if any(True for _ in found(value, at)):
                yield _quoted(value), at, text

        return inspect_worded

    def _list(self, shape: Shape) -> Inspect | None:
        own = self._size(shape)
        element = None if shape.element is None else self.shape(shape.element.shape)
        if own is None and element is None:
            return None
        if shape.element is not None and _is_simple(shape.element.shape):
            # Of simple elements AWS shows the list, with everything that one of them must meet.
            never_null = shape.element.shape.minimum != 0
            return _whole(own, element, "Member", _demands(shape.element.shape, never_null=never_null), list)

        def inspect(value: Any, at: str) -> Iterable[Violation]:
            if own is not None:
                yield from own(value, at)
            if element is not None:
                for number, item in enumerate(value, 1):
                    yield from element(item, f"{at}.{number}.member")

        return inspect

    def _map(self, shape: Shape) -> Inspect | None:
        own = self._size(shape)
        if shape.key is not None and (keys := self.shape(shape.key.shape)) is not None:
            own = _whole(own, keys, "Map keys", _demands(shape.key.shape, never_null=False), list)
        entry = None if shape.value is None else self.shape(shape.value.shape)
        if own is None and entry is None:
            return None
        if shape.value is not None and _is_simple(shape.value.shape):
            return _whole(own, entry, "Map value", _demands(shape.value.shape, never_null=True), dict.values)

        def inspect(value: Any, at: str) -> Iterable[Violation]:
            if own is not None:
                yield from own(value, at)
            if entry is not None:
                for name, item in value.items():
                    yield from entry(item, f"{at}.{name}.member")

        return inspect

    def _size(self, shape: Shape) -> Inspect | None:
        low, high = shape.minimum, shape.maximum
        if low is None and high is None:
            return None

        of_structures = shape.element is not None and shape.element.shape.kind == "structure"

        def quoted(value: Any) -> str:
            return f"'{_shown_as(shape, value)}'" if of_structures else _quoted(value)

        def inspect(value: Any, at: str) -> Iterable[Violation]:
            if low is not None and len(value) < low:
                yield quoted(value), at, f"Member must have length greater than or equal to {_number(low)}"
            if high is not None and len(value) > high:
                yield quoted(value), at, f"Member must have length less than or equal to {_number(high)}"

        return inspect

    def _scalar(self, shape: Shape) -> Inspect | None:
        if shape.kind in ("integer", "long", "float", "double"):
            return self._range(shape)
        if shape.kind not in ("string", "blob"):
            return None
        size = self._size(shape)
        pattern = _Pattern(shape.pattern) if shape.pattern else None
        allowed, shown = frozenset(shape.enum), f"[{', '.join(shape.enum)}]"
        if size is None and pattern is None and not allowed:
            return None

        def inspect(value: Any, at: str) -> Iterable[Violation]:
            if size is not None:
                yield from size(value, at)
            if pattern is not None and not pattern.allows(value):
                yield _quoted(value), at, f"Member must satisfy regular expression pattern: {shape.pattern}"
            if allowed and value not in allowed:
                yield _quoted(value), at, f"Member must satisfy enum value set: {shown}"

        return inspect

    def _range(self, shape: Shape) -> Inspect | None:
        low, high = shape.minimum, shape.maximum
        if low is None and high is None:
            return None

        def inspect(value: Any, at: str) -> Iterable[Violation]:
            if low is not None and value < low:
                yield _quoted(value), at, f"Member must have value greater than or equal to {_number(low)}"
            if high is not None and value > high:
                yield _quoted(value), at, f"Member must have value less than or equal to {_number(high)}"

        return inspect


def _is_simple(shape: Shape) -> bool:
    return shape.kind not in ("structure", "list", "map")


def _demands(shape: Shape, *, never_null: bool) -> str:
    """All that a simple shape demands, in AWS's order."""
    told: list[str] = []
    unit = "length" if shape.kind in ("string", "blob") else "value"
    number = str if shape.kind in ("float", "double") else _number
    if shape.maximum is not None:
        told.append(f"Member must have {unit} less than or equal to {number(shape.maximum)}")
    if shape.minimum is not None:
        told.append(f"Member must have {unit} greater than or equal to {number(shape.minimum)}")
    if shape.pattern:
        told.append(f"Member must satisfy regular expression pattern: {shape.pattern}")
    if shape.enum:
        told.append(f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    if never_null:
        told.append("Member must not be null")
    return ", ".join(told)


def _whole(
    own: Inspect | None, inner: Inspect | None, what: str, demands: str, parts: Callable[[Any], Iterable[Any]]
) -> Inspect | None:
    """An inspection of a list, or of a map's keys or values, that shows it whole."""
    if inner is None:
        return own
    each: Inspect = inner
    text = f"{what} must satisfy constraint: [{demands}]"

    def inspect(value: Any, at: str) -> Iterable[Violation]:
        if own is not None:
            yield from own(value, at)
        if any(True for part in parts(value) for _ in each(part, at)):
            yield _quoted(value), at, text

    return inspect


def message(violations: list[Violation]) -> str:
    """All violations in one sentence."""
    told = "; ".join(
        f"Value {value} at '{at}' failed to satisfy constraint: {constraint}" for value, at, constraint in violations
    )
    return f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: {told}"


def constraints(
    refusal: type[ValidationFailure], texts: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Operation], Check | None]:
    """Compiles checks that refuse with `refusal`, in the model's words but for the members in `texts`."""

    def compile_check(operation: Operation) -> Check | None:
        if operation.input is None:
            return None
        inspect = Constraints(texts).shape(operation.input)
        if inspect is None:
            return None

        def check(params: dict[str, Any]) -> None:
            violations = list(inspect(params, ""))
            if violations:
                raise refusal(message(violations))

        return check

    return compile_check


in_json = constraints(ValidationFailure)
in_query = constraints(ValidationFailureOfQuery)
