"""rest-json: parameters in the path, the query, headers and a JSON body.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import csv
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import orjson

from emulator.wire import event_stream, timestamps
from emulator.wire.exchange import Reply
from emulator.wire.form import pairs
from emulator.wire.json import JsonReaders, JsonWriters, dump, load
from emulator.wire.query import CONVERSIONS
from emulator.wire.refusals import SerializationError
from emulator.wire.uri import Template
from emulator.wire.xml import text_writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.wire.exchange import Exchange
    from emulator.wire.model import Member, Operation, ServiceModel, Shape
    from emulator.wire.validate import Check

    Convert = Callable[[str], Any]
    Take = Callable[[Exchange, dict[str, Any]], None]
    """Puts what it finds in a request into the parameters."""


def _convert(member: Member) -> Convert:
    """A scalar from its text. Raises SerializationError."""
    if member.json_value:
        return lambda text: load(b64decode(text, validate=True))
    convert = CONVERSIONS.get(member.shape.kind)
    if convert is None:
        return lambda text: text

    def checked(text: str) -> Any:
        try:
            return convert(text)
        except ValueError:
            raise SerializationError(f"'{text}' can not be converted to a {member.shape.kind.title()}") from None

    return checked


def _header_list(member: Member, text: str) -> list[str]:
    element = member.shape.element
    if element is not None and element.shape.kind == "timestamp":
        days = (element.timestamp_format or "rfc822").lower() == "rfc822"
        if days:
            # An HTTP date has a comma of its own.
            parts = [part.strip() for part in text.split(",")]
            return [", ".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    if not text:
        return []
    if '"' not in text:
        return [part.strip() for part in text.split(",")]
    # Quoted as in CSV, save that a quote inside is escaped by a backslash.
    return next(csv.reader([text], skipinitialspace=True, escapechar="\\", doublequote=False))


def _from_header(member: Member) -> Take:
    name, header = member.name, (member.wire or member.name).lower().encode()
    if member.shape.kind == "list" and member.shape.element is not None:
        convert_item = _convert(member.shape.element)

        def take_list(exchange: Exchange, params: dict[str, Any]) -> None:
            text = exchange.headers.get(header)
            if text is not None:
                params[name] = [convert_item(item) for item in _header_list(member, text.decode("utf-8", "replace"))]

        return take_list
    convert = _convert(member)

    def take(exchange: Exchange, params: dict[str, Any]) -> None:
        text = exchange.headers.get(header)
        if text is not None:
            params[name] = convert(text.decode("utf-8", "replace"))

    return take


def _from_header_prefix(member: Member) -> Take:
    prefix = (member.wire or "").lower().encode()

    def take(exchange: Exchange, params: dict[str, Any]) -> None:
        found = {
            header[len(prefix) :].decode("latin-1"): text.decode("utf-8", "replace")
            for header, text in exchange.headers.items()
            if header.startswith(prefix)
        }
        if found:
            params[member.name] = found

    return take


def _from_query(members: list[Member]) -> Take:
    named = {member.wire or member.name: member for member in members if member.shape.kind != "map"}
    rest = next((member for member in members if member.shape.kind == "map"), None)
    lists = {name for name, member in named.items() if member.shape.kind == "list"}
    converts = {
        name: _convert(member.shape.element if member.shape.element is not None else member)
        for name, member in named.items()
    }
    rest_of_lists = rest is not None and rest.shape.value is not None and rest.shape.value.shape.kind == "list"

    def take(exchange: Exchange, params: dict[str, Any]) -> None:
        others: dict[str, Any] = {}
        for name, text in pairs(exchange.query):
            if rest is not None:
                if rest_of_lists:
                    others.setdefault(name, []).append(text)
                else:
                    others.setdefault(name, text)
            member = named.get(name)
            if member is not None:
                value = converts[name](text)
                if name in lists:
                    params.setdefault(member.name, []).append(value)
                else:
                    params[member.name] = value
        if rest is not None:
            # The named ones too: the map is everything that the query says.
            params[rest.name] = others

    return take


def _from_path(members: list[Member], uri: str) -> Take:
    template = Template(uri)
    converts = {member.wire or member.name: (member.name, _convert(member)) for member in members}

    def take(exchange: Exchange, params: dict[str, Any]) -> None:
        for label, text in template.labels(exchange.path).items():
            if label in converts:
                name, convert = converts[label]
                params[name] = convert(text)

    return take


def _from_payload(member: Member) -> Take:
    kind = member.shape.kind
    if kind == "blob":

        def take_bytes(exchange: Exchange, params: dict[str, Any]) -> None:
            if exchange.body:
                params[member.name] = exchange.body

        return take_bytes
    if kind == "string":

        def take_text(exchange: Exchange, params: dict[str, Any]) -> None:
            if exchange.body:
                params[member.name] = exchange.body.decode("utf-8", "replace")

        return take_text
    read = JsonReaders().member(member)

    def take(exchange: Exchange, params: dict[str, Any]) -> None:
        if exchange.body:
            given = load(exchange.body)
            if given is not None:
                params[member.name] = read(given)

    return take


def _from_body(shape: Shape) -> Take:
    read = JsonReaders().shape(shape)

    def take(exchange: Exchange, params: dict[str, Any]) -> None:
        if exchange.body:
            given = load(exchange.body)
            if type(given) is not dict and type(given) is not list:
                raise SerializationError
            params.update(read(given))

    return take


def parser(operation: Operation, check: Check | None) -> Callable[[Exchange], dict[str, Any]]:
    """Compiles the reading of a request."""
    shape = operation.input
    if shape is None:
        return lambda exchange: {}
    by_place: dict[str, list[Member]] = {}
    for member in shape.members.values():
        place = "payload" if member.name == shape.payload else member.location or "body"
        by_place.setdefault(place, []).append(member)
    takes: list[Take] = [_from_path(by_place.get("uri", []), operation.uri)] if by_place.get("uri") else []
    if by_place.get("querystring"):
        takes.append(_from_query(by_place["querystring"]))
    takes += [_from_header(member) for member in by_place.get("header", [])]
    takes += [_from_header_prefix(member) for member in by_place.get("headers", [])]
    if shape.payload:
        takes.append(_from_payload(shape.members[shape.payload]))
    elif by_place.get("body"):
        takes.append(_from_body(shape))

    def parse(exchange: Exchange) -> dict[str, Any]:
        params: dict[str, Any] = {}
        try:
            for take in takes:
                take(exchange, params)
        except (RecursionError, ValueError, csv.Error):
            raise SerializationError from None
        if check is not None:
            check(params)
        return params

    return parse


def _header_text(member: Member) -> Callable[[Any], str]:
    if member.json_value:
        return lambda value: b64encode(orjson.dumps(value)).decode()
    if member.shape.kind in ("string", "character"):
        return str
    if member.shape.kind == "list" and member.shape.element is not None:
        item_text = _header_text(member.shape.element)
        quoted = member.shape.element.shape.kind == "string"

        def join(value: Any) -> str:
            return ", ".join(_quoted(item_text(item)) if quoted else item_text(item) for item in value)

        return join
    if member.shape.kind == "timestamp":
        return timestamps.writer(member.timestamp_format or "rfc822")
    return text_writer(member, "rfc822")


def _quoted(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _line(header: str, text: str) -> str:
    """One header line; a value must not become a second one."""
    return f"{header}: {text.translate({10: ' ', 13: ' ', 0: ' '})}\r\n"


def _headers_of(shape: Shape) -> Callable[[dict[str, Any]], str]:
    single = [
        (member.name, member.wire or member.name, _header_text(member))
        for member in shape.members.values()
        if member.location == "header"
    ]
    prefixed = [(member.name, member.wire or "") for member in shape.members.values() if member.location == "headers"]

    def lines(result: dict[str, Any]) -> str:
        told = [_line(header, text(result[name])) for name, header, text in single if result.get(name) is not None]
        for name, prefix in prefixed:
            told += [_line(prefix + key, str(value)) for key, value in (result.get(name) or {}).items()]
        return "".join(told)

    return lines


def serializer(model: ServiceModel, operation: Operation) -> Callable[[dict[str, Any], str], Reply]:
    """Compiles the writing of a result."""
    shape = operation.output
    if shape is None:
        return lambda result, request_id: Reply(
            operation.status, f"x-amzn-requestid: {request_id}\r\ncontent-type: application/json\r\n".encode(), b"{}"
        )
    headers = _headers_of(shape)
    status_member = next((member.name for member in shape.members.values() if member.location == "statusCode"), "")
    payload = shape.members.get(shape.payload) if shape.payload else None
    if payload is not None and payload.shape.event_stream:
        return _stream_serializer(operation.status, status_member, payload, headers)
    own_type = any(
        (member.wire or "").lower() == "content-type" for member in shape.members.values() if member.location
    )
    body_of, content_type = _body_writer(shape) if payload is None else _payload_writer(payload)

    def serialize(result: dict[str, Any], request_id: str) -> Reply:
        status = (result.get(status_member) if status_member else None) or operation.status
        head = f"x-amzn-requestid: {_request_id(result, request_id)}\r\n{headers(result)}"
        body = body_of(result)
        if not own_type or "content-type:" not in head.lower():
            head += f"content-type: {content_type}\r\n"
        if status == 204 or status < 200:
            return Reply(status, head.encode("utf-8"), b"")
        return Reply(status, head.encode("utf-8"), body)

    return serialize


def _request_id(result: dict[str, Any], request_id: str) -> str:
    """The request's id, or the one that the service itself gave it (that of an invocation is seen by the function)."""
    own = result.pop("ResponseMetadata", None)
    return own["RequestId"] if own else request_id


