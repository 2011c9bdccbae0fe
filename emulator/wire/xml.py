"""Results as XML, compiled from the output shapes (the Query protocol's answers)."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from emulator.wire import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.wire.model import Member, Shape

    Write = Callable[[list[str], Any], None]
    """Appends a value's element (or, flattened, its elements) to the parts of a document."""

# A carriage return would be read back as a newline, so it is written as a reference; what XML 1.0 cannot hold at all
# becomes the replacement character, for a document nobody can parse helps nobody.
_UNSAFE = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}


def escape(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return _UNSAFE.sub(lambda found: _REFERENCES.get(found[0], "\ufffd"), text)


def _float(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


TEXTS: dict[str, Callable[[Any], str]] = {
    "string": escape,
    "character": escape,
    "boolean": lambda value: "true" if value else "false",
    "integer": lambda value: repr(int(value)),
    "long": lambda value: repr(int(value)),
    "float": _float,
    "double": _float,
    "blob": lambda value: b64encode(value if isinstance(value, bytes) else value.encode()).decode(),
}


def text_writer(member: Member, default_timestamp: str) -> Callable[[Any], str]:
    """The text of a scalar."""
    if member.shape.kind == "timestamp":
        return timestamps.writer(member.timestamp_format or default_timestamp)
    return TEXTS[member.shape.kind]


def element_name(member: Member) -> str:
    """The name of a member's element. A flattened list's elements are named by the element's own trait first."""
    if member.flattened and member.shape.element is not None and member.shape.element.wire:
        return member.shape.element.wire
    return member.wire or member.name


class XmlWriters:
    """Compiles writers, each shape once (shapes may contain themselves)."""

    def __init__(self) -> None:
        self._structures: dict[str, Callable[[list[str], dict[str, Any]], None]] = {}

    def content(self, shape: Shape) -> Callable[[list[str], dict[str, Any]], None]:
        """Writes a structure's members, without an element around them."""
        found = self._structures.get(shape.name)
        if found is not None:
            return found
        table: list[tuple[str, Write]] = []

        def write(parts: list[str], value: dict[str, Any]) -> None:
            for name, write_member in table:
                item = value.get(name)
                if item is not None:
                    write_member(parts, item)

        self._structures[shape.name] = write
        table.extend(
            (member.name, self.element(member, element_name(member)))
            for member in shape.members.values()
            if not member.xml_attribute and member.location is None
        )
        return write

    def element(self, member: Member, name: str) -> Write:
        """Writes a member's element."""
        kind = member.shape.kind
        if kind == "structure":
            return self._structure(member, name)
        if kind == "list":
            return self._list(member, name)
        if kind == "map":
            return self._map(member, name)
        opening, closing = f"<{name}{member.xml_namespace}>", f"</{name}>"
        text = text_writer(member, "iso8601")

        def write(parts: list[str], value: Any) -> None:
            parts.append(f"{opening}{text(value)}{closing}")

        return write

    def _structure(self, member: Member, name: str) -> Write:
        content = self.content(member.shape)
        opening, closing = f"<{name}{member.xml_namespace}", f"</{name}>"
        attributes = [
            (inner.name, inner.wire or inner.name, text_writer(inner, "iso8601"))
            for inner in member.shape.members.values()
            if inner.xml_attribute
        ]

        def write(parts: list[str], value: Any) -> None:
            parts.append(opening)
            for inner, attribute, text in attributes:
                if value.get(inner) is not None:
                    parts.append(f' {attribute}="{text(value[inner])}"')
            parts.append(">")
            content(parts, value)
            parts.append(closing)

        return write

    def _list(self, member: Member, name: str) -> Write:
        element = member.shape.element
        if element is None:
            raise TypeError(member.shape.name)
        opening, closing = f"<{name}{member.xml_namespace}>", f"</{name}>"
        flattened = member.flattened
        write_item = self.element(element, name if flattened else element.wire or "member")

        def write(parts: list[str], value: Any) -> None:
            if not flattened:
                parts.append(opening)
            for item in value:
                write_item(parts, item)
            if not flattened:
                parts.append(closing)

        return write

    def _map(self, member: Member, name: str) -> Write:
        key, value_of = member.shape.key, member.shape.value
        if key is None or value_of is None:
            raise TypeError(member.shape.name)
        outer = "" if member.flattened else f"<{name}{member.xml_namespace}>", "" if member.flattened else f"</{name}>"
        entry = name if member.flattened else "entry"
        write_key = self.element(key, key.wire or "key")
        write_value = self.element(value_of, value_of.wire or "value")

        def write(parts: list[str], value: Any) -> None:
            parts.append(outer[0])
            for name_of, item in value.items():
                parts.append(f"<{entry}>")
                write_key(parts, name_of)
                write_value(parts, item)
                parts.append(f"</{entry}>")
            parts.append(outer[1])

        return write
