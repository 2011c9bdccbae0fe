"""Operations on the resource policies of functions, versions and aliases.

A policy belongs to exactly what was named: the function without a qualifier, one version, or one alias.
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services import arn
from services.api import operation
from services.lambda_ import names, policies
from services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from services.lambda_.model import LATEST

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.model import FunctionName, Version
    from services.lambda_.names import Named
    from services.lambda_.policies import Policy
    from services.lambda_.state import Alias, Function, Functions
    from services.ports import Entropy

_GONE = "The resource you requested does not exist."


class Permissions:
    """Who may invoke a function: AddPermission and its like. Kept and shown; nobody is refused for it."""

    def __init__(self, functions: Functions, entropy: Entropy) -> None:
        self._functions = functions
        self._entropy = entropy
        self._of: dict[FunctionName, dict[str, Policy]] = {}
        """Policies by qualifier; empty is the function itself."""

    def deleted(self, function: Function, qualifier: str) -> None:
        """A version, an alias or the whole function is gone, and its policy with it."""
        if not qualifier:
            self._of.pop(function.name, None)
        elif function.name in self._of:
            self._of[function.name].pop(qualifier, None)

    @operation
    def add_permission(self, call: Call, params: Params) -> Params:
        named = names.parse(call.scope, params["FunctionName"], params.get("Qualifier") or "")
        if named.qualifier == LATEST:
            raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
        partition = arn.partition(named.function.region)
        statement = policies.for_function(params, named.arn, partition)
        holder = self._holder(self._functions.of(named), named)
        former = self._policy(named)
        latest = holder.revision_id if former is None else former.revision_id
        policies.check_revision(params.get("RevisionId"), latest, "Policy")
        made = policies.with_statement(former, statement, self._entropy.uuid())
        self._put(named, holder, made)
        return {"Statement": policies.dumps(statement)}

    @operation
    def remove_permission(self, call: Call, params: Params) -> Params:
        named = names.parse(call.scope, params["FunctionName"], params.get("Qualifier") or "")
        function = self._functions.get(named.function)
        if function is None:
            raise ResourceNotFound(f"No policy found for: {named.arn}")
        holder = self._holder(function, named)
        former = self._policy(named)
        if former is not None:
            policies.check_revision(params.get("RevisionId"), former.revision_id, "Policy")
        revision = self._entropy.uuid()
        left = policies.without_statement(former, params["StatementId"], revision)
        self._put(named, holder, left, revision)
        return {}

    @operation
    def get_policy(self, call: Call, params: Params) -> Params:
        named = names.parse(call.scope, params["FunctionName"], params.get("Qualifier") or "")
        policy = self._policy(named)
        if policy is None:
            raise ResourceNotFound(_GONE)
        return {"Policy": policy.text(), "RevisionId": policy.revision_id}

    # The same policies by ARN and as whole documents (2026). What AWS says in refusals was never seen: guessed.

    @operation
    def get_resource_policy(self, call: Call, params: Params) -> Params:
        policy = self._policy(self._of_arn(call, params))
        if policy is None:
            raise ResourceNotFound(_GONE)
        return {"Policy": policy.text(), "RevisionId": policy.revision_id}

    @operation
    def put_resource_policy(self, call: Call, params: Params) -> Params:
        named = self._of_arn(call, params)
        holder = self._holder(self._functions.of(named), named)
        former = self._policy(named)
        policies.check_revision(params.get("RevisionId"), former.revision_id if former else None, "ResourcePolicy")
        made = policies.parse(params["Policy"], self._entropy.uuid())
        self._put(named, holder, made)
        return {"Policy": made.text(), "RevisionId": made.revision_id}

    @operation
    def delete_resource_policy(self, call: Call, params: Params) -> Params:
        named = self._of_arn(call, params)
        holder = self._holder(self._functions.of(named), named)
        former = self._policy(named)
        if former is None:
            raise ResourceNotFound(_GONE)
        policies.check_revision(params.get("RevisionId"), former.revision_id, "ResourcePolicy")
        self._put(named, holder, None, self._entropy.uuid())
        return {}

    def _of_arn(self, call: Call, params: Params) -> Named:
        named = names.parse(call.scope, params["ResourceArn"])
        if named.qualifier == LATEST:
            raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
        return named

    def _policy(self, named: Named) -> Policy | None:
        return self._of.get(named.function, {}).get(named.qualifier)

    def _holder(self, function: Function, named: Named) -> Version | Alias:
        """What carries the revision that a policy shares."""
        found = function.aliases.get(named.qualifier) or function.version(named.qualifier)
        if found is not None:
            return found
        # A `$` can be in no alias's name, but the qualifier's pattern lets it through.
        if names.is_alias(named.qualifier) and "$" not in named.qualifier:
            raise ResourceNotFound(f"Cannot find alias arn: {named.arn}")
        raise ResourceNotFound.function(named.arn)

    def _put(self, named: Named, holder: Version | Alias, policy: Policy | None, revision_id: str = "") -> None:
        of_function = self._of.setdefault(named.function, {})
        if policy is None:
            of_function.pop(named.qualifier, None)
        else:
            of_function[named.qualifier] = policy
        # A change of the policy is one of the function, version or alias, which shows the same revision.
        holder.revision_id = revision_id or (policy.revision_id if policy is not None else holder.revision_id)
