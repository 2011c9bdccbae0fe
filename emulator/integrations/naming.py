"""Names as AWS's Java SDKs spell them: Step Functions is written on them and shows their names.

`SDK` integrations use the second SDK's (`DbInstanceIdentifier`, `Sfn.InvalidTokenException`), the optimised ones the
first's (`StepFunctions.StateMachineDoesNotExistException`, AmazonDynamoDBv2).
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html#use-awssdk-integ
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_NOT_A_LETTER = re.compile(r"[^A-Za-z0-9]+")
_LOWER_THEN_WORD = re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])")
_ACRONYM_THEN_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")
_NUMBER_THEN_LETTER = re.compile(r"([0-9])([a-zA-Z])")
_VERSION_AFTER_UPPER = re.compile(r"([^a-z]{2,})v([0-9]+)")
_VERSION_AFTER_LOWER = re.compile(r"([^A-Z]{2,})V([0-9]+)")


@lru_cache(maxsize=16_384)
def pascal(name: str) -> str:
    """`DBInstanceIdentifier` to `DbInstanceIdentifier`, `Secrets Manager` to `SecretsManager`, `executionArn` to
    `ExecutionArn`: an acronym counts as a word, and only words' first letters are upper case.
    """
    text = _NOT_A_LETTER.sub(" ", name)
    text = _VERSION_AFTER_UPPER.sub(r"\1 v\2 ", text)
    text = _VERSION_AFTER_LOWER.sub(r"\1 V\2 ", text)
    text = _LOWER_THEN_WORD.sub(" ", text)
    text = _ACRONYM_THEN_WORD.sub(r"\1 \2", text)
    text = _NUMBER_THEN_LETTER.sub(r"\1 \2", text)
    return "".join(word[:1].upper() + word[1:].lower() for word in text.split())


def upper_first(name: str) -> str:
    """`jobName` to `JobName`, and nothing else."""
    return name[:1].upper() + name[1:]


def lower_first(name: str) -> str:
    """An operation's name as a Resource has it: `startExecution`."""
    return name[:1].lower() + name[1:]


def exception(shape: str, *, second: bool = False) -> str:
    """The class of a modelled error: `NoSuchKey` is thrown as `NoSuchKeyException`.

    The second SDK spells it like everything else: `DbInstanceNotFoundException`.
    """
    name = upper_first(shape)
    name = name.removesuffix("Fault") if name.endswith("Fault") else name.removesuffix("Exception")
    return (pascal(name) if second else name) + "Exception"


class FirstSdk:
    """How the first SDK names one service."""

    __slots__ = ("base", "prefix", "service")

    def __init__(self, prefix: str, service: str, base: str = "") -> None:
        self.prefix = prefix
        """What Step Functions puts before the error's name."""
        self.service = service
        """`(Service: AWSLambda; ...`"""
        self.base = base or f"{service}Exception"
        """The class of errors that have none of their own."""


FIRST_SDK: Final = {
    "apigateway": FirstSdk("ApiGateway", "AmazonApiGateway"),
    "athena": FirstSdk("Athena", "AmazonAthena"),
    "batch": FirstSdk("Batch", "AWSBatch"),
    "bedrock": FirstSdk("Bedrock", "AmazonBedrock"),
    "codebuild": FirstSdk("CodeBuild", "AWSCodeBuild"),
    "databrew": FirstSdk("DataBrew", "AWSGlueDataBrew"),
    "dynamodb": FirstSdk("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "ecs": FirstSdk("ECS", "AmazonECS"),
    "eks": FirstSdk("EKS", "AmazonEKS"),
    "elasticmapreduce": FirstSdk("ElasticMapReduce", "AmazonElasticMapReduce"),
    "emr-containers": FirstSdk("EMRContainers", "AmazonEMRContainers"),
    "emr-serverless": FirstSdk("EMRServerless", "AWSEMRServerless"),
    "events": FirstSdk("EventBridge", "AmazonEventBridge"),
    "glue": FirstSdk("Glue", "AWSGlue"),
    "lambda": FirstSdk("Lambda", "AWSLambda"),
    "mediaconvert": FirstSdk("MediaConvert", "AWSMediaConvert"),
    "sagemaker": FirstSdk("SageMaker", "AmazonSageMaker"),
    "sns": FirstSdk("SNS", "AmazonSNS"),
    "sqs": FirstSdk("SQS", "AmazonSQS"),
    "states": FirstSdk("StepFunctions", "AWSStepFunctions"),
}
"""By the name of the optimised integration."""
