"""AWS's own protocol test vectors, the other way round: their requests parsed, their results serialized.

They are kept beside the project, not in it (`../shared/vectors/protocols`); without them these tests are skipped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser

from emulator.wire import model, timestamps
from emulator.wire.compile import CODECS
from emulator.wire.exchange import Exchange
from services.errors import ServiceError
from tests.emulator.wire.wire_samples import headers_of, plain, understand, understand_all

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "protocols"
SUITES = {
    "json": "json",
    "json_1_0": "json",
    "json_1_0-query-compatible": "json",
    "query": "query",
    "rest-json": "rest-json",
}

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the protocol vectors are not beside the project")

INPUT_NOT_FOR_US = {
    "AwsJson11HostWithPath": "the path of a custom endpoint stands before the operation's",
    "AwsJson10HostWithPath": "the same",
    "QueryHostWithPath": "the same",
    "RestJsonHostWithPath": "the same",
    "SDKAppendedGzipAfterProvidedEncoding_restJson1": "the body is compressed by the client and not in the vector",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": "the same",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": "the same",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": "the same",
    "SDKAppliedContentEncoding_awsJson1_1": "the same",
    "SDKAppliedContentEncoding_awsJson1_0": "the same",
    "SDKAppliedContentEncoding_awsQuery": "the same",
    "SDKAppliedContentEncoding_restJson1": "the same",
    "QueryEmptyQueryMaps": "an empty map leaves no trace in a form",
    "RestJsonHttpPrefixHeadersAreNotPresent": "an empty map leaves no trace in headers",
    "RestJsonOmitsEmptyListQueryValues": "an empty list leaves no trace in a query",
    "RestJsonQueryPrecedence": "a name given twice is sent once, so one of the two is lost",
    "RestJsonHttpWithEmptyStructurePayload": "an absent structure is sent as an empty one",
    "RestJsonHttpWithHeadersButNoPayload": "the same",
    "RestJsonQueryParamsStringListMap": "at the server, the map of all has the named ones too",
}
"""Vectors about the client alone."""

FILLED_IN_BY_THE_CLIENT = {"QueryProtocolIdempotencyTokenAutoFill", "RestJsonQueryIdempotencyTokenAutoFill"}
"""The request has a token that the parameters do not mention."""

OUTPUT_NOT_FOR_US = {
    "HttpPrefixHeadersResponse": "the prefix is empty, so every header of ours counts as well",
    "RestJsonHttpPayloadWithUnsetUnion": "botocore itself does not accept this response",
    "RestJsonDeserializesDenseSetMapAndSkipsNull": "the same",
}


def cases(direction: str) -> list[Any]:
    found = []
    for suite in SUITES:
        path = VECTORS / direction / f"{suite}.json"
        for number, group in enumerate(json.loads(path.read_text()) if path.exists() else []):
            found += [pytest.param(suite, group, case, id=f"{suite}-{number}-{case['id']}") for case in group["cases"]]
    return found


def description(group: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    operations = {case["given"]["name"]: case["given"]}
    return {"metadata": group["metadata"], "shapes": group["shapes"], "operations": operations}


def of_shape(member: model.Member | None, shape: model.Shape, value: Any) -> Any:
    """A vector's value as a handler has it: blobs are bytes, instants are numbers."""
    if value is None or shape.document:
        return value
    if member is not None and member.json_value:
        return json.loads(value) if isinstance(value, str) else value
    if shape.kind == "structure":
        known = shape.members.items()
        return {name: of_shape(inner, inner.shape, value[name]) for name, inner in known if name in value}
    if shape.kind == "list":
        return [of_shape(shape.element, shape.element.shape, item) for item in value]
    if shape.kind == "map":
        return {name: of_shape(shape.value, shape.value.shape, item) for name, item in value.items()}
    if shape.kind == "blob":
        return value.encode() if isinstance(value, str) else value
    if shape.kind == "timestamp":
        return timestamps.parse(value) if isinstance(value, str) else float(value)
    if shape.kind in ("float", "double"):
        return float(value)
    return value


