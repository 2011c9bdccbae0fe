"""Aliases.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.lambda_ import names, show
from services.lambda_.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from services.lambda_.limits import ALIAS_WEIGHTS_MAX
from services.lambda_.model import LATEST
from services.lambda_.paging import page
from services.lambda_.state import Alias
from services.lambda_.versions import check_revision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Call, Params
    from services.lambda_.state import Function, Functions
    from services.ports import Entropy


class AliasesApi:
    """CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias."""

    def __init__(self, entropy: Entropy, functions: Functions) -> None:
        self._entropy = entropy
        self._functions = functions

    def _function(self, call: Call, params: Params, version: str = "") -> Function:
        """The function, whatever qualifier its name carries; a missing one is named with `version`."""
        named = names.parse(call.scope, params["FunctionName"])
        return self._functions.of(named._replace(qualifier=version))

    @operation
    def create_alias(self, call: Call, params: Params) -> Params:
        version, weights = params["FunctionVersion"], _weights(params) or {}
        _check_count(weights)
        function = self._function(call, params, version)
        _check_versions(function, version, weights)
        name = params["Name"]
        if name in function.aliases:
            raise ResourceConflict(f"Alias already exists: {function.name.arn(name)}")
        alias = Alias(
            function.name, name, version, params.get("Description") or "", self._entropy.uuid(), weights=weights
        )
        function.aliases[name] = alias
        return show.alias(alias)

    @operation
    def get_alias(self, call: Call, params: Params) -> Params:
        function = self._function(call, params)
        alias = function.aliases.get(params["Name"])
        if alias is None:
            raise ResourceNotFound(f"Cannot find alias arn: {function.name.arn(params['Name'])}")
        return show.alias(alias)

    @operation
    def list_aliases(self, call: Call, params: Params) -> Params:
        function, wanted = self._function(call, params), params.get("FunctionVersion")
        aliases = [
            alias
            for alias in function.aliases.values()
            if not wanted or wanted == alias.version or wanted in alias.weights
        ]
        found, more = page(aliases, lambda alias: alias.name, params)
        return {"Aliases": [show.alias(alias) for alias in found], **more}

    @operation
    def update_alias(self, call: Call, params: Params) -> Params:
        function = self._function(call, params)
        alias = function.aliases.get(params["Name"])
        if alias is None:
            raise ResourceNotFound(f"Alias not found: {function.name.arn(params['Name'])}")
        check_revision(alias.revision_id, params)
        given = _weights(params)
        weights = alias.weights if given is None else given
        version = params.get("FunctionVersion") or alias.version
        _check_count(weights)
        _check_versions(function, version, weights)
        alias.version, alias.weights = version, weights
        if params.get("Description") is not None:
            alias.description = params["Description"]
        alias.revision_id = self._entropy.uuid()
        if alias.name in function.provisioned:
            # It is another version now that is kept warm.
            self._functions.tell_concurrency(function)
        return show.alias(alias)

    @operation
    def delete_alias(self, call: Call, params: Params) -> Params:
        function = self._function(call, params)
        alias = function.aliases.pop(params["Name"], None)
        if alias is not None:
            if function.provisioned.pop(alias.name, None) is not None:
                self._functions.tell_concurrency(function)
            self._functions.tell_deleted(function, alias.name)
        return {}


def _weights(params: Params) -> dict[str, float] | None:
    """The additional versions; None when the parameters say nothing of routing."""
    routing = params.get("RoutingConfig")
    return None if routing is None else dict(routing.get("AdditionalVersionWeights") or {})


def _check_count(weights: Mapping[str, float]) -> None:
    if len(weights) > ALIAS_WEIGHTS_MAX:
        raise InvalidParameterValue(
            f"Number of items in AdditionalVersionWeights cannot be greater than {ALIAS_WEIGHTS_MAX}"
        )


def _check_versions(function: Function, version: str, weights: Mapping[str, float]) -> None:
    if function.at(version) is None:
        raise ResourceNotFound.function(function.name.arn(version))
    if not weights:
        return
    if version in weights:
        raise InvalidParameterValue(
            f"Invalid function version {version}. Function version {version} is already included in routing "
            "configuration."
        )
    if version == LATEST:
        # AWS leaves out the Type, here alone.
        raise InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version", Type=None)
    for additional in weights:
        if function.at(additional) is None:
            raise ResourceNotFound.function(function.name.arn(additional))
