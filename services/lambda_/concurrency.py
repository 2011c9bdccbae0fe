"""Reserved and provisioned concurrency.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.lambda_ import limits, names, show
from services.lambda_.errors import (
    InvalidParameterValue,
    ProvisionedConcurrencyConfigNotFound,
    ResourceConflict,
    ResourceNotFound,
)
from services.lambda_.functions import refuse_qualifier
from services.lambda_.model import LATEST
from services.lambda_.paging import page
from services.lambda_.state import Provisioned

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.changes import Changes
    from services.lambda_.state import Function, Functions
    from services.ports import Clock
    from services.scope import Scope


def unreserved(functions: Functions, scope: Scope) -> int:
    """What of an account's concurrency no function has for itself."""
    return limits.CONCURRENCY - sum(_own(function) for function in functions.in_scope(scope).values())


def _own(function: Function) -> int:
    if function.reserved is not None:
        return function.reserved
    return sum(given.requested for given in function.provisioned.values())


class ConcurrencyApi:
    """PutFunctionConcurrency, PutProvisionedConcurrencyConfig, and what gets, lists and deletes them."""

    def __init__(self, clock: Clock, functions: Functions, changes: Changes) -> None:
        self._clock = clock
        self._functions = functions
        self._changes = changes

    # Reserved.

    @operation
    def put_function_concurrency(self, call: Call, params: Params) -> Params:
        named, wanted = names.parse(call.scope, params["FunctionName"]), params["ReservedConcurrentExecutions"]
        if named.qualifier:
            refuse_qualifier()
        function = self._functions.get(named.function)
        if function is None:
            raise ResourceNotFound.function(named.function.arn(LATEST))
        left = unreserved(self._functions, function.scope) + _own(function) - wanted
        if left < limits.UNRESERVED_MIN:
            raise InvalidParameterValue(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{limits.UNRESERVED_MIN}].",
                Type=None,
            )
        provisioned = sum(given.requested for given in function.provisioned.values())
        if provisioned > wanted:
            raise InvalidParameterValue(
                f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
                f"concurrency [{provisioned}].",
                Type=None,
            )
        function.reserved = wanted
        self._functions.tell_concurrency(function)
        return {"ReservedConcurrentExecutions": wanted}

    @operation
    def get_function_concurrency(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        return {} if function.reserved is None else {"ReservedConcurrentExecutions": function.reserved}

    @operation
    def delete_function_concurrency(self, call: Call, params: Params) -> Params:
        function, qualifier = self._functions.function(call.scope, params["FunctionName"])
        if qualifier:
            refuse_qualifier()
        function.reserved = None
        self._functions.tell_concurrency(function)
        return {}

    # Provisioned.

    def _provisionable(self, call: Call, params: Params, refusal: str) -> tuple[Function, str]:
        """The function and the version or alias that the parameters name; both exist."""
        named = names.parse(call.scope, params["FunctionName"], params["Qualifier"])
        if named.qualifier == LATEST:
            raise InvalidParameterValue(refusal)
        function = self._functions.get(named.function)
        if function is None or not function.has(named.qualifier):
            if names.is_alias(named.qualifier):
                raise ResourceNotFound(f"Cannot find alias arn: {named.arn}")
            raise ResourceNotFound.function(named.arn)
        return function, named.qualifier

    @operation
    def put_provisioned_concurrency_config(self, call: Call, params: Params) -> Params:
        function, qualifier = self._provisionable(
            call, params, "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
        wanted = params["ProvisionedConcurrentExecutions"]
        self._check_room(function, qualifier, wanted)
        alias = function.aliases.get(qualifier)
        if alias is not None and alias.version in function.provisioned:
            raise ResourceConflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        if alias is None and any(
            other.version == qualifier and other.name in function.provisioned for other in function.aliases.values()
        ):
            raise ResourceConflict("Version is pointed by a Provisioned Concurrency alias")
        given = Provisioned(wanted, self._clock.now())
        before = function.provisioned.get(qualifier)
        given.allocated = given.demand = 0 if before is None else min(before.allocated, wanted)
        function.provisioned[qualifier] = given

        def begin() -> None:
            if function.provisioned.get(qualifier) is given:
                given.demand = given.requested
                self._functions.tell_concurrency(function)

        self._changes.after(limits.UPDATE_S, begin)
        return show.provisioned(given)

    def _check_room(self, function: Function, qualifier: str, wanted: int) -> None:
        others = sum(given.requested for name, given in function.provisioned.items() if name != qualifier)
        if function.reserved is not None:
            if others + wanted > function.reserved:
                raise InvalidParameterValue(
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                    "function"
                )
            return
        free = unreserved(self._functions, function.scope) + _own(function) - others
        if wanted > free:
            raise InvalidParameterValue(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
                f"[{free}].",
                Type=None,
            )
        if free - wanted < limits.UNRESERVED_MIN:
            raise InvalidParameterValue(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                f"its minimum value of [{limits.UNRESERVED_MIN}].",
                Type=None,
            )

    _NEITHER = "The function resource provided must be an alias or a published version."

    @operation
    def get_provisioned_concurrency_config(self, call: Call, params: Params) -> Params:
        function, qualifier = self._provisionable(call, params, self._NEITHER)
        given = function.provisioned.get(qualifier)
        if given is None:
            raise ProvisionedConcurrencyConfigNotFound
        return show.provisioned(given)

    @operation
    def delete_provisioned_concurrency_config(self, call: Call, params: Params) -> Params:
        function, qualifier = self._provisionable(call, params, self._NEITHER)
        if function.provisioned.pop(qualifier, None) is not None:
            self._functions.tell_concurrency(function)
        return {}

    @operation
    def list_provisioned_concurrency_configs(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        found, more = page(function.provisioned, str, params)
        configs = [
            {"FunctionArn": function.name.arn(name), **show.provisioned(function.provisioned[name])} for name in found
        ]
        return {"ProvisionedConcurrencyConfigs": configs, **more}