def without_nothing(value: Any) -> Any:
    """Absent and null are the same to a handler."""
    if isinstance(value, dict):
        return {name: without_nothing(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nothing(item) for item in value if item is not None]
    return value


@pytest.mark.parametrize(("suite", "group", "case"), cases("input"))
def test_requests(suite: str, group: dict[str, Any], case: dict[str, Any]) -> None:
    if case["id"] in INPUT_NOT_FOR_US:
        pytest.skip(INPUT_NOT_FOR_US[case["id"]])
    ours = model.build("vectors", description(group, case))
    operation = ours.operations[case["given"]["name"]]
    sent = case["serialized"]
    uri = urlsplit(sent["uri"])
    headers = {name.lower().encode(): value.encode() for name, value in (sent.get("headers") or {}).items()}
    exchange = Exchange(
        operation.method.encode(), uri.path.encode(), uri.query.encode(), headers, (sent.get("body") or "").encode()
    )
    read = CODECS[SUITES[suite]].parser(operation, None)(exchange)
    expected = case["params"]
    if operation.input is not None:
        expected = without_nothing(of_shape(None, operation.input, expected))
    if case["id"] in FILLED_IN_BY_THE_CLIENT:
        assert list(read.values()) == ["00000000-0000-4000-8000-000000000000"]
        return
    assert without_nothing(plain(read)) == without_nothing(plain(expected))


def operation_of(group: dict[str, Any], case: dict[str, Any]) -> OperationModel:
    return ServiceModel(description(group, case), "vectors").operation_model(case["given"]["name"])


def response_of(case: dict[str, Any]) -> Any:
    from emulator.wire.exchange import Reply

    given = case["response"]
    head = "".join(f"{name}: {value}\r\n" for name, value in (given.get("headers") or {}).items())
    return Reply(given["status_code"], head.encode() or b"x-nothing: 1\r\n", (given.get("body") or "").encode())


@pytest.mark.parametrize(("suite", "group", "case"), cases("output"))
def test_responses(suite: str, group: dict[str, Any], case: dict[str, Any]) -> None:
    if case["id"] in OUTPUT_NOT_FOR_US:
        pytest.skip(OUTPUT_NOT_FOR_US[case["id"]])
    ours = model.build("vectors", description(group, case))
    operation = ours.operations[case["given"]["name"]]
    codec = CODECS[SUITES[suite]]
    described = operation_of(group, case)
    if "error" in case:
        check_error(ours, codec, described, case)
        return
    result = case.get("result", {})
    if operation.output is not None:
        result = of_shape(None, operation.output, result)
    reply = codec.serializer(ours, operation)(result, "id")
    if SUITES[suite] == "query" and not case["response"].get("body"):
        # botocore cannot read an empty document; no more can be asked of ours than to say nothing.
        assert understand(described, reply, SUITES[suite]) == {}
        return
    theirs = understand_all(described, response_of(case), SUITES[suite])
    again = understand_all(described, reply, SUITES[suite])
    assert reply.status == case["response"]["status_code"]
    theirs.pop("ResponseMetadata")
    again.pop("ResponseMetadata")
    assert without_nothing(plain(again)) == without_nothing(plain(theirs))


def check_error(ours: model.ServiceModel, codec: Any, described: OperationModel, case: dict[str, Any]) -> None:
    shape = described.error_shapes[0]
    members = dict(case["error"])
    message = next((members.pop(name) for name in list(members) if name.lower() == "message"), "")
    kind = type("Refusal", (ServiceError,), {"code": case["errorCode"], "status": case["response"]["status_code"]})
    kind.json_type = shape.name
    reply = codec.fail(ours)(kind(message, **members), "the-id")
    parsed = understand_all(described, reply)
    assert parsed["Error"]["Code"] == case["errorCode"]
    assert (parsed["Error"]["Message"] or "") == message
    assert parsed["ResponseMetadata"]["RequestId"] == "the-id"
    assert reply.status == case["response"]["status_code"]
    response = {"status_code": reply.status, "headers": HeadersDict(headers_of(reply)), "body": reply.body}
    modelled = create_parser(described.service_model.resolved_protocol).parse(response, shape)
    assert {name: modelled.get(name) for name in members} == members
