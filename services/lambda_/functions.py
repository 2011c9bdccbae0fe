"""Functions: made, shown, changed, deleted.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from services.api import operation
from services.lambda_ import names, show
from services.lambda_.code import check_request_size
from services.lambda_.configuring import check, check_new
from services.lambda_.errors import (
    AccessDenied,
    InvalidParameterValue,
    ResourceConflict,
    ResourceNotFound,
)
from services.lambda_.limits import FUNCTION_NAME_MAX
from services.lambda_.model import LATEST, Version
from services.lambda_.paging import page
from services.lambda_.state import Function
from services.lambda_.versions import check_revision, in_order

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.changes import Changes
    from services.lambda_.code import CodeSource
    from services.lambda_.configuring import Configuring
    from services.lambda_.model import FunctionName
    from services.lambda_.names import Named
    from services.lambda_.state import Functions
    from services.lambda_.versions import VersionsApi
    from services.ports import Clock, Entropy
    from services.scope import Scope


class Signing(Protocol):
    """Code signing configurations, as far as CreateFunction names one."""

    def check(self, scope: Scope, code_signing_config_arn: str) -> None:
        """CodeSigningConfigNotFound without such a configuration."""

    def attach(self, function: FunctionName, code_signing_config_arn: str) -> None:
        """The function uses that configuration from now on."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the operations on functions work with."""

    clock: Clock
    entropy: Entropy
    functions: Functions
    changes: Changes
    code: CodeSource
    configuring: Configuring
    versions: VersionsApi
    signing: Signing | None = None


