"""Event invoke configs: how asynchronous invocations are retried and where they end.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.api import operation
from services.lambda_ import names
from services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from services.lambda_.model import LATEST, AsyncPolicy
from services.lambda_.paging import page

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.model import FunctionName
    from services.lambda_.names import Named
    from services.lambda_.state import Function, Functions
    from services.ports import Clock

_NO_FUNCTION: Final = "The function doesn't exist."
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
_SERVICES: Final = {
    "OnSuccess": {"sqs", "sns", "lambda", "events"},
    "OnFailure": {"sqs", "sns", "lambda", "events", "s3"},
}


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """One config. What was not given is None, and shown as nothing."""

    last_modified_at: float
    retries: int | None = None
    max_age_s: int | None = None
    on_success: str = ""
    on_failure: str = ""

    def policy(self) -> AsyncPolicy:
        """What it comes to for the invoker."""
        plain = AsyncPolicy(on_success=self.on_success, on_failure=self.on_failure)
        if self.retries is not None:
            plain = replace(plain, max_attempts=self.retries)
        return plain if self.max_age_s is None else replace(plain, max_age_s=self.max_age_s)


class EventInvokeConfigs:
    """The operations on event invoke configs, and `policy` for the invoker."""

    def __init__(self, functions: Functions, clock: Clock) -> None:
        self._functions = functions
        self._clock = clock
        self._of: dict[FunctionName, dict[str, EventInvokeConfig]] = {}
        """By qualifier; `$LATEST` also when there was none."""

    def policy(self, name: FunctionName, qualifier: str) -> AsyncPolicy:
        """How asynchronous invocations of that qualifier are retried; AWS's defaults without a config."""
        found = self._of.get(name, {}).get(qualifier or LATEST)
        return AsyncPolicy() if found is None else found.policy()

    def deleted(self, function: Function, qualifier: str) -> None:
        """A version, an alias or the whole function is gone, and its config with it."""
        if not qualifier:
            self._of.pop(function.name, None)
        elif function.name in self._of:
            self._of[function.name].pop(qualifier, None)

    @operation
    def put_function_event_invoke_config(self, call: Call, params: Params) -> Params:
        named = self._existing(call, params)
        made = self._with(EventInvokeConfig(self._clock.now()), params, named.function)
        self._of.setdefault(named.function, {})[named.qualifier] = made
        return _shown(named, made)

    @operation
    def update_function_event_invoke_config(self, call: Call, params: Params) -> Params:
        named = self._existing(call, params)
        former = self._found(named)
        made = self._with(replace(former, last_modified_at=self._clock.now()), params, named.function)
        self._of[named.function][named.qualifier] = made
        return _shown(named, made)

    @operation
    def get_function_event_invoke_config(self, call: Call, params: Params) -> Params:
        named = _named(call, params)
        return _shown(named, self._found(named))

    @operation
    def delete_function_event_invoke_config(self, call: Call, params: Params) -> Params:
        named = _named(call, params)
        self._found(named)
        del self._of[named.function][named.qualifier]
        return {}

    @operation
    def list_function_event_invoke_configs(self, call: Call, params: Params) -> Params:
        name = _named(call, params).function
        if self._functions.get(name) is None:
            raise ResourceNotFound(_NO_FUNCTION)
        shown, more = page(self._of.get(name, {}).items(), lambda item: item[0], params)
        configs = [_shown(names.Named(name, qualifier), config) for qualifier, config in shown]
        return {"FunctionEventInvokeConfigs": configs, **more}

    def _existing(self, call: Call, params: Params) -> Named:
        """What a change names, once it is known that something is to be changed and that it exists."""
        if all(
            params.get(name) is None
            for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
        ):
            raise InvalidParameterValue("You must specify at least one of error handling or destination setting.")
        named = _named(call, params)
        function = self._functions.get(named.function)
        if function is None or not function.has(named.qualifier):
            raise ResourceNotFound(_NO_FUNCTION)
        return named

    def _found(self, named: Named) -> EventInvokeConfig:
        found = self._of.get(named.function, {}).get(named.qualifier)
        if found is None:
            raise ResourceNotFound(f"The function {named.arn} doesn't have an EventInvokeConfig")
        return found

    def _with(self, config: EventInvokeConfig, params: Params, name: FunctionName) -> EventInvokeConfig:
        if params.get("MaximumRetryAttempts") is not None:
            config = replace(config, retries=params["MaximumRetryAttempts"])
        if params.get("MaximumEventAgeInSeconds") is not None:
            config = replace(config, max_age_s=params["MaximumEventAgeInSeconds"])
        given = params.get("DestinationConfig") or {}
        for side in ("OnSuccess", "OnFailure"):
            if given.get(side) is None:
                continue
            target = given[side].get("Destination") or ""
            self._check_destination(given, side, target, name)
            config = replace(config, on_success=target) if side == "OnSuccess" else replace(config, on_failure=target)
        return config

    def _check_destination(self, given: dict[str, Any], side: str, target: str, name: FunctionName) -> None:
        if not target:
            return
        parsed = arn.parse(target)
        if parsed is None or parsed.service not in _SERVICES[side]:
            raise InvalidParameterValue(f"The provided destination config {_as_java(given)} is invalid.")
        if parsed.service != "lambda":
            return
        named = names.of_arn(target)
        function = None if named is None else self._functions.get(named.function)
        if named is None or function is None or not function.has(named.qualifier):
            raise InvalidParameterValue(f"The destination ARN {target} is invalid.")
        if named.function == name:
            raise InvalidParameterValue("You can't specify the function as a destination for itself.")


def _named(call: Call, params: Params) -> Named:
    named = names.parse(call.scope, params["FunctionName"], params.get("Qualifier") or "")
    return named._replace(qualifier=named.qualifier or LATEST)


def _as_java(given: dict[str, Any]) -> str:
    """As AWS shows a DestinationConfig in a refusal."""

    def side(name: str) -> str:
        if given.get(name) is None:
            return "null"
        return f"{name}(destination={given[name].get('Destination') or 'null'})"

    return f"DestinationConfig(onSuccess={side('OnSuccess')}, onFailure={side('OnFailure')})"


def _shown(named: Named, config: EventInvokeConfig) -> Params:
    shown: Params = {
        "LastModified": config.last_modified_at,
        "FunctionArn": named.arn,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success} if config.on_success else {},
            "OnFailure": {"Destination": config.on_failure} if config.on_failure else {},
        },
    }
    if config.retries is not None:
        shown["MaximumRetryAttempts"] = config.retries
    if config.max_age_s is not None:
        shown["MaximumEventAgeInSeconds"] = config.max_age_s
    return shown
