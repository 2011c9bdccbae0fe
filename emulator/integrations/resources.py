"""The ARNs that a Task's Resource may be.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from services import arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.integrations.catalogue import Catalogue

Kind = Literal["function", "activity", "optimised", "sdk"]
Pattern = Literal["", "sync", "sync:2", "waitForTaskToken"]

WAIT: Final = "waitForTaskToken"
_FUNCTION = re.compile(r"function:[a-zA-Z0-9-_.]+(:(\$LATEST|[a-zA-Z0-9-_]+))?")
_ACTIVITY = re.compile(r"activity:[^\s:]{1,80}")

_R, _S, _W = frozenset({""}), frozenset({"", "sync"}), frozenset({"", WAIT})
_SW, _ALL = frozenset({"", "sync", WAIT}), frozenset({"", "sync", "sync:2", WAIT})

OPTIMISED: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "apigateway": {"invoke": _W},
    "athena": {"startQueryExecution": _S, "stopQueryExecution": _R, "getQueryExecution": _R, "getQueryResults": _R},
    "batch": {"submitJob": _S},
    "bedrock": {"invokeModel": _W, "createModelCustomizationJob": _S},
    "codebuild": {
        "startBuild": _S,
        "stopBuild": _R,
        "batchDeleteBuilds": _R,
        "batchGetReports": _R,
        "startBuildBatch": _S,
        "stopBuildBatch": _R,
        "retryBuildBatch": _S,
        "deleteBuildBatch": _R,
    },
    "databrew": {"startJobRun": _S},
    "dynamodb": {"getItem": _R, "putItem": _R, "updateItem": _R, "deleteItem": _R},
    "ecs": {"runTask": _SW},
    "eks": {
        "call": _W,
        "createCluster": _S,
        "createNodegroup": _S,
        "deleteCluster": _S,
        "deleteNodegroup": _S,
        "runJob": _SW,
    },
    "elasticmapreduce": {
        "addStep": _S,
        "cancelStep": _R,
        "createCluster": _S,
        "modifyInstanceFleetByName": _R,
        "modifyInstanceGroupByName": _R,
        "setClusterTerminationProtection": _R,
        "terminateCluster": _S,
    },
    "emr-containers": {"createVirtualCluster": _R, "deleteVirtualCluster": _S, "startJobRun": _S},
    "emr-serverless": {
        "cancelJobRun": _S,
        "createApplication": _S,
        "deleteApplication": _S,
        "startApplication": _S,
        "startJobRun": _S,
        "stopApplication": _S,
    },
    "events": {"putEvents": _W},
    "glue": {"startJobRun": _S},
    "http": {"invoke": _R},
    "lambda": {"invoke": _W},
    "mediaconvert": {"createJob": _S},
    "sagemaker": {
        "createEndpoint": _R,
        "createEndpointConfig": _R,
        "createHyperParameterTuningJob": _S,
        "createLabelingJob": _S,
        "createModel": _R,
        "createProcessingJob": _S,
        "createTrainingJob": _S,
        "createTransformJob": _S,
        "updateEndpoint": _R,
    },
    "sns": {"publish": _W},
    "sqs": {"sendMessage": _W},
    "states": {"startExecution": _ALL},
}
"""Actions of the optimised integrations, with the patterns each can be used in."""


class Resource(NamedTuple):
    """A Resource, taken apart."""

    kind: Kind
    service: str
    """`lambda`, `sqs`; of an `sdk` resource the name that follows `aws-sdk:`."""
    action: str
    pattern: Pattern = ""

    @property
    def resource_type(self) -> str:
        """As the history's `resourceType` has it."""
        return f"aws-sdk:{self.service}" if self.kind == "sdk" else self.service


def parse(resource: str) -> Resource | None:
    """The parts of a Resource, if it has the form of one; whether there is such a thing is `why_not`'s business."""
    parsed = arn.parse(resource)
    if parsed is None:
        return None
    if parsed.service == "lambda":
        return Resource("function", "lambda", "invoke") if _FUNCTION.fullmatch(parsed.resource) else None
    if parsed.service != "states":
        return None
    if parsed.account:
        return Resource("activity", "states", "") if _ACTIVITY.fullmatch(parsed.resource) else None
    kind: Kind = "optimised"
    rest = parsed.resource
    if rest.startswith("aws-sdk:"):
        kind, rest = "sdk", rest.removeprefix("aws-sdk:")
    service, _, called = rest.partition(":")
    action, _, pattern = called.partition(".")
    if not service or not action or pattern not in ("", "sync", "sync:2", WAIT) or (not pattern and "." in called):
        return None
    return Resource(kind, service, action, pattern)  # type: ignore[arg-type]


def why_not(resource: str, catalogue: Catalogue) -> str:
    """What AWS says against a Resource, without the place; empty when it is a supported one."""
    parsed = parse(resource)
    if parsed is not None and _is_supported(parsed, catalogue):
        return ""
    return (
        f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the resource "
        "is not available in this region."
    )


def _is_supported(parsed: Resource, catalogue: Catalogue) -> bool:
    if parsed.kind == "optimised":
        return parsed.pattern in OPTIMISED.get(parsed.service, {}).get(parsed.action, ())
    if parsed.kind == "sdk":
        return parsed.pattern in ("", WAIT) and catalogue.has(parsed.service, parsed.action)
    return True
