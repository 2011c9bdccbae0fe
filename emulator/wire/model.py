"""AWS's service models, read from botocore's data folder without importing botocore.

Only what a codec needs is kept: documentation, examples and the like are dropped as soon as the file is parsed. The
traits are described at https://smithy.io/2.0/aws/protocols/ (botocore spells them its own way).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

SCALARS = frozenset({"string", "character", "integer", "long", "float", "double", "boolean", "blob", "timestamp"})


class UnknownService(LookupError):
    """botocore has no model of that name."""


@dataclass(slots=True, eq=False)
class Shape:
    """One shape of a model. Shapes may refer to themselves."""

    name: str
    kind: str
    """`structure`, `list`, `map` or one of the scalars."""
    members: dict[str, Member] = field(default_factory=dict)
    """A structure's members by AWS's names."""
    required: tuple[str, ...] = ()
    element: Member | None = None
    """A list's element."""
    key: Member | None = None
    value: Member | None = None
    payload: str | None = None
    """The member that is the whole HTTP body (rest protocols)."""
    document: bool = False
    event_stream: bool = False
    timestamp_format: str | None = None
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    exception: bool = False
    error_code: str | None = None
    """The code of an error in the Query protocol, where it differs from the shape's name."""


@dataclass(slots=True, eq=False)
class Member:
    """A reference to a shape, with the traits of the reference laid over those of the shape."""

    name: str
    shape: Shape
    wire: str | None = None
    """`locationName`: the name on the wire, where the model gives one."""
    location: str | None = None
    """`uri`, `querystring`, `header`, `headers`, `statusCode`, or None for the body."""
    flattened: bool = False
    timestamp_format: str | None = None
    xml_attribute: bool = False
    xml_namespace: str = ""
    """Ready attributes, for instance ` xmlns="https://..."`."""
    streaming: bool = False
    json_value: bool = False
    event_payload: bool = False
    """Of an event of an event stream: the message's whole payload."""


@dataclass(slots=True, eq=False)
class Operation:
    """One operation."""

    name: str
    method: str
    uri: str
    status: int
    input: Shape | None
    output: Shape | None
    wrapper: str | None
    """The element around the result in the Query protocol."""


@dataclass(slots=True, eq=False)
class ServiceModel:
    """A whole service."""

    name: str
    """botocore's name of the service, e.g. `stepfunctions`."""
    protocols: tuple[str, ...]
    api_version: str
    endpoint_prefix: str
    signing_name: str
    target_prefix: str
    json_version: str
    xml_namespace: str
    query_compatible: bool
    operations: dict[str, Operation]
    errors: dict[str, Shape]
    """The error shapes by name."""


def data_folder() -> Path:
    """Botocore's folder of models."""
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise UnknownService("botocore is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def read_description(service: str) -> dict[str, Any]:
    """The newest model of `service` as botocore ships it."""
    folder = data_folder() / service
    versions = sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    if not versions:
        raise UnknownService(service)
    packed = folder / versions[-1] / "service-2.json.gz"
    raw = gzip.decompress(packed.read_bytes()) if packed.exists() else packed.with_suffix("").read_bytes()
    description: dict[str, Any] = orjson.loads(raw)
    return description


def load(service: str) -> ServiceModel:
    """The model of `service` (botocore's name)."""
    return build(service, read_description(service))


def build(name: str, description: dict[str, Any]) -> ServiceModel:
    """A model from its description in botocore's JSON form."""
    meta = description["metadata"]
    shapes = _Shapes(description["shapes"])
    operations = {
        given["name"]: Operation(
            name=given["name"],
            method=given.get("http", {}).get("method", "POST"),
            uri=given.get("http", {}).get("requestUri", "/"),
            status=given.get("http", {}).get("responseCode", 200),
            input=shapes.get(given.get("input")),
            output=shapes.get(given.get("output")),
            wrapper=(given.get("output") or {}).get("resultWrapper"),
        )
        for given in description["operations"].values()
    }
    # Every error of the model, not just those that operations list: a service raises a few anywhere.
    errors = {
        shape: shapes.get({"shape": shape}) for shape, given in description["shapes"].items() if given.get("exception")
    }
    return ServiceModel(
        name=name,
        protocols=tuple(meta.get("protocols") or (meta["protocol"],)),
        api_version=meta.get("apiVersion", ""),
        endpoint_prefix=meta.get("endpointPrefix", name),
        signing_name=meta.get("signingName") or meta.get("endpointPrefix", name),
        target_prefix=meta.get("targetPrefix", ""),
        json_version=meta.get("jsonVersion", "1.0"),
        xml_namespace=meta.get("xmlNamespace", ""),
        query_compatible="awsQueryCompatible" in meta,
        operations=operations,
        errors={shape: found for shape, found in errors.items() if found is not None},
    )


class _Shapes:
    """Resolves references, each shape once."""

    def __init__(self, given: dict[str, dict[str, Any]]) -> None:
        self._given = given
        self._built: dict[str, Shape] = {}

    def get(self, reference: dict[str, Any] | None) -> Shape | None:
        return None if reference is None else self._shape(reference["shape"])

    def _shape(self, name: str) -> Shape:
        found = self._built.get(name)
        if found is not None:
            return found
        given = self._given[name]
        error = given.get("error") or {}
        shape = self._built[name] = Shape(
            name=name,
            kind=given["type"],
            required=tuple(given.get("required", ())),
            payload=given.get("payload"),
            document=bool(given.get("document")),
            event_stream=bool(given.get("eventstream")),
            timestamp_format=given.get("timestampFormat"),
            enum=tuple(given.get("enum", ())),
            minimum=given.get("min"),
            maximum=given.get("max"),
            pattern=given.get("pattern"),
            exception=bool(given.get("exception")),
            error_code=error.get("code"),
        )
        for member, reference in given.get("members", {}).items():
            shape.members[member] = self._member(member, reference)
        if shape.kind == "list":
            shape.element = self._member("member", given["member"])
        elif shape.kind == "map":
            shape.key = self._member("key", given["key"])
            shape.value = self._member("value", given["value"])
        return shape

    def _member(self, name: str, reference: dict[str, Any]) -> Member:
        shape = self._shape(reference["shape"])
        own = self._given[shape.name]
        namespace = reference.get("xmlNamespace") or own.get("xmlNamespace")
        return Member(
            name=name,
            shape=shape,
            wire=reference.get("locationName") or own.get("locationName"),
            location=reference.get("location"),
            flattened=bool(reference.get("flattened") or own.get("flattened")),
            timestamp_format=reference.get("timestampFormat") or shape.timestamp_format,
            xml_attribute=bool(reference.get("xmlAttribute")),
            xml_namespace=_namespace(namespace),
            streaming=bool(reference.get("streaming") or own.get("streaming")),
            json_value=bool(reference.get("jsonvalue")),
            event_payload=bool(reference.get("eventpayload")),
        )


def _namespace(given: dict[str, str] | str | None) -> str:
    if not given:
        return ""
    if isinstance(given, str):
        return f' xmlns="{given}"'
    prefix = f":{given['prefix']}" if given.get("prefix") else ""
    return f' xmlns{prefix}="{given["uri"]}"'
