"""Payload templates: JSON in which a member `name.$` holds a path or a function call, and its value becomes `name`.

https://states-language.net/#payload-template
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine.data.constant import Constant
from statemachine.data.field_error import FieldError
from statemachine.data.intrinsics import compile_path_or_intrinsic

if TYPE_CHECKING:
    from statemachine.data.scope import Scope, Value

DEPTH_MAX = 200


class ObjectTemplate:
    """Makes an object."""

    __slots__ = ("_members", "variables")

    def __init__(self, members: dict[str, Value]) -> None:
        self._members = tuple(members.items())
        self.variables: frozenset[str] = frozenset().union(*(getattr(m, "variables", ()) for m in members.values()))

    def evaluate(self, scope: Scope, root: Any) -> dict[str, Any]:
        """A new object."""
        return {name: member.evaluate(scope, root) for name, member in self._members}


class ArrayTemplate:
    """Makes an array."""

    __slots__ = ("_items", "variables")

    def __init__(self, items: list[Value]) -> None:
        self._items = tuple(items)
        self.variables: frozenset[str] = frozenset().union(*(getattr(i, "variables", ()) for i in items))

    def evaluate(self, scope: Scope, root: Any) -> list[Any]:
        """A new array."""
        return [item.evaluate(scope, root) for item in self._items]


def compile_template(template: Any, field: str = "") -> Value:
    """Anything, with `.$` members anywhere below. Parts without any are kept as they are, and shared.

    Raises:
        FieldError: `at` points to the member that is wrong.
    """
    return _compile(template, "", 0)


def _compile(template: Any, at: str, depth: int) -> Value:
    if depth > DEPTH_MAX:
        raise FieldError("Nested too deeply", at)
    if isinstance(template, list):
        items = [_compile(item, f"{at}/{i}", depth + 1) for i, item in enumerate(template)]
        return Constant(template) if all(isinstance(item, Constant) for item in items) else ArrayTemplate(items)
    if not isinstance(template, dict):
        return Constant(template)
    members: dict[str, Value] = {}
    for key, item in template.items():
        where = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        name = key
        if key.endswith(".$"):
            name = key[:-2]
            value = _member(key, item, where)
        else:
            value = _compile(item, where, depth + 1)
        if name in members:
            raise FieldError(f"The field '{key}' defines '{name}' twice", where)
        members[name] = value
    if all(isinstance(member, Constant) for member in members.values()):
        return Constant(template)
    return ObjectTemplate(members)


def _member(key: str, text: Any, at: str) -> Value:
    if isinstance(text, str):
        try:
            return compile_path_or_intrinsic(text, key)
        except FieldError:
            pass
    raise FieldError(f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call", at)
