"""What there is in a message for a filter policy to look at: its leaves by name.

A leaf's name is its path joined by dots, so `{"a": {"b": 1}}` and `{"a.b": 1}` are the same. Leaves out of different
elements of one array do not go together: whoever asks for `a.x` and `a.y` asks for one element that has both. So each
leaf knows its *place*: which element of which array it stands in.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.sns.model import Message, MessageAttributes

Place = tuple[tuple[int, int], ...]
Leaves = dict[str, list[tuple[Any, Place]]]

NO_JSON: Final = object()
"""Instead of a parsed body: the body is no JSON object."""
_NOWHERE: Final[Place] = ()


def attribute_leaves(attributes: MessageAttributes) -> Leaves:
    """The leaves of message attributes. Binary ones are passed over.

    https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    """
    leaves: Leaves = {}
    for name, attribute in attributes.items():
        kind = attribute["DataType"]
        if kind.startswith("Binary"):
            continue
        text = attribute["StringValue"]
        if kind == "String":
            leaves[name] = [(text, _NOWHERE)]
        elif kind.endswith(".Array"):
            values = _array(text)
            if values:
                leaves[name] = [(value, _NOWHERE) for value in values]
        elif kind.startswith("Number"):
            leaves[name] = [(_number(text), _NOWHERE)]
        else:
            leaves[name] = [(text, _NOWHERE)]
    return leaves


def _array(text: str) -> list[Any]:
    """Elements, flat; text that is no array counts as one string."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    if not isinstance(given, list):
        return [text]
    leaves: Leaves = {}
    _Walk(("",), leaves).value("", given, _NOWHERE)
    return [value for value, _ in leaves.get("", ())]


def _number(text: str) -> Any:
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


def body_of(message: Message) -> Any:
    """The message's body as JSON, parsed once; `NO_JSON` when it is no JSON object."""
    body = message.parsed_body
    if body is None:
        try:
            body = json.loads(message.body)
        except (ValueError, RecursionError):
            body = NO_JSON
        if not isinstance(body, dict):
            body = NO_JSON
        message.parsed_body = body
    return body


def body_leaves(message: Message, on_the_way: Collection[str]) -> Leaves | None:
    """The leaves that `on_the_way` leads to; None when the body is no JSON object: then nothing passes."""
    body = body_of(message)
    if body is NO_JSON:
        return None
    leaves: Leaves = {}
    try:
        _Walk(on_the_way, leaves).value("", body, _NOWHERE)
    except RecursionError:
        # Nested beyond what anybody could have asked for.
        return None
    return leaves


def ways_to(names: Collection[str]) -> frozenset[str]:
    """Every name on the way to these names."""
    ways: set[str] = set()
    for name in names:
        parts = name.split(".")
        ways.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return frozenset(ways)


class _Walk:
    """Collects the leaves of one JSON value."""

    __slots__ = ("_arrays", "_leaves", "_on_the_way")

    def __init__(self, on_the_way: Collection[str], leaves: Leaves) -> None:
        self._on_the_way = on_the_way
        self._leaves = leaves
        self._arrays = 0

    def value(self, name: str, value: Any, place: Place) -> None:
        """The leaves below `name` that some rule may ask for."""
        if isinstance(value, dict):
            for key, below in value.items():
                path = f"{name}.{key}" if name else key
                if path in self._on_the_way:
                    self.value(path, below, place)
        elif isinstance(value, list):
            self._arrays += 1
            array = self._arrays
            for index, element in enumerate(value):
                self.value(name, element, (*place, (array, index)))
        else:
            self._leaves.setdefault(name, []).append((value, place))
