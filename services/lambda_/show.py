"""Versions, aliases and provisioned concurrency as the API shows them.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.lambda_ import runtimes

if TYPE_CHECKING:
    from services.api import Params
    from services.lambda_.model import Configuration, Version
    from services.lambda_.state import Alias, Provisioned


def instant(at: float) -> str:
    """With milliseconds, as LastModified has them: `2024-05-01T12:00:00.123+0000`."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def second(at: float) -> str:
    """Without them, as provisioned concurrency has it: `2024-05-01T12:00:00+0000`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}+0000"


def configuration(version: Version, qualifier: str = "") -> Params:
    """A version, whole. Its ARN ends in `qualifier`, as the caller wrote it."""
    shown = listed(version, qualifier)
    if runtime := version.configuration.runtime:
        region = version.function.region
        shown["RuntimeVersionConfig"] = {"RuntimeVersionArn": runtimes.version_arn(runtime, region)}
    shown["State"] = version.state
    if version.state_reason:
        shown["StateReason"] = version.state_reason
        shown["StateReasonCode"] = version.state_reason_code
    if version.state == "Pending":
        return shown
    shown["LastUpdateStatus"] = version.last_update_status
    if version.last_update_reason:
        shown["LastUpdateStatusReason"] = version.last_update_reason
        shown["LastUpdateStatusReasonCode"] = version.last_update_reason_code
    return shown


def listed(version: Version, qualifier: str) -> Params:
    """A version as lists show it: without its state and the version of its runtime."""
    given = version.configuration
    shown: Params = {
        "FunctionName": version.function.name,
        "FunctionArn": version.function.arn(qualifier),
        "Role": given.role,
        "CodeSize": given.code.size,
        "CodeSha256": given.code.sha256,
        "Description": given.description,
        "Timeout": given.timeout_s,
        "MemorySize": given.memory_mb,
        "EphemeralStorage": {"Size": given.ephemeral_mb},
        "LastModified": instant(version.last_modified_at),
        "Version": version.version,
        "TracingConfig": {"Mode": given.tracing},
        "RevisionId": version.revision_id,
        "PackageType": given.package_type,
        "Architectures": [given.architecture],
        "LoggingConfig": _logging(version),
        "SnapStart": _snap_start(version),
    }
    if given.runtime:
        shown["Runtime"] = given.runtime
    if given.handler:
        shown["Handler"] = given.handler
    if given.dead_letter_arn:
        shown["DeadLetterConfig"] = {"TargetArn": given.dead_letter_arn}
    if given.layers:
        shown["Layers"] = [
            {"Arn": arn, "CodeSize": code.size} for arn, code in zip(given.layers, given.layer_code, strict=True)
        ]
    return shown | {name: value for name, value in given.shown.items() if name not in shown}


def log_group(version: Version) -> str:
    """Where its logs go."""
    return version.configuration.log_group or f"/aws/lambda/{version.function.name}"


def _logging(version: Version) -> Params:
    given: Configuration = version.configuration
    shown = {"LogFormat": given.log_format, "LogGroup": log_group(version)}
    if given.application_log_level:
        shown["ApplicationLogLevel"] = given.application_log_level
    if given.system_log_level:
        shown["SystemLogLevel"] = given.system_log_level
    return shown


def _snap_start(version: Version) -> Params:
    applies_to = version.configuration.shown.get("SnapStart", {}).get("ApplyOn", "None")
    optimized = applies_to == "PublishedVersions" and version.version != "$LATEST"
    return {"ApplyOn": applies_to, "OptimizationStatus": "On" if optimized else "Off"}


def alias(given: Alias) -> Params:
    """An alias."""
    shown: Params = {
        "AliasArn": given.arn,
        "Name": given.name,
        "FunctionVersion": given.version,
        "Description": given.description,
        "RevisionId": given.revision_id,
    }
    if given.weights:
        shown["RoutingConfig"] = {"AdditionalVersionWeights": dict(given.weights)}
    return shown


def provisioned(given: Provisioned) -> Params:
    """Provisioned concurrency of a version or alias."""
    shown: Params = {
        "RequestedProvisionedConcurrentExecutions": given.requested,
        "AvailableProvisionedConcurrentExecutions": given.allocated,
        "AllocatedProvisionedConcurrentExecutions": given.allocated,
        "Status": given.status,
        "LastModified": second(given.last_modified_at),
    }
    if given.status_reason:
        shown["StatusReason"] = given.status_reason
    return shown
