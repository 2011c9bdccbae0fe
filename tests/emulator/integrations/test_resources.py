"""Resources: what they name, and which there are."""

from __future__ import annotations

import pytest

from emulator.integrations import naming, resources
from emulator.integrations.catalogue import Catalogue
from emulator.integrations.resources import Resource


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("arn:aws:states:::sqs:sendMessage", Resource("optimised", "sqs", "sendMessage")),
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            Resource("optimised", "sqs", "sendMessage", "waitForTaskToken"),
        ),
        ("arn:aws:states:::states:startExecution.sync:2", Resource("optimised", "states", "startExecution", "sync:2")),
        ("arn:aws:states:::aws-sdk:sfn:startExecution", Resource("sdk", "sfn", "startExecution")),
        ("arn:aws-cn:states:::lambda:invoke", Resource("optimised", "lambda", "invoke")),
        ("arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST", Resource("function", "lambda", "invoke")),
        ("arn:aws:states:us-east-1:000000000000:activity:work", Resource("activity", "states", "")),
    ],
)
def test_parts(text: str, parsed: Resource) -> None:
    assert resources.parse(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "sqs", "arn:aws:states:::sqs", "arn:aws:states:::sqs:sendMessage.soon", "arn:aws:s3:::b"]
)
def test_no_resource(text: str) -> None:
    assert resources.parse(text) is None


def test_history_names() -> None:
    parsed = resources.parse("arn:aws:states:::aws-sdk:s3:getObject.waitForTaskToken")
    assert parsed is not None
    assert parsed.resource_type == "aws-sdk:s3"


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:states:::dynamodb:getItem",
        "arn:aws:states:::ecs:runTask.waitForTaskToken",
        "arn:aws:states:::aws-sdk:cognitoidentityprovider:adminGetUser",
        "arn:aws:states:::aws-sdk:cloudwatchlogs:putLogEvents",
        "arn:aws:states:::aws-sdk:rds:startDBInstance.waitForTaskToken",
    ],
)
def test_supported(text: str, catalogue: Catalogue) -> None:
    assert resources.why_not(text, catalogue) == ""


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:states:::dynamodb:query",
        "arn:aws:states:::lambda:invoke.sync",
        "arn:aws:states:::aws-sdk:sqs:sendMessage.sync",
        "arn:aws:states:::aws-sdk:nothing:atAll",
        "arn:aws:states:::aws-sdk:sqs:SendMessage",
        "hello",
    ],
)
def test_refused_in_aws_words(text: str, catalogue: Catalogue) -> None:
    assert resources.why_not(text, catalogue) == (
        f"The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource is "
        "not available in this region."
    )


@pytest.mark.parametrize(
    ("given", "java"),
    [
        ("executionArn", "ExecutionArn"),
        ("DBInstanceIdentifier", "DbInstanceIdentifier"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("MD5OfMessageBody", "Md5OfMessageBody"),
        ("ETag", "ETag"),
        ("BOOL", "Bool"),
        ("Secrets Manager", "SecretsManager"),
        ("DynamoDB", "DynamoDb"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("SFN", "Sfn"),
    ],
)
def test_names_of_the_java_sdk(given: str, java: str) -> None:
    assert naming.pascal(given) == java


@pytest.mark.parametrize(
    ("shape", "thrown"),
    [
        ("NoSuchKey", "NoSuchKeyException"),
        ("InvalidArn", "InvalidArnException"),
        ("DBNotFoundFault", "DBNotFoundException"),
    ],
)
def test_names_of_exceptions(shape: str, thrown: str) -> None:
    assert naming.exception(shape) == thrown


def test_names_of_the_second_sdks_exceptions() -> None:
    assert naming.exception("DBNotFoundFault", second=True) == "DbNotFoundException"
    assert naming.exception("ResourceNotFoundException", second=True) == "ResourceNotFoundException"