class FunctionsApi:
    """CreateFunction, GetFunction, ListFunctions, UpdateFunctionCode, DeleteFunction, ..."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._functions = parts.functions

    @operation
    async def create_function(self, call: Call, params: Params) -> Params:
        check_request_size(params)
        name = _new_name(call, params["FunctionName"])
        check_new(params)
        check(params, runtime=params.get("Runtime") or "")
        signing_config, signing = params.get("CodeSigningConfigArn"), self._parts.signing
        if signing_config and signing is not None:
            signing.check(call.scope, signing_config)
        self._parts.configuring.check_layers(call.scope, params)
        self._check_free(name)
        code = await self._parts.code.fetch(call.scope, params["Code"])
        configuration = await self._parts.configuring.new(call.scope, params, code)
        # Others may have come first while the code was fetched.
        self._check_free(name)
        now = self._parts.clock.now()
        latest = Version(name, LATEST, configuration, self._parts.entropy.uuid(), now)
        function = Function(name, latest, created_at=now, tags=dict(params.get("Tags") or {}))
        self._functions.in_scope(call.scope)[name.name] = function
        if signing_config and signing is not None:
            signing.attach(name, signing_config)
        created = [latest]
        changes = self._parts.changes
        changes.pending(latest)
        if params.get("Publish"):
            version, _ = self._parts.versions.publish(function)
            changes.pending(version)
            created.append(version)
        answer = show.configuration(created[-1])
        for each in created:
            changes.active(each)
        return answer

    def _check_free(self, name: FunctionName) -> None:
        if self._functions.get(name) is not None:
            raise ResourceConflict(f"Function already exist: {name.name}")

    # Looking.

    @operation
    def get_function(self, call: Call, params: Params) -> Params:
        function, version, qualifier = self._version(call, params)
        code = version.configuration.code
        answer: Params = {
            "Configuration": show.configuration(version, qualifier),
            "Code": {"RepositoryType": "S3", "Location": self._parts.code.location(call, code)},
        }
        if function.tags:
            answer["Tags"] = dict(function.tags)
        if function.reserved is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
        return answer

    @operation
    def get_function_configuration(self, call: Call, params: Params) -> Params:
        _, version, qualifier = self._version(call, params)
        return show.configuration(version, qualifier)

    def _version(self, call: Call, params: Params) -> tuple[Function, Version, str]:
        function, qualifier = self._functions.function(
            call.scope, params["FunctionName"], params.get("Qualifier") or ""
        )
        version = function.version(qualifier)
        if version is None:
            raise ResourceNotFound.function(function.name.arn(qualifier))
        return function, version, qualifier

    @operation
    def list_functions(self, call: Call, params: Params) -> Params:
        functions, every = self._functions.in_scope(call.scope).values(), bool(params.get("FunctionVersion"))
        versions = [
            version for function in functions for version in (function.versions() if every else (function.latest,))
        ]
        found, more = page(versions, in_order, params)
        return {
            "Functions": [show.listed(version, version.version if every else "") for version in found],
            **more,
        }

    # Changing.

    def _latest(self, call: Call, params: Params) -> Function:
        """The function that is to be changed; its `$LATEST` is all that can be."""
        named = names.parse(call.scope, params["FunctionName"])
        function = self._functions.of(_unqualified(named))
        check_only_function(named)
        check_revision(function.latest.revision_id, params)
        return function

    @operation
    async def update_function_code(self, call: Call, params: Params) -> Params:
        check_request_size(params)
        function = self._latest(call, params)
        if params.get("ImageUri"):
            raise InvalidParameterValue("Please don't provide ImageUri when updating a function with packageType Zip.")
        check({"PublishTo": params.get("PublishTo")}, runtime="")
        self._parts.changes.check_none(function)
        code = await self._parts.code.fetch(function.scope, params)
        latest = self._still(function)
        architecture = (params.get("Architectures") or [latest.configuration.architecture])[0]
        configuration = replace(latest.configuration, code=code, architecture=architecture)
        if params.get("DryRun"):
            return show.configuration(replace(latest, configuration=configuration))
        self._parts.code.release(latest.configuration.code)
        latest.configuration = configuration
        self._parts.changes.update(latest)
        self._functions.tell_changed(latest)
        if not params.get("Publish"):
            return show.configuration(latest)
        version, new = self._parts.versions.publish(function)
        if new:
            self._parts.changes.create_by_update(version)
        return show.configuration(version, version.version)

    @operation
    async def update_function_configuration(self, call: Call, params: Params) -> Params:
        function = self._latest(call, params)
        check(params, runtime=params.get("Runtime") or function.latest.configuration.runtime)
        self._parts.changes.check_none(function)
        before = function.latest.configuration
        configuration = await self._parts.configuring.changed(function.scope, before, params)
        latest = self._still(function)
        latest.configuration = configuration
        self._parts.changes.update(latest)
        self._functions.tell_changed(latest)
        return show.configuration(latest)

    def _still(self, function: Function) -> Version:
        """`$LATEST`, after a wait: others may have changed or deleted the function meanwhile."""
        if self._functions.get(function.name) is not function:
            raise ResourceNotFound.function(function.arn)
        self._parts.changes.check_none(function)
        return function.latest

    # Deleting.

    @operation
    def delete_function(self, call: Call, params: Params) -> Params:
        named = names.parse(call.scope, params["FunctionName"], params.get("Qualifier") or "")
        if names.is_alias(named.qualifier) and "$" not in named.qualifier:
            raise InvalidParameterValue("Deletion of aliases is not currently supported.")
        if named.qualifier == LATEST:
            raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
        function = self._functions.of(_unqualified(named))
        if named.qualifier:
            self._delete_version(function, named.qualifier)
        else:
            del self._functions.in_scope(function.scope)[function.name.name]
            self._functions.tell_deleted(function, "")
        return {"StatusCode": 204}

    def _delete_version(self, function: Function, number: str) -> None:
        used_by = [
            alias.name for alias in function.aliases.values() if number == alias.version or number in alias.weights
        ]
        if used_by:
            raise ResourceConflict(
                f"Unable to delete version because the following aliases reference it: [{', '.join(used_by)}]"
            )
        version = function.published.pop(number, None)
        if version is not None:
            self._parts.code.release(version.configuration.code)
            function.provisioned.pop(number, None)
            self._functions.tell_deleted(function, number)


def _unqualified(named: Named) -> Named:
    return named._replace(qualifier="")


def check_only_function(named: Named) -> None:
    """InvalidParameterValue when a version or alias is named where only a function may be."""
    if named.qualifier not in {"", LATEST}:
        refuse_qualifier()


def refuse_qualifier() -> None:
    """What operations that know no versions say of a qualifier."""
    raise InvalidParameterValue(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )


def _new_name(call: Call, text: str) -> FunctionName:
    """The name of a function that is to be made, from the forms that CreateFunction takes."""
    named = names.parse(call.scope, text)
    name = named.function
    if name.account != call.scope.account:
        raise AccessDenied
    if len(name.name) > FUNCTION_NAME_MAX:
        raise InvalidParameterValue(
            f"1 validation error detected: Value '{name.name}' at 'functionName' failed to satisfy constraint: Member "
            f"must have length less than or equal to {FUNCTION_NAME_MAX}"
        )
    return name
