"""From parameters to a Configuration: what the model's constraints leave to be checked, and the defaults.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from services.errors import NotImplementedByUndercast, ServiceError
from services.lambda_ import limits, runtimes
from services.lambda_.errors import InvalidParameterValue, ValidationException
from services.lambda_.model import Configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Params
    from services.lambda_.layers import Layers
    from services.ports import Code, Networks
    from services.scope import Scope

RESERVED: Final = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
})  # fmt: skip
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""

_PLAIN: Final = {
    "Role": "role",
    "Handler": "handler",
    "Description": "description",
    "Timeout": "timeout_s",
    "MemorySize": "memory_mb",
    "Runtime": "runtime",
}
_ABSENT: Final = ("CapacityProviderConfig", "DurableConfig", "AcceleratorConfig", "PublishTo")
"""Of managed instances and durable functions."""


class Configuring:
    """Makes configurations of parameters."""

    def __init__(self, layers: Layers, networks: Networks | None) -> None:
        self._layers = layers
        self._networks = networks

    async def new(self, scope: Scope, params: Params, code: Code) -> Configuration:
        """A new function's. `check_new` has been asked before."""
        first = Configuration(
            runtime=params.get("Runtime") or "",
            handler=params.get("Handler") or "",
            role=params["Role"],
            code=code,
            architecture=(params.get("Architectures") or ["x86_64"])[0],
            package_type=params.get("PackageType") or "Zip",
        )
        return await self.changed(scope, first, params)

    def check_layers(self, scope: Scope, params: Params) -> None:
        """InvalidParameterValue unless the layers that are named can be used. Asked before the name is."""
        self._layers.referenced(scope, params.get("Layers") or ())

    async def changed(self, scope: Scope, before: Configuration, params: Params) -> Configuration:
        """`before` with what the parameters name. Raises what `check` raises."""
        check(params, runtime=params.get("Runtime") or before.runtime)
        changes: dict[str, Any] = {
            field: params[name] for name, field in _PLAIN.items() if params.get(name) is not None
        }
        if (variables := params.get("Environment")) is not None:
            changes["environment"] = dict(variables.get("Variables") or {})
        if (storage := params.get("EphemeralStorage")) is not None:
            changes["ephemeral_mb"] = storage["Size"]
        if (letters := params.get("DeadLetterConfig")) is not None:
            changes["dead_letter_arn"] = letters.get("TargetArn") or ""
        if (tracing := params.get("TracingConfig")) is not None:
            changes["tracing"] = tracing.get("Mode") or "PassThrough"
        if (layers := params.get("Layers")) is not None:
            changes["layers"] = tuple(layers)
            changes["layer_code"] = tuple(layer.code for layer in self._layers.referenced(scope, layers))
        if (logging := params.get("LoggingConfig")) is not None:
            changes |= _logging(before, logging)
        changes["shown"] = await self._shown(scope, before.shown, params)
        return replace(before, **changes)

    async def _shown(self, scope: Scope, before: Mapping[str, Any], params: Params) -> dict[str, Any]:
        """What is kept in order to be shown. An empty value takes a member away."""
        shown = dict(before)
        for name in ("KMSKeyArn", "FileSystemConfigs", "TenancyConfig", "SnapStart"):
            if name in params:
                shown[name] = params[name]
                if not params[name]:
                    del shown[name]
        if (variables := params.get("Environment")) is not None:
            shown["Environment"] = {"Variables": dict(variables.get("Variables") or {})}
        if "ImageConfig" in params:
            shown["ImageConfigResponse"] = {"ImageConfig": params["ImageConfig"]}
        if (network := params.get("VpcConfig")) is not None:
            shown["VpcConfig"] = await self._network(scope, network)
        return shown

    async def _network(self, scope: Scope, given: Params) -> Params:
        subnets, groups = list(given.get("SubnetIds") or ()), list(given.get("SecurityGroupIds") or ())
        vpc = ""
        if subnets and self._networks is not None:
            try:
                vpc = await self._networks.vpc_of(subnets, groups, account=scope.account, region=scope.region)
            except ServiceError as error:
                operation = "DescribeSecurityGroups" if "Group" in error.code else "DescribeSubnets"
                raise InvalidParameterValue(
                    f"Error occurred while {operation}. EC2 Error Code: {error.code}. "
                    f"EC2 Error Message: {error.message}"
                ) from None
        return {
            "SubnetIds": subnets,
            "SecurityGroupIds": groups,
            "VpcId": vpc,
            "Ipv6AllowedForDualStack": bool(given.get("Ipv6AllowedForDualStack")),
        }


