"""Versions of state machines: a revision, published under a number.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.stepfunctions import limits, names, paging
from services.stepfunctions.errors import Conflict, ServiceQuotaExceeded, StateMachineDeleting, Validation
from services.stepfunctions.model import StateMachine, Version
from services.stepfunctions.state import version_number

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.ports import Clock
    from services.stepfunctions.state import State


class VersionsApi:
    """PublishStateMachineVersion, DeleteStateMachineVersion, ListStateMachineVersions."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock = clock
        self._state = state

    @operation
    def publish_state_machine_version(self, call: Call, params: Params) -> Params:
        machine = self._state.require_machine(params["stateMachineArn"])
        if machine.deleting:
            raise StateMachineDeleting.of(machine.arn)
        expected = params.get("revisionId")
        if expected and expected != (machine.current.id or "INITIAL"):
            raise Conflict(
                "Failed to publish the State Machine version for revision "
                f"{expected}. The current State Machine revision is {machine.current.id or 'INITIAL'}."
            )
        version = publish(machine, params.get("description") or "", self._clock.now())
        return {"stateMachineVersionArn": machine.qualified(version.number), "creationDate": version.created_at}

    @operation
    def delete_state_machine_version(self, call: Call, params: Params) -> Params:
        named = names.parse(params["stateMachineVersionArn"], "stateMachine")
        number = version_number(named.qualifier)
        if not number:
            raise Validation(f"State machine version ARN expected. Received: {params['stateMachineVersionArn']}")
        machine = self._state.state_machine(named)
        if machine is None or number not in machine.versions:
            return {}
        using = [
            alias.name for alias in machine.aliases.values() if any(route.version == number for route in alias.routes)
        ]
        if using:
            raise Conflict(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
                f"version: [{', '.join(using)}]"
            )
        del machine.versions[number]
        return {}

    @operation
    def list_state_machine_versions(self, call: Call, params: Params) -> Params:
        arn = params["stateMachineArn"]
        machine = self._state.state_machine(names.parse(arn, "stateMachine"))
        versions = [] if machine is None else list(reversed(machine.versions.values()))
        found, more = paging.page(
            versions,
            lambda version: version.number,
            params,
            of=f"ListStateMachineVersions {arn}",
            now=self._clock.now(),
            descending=True,
        )
        listed = [
            {"stateMachineVersionArn": machine.qualified(version.number), "creationDate": version.created_at}
            for version in found
            if machine is not None
        ]
        return {"stateMachineVersions": listed, **more}


def publish(machine: StateMachine, description: str, now: float) -> Version:
    """The version of the current revision: the one there is, or a new one. Raises ServiceQuotaExceeded."""
    for version in reversed(machine.versions.values()):
        if version.revision is machine.current:
            return version
    if len(machine.versions) >= limits.VERSIONS_MAX:
        raise ServiceQuotaExceeded(
            f"The maximum number of versions ({limits.VERSIONS_MAX}) for the state machine has been reached."
        )
    machine.last_version += 1
    version = machine.versions[machine.last_version] = Version(machine.last_version, machine.current, now, description)
    return version
