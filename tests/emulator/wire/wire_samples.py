"""Parameters drawn from shapes, and botocore's own serializers and parsers at the other end of our wire."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from hypothesis import strategies as st

from emulator.wire import model
from emulator.wire.exchange import Exchange, Reply

LOADER = Loader(include_default_search_paths=True)

# What every protocol can carry: no surrogates, nothing that XML 1.0 cannot hold.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n\r"),
    max_size=20,
)
SIMPLE = st.text("abcXYZ019-_.~", min_size=1, max_size=12)
INSTANTS = st.integers(0, 4_000_000_000).map(lambda epoch: dt.datetime.fromtimestamp(epoch, dt.UTC))


def service_model(service: str) -> ServiceModel:
    return ServiceModel(model.read_description(service), service)


def values(shape: Shape, *, smallest: int = 0, seen: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of a shape as botocore's users write them. `smallest` is the least size of lists and maps."""
    if shape.name in seen:
        return st.nothing()
    kind = shape.type_name
    if shape.serialization.get("location") and kind in ("string", "list", "map"):
        text = SIMPLE
        if kind == "string":
            return text
    if kind == "structure":
        return structures(shape, smallest=smallest, seen=(*seen, shape.name))
    if kind == "list":
        inner = values(shape.member, smallest=smallest, seen=(*seen, shape.name))
        if shape.serialization.get("location"):
            inner = SIMPLE if shape.member.type_name == "string" else inner
        return st.lists(inner, min_size=smallest, max_size=0 if inner.is_empty else 3)
    if kind == "map":
        inner = values(shape.value, smallest=smallest, seen=(*seen, shape.name))
        return st.dictionaries(TEXT, inner, min_size=0 if inner.is_empty else smallest, max_size=3)
    return {
        "string": st.sampled_from(shape.enum) if getattr(shape, "enum", None) else TEXT,
        "character": TEXT,
        "integer": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(width=32),
        "double": st.floats(),
        "boolean": st.booleans(),
        "blob": st.binary(max_size=30),
        "timestamp": INSTANTS,
    }[kind]


def structures(shape: Shape, *, smallest: int, seen: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for name, member in shape.members.items():
        drawn = values(member, smallest=smallest, seen=seen)
        if drawn.is_empty:
            continue
        (required if name in shape.required_members else optional)[name] = drawn
    return st.fixed_dictionaries(required, optional=optional)


def plain(value: Any) -> Any:
    """A value as our handlers know it: instants are epoch seconds. NaN and its like by name
    (NaN equals nothing, and botocore leaves those of a JSON body as text)."""
    if isinstance(value, dt.datetime):
        return value.timestamp()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "read"):
        return value.read()
    return value


def exchange_of(request: dict[str, Any], host: str = "http://localhost:4566") -> Exchange:
    """What a client sends for what its serializer made."""
    request = dict(request, context={})
    botocore.awsrequest.prepare_request_dict(request, host)
    prepared = botocore.awsrequest.create_request_object(request).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    if hasattr(body, "read"):
        body = body.read()
    headers = {
        name.lower().encode(): value if isinstance(value, bytes) else str(value).encode()
        for name, value in prepared.headers.items()
    }
    headers[b"host"] = url.netloc.encode()
    return Exchange(
        request["method"].encode(),
        (url.path or "/").encode(),
        url.query.encode(),
        headers,
        body.encode() if isinstance(body, str) else body,
    )


def ask(operation: OperationModel, params: dict[str, Any], protocol: str | None = None) -> Exchange:
    """botocore's request for an operation."""
    protocol = protocol or operation.service_model.resolved_protocol
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    return exchange_of(serializer.serialize_to_request(params, operation))


def headers_of(reply: Reply) -> dict[str, str]:
    assert reply.head.endswith(b"\r\n")
    pairs = (line.split(": ", 1) for line in reply.head.decode().split("\r\n") if line)
    return {name.lower(): value for name, value in pairs}


def understand(operation: OperationModel, reply: Reply, protocol: str | None = None) -> dict[str, Any]:
    """What botocore makes of our reply, without the metadata."""
    parsed = understand_all(operation, reply, protocol)
    parsed.pop("ResponseMetadata", None)
    return parsed


def understand_all(operation: OperationModel, reply: Reply, protocol: str | None = None) -> dict[str, Any]:
    """What botocore makes of our reply."""
    parser = botocore.parsers.create_parser(protocol or operation.service_model.resolved_protocol)
    headers = botocore.awsrequest.HeadersDict(headers_of(reply))
    response = {"status_code": reply.status, "headers": headers, "body": reply.body, "context": {}}
    shape = operation.output_shape
    if operation.has_streaming_output and reply.status < 300:
        response["body"] = _Stream(reply.body)
    parsed: dict[str, Any] = parser.parse(response, shape)
    return parsed


class _Stream:
    """A body that is read later."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self) -> bytes:
        return self._data
