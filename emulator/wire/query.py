"""The Query protocol: a form in, an XML document out. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from emulator.wire import timestamps
from emulator.wire.exchange import Reply
from emulator.wire.form import fields
from emulator.wire.json import NAMES, NOT_NUMBERS, encode_bytes
from emulator.wire.refusals import MalformedInput, MissingParameter
from emulator.wire.xml import XmlWriters, element_name

if TYPE_CHECKING:
    from emulator.wire.exchange import Exchange
    from emulator.wire.model import Member, Operation, ServiceModel, Shape
    from emulator.wire.validate import Check

Node = dict[Any, Any]
"""A form as a tree: `A.1.Name=x` is {"A": {"1": {"Name": {None: "x"}}}}."""

Read = Callable[[Node], Any]

DEEPEST = 40
"""Deeper than any model; what a request nests further is one odd name, not a deep tree."""


def tree(given: dict[str, str]) -> Node:
    """The form's fields by the parts of their names."""
    root: Node = {}
    for name, value in given.items():
        node = root
        for part in name.split(".", DEEPEST):
            below = node.get(part)
            if below is None:
                below = node[part] = {}
            node = below
        node[None] = value
    return root


def _wrong_type(kind: str) -> MalformedInput:
    return MalformedInput(f"STRING_VALUE can not be converted to {NAMES[kind]}")


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError(text)
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if text in NOT_NUMBERS:
        return NOT_NUMBERS[text]
    if len(text) > 64 or not text.isascii() or "_" in text or text.lower().strip("+-") in ("nan", "inf", "infinity"):
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    raise ValueError(text)


CONVERSIONS: dict[str, Callable[[str], Any]] = {
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": lambda text: b64decode(text, validate=True),
    "timestamp": timestamps.parse,
}


def _scalar(kind: str) -> Read:
    convert = CONVERSIONS.get(kind)

    def read(node: Node) -> Any:
        text = node.get(None)
        if text is None:
            listed = all(isinstance(part, str) and part.isdigit() for part in node)
            raise MalformedInput(
                "Start of list found where not expected"
                if listed
                else "Start of structure or map found where not expected."
            )
        if convert is None:
            return text
        try:
            return convert(text)
        except ValueError:
            raise _wrong_type(kind) from None

    return read


SCALARS = {kind: _scalar(kind) for kind in NAMES}


def _numbered(node: Node) -> list[Node]:
    """The children `1`, `2`, ... in order of number; gaps do not matter, other names are ignored."""
    found = [
        (int(part), child)
        for part, child in node.items()
        if part is not None and len(part) < 10 and part.isascii() and part.isdigit()
    ]
    found.sort(key=lambda entry: entry[0])
    return [child for _, child in found]


def field_name(member: Member) -> str:
    """The first part of a member's fields: the reference's own name wins, then that of a flattened list's elements."""
    return member.wire or element_name(member)


class QueryReaders:
    """Compiles readers, each shape once (shapes may contain themselves)."""

    def __init__(self) -> None:
        self._structures: dict[str, Read] = {}

    def structure(self, shape: Shape) -> Read:
        """The reader of a structure from the node that holds its members."""
        found = self._structures.get(shape.name)
        if found is not None:
            return found
        table: list[tuple[str, str, Read]] = []

        def read(node: Node) -> dict[str, Any]:
            value = {}
            for wire, name, read_member in table:
                child = node.get(wire)
                if child is not None:
                    value[name] = read_member(child)
            return value

        self._structures[shape.name] = read
        table.extend((field_name(member), member.name, self.member(member)) for member in shape.members.values())
        return read

    def member(self, member: Member) -> Read:
        """The reader of a member from its node."""
        kind = member.shape.kind
        if kind == "structure":
            return self.structure(member.shape)
        if kind == "list":
            return self._list(member)
        if kind == "map":
            return self._map(member)
        return SCALARS[kind]

    def _list(self, member: Member) -> Read:
        element = member.shape.element
        if element is None:
            raise TypeError(member.shape.name)
        read_item = self.member(element)
        inside = None if member.flattened else element.wire or "member"
        scalar = element.shape.kind in SCALARS

        def read(node: Node) -> list[Any]:
            given = node if inside is None else node.get(inside, {})
            items = [read_item(child) for child in _numbered(given)]
            # AWS's own examples leave the number out of a list of one (`TagKey=a`); an empty value is the empty list.
            if not items and scalar and given.get(None):
                items = [read_item(given)]
            return items

        return read

    def _map(self, member: Member) -> Read:
        key, value_of = member.shape.key, member.shape.value
        if key is None or value_of is None:
            raise TypeError(member.shape.name)
        key_name, value_name = key.wire or "key", value_of.wire or "value"
        read_key, read_value = self.member(key), self.member(value_of)
        inside = None if member.flattened else "entry"
        wire = field_name(member)
        optional = value_of.shape.kind not in SCALARS

        def read(node: Node) -> dict[str, Any]:
            given = node if inside is None else node.get(inside, {})
            entries = _numbered(given)
            # As with lists: `Tag.Key=a&Tag.Value=b` stands in AWS's own examples.
            if not entries and (key_name in given or value_name in given):
                entries = [given]
            found = {}
            for entry in entries:
                if key_name not in entry:
                    raise MissingParameter(f"{wire}.{key_name}")
                if value_name not in entry and not optional:
                    raise MissingParameter(f"{wire}.{value_name}")
                found[read_key(entry[key_name])] = read_value(entry.get(value_name, {}))
            return found

        return read


