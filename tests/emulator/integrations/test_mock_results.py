"""Mocked results against botocore's models. The sentences are AWS's."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.integrations.catalogue import Catalogue
from emulator.integrations.mock_results import MockResults

OPTIMISED = "arn:aws:states:::"


@pytest.fixture(scope="module")
def results() -> MockResults:
    return MockResults(Catalogue())


@pytest.mark.parametrize(
    ("resource", "result", "complaint"),
    [
        ("states:startExecution", {}, "Required field 'ExecutionArn' is missing"),
        ("states:startExecution", {"executionArn": "x", "startDate": "x"}, "Required field 'ExecutionArn' is missing"),
        (
            "states:startExecution",
            {"ExecutionArn": "x", "StartDate": True},
            "Field 'StartDate' must be a string",
        ),
        (
            "dynamodb:putItem",
            {"ConsumedCapacity": {"CapacityUnits": "x"}},
            "Field 'CapacityUnits' must be a number",
        ),
        ("aws-sdk:kms:encrypt", {"CiphertextBlob": 1}, "Field 'CiphertextBlob' must be a string"),
        ("lambda:invoke", {"StatusCode": "200"}, "Field 'StatusCode' must be a number"),
        ("lambda:invoke", {"Payload": {"a": 1}}, "Field 'Payload' must be a string"),
        ("aws-sdk:s3:getObject", {"ContentLength": "1"}, "Field 'ContentLength' must be a number"),
        ("aws-sdk:s3:getObject", {"StorageClass": "x"}, "Field 'StorageClass' is not an expected value"),
        ("events:putEvents", {"random": "json"}, ""),
        ("events:putEvents", {}, ""),
        # The Java SDK has Md5OfMessageBody: this one is nobody's, and passes.
        ("sqs:sendMessage", {"MD5OfMessageBody": {"unexpected": ["object"]}}, ""),
        ("sqs:sendMessage", {"MessageId": 5}, "Field 'MessageId' must be a string"),
        ("sqs:sendMessage.waitForTaskToken", {"MessageId": 5}, ""),
        ("states:startExecution.sync", {"ExecutionArn": "x"}, "Required field 'StateMachineArn' is missing"),
        ("http:invoke", {"anything": 1}, ""),
    ],
)
def test_complaints(results: MockResults, resource: str, result: Any, complaint: str) -> None:
    assert results.complaint(OPTIMISED + resource, result, whole=True) == complaint


def test_only_what_is_there_is_looked_at(results: MockResults) -> None:
    resource = f"{OPTIMISED}states:startExecution"
    assert results.complaint(resource, {}, whole=False) == ""
    assert results.complaint(resource, {"ExecutionArn": 1}, whole=False) == "Field 'ExecutionArn' must be a string"


def test_a_workers_answer_may_be_anything(results: MockResults) -> None:
    assert results.complaint("arn:aws:lambda:us-east-1:000000000000:function:f", [1], whole=True) == ""