def _stream_serializer(
    usual_status: int, status_member: str, payload: Member, headers: Callable[[dict[str, Any]], str]
) -> Callable[[dict[str, Any], str], Reply]:
    """Compiles the writing of a result whose payload is an async iterator of events."""
    encode = event_stream.encoder(payload.shape)

    def serialize(result: dict[str, Any], request_id: str) -> Reply:
        status = (result.get(status_member) if status_member else None) or usual_status
        head = f"x-amzn-requestid: {_request_id(result, request_id)}\r\n{headers(result)}"
        if "content-type:" not in head.lower():
            head += "content-type: application/vnd.amazon.eventstream\r\n"
        events = result.get(payload.name)
        stream = None if events is None else event_stream.frames(events, encode)
        return Reply(status, head.encode("utf-8"), b"", stream)

    return serialize


def _body_writer(shape: Shape) -> tuple[Callable[[dict[str, Any]], bytes], str]:
    return dump(shape), "application/json"


def _payload_writer(member: Member) -> tuple[Callable[[dict[str, Any]], bytes], str]:
    name, kind = member.name, member.shape.kind
    if kind in ("blob", "string"):

        def raw(result: dict[str, Any]) -> bytes:
            value = result.get(name)
            if value is None:
                return b""
            return value.encode() if isinstance(value, str) else bytes(value)

        return raw, "text/plain" if kind == "string" else "application/octet-stream"
    write = JsonWriters().member(member)
    dumps = dump(member.shape)

    def as_json(result: dict[str, Any]) -> bytes:
        value = result.get(name)
        if value is None:
            return b""
        if kind == "structure" and not member.shape.document:
            return dumps(value)
        return orjson.dumps(value if write is None else write(value))

    return as_json, "application/json"
