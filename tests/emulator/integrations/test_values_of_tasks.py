"""Arguments to parameters, results to JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.integrations import values
from emulator.integrations.catalogue import Catalogue, KnownService
from emulator.integrations.values import Refused, Sdk, to_json, to_params
from emulator.wire.model import Operation


def of(service: str, action: str) -> tuple[KnownService, Operation]:
    known = Catalogue().service(service)
    assert known is not None
    return known, known.actions[action]


def test_names_are_the_java_sdks_not_the_apis() -> None:
    _, start = of("stepfunctions", "startExecution")
    given = {"StateMachineArn": "arn", "Input": {"a": 1}, "Name": None}
    assert to_params(start.input, given, Sdk.FIRST) == {"stateMachineArn": "arn", "input": '{"a":1}'}
    assert to_params(start.input, given, Sdk.SECOND) == {"stateMachineArn": "arn", "input": '{"a":1}'}


def test_the_apis_own_name_is_refused() -> None:
    _, start = of("stepfunctions", "startExecution")
    with pytest.raises(Refused) as refused:
        to_params(start.input, {"stateMachineArn": "arn"}, Sdk.SECOND)
    assert refused.value.problems == ['The field "stateMachineArn" is not supported by Step Functions']


def test_every_problem_is_told() -> None:
    _, put = of("dynamodb", "putItem")
    with pytest.raises(Refused) as refused:
        to_params(put.input, {"TableName": 1, "Item": {"id": {"N": 5}}, "Key": {}}, Sdk.FIRST)
    assert refused.value.problems == [
        "The value for the field 'TableName' must be a STRING",
        "The value for the field 'N' must be a STRING",
        'The field "Key" is not supported by Step Functions',
    ]


def test_attribute_values_in_both_spellings() -> None:
    _, put = of("dynamodb", "putItem")
    given = {"TableName": "t", "Item": {"a": {"Bool": True}, "b": {"BOOL": False}, "c": {"Nul": True}}}
    params = to_params(put.input, given, Sdk.SECOND)
    assert params["Item"] == {"a": {"BOOL": True}, "b": {"BOOL": False}, "c": {"NULL": True}}
    _, get = of("dynamodb", "getItem")
    result = {"Item": {"a": {"BOOL": True}, "c": {"NULL": True}}}
    assert to_json(get.output, result, Sdk.FIRST) == result
    assert to_json(get.output, result, Sdk.SECOND) == {"Item": {"a": {"Bool": True}, "c": {"Nul": True}}}


def test_instants() -> None:
    _, start = of("stepfunctions", "startExecution")
    result = {"startDate": 1_700_000_000.25, "executionArn": "arn"}
    assert to_json(start.output, result, Sdk.FIRST) == {"ExecutionArn": "arn", "StartDate": 1_700_000_000_250}
    assert to_json(start.output, result, Sdk.SECOND)["StartDate"] == "2023-11-14T22:13:20.250Z"
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert to_json(start.output, {"startDate": at}, Sdk.SECOND) == {"StartDate": "2023-11-14T22:13:20Z"}


def test_members_come_in_alphabetical_order_and_maps_as_they_are() -> None:
    _, query = of("dynamodb", "query")
    result = {"Items": [{"z": {"S": "1"}, "a": {"S": "2"}}], "Count": 1, "LastEvaluatedKey": None}
    shown = to_json(query.output, result, Sdk.SECOND)
    assert list(shown) == ["Count", "Items"]
    assert list(shown["Items"][0]) == ["z", "a"]


def test_blobs_are_text() -> None:
    _, put = of("s3", "putObject")
    assert to_params(put.input, {"Bucket": "b", "Key": "k", "Body": "hello"}, Sdk.SECOND)["Body"] == b"hello"
    assert to_params(put.input, {"Bucket": "b", "Key": "k", "Body": {"a": 1}}, Sdk.SECOND)["Body"] == b'{"a":1}'
    _, get = of("s3", "getObject")
    assert to_json(get.output, {"Body": "grün".encode()}, Sdk.SECOND) == {"Body": "grün"}


def test_arguments_that_are_no_object_are_none() -> None:
    _, start = of("stepfunctions", "startExecution")
    assert values.to_params(start.input, "text", Sdk.FIRST) == {}
