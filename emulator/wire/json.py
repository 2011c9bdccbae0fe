"""AWS JSON 1.0 and 1.1, and the JSON bodies of rest-json.

Each shape becomes one closure, made once at start. Reading works in place: a body that already has the right types is
handed on as orjson parsed it. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html

A value of the wrong type is refused with the texts of AWS's framework (Coral). They were seen on real services:
"STRING_VALUE can not be converted to an Integer", "Start of list found where not expected", "Expected list or null",
"Expected null" and "Start of structure or map found where not expected." (the last alone has a full stop).
"""

from __future__ import annotations

import math
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from emulator.wire import timestamps
from emulator.wire.exchange import Reply
from emulator.wire.refusals import SerializationError

if TYPE_CHECKING:
    from emulator.wire.exchange import Exchange
    from emulator.wire.model import Member, Operation, ServiceModel, Shape
    from emulator.wire.validate import Check

Read = Callable[[Any], Any]
"""Takes what orjson parsed (never None), gives the value as handlers know it. Raises SerializationError."""

Write = Callable[[Any], Any]
"""Takes a handler's value (never None), gives what orjson shall write."""

PLAIN: dict[str, type] = {
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "float": float,
    "double": float,
}
"""Types that need no conversion."""

NAMES = {
    "string": "a String",
    "character": "a Character",
    "integer": "an Integer",
    "long": "a Long",
    "boolean": "a Boolean",
    "float": "a Float",
    "double": "a Double",
    "blob": "a Blob",
    "timestamp": "a Date",
}

NOT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def wrong_type(value: Any, kind: str) -> SerializationError:
    """The refusal of `value` where a `kind` belongs."""
    if isinstance(value, dict):
        return SerializationError("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return SerializationError("Start of list found where not expected")
    if kind == "list":
        return SerializationError("Expected list or null")
    if kind in ("structure", "map"):
        return SerializationError("Expected null")
    if isinstance(value, bool):
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        token = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    return SerializationError(f"{token} can not be converted to {NAMES[kind]}")


def _read_string(value: Any) -> str:
    if type(value) is str:
        return value
    raise wrong_type(value, "string")


def _read_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise wrong_type(value, "boolean")


def _read_blob(value: Any) -> bytes:
    if type(value) is str:
        try:
            return b64decode(value, validate=True)
        except ValueError:
            raise wrong_type(value, "blob") from None
    raise wrong_type(value, "blob")


def _integer(kind: str) -> Read:
    def read(value: Any) -> int:
        if type(value) is int:
            return value
        # The framework cuts a fraction off.
        if type(value) is float and math.isfinite(value):
            return int(value)
        raise wrong_type(value, kind)

    return read


def _float(kind: str) -> Read:
    def read(value: Any) -> float:
        if type(value) is float or type(value) is int:
            return float(value)
        if type(value) is str and value in NOT_NUMBERS:
            return NOT_NUMBERS[value]
        raise wrong_type(value, kind)

    return read


def _read_timestamp(value: Any) -> float:
    try:
        if type(value) is str:
            return timestamps.parse(value)
        if type(value) is float or type(value) is int:
            return timestamps.parse(repr(value))
    except ValueError:
        pass
    raise wrong_type(value, "timestamp")


SCALARS: dict[str, Read] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "blob": _read_blob,
    "timestamp": _read_timestamp,
    **{kind: _integer(kind) for kind in ("integer", "long")},
    **{kind: _float(kind) for kind in ("float", "double")},
}


def _read_json_value(value: Any) -> Any:
    try:
        return orjson.loads(_read_string(value))
    except orjson.JSONDecodeError:
        raise SerializationError from None


