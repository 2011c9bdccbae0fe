"""When AWS may replace a function's runtime by a newer one. Kept and shown; here a runtime is what the machine has.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.api import operation
from services.lambda_.errors import InvalidParameterValue

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.model import FunctionName, Version
    from services.lambda_.state import Function, Functions


class RuntimeManagement(NamedTuple):
    """One version's config."""

    update_on: str = "Auto"
    """Auto, FunctionUpdate or Manual."""
    runtime_arn: str = ""
    """With Manual only."""


class RuntimeManagementConfigs:
    """The operations on runtime management configs, and `of` for who shows a function's runtime."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._of: dict[FunctionName, dict[str, RuntimeManagement]] = {}

    def of(self, version: Version) -> RuntimeManagement:
        """The config of a version."""
        return self._of.get(version.function, {}).get(version.version, RuntimeManagement())

    def deleted(self, function: Function, qualifier: str) -> None:
        """A version or the whole function is gone."""
        if not qualifier:
            self._of.pop(function.name, None)
        elif function.name in self._of:
            self._of[function.name].pop(qualifier, None)

    @operation
    def put_runtime_management_config(self, call: Call, params: Params) -> Params:
        version = self._version(call, params)
        update_on, runtime_arn = params["UpdateRuntimeOn"], params.get("RuntimeVersionArn") or ""
        # Both are documented; the texts were never seen.
        if update_on == "Manual" and not runtime_arn:
            raise InvalidParameterValue("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
        if update_on != "Manual" and runtime_arn:
            raise InvalidParameterValue("RuntimeVersionArn can only be specified when UpdateRuntimeOn is Manual.")
        self._of.setdefault(version.function, {})[version.version] = RuntimeManagement(update_on, runtime_arn)
        return self._shown(version)

    @operation
    def get_runtime_management_config(self, call: Call, params: Params) -> Params:
        return self._shown(self._version(call, params))

    def _version(self, call: Call, params: Params) -> Version:
        return self._functions.version(call.scope, params["FunctionName"], params.get("Qualifier") or "")

    def _shown(self, version: Version) -> Params:
        config = self.of(version)
        shown = {"UpdateRuntimeOn": config.update_on, "FunctionArn": version.arn}
        return shown | ({"RuntimeVersionArn": config.runtime_arn} if config.runtime_arn else {})
