"""Round trips: what botocore sends we read, what we write botocore reads. Every operation, every protocol."""

from __future__ import annotations

import copy

import pytest
from botocore.model import ServiceModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.wire import model, sqs_query
from emulator.wire.compile import CODECS
from tests.emulator.wire.wire_samples import ask, plain, service_model, understand, understand_all, values

RELAXED = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def query_description() -> dict:
    """SQS as botocore would describe it in Query, for botocore's own serializer and parser."""
    description = copy.deepcopy(model.read_description("sqs"))
    description["metadata"] |= {"protocol": "query", "protocols": ["query"], "xmlNamespace": sqs_query.NAMESPACE}
    del description["metadata"]["awsQueryCompatible"]
    for name, shape in description["shapes"].items():
        if name in sqs_query.ELEMENTS:
            shape["member"]["locationName"] = sqs_query.ELEMENTS[name]
            shape["flattened"] = True
        if name in sqs_query.ENTRIES:
            shape["key"]["locationName"], shape["value"]["locationName"] = sqs_query.ENTRIES[name]
            shape["flattened"] = True
        for member, reference in shape.get("members", {}).items():
            if member in sqs_query.MAPS:
                reference["locationName"] = sqs_query.MAPS[member]
    for name, operation in description["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    return description


SQS = service_model("sqs")
MODELS = {
    "sqs": (SQS, model.load("sqs"), "json", 0),
    "sqs over Query": (ServiceModel(query_description(), "sqs"), sqs_query.model_of(model.load("sqs")), "query", 1),
    "sns": (service_model("sns"), model.load("sns"), "query", 1),
    "stepfunctions": (service_model("stepfunctions"), model.load("stepfunctions"), "json", 0),
    "lambda": (service_model("lambda"), model.load("lambda"), "rest-json", 1),
}
CODEC_OF = {"sqs over Query": "sqs-query"}
STREAMED = {("lambda", "InvokeWithResponseStream")}
CASES = [
    (name, operation)
    for name, (described, *_) in MODELS.items()
    for operation in described.operation_names
    if (name, operation) not in STREAMED
]


@pytest.mark.parametrize(("name", "operation_name"), CASES)
@given(data=st.data())
@RELAXED
def test_what_botocore_sends_we_read(name: str, operation_name: str, data: st.DataObject) -> None:
    described, ours, protocol, smallest = MODELS[name]
    operation = described.operation_model(operation_name)
    params = {}
    if operation.input_shape is not None:
        params = data.draw(values(operation.input_shape, smallest=smallest))
    codec = CODECS[CODEC_OF.get(name, protocol)]
    parse = codec.parser(ours.operations[operation_name], None)
    exchange = ask(operation, params, protocol)
    read = parse(exchange)
    if protocol == "rest-json":
        # As a payload, empty and absent are the same on the wire.
        payload = ours.operations[operation_name].input.payload if ours.operations[operation_name].input else None
        read = {key: value for key, value in read.items() if value or key != payload}
        params = {key: value for key, value in params.items() if value or key != payload}
    assert plain(read) == plain(params)


@pytest.mark.parametrize(("name", "operation_name"), CASES)
@given(data=st.data())
@RELAXED
def test_what_we_write_botocore_reads(name: str, operation_name: str, data: st.DataObject) -> None:
    described, ours, protocol, smallest = MODELS[name]
    operation = described.operation_model(operation_name)
    result = {}
    if operation.output_shape is not None:
        result = plain_result(data.draw(values(operation.output_shape, smallest=smallest)))
    codec = CODECS[CODEC_OF.get(name, protocol)]
    serialize = codec.serializer(ours, ours.operations[operation_name])
    status = [
        member.name
        for member in (ours.operations[operation_name].output or EMPTY).members.values()
        if member.location == "statusCode"
    ]
    for member in status:
        result[member] = 200
    parsed = understand_all(operation, serialize(result, "the-request-id"), protocol)
    metadata = parsed.pop("ResponseMetadata")
    assert metadata["RequestId"] == "the-request-id"
    output = ours.operations[operation_name].output
    if output is not None and output.payload and not result.get(output.payload):
        # As a payload, empty and absent are the same on the wire.
        parsed.pop(output.payload, None)
        result.pop(output.payload, None)
    assert plain(parsed) == plain(result)


EMPTY = model.Shape("Empty", "structure")


def plain_result(value: object) -> object:
    """Drawn values as handlers give them: instants as numbers, NaN as it is."""
    if hasattr(value, "timestamp"):
        return value.timestamp()
    if isinstance(value, dict):
        return {name: plain_result(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain_result(item) for item in value]
    return value


def test_none_is_left_out_whatever_the_texts_say() -> None:
    ours = model.load("sqs")
    operation = SQS.operation_model("ReceiveMessage")
    serialize = CODECS["json"].serializer(ours, ours.operations["ReceiveMessage"])
    result = {"Messages": [{"Body": "null", "MD5OfBody": None, "Attributes": {"a": "b"}, "MessageAttributes": None}]}
    assert understand(operation, serialize(result, "id")) == {"Messages": [{"Body": "null", "Attributes": {"a": "b"}}]}


def test_blobs_are_base64_at_any_depth() -> None:
    ours = model.load("sqs")
    serialize = CODECS["json"].serializer(ours, ours.operations["ReceiveMessage"])
    value = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
    body = serialize({"Messages": [{"MessageAttributes": {"a": value}}]}, "id").body
    assert b'"BinaryValue":"AP8="' in body
