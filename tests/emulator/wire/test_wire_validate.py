"""The model's constraints, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.wire import model, validate
from emulator.wire.compile import CHECKS, CODECS
from emulator.wire.exchange import Exchange
from services.errors import ServiceError

STATES = model.load("stepfunctions")
LAMBDA = model.load("lambda")


def refusal(described: model.ServiceModel, operation: str, params: dict[str, Any]) -> ServiceError:
    check = CHECKS.get(described.name, validate.in_json)(described.operations[operation])
    assert check is not None
    with pytest.raises(ServiceError) as refused:
        check(params)
    return refused.value


@pytest.mark.parametrize(
    ("described", "operation", "params", "message"),
    [
        (STATES, "DescribeStateMachine", {},
         ("1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: "
         "Member must not be null")),
        (STATES, "ListExecutions", {"stateMachineArn": "a", "statusFilter": "succeeded"},
         ("1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: "
         "Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]")),
        (STATES, "CreateStateMachineAlias",
         {"name": "a", "routingConfiguration": [{"stateMachineVersionArn": arn, "weight": 1} for arn in "xyz"]},
         ("1 validation error detected: Value '[RoutingConfigurationListItem(stateMachineVersionArn=x, weight=1), "
         "RoutingConfigurationListItem(stateMachineVersionArn=y, weight=1), "
         "RoutingConfigurationListItem(stateMachineVersionArn=z, weight=1)]' at 'routingConfiguration' failed to "
         "satisfy constraint: Member must have length less than or equal to 2")),
        (STATES, "ListStateMachines", {"maxResults": 1001},
         ("1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: "
         "Member must have value less than or equal to 1000")),
        (STATES, "ListStateMachines", {"nextToken": "", "maxResults": -1},
         ("2 validation errors detected: Value '-1' at 'maxResults' failed to satisfy constraint: "
         "Member must have value greater than or equal to 0; Value '' at 'nextToken' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1")),
    ],
)  # fmt: skip
def test_messages(described: model.ServiceModel, operation: str, params: dict[str, Any], message: str) -> None:
    error = refusal(described, operation, params)
    assert (error.code, error.message) == ("ValidationException", message)


def test_within_structures_and_maps() -> None:
    error = refusal(
        model.load("sns"),
        "PublishBatch",
        {
            "TopicArn": "t",
            "PublishBatchRequestEntries": [{"Id": "a", "Message": "m", "MessageAttributes": {"attr1": {}}}],
        },
    )
    assert error.code == "ValidationError"
    assert error.message == (
        "1 validation error detected: Value null at "
        "'publishBatchRequestEntries.1.member.messageAttributes.attr1.member.dataType' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_patterns() -> None:
    error = refusal(LAMBDA, "CreateAlias", {"FunctionName": "f", "Name": "1", "FunctionVersion": "1"})
    assert error.message.startswith("1 validation error detected: Value '1' at 'name' failed to satisfy constraint: ")
    pattern = LAMBDA.operations["CreateAlias"].input.members["Name"].shape.pattern
    assert f"Member must satisfy regular expression pattern: {pattern}" in error.message


def test_types_come_before_constraints() -> None:
    operation = STATES.operations["ListStateMachines"]
    parse = CODECS["json"].parser(operation, validate.in_json(operation))
    with pytest.raises(ServiceError) as refused:
        parse(Exchange(b"POST", b"/", b"", {}, json.dumps({"nextToken": "", "maxResults": "1"}).encode()))
    assert refused.value.code == "SerializationException"


def test_what_meets_the_model_passes() -> None:
    check = validate.in_json(STATES.operations["ListStateMachines"])
    assert check is not None
    check({"maxResults": 1000, "nextToken": "a"})