def check_new(params: Params) -> None:
    """What only CreateFunction asks for. InvalidParameterValue, or NotImplementedByUndercast for images."""
    if (params.get("PackageType") or "Zip") == "Image":
        raise InvalidParameterValue(
            "PackageType Image needs a Docker engine, and none answers here: this emulator runs code from a Zip "
            "archive or a local folder. The function was not created."
        )
    if params["Code"].get("ImageUri"):
        raise InvalidParameterValue("Please don't provide ImageUri when creating a function with packageType Zip.")
    if not params.get("Runtime") or not params.get("Handler"):
        raise InvalidParameterValue(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    check_tags(params.get("Tags") or {})


def check_tags(tags: Mapping[str, str]) -> None:
    """InvalidParameterValue for more tags than a resource may have."""
    if len(tags) > limits.TAGS_MAX:
        raise InvalidParameterValue("Number of tags exceeds resource tag limit.")


def check(params: Params, *, runtime: str) -> None:
    """What the model's constraints leave to be checked, the same for new functions and for changes.

    Raises:
        InvalidParameterValue, ValidationException: as AWS words it.
        NotImplementedByUndercast: managed instances and durable functions.
    """
    for name in _ABSENT:
        if params.get(name):
            raise NotImplementedByUndercast(f"{name} is not implemented.")
    if params.get("Runtime"):
        runtimes.check(params["Runtime"])
    _check_sizes(params)
    if (params.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions" and runtime not in runtimes.SNAP_START:
        raise InvalidParameterValue(f"{runtime} is not supported for SnapStart enabled functions.")
    _check_environment((params.get("Environment") or {}).get("Variables") or {})


def _check_sizes(params: Params) -> None:
    memory_mb = params.get("MemorySize")
    if memory_mb is not None and memory_mb > limits.MEMORY_MAX_MB:
        raise InvalidParameterValue(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to "
            f"{limits.MEMORY_MAX_MB}"
        )
    if (params.get("Timeout") or 0) > limits.TIMEOUT_MAX_S:
        raise ValidationException.of(
            params["Timeout"], "timeout", f"Member must have value less than or equal to {limits.TIMEOUT_MAX_S}"
        )
    if (params.get("EphemeralStorage") or {}).get("Size", 0) > limits.EPHEMERAL_MAX_MB:
        raise ValidationException.of(
            params["EphemeralStorage"]["Size"],
            "ephemeralStorage.size",
            f"Member must have value less than or equal to {limits.EPHEMERAL_MAX_MB}",
        )


def _check_environment(variables: Mapping[str, str]) -> None:
    if reserved := sorted(RESERVED & variables.keys()):
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > limits.ENVIRONMENT_MAX:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )


def _logging(before: Configuration, given: Params) -> dict[str, str]:
    """The changes of a LoggingConfig; levels come with the JSON format and go with it."""
    log_format = given.get("LogFormat") or before.log_format
    levels = {"application_log_level": "ApplicationLogLevel", "system_log_level": "SystemLogLevel"}
    changes = {"log_format": log_format, "log_group": given.get("LogGroup") or before.log_group}
    if log_format == "Text":
        if any(given.get(name) for name in levels.values()):
            raise InvalidParameterValue(
                'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or '
                'change the LogFormat to "JSON" and try again.'
            )
        return changes | dict.fromkeys(levels, "")
    return changes | {field: given.get(name) or getattr(before, field) or "INFO" for field, name in levels.items()}
