"""Aliases of state machines: a name for one version, or for two with weights.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.stepfunctions import limits, names, paging
from services.stepfunctions.errors import (
    Conflict,
    ResourceNotFound,
    ServiceQuotaExceeded,
    StateMachineDeleting,
    Validation,
)
from services.stepfunctions.model import Alias, Route
from services.stepfunctions.state import version_number

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.ports import Clock
    from services.stepfunctions.model import StateMachine
    from services.stepfunctions.state import State


class AliasesApi:
    """Create, Describe, Update, Delete, List: ...StateMachineAlias(es)."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock = clock
        self._state = state

    @operation
    def create_state_machine_alias(self, call: Call, params: Params) -> Params:
        machine, routes = self._routes(params["routingConfiguration"])
        if machine.deleting:
            raise StateMachineDeleting.of(machine.arn)
        name, description, now = params["name"], params.get("description") or "", self._clock.now()
        alias = machine.aliases.get(name)
        if alias is not None:
            if (alias.routes, alias.description) != (routes, description):
                raise Conflict(
                    "Failed to create alias because an alias with the same name and a different routing configuration "
                    "already exists."
                )
        else:
            if len(machine.aliases) >= limits.ALIASES_MAX:
                raise ServiceQuotaExceeded(
                    f"The maximum number of aliases ({limits.ALIASES_MAX}) for the state machine has been reached."
                )
            alias = machine.aliases[name] = Alias(name, description, routes, now, now)
        return {"stateMachineAliasArn": machine.qualified(name), "creationDate": alias.created_at}

    @operation
    def describe_state_machine_alias(self, call: Call, params: Params) -> Params:
        machine, alias = self._alias(params["stateMachineAliasArn"])
        answer: Params = {
            "stateMachineAliasArn": machine.qualified(alias.name),
            "name": alias.name,
            "routingConfiguration": [
                {"stateMachineVersionArn": machine.qualified(route.version), "weight": route.weight}
                for route in alias.routes
            ],
            "creationDate": alias.created_at,
            "updateDate": alias.updated_at,
        }
        if alias.description:
            answer["description"] = alias.description
        return answer

    @operation
    def update_state_machine_alias(self, call: Call, params: Params) -> Params:
        machine, alias = self._alias(params["stateMachineAliasArn"])
        description, routing = params.get("description"), params.get("routingConfiguration")
        if description is None and routing is None:
            raise Validation("Either the description or the routing configuration must be specified")
        if routing is not None:
            owner, routes = self._routes(routing)
            if owner is not machine:
                raise Validation("Routing configuration must contain versions of the alias's state machine")
            alias.routes = routes
        if description is not None:
            alias.description = description
        alias.updated_at = self._clock.now()
        return {"updateDate": alias.updated_at}

    @operation
    def delete_state_machine_alias(self, call: Call, params: Params) -> Params:
        machine, alias = self._alias(params["stateMachineAliasArn"])
        del machine.aliases[alias.name]
        return {}

    @operation
    def list_state_machine_aliases(self, call: Call, params: Params) -> Params:
        arn = params["stateMachineArn"]
        machine = self._state.require_machine(arn)
        qualifier = names.parse(arn, "stateMachine").qualifier
        number = version_number(qualifier)
        if qualifier and number not in machine.versions:
            raise ResourceNotFound.unreferenced(arn)
        aliases = [
            (position, alias)
            for position, alias in enumerate(machine.aliases.values())
            if not qualifier or any(route.version == number for route in alias.routes)
        ]
        # Creation times of aliases may be equal: the text of a key keeps them apart, and in order.
        keyed = [(f"{alias.created_at:020.6f} {position:06}", alias) for position, alias in aliases]
        found, more = paging.page(
            keyed, lambda item: item[0], params, of=f"ListStateMachineAliases {arn}", now=self._clock.now()
        )
        listed = [
            {"stateMachineAliasArn": machine.qualified(alias.name), "creationDate": alias.created_at}
            for _, alias in found
        ]
        return {"stateMachineAliases": listed, **more}

    def _alias(self, arn: str) -> tuple[StateMachine, Alias]:
        named = names.parse(arn, "stateMachine")
        machine = self._state.state_machine(named)
        alias = None if machine is None else machine.aliases.get(named.qualifier)
        if machine is None or alias is None:
            raise ResourceNotFound.unreferenced(arn)
        return machine, alias

    def _routes(self, given: list[Params]) -> tuple[StateMachine, tuple[Route, ...]]:
        """A routing configuration, checked, and the state machine it is for."""
        listed = [item["stateMachineVersionArn"] for item in given]
        shown = f"Received: [{', '.join(listed)}]"
        parsed = [names.parse(arn, "stateMachine") for arn in listed]
        if not all(version_number(named.qualifier) for named in parsed):
            raise Validation(f"Routing configuration must contain state machine version ARNs. {shown}")
        if len(set(listed)) < len(listed):
            raise Validation(f"Routing configuration must contain distinct state machine version ARNs. {shown}")
        if len({(named.scope, named.name) for named in parsed}) > 1:
            raise Validation(f"Routing configuration must contain versions of the same state machine. {shown}")
        weights = [item["weight"] for item in given]
        if sum(weights) != 100:
            told = ", ".join(map(str, weights))
            raise Validation(f"Sum of routing configuration weights must equal 100. Received: [{told}]")
        machine = self._state.state_machine(parsed[0])
        numbers = [version_number(named.qualifier) for named in parsed]
        if machine is None or not all(number in machine.versions for number in numbers):
            raise ResourceNotFound.unreferenced(listed[0])
        return machine, tuple(map(Route, numbers, weights))