class JsonReaders:
    """Compiles readers, each shape once (shapes may contain themselves)."""

    def __init__(self) -> None:
        self._made: dict[str, Read] = {}

    def member(self, member: Member) -> Read:
        """The reader of a member's value."""
        return _read_json_value if member.json_value else self.shape(member.shape)

    def shape(self, shape: Shape) -> Read:
        """The reader of a shape."""
        if shape.document:
            return lambda value: value
        scalar = SCALARS.get(shape.kind)
        if scalar is not None:
            return scalar
        found = self._made.get(shape.name)
        if found is None:
            # A shape inside itself finds this stand-in, which hands on once the real one is there.
            made: list[Read] = []

            def stand_in(value: Any, made: list[Read] = made) -> Any:
                return made[0](value)

            self._made[shape.name] = stand_in
            made.append({"structure": self._structure, "list": self._list, "map": self._map}[shape.kind](shape))
            found = self._made[shape.name] = made[0]
        return found

    def _structure(self, shape: Shape) -> Read:
        body = [member for member in shape.members.values() if member.location is None]
        readers = {member.wire or member.name: self.member(member) for member in body}
        plain = {
            member.wire or member.name: PLAIN[member.shape.kind]
            for member in body
            if member.shape.kind in PLAIN and not member.json_value
        }.get
        renamed = {member.wire: member.name for member in body if member.wire and member.wire != member.name}
        reader_of = readers.get

        def read(value: Any) -> Any:
            if type(value) is not dict:
                raise wrong_type(value, "structure")
            dropped: list[str] | None = None
            for name, item in value.items():
                if type(item) is plain(name):
                    continue
                reader = reader_of(name)
                if item is None or reader is None:
                    dropped = dropped or []
                    dropped.append(name)
                else:
                    value[name] = reader(item)
            # Unknown members are ignored, and null is the same as absent. A known member of a plain type that the
            # loop above let pass stays where it is.
            if dropped:
                for name in dropped:
                    del value[name]
            return value

        if not renamed:
            return read
        return lambda value: {renamed.get(name, name): item for name, item in read(value).items()}

    def _list(self, shape: Shape) -> Read:
        if shape.element is None:
            raise TypeError(shape.name)
        reader = self.member(shape.element)
        plain = PLAIN.get(shape.element.shape.kind)

        def read(value: Any) -> Any:
            if type(value) is not list:
                raise wrong_type(value, "list")
            for item in value:
                if type(item) is not plain:
                    return [reader(item) for item in value if item is not None]
            return value

        return read

    def _map(self, shape: Shape) -> Read:
        if shape.value is None:
            raise TypeError(shape.name)
        reader = self.member(shape.value)
        plain = PLAIN.get(shape.value.shape.kind)

        def read(value: Any) -> Any:
            if type(value) is not dict:
                raise wrong_type(value, "map")
            for item in value.values():
                if type(item) is not plain:
                    return {name: reader(item) for name, item in value.items() if item is not None}
            return value

        return read


def _write_float(value: Any) -> Any:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class JsonWriters:
    """Compiles writers. None stands for a shape that orjson may have as it is."""

    def __init__(self) -> None:
        self._made: dict[str, Write | None] = {}

    def member(self, member: Member) -> Write | None:
        """The writer of a member's value."""
        if member.json_value:
            return lambda value: orjson.dumps(value).decode()
        if member.shape.kind == "timestamp":
            if member.timestamp_format is None or member.timestamp_format.lower() == "unixtimestamp":
                return None
            return timestamps.writer(member.timestamp_format)
        return self.shape(member.shape)

    def shape(self, shape: Shape) -> Write | None:
        """The writer of a shape."""
        if shape.document:
            return None
        if shape.kind in ("float", "double"):
            return _write_float
        if shape.kind not in ("structure", "list", "map"):
            return None
        if shape.name not in self._made:
            made: list[Write | None] = []
            # Inside itself a shape is written by its stand-in, so what contains itself is never taken as it is.
            self._made[shape.name] = lambda value: made[0](value) if made[0] is not None else value
            made.append({"structure": self._structure, "list": self._list, "map": self._map}[shape.kind](shape))
            self._made[shape.name] = made[0]
        return self._made[shape.name]

    def _structure(self, shape: Shape) -> Write | None:
        table: dict[str, tuple[str, Write | None]] = {}
        for member in shape.members.values():
            if member.location is None:
                write = self.member(member)
                if write is not None or (member.wire and member.wire != member.name):
                    table[member.name] = (member.wire or member.name, write)
        elsewhere = frozenset(member.name for member in shape.members.values() if member.location is not None)
        if not table and not elsewhere:
            return None

        def write_all(value: Any) -> Any:
            written = {}
            for name, item in value.items():
                if item is None or name in elsewhere:
                    continue
                wire, write = table.get(name, (name, None))
                written[wire] = item if write is None else write(item)
            return written

        return write_all

    def _list(self, shape: Shape) -> Write | None:
        write = None if shape.element is None else self.member(shape.element)
        return None if write is None else lambda value: [None if item is None else write(item) for item in value]

    def _map(self, shape: Shape) -> Write | None:
        write = None if shape.value is None else self.member(shape.value)
        if write is None:
            return None
        return lambda value: {name: None if item is None else write(item) for name, item in value.items()}


