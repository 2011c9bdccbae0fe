"""Requests in CBOR, asked of moto in JSON, which it speaks, and answered in CBOR.

Two protocols put CBOR around the same operations: `smithy-rpc-v2-cbor` (the newest SDKs, for CloudWatch and some forty
others: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html) and the older `application/x-amz-cbor-1.1`
(Kinesis from Java), whose timestamps are in milliseconds.
"""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from emulator.neighbours import cbor
from emulator.wire import model
from emulator.wire.exchange import Exchange, Reply

if TYPE_CHECKING:
    from emulator.wire.model import Shape

_SMITHY = b"rpc-v2-cbor"
_OLD = b"application/x-amz-cbor-1.1"
_JSON = b"application/x-amz-json-1.1"


class BadRequest(ValueError):
    """The request is not what its protocol says."""


def speaks_cbor(exchange: Exchange) -> bool:
    """Whether the request is in one of the CBOR protocols."""
    return _is_smithy(exchange) or exchange.headers.get(b"content-type", b"").startswith(_OLD)


def _is_smithy(exchange: Exchange) -> bool:
    return exchange.headers.get(b"smithy-protocol", b"").strip().lower() == _SMITHY


def to_json(exchange: Exchange) -> Exchange:
    """The same request in AWS JSON. Raises BadRequest."""
    headers = {name: value for name, value in exchange.headers.items() if name not in _OF_THE_ENVELOPE}
    if _is_smithy(exchange):
        # /service/GraniteServiceVersion20100801/operation/PutMetricData
        parts = exchange.path.strip(b"/").split(b"/")
        if len(parts) < 4 or parts[-4] != b"service" or parts[-2] != b"operation":
            raise BadRequest("The path names no service and operation.")
        headers[b"x-amz-target"] = parts[-3] + b"." + parts[-1]
    body = exchange.body
    if exchange.headers.get(b"content-encoding", b"").strip() == b"gzip":
        try:
            body = zlib.decompress(body, wbits=31)
        except zlib.error as error:
            raise BadRequest("The body is not gzip, as its header says.") from error
    try:
        params = cbor.decode(body) if body else {}
    except cbor.BadCbor as error:
        raise BadRequest(f"The body is {error}.") from error
    scale = 1.0 if _is_smithy(exchange) else 0.001
    text = json.dumps(_plain(params, scale)).encode()
    headers[b"content-type"] = _JSON
    headers[b"content-length"] = b"%d" % len(text)
    return Exchange(exchange.method, b"/", exchange.query, headers, text)


_OF_THE_ENVELOPE = frozenset({b"smithy-protocol", b"content-encoding", b"accept", b"content-type", b"content-length"})


def _plain(value: Any, scale: float) -> Any:
    """CBOR's data as JSON has it."""
    if isinstance(value, cbor.Instant):
        return value.seconds * scale
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): _plain(member, scale) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_plain(member, scale) for member in value]
    return value


def from_json(asked: Exchange, service: str, operation: str, reply: Reply) -> Reply:
    """Moto's JSON answer in the protocol of the request. `service` is botocore's name."""
    smithy = _is_smithy(asked)
    said = json.loads(reply.body or b"{}")
    output = None
    if reply.status < 300:
        found = _model(service).operations.get(operation)
        output = found.output if found else None
    body = cbor.encode(_shaped(said, output, 1.0 if smithy else 1000.0))
    lines = [line for line in reply.head.split(b"\r\n") if line and not line.lower().startswith(b"content-type:")]
    if smithy:
        lines += [b"smithy-protocol: " + _SMITHY, b"content-type: application/cbor"]
    else:
        lines += [b"content-type: " + _OLD]
    return Reply(reply.status, b"".join(line + b"\r\n" for line in lines), body)


@cache
def _model(service: str) -> model.ServiceModel:
    return model.load(service)


def _shaped(value: Any, shape: Shape | None, scale: float) -> Any:
    """JSON's data with the kinds that its shape says: instants, bytes, floats."""
    kind = shape.kind if shape is not None else ""
    if isinstance(value, dict):
        if shape is not None and kind == "structure":
            members = shape.members
            return {
                name: _shaped(member, members[name].shape if name in members else None, scale)
                for name, member in value.items()
                if member is not None
            }
        inner = shape.value.shape if shape is not None and shape.value is not None else None
        return {name: _shaped(member, inner, scale) for name, member in value.items()}
    if isinstance(value, list):
        inner = shape.element.shape if shape is not None and shape.element is not None else None
        return [_shaped(member, inner, scale) for member in value]
    if kind == "timestamp":
        seconds = value if isinstance(value, int | float) else _parsed(value)
        return cbor.Instant(float(seconds) if scale == 1.0 else round(seconds * scale))
    if kind == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    if kind in {"float", "double"} and isinstance(value, int | float | str):
        return float(value)
    return value


def _parsed(text: str) -> float:
    """Moto's older answers have timestamps as text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = parsedate_to_datetime(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