def parser(operation: Operation, check: Check | None) -> Callable[[Exchange], dict[str, Any]]:
    """Compiles the reading of a request."""
    if operation.input is None:
        return lambda exchange: {}
    read = QueryReaders().structure(operation.input)

    def parse(exchange: Exchange) -> dict[str, Any]:
        try:
            params: dict[str, Any] = read(tree(fields(exchange)))
        except RecursionError:
            raise MalformedInput from None
        if check is not None:
            check(params)
        return params

    return parse


def serializer(model: ServiceModel, operation: Operation) -> Callable[[dict[str, Any], str], Reply]:
    """Compiles the writing of a result as XML."""
    namespace = f' xmlns="{model.xml_namespace}"' if model.xml_namespace else ""
    opening = f'<?xml version="1.0"?><{operation.name}Response{namespace}>'
    closing = f"</RequestId></ResponseMetadata></{operation.name}Response>"
    wrapper = operation.wrapper or (f"{operation.name}Result" if operation.output is not None else None)
    content = None if operation.output is None else XmlWriters().content(operation.output)
    head = b"content-type: text/xml\r\nx-amzn-requestid: "
    status = operation.status

    def serialize(result: dict[str, Any], request_id: str) -> Reply:
        parts = [opening]
        if content is not None:
            inner: list[str] = []
            content(inner, result)
            parts += [f"<{wrapper}>", *inner, f"</{wrapper}>"] if inner else [f"<{wrapper}/>"]
        parts += ["<ResponseMetadata><RequestId>", request_id, closing]
        return Reply(status, head + request_id.encode() + b"\r\n", "".join(parts).encode())

    return serialize


def json_serializer(model: ServiceModel, operation: Operation) -> Callable[[dict[str, Any], str], Reply]:
    """Compiles the writing of a result for `Accept: application/json`: the XML's tree as JSON.

    As API Gateway integrations see it: maps are lists of their entries, every member is there, absent ones as null.
    """
    write = None if operation.output is None else _plain_structure(operation.output, {})
    head = b"content-type: application/json\r\nx-amzn-requestid: "

    def serialize(result: dict[str, Any], request_id: str) -> Reply:
        said: dict[str, Any] = {}
        if write is not None:
            said[operation.wrapper or f"{operation.name}Result"] = write(result)
        said["ResponseMetadata"] = {"RequestId": request_id}
        body = orjson.dumps({f"{operation.name}Response": said}, default=encode_bytes)
        return Reply(operation.status, head + request_id.encode() + b"\r\n", body)

    return serialize


PLAIN_NAMES = {"Messages": "messages"}
"""Members that this form spells otherwise."""


def _plain_structure(shape: Shape, made: dict[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    if shape.name in made:
        return made[shape.name]
    table: list[tuple[str, str, Callable[[Any], Any]]] = []

    def write(value: Any) -> Any:
        return {wire: None if value.get(name) is None else convert(value[name]) for name, wire, convert in table}

    made[shape.name] = write
    table.extend(
        (member.name, PLAIN_NAMES.get(member.name, member.name), _plain(member, made))
        for member in shape.members.values()
    )
    return write


def _plain(member: Member, made: dict[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    shape = member.shape
    if shape.kind == "structure":
        return _plain_structure(shape, made)
    if shape.kind == "list" and shape.element is not None:
        item = _plain(shape.element, made)
        return lambda value: [item(entry) for entry in value]
    if shape.kind == "map" and shape.key is not None and shape.value is not None:
        key_name, value_name = shape.key.wire or "key", shape.value.wire or "value"
        convert = _plain(shape.value, made)
        return lambda value: [{key_name: key, value_name: convert(entry)} for key, entry in value.items()]
    return lambda value: value