def _without_none(value: Any) -> Any:
    if type(value) is dict:
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    if type(value) is list:
        return [_without_none(item) for item in value]
    return value


def has_document(shape: Shape | None, seen: set[str] | None = None) -> bool:
    """Whether a document (any JSON at all, null too) may be somewhere in the shape."""
    if shape is None:
        return False
    seen = set() if seen is None else seen
    if shape.document or shape.name in seen:
        return shape.document
    seen.add(shape.name)
    inner = [*shape.members.values(), shape.element, shape.value]
    return any(member is not None and (member.json_value or has_document(member.shape, seen)) for member in inner)


def dump(shape: Shape | None) -> Callable[[dict[str, Any]], bytes]:
    """Compiles a result to the bytes of a JSON object. Members that are None are left out."""
    write = None if shape is None else JsonWriters().shape(shape)
    documents = has_document(shape)

    def dumps(result: dict[str, Any]) -> bytes:
        body = orjson.dumps(result if write is None else write(result), default=encode_bytes)
        # Rarely true, and then mostly because of somebody's text: looking costs less than walking every result.
        if b"null" in body and not documents:
            clean = _without_none(result)
            return orjson.dumps(clean if write is None else write(clean), default=encode_bytes)
        return body

    return dumps


def encode_bytes(value: Any) -> str:
    """Orjson's hook: a blob in JSON is base64."""
    if isinstance(value, bytes | bytearray | memoryview):
        return b2a_base64(value, newline=False).decode()
    raise TypeError(type(value))


def load(body: bytes) -> Any:
    """The body as orjson parses it. Raises SerializationError, without a message as AWS does."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SerializationError from None


def parser(operation: Operation, check: Check | None) -> Callable[[Exchange], dict[str, Any]]:
    """Compiles the reading of a request."""
    if operation.input is None:
        return lambda exchange: {}
    read = JsonReaders().shape(operation.input)
    loads = orjson.loads
    no_json = orjson.JSONDecodeError

    def parse(exchange: Exchange) -> dict[str, Any]:
        try:
            given = loads(exchange.body)
        except no_json:
            raise SerializationError from None
        if type(given) is not dict:
            raise wrong_type(given, "structure") if type(given) is list else SerializationError()
        try:
            params: dict[str, Any] = read(given)
        except RecursionError:
            raise SerializationError from None
        if check is not None:
            check(params)
        return params

    return parse


def serializer(model: ServiceModel, operation: Operation) -> Callable[[dict[str, Any], str], Reply]:
    """Compiles the writing of a result."""
    dumps = dump(operation.output)
    # The id is last, so that all before it is ready.
    head = f"content-type: application/x-amz-json-{model.json_version}\r\nx-amzn-requestid: ".encode()
    status = operation.status

    def serialize(result: dict[str, Any], request_id: str) -> Reply:
        return Reply(status, head + request_id.encode() + b"\r\n", dumps(result) if result else b"{}")

    return serialize
