"""State machines: create, update, delete, describe, list.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from services import arn as arns
from services.api import operation
from services.stepfunctions import limits, names, paging, tags
from services.stepfunctions.errors import (
    InvalidLoggingConfiguration,
    MissingRequiredParameter,
    StateMachineAlreadyExists,
    StateMachineDeleting,
    StateMachineDoesNotExist,
    StateMachineLimitExceeded,
    Validation,
)
from services.stepfunctions.model import Logging, Revision, StateMachine
from services.stepfunctions.state import version_number
from services.stepfunctions.variable_references import references_of
from services.stepfunctions.versions import publish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.api import Call, Params
    from services.ports import Clock, Entropy, LogDelivery
    from services.stepfunctions.journal import Journal
    from services.stepfunctions.state import Region, State
    from statemachine.definition import Machine

    Compile = Callable[[str, bool], Machine]
    """A definition, and whether it is for an express state machine. Raises InvalidDefinition."""

_CHANGES: Final = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


class MachinesApi:
    """Create, Update, Delete, DescribeStateMachine, DescribeStateMachineForExecution, ListStateMachines."""

    def __init__(
        self, clock: Clock, entropy: Entropy, state: State, compile: Compile, logs: LogDelivery, journal: Journal
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._state = state
        self._compile = compile
        self._logs = logs
        self._journal = journal

    @operation
    def create_state_machine(self, call: Call, params: Params) -> Params | Awaitable[Params]:
        names.check_name(params["name"])
        _check_description(params)
        express = params.get("type") == "EXPRESS"
        revision = self._revision(params, express=express, id="")
        tags.check(params.get("tags"), "")

        def create() -> Params:
            return self._create(self._state.region(call.scope), params, revision, express=express)

        return self._with_groups(revision, call, create) if revision.logging.group_arns else create()

    async def _with_groups(self, revision: Revision, call: Call, then: Callable[[], Params]) -> Params:
        """Log groups have to exist; that is asked of somebody who may take time to answer."""
        for arn in revision.logging.group_arns:
            parsed = arns.parse(arn)
            if parsed is None or parsed.service != "logs" or not parsed.resource.startswith("log-group:"):
                raise InvalidLoggingConfiguration.because("Log Destination not valid.")
            group = parsed.resource.removeprefix("log-group:").removesuffix(":*")
            account, region = parsed.account or call.scope.account, parsed.region or call.scope.region
            if not await self._logs.exists(account, region, group):
                raise InvalidLoggingConfiguration.because("Log Destination not found.")
        return then()

    def _create(self, region: Region, params: Params, revision: Revision, *, express: bool) -> Params:
        name, now = params["name"], self._clock.now()
        published = (bool(params.get("publish")), params.get("versionDescription") or "")
        existing = region.state_machines.get(name)
        if existing is not None:
            if existing.deleting:
                raise StateMachineDeleting.of(existing.arn)
            same = (existing.express, existing.published, existing.current.kind()) == (
                express,
                published,
                revision.kind(),
            )
            if not same:
                raise StateMachineAlreadyExists.of(existing.arn)
            return self._created(existing, publishes=published[0])
        if len(region.state_machines) >= limits.STATE_MACHINES_MAX:
            raise StateMachineLimitExceeded
        machine = StateMachine(
            region.scope, name, express, now, revision, tags.as_dict(params.get("tags")), published=published
        )
        region.state_machines[name] = machine
        self._journal.logging_was_set(machine, revision)
        if published[0]:
            publish(machine, published[1], now)
        return self._created(machine, publishes=published[0])

    @staticmethod
    def _created(machine: StateMachine, *, publishes: bool) -> Params:
        answer = {"stateMachineArn": machine.arn, "creationDate": machine.created_at}
        if publishes and machine.versions:
            answer["stateMachineVersionArn"] = machine.qualified(next(iter(machine.versions)))
        return answer

    @operation
    def update_state_machine(self, call: Call, params: Params) -> Params | Awaitable[Params]:
        if not any(params.get(name) is not None for name in _CHANGES):
            raise MissingRequiredParameter(
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be "
                "specified"
            )
        _check_description(params)
        machine = self._unqualified(params["stateMachineArn"])
        if machine.deleting:
            raise StateMachineDeleting.of(machine.arn)
        revision = self._revision(params, express=machine.express, id=self._entropy.uuid(), old=machine.current)

        def update() -> Params:
            return self._update(machine, params, revision)

        if revision.logging.group_arns and revision.logging != machine.current.logging:
            return self._with_groups(revision, call, update)
        return update()

    def _update(self, machine: StateMachine, params: Params, revision: Revision) -> Params:
        now = self._clock.now()
        if not machine.current.is_like(revision):
            if revision.logging != machine.current.logging:
                self._journal.logging_was_set(machine, revision)
            machine.current = revision
        answer: Params = {"updateDate": now}
        if machine.current.id:
            answer["revisionId"] = machine.current.id
        if params.get("publish"):
            version = publish(machine, params.get("versionDescription") or "", now)
            answer["stateMachineVersionArn"] = machine.qualified(version.number)
        return answer

    def _revision(self, params: Params, *, express: bool, id: str, old: Revision | None = None) -> Revision:
        """What a state machine is to be, by the parameters and by what it was."""
        now = self._clock.now()
        definition = params.get("definition")
        if old is not None and (definition is None or definition == old.definition):
            revision = replace(old, id=id, updated_at=now)
        else:
            machine = self._compile(definition or "", express)
            role = params.get("roleArn") or (old.role_arn if old else "")
            revision = Revision(
                id=id,
                definition=definition or "",
                role_arn=role,
                logging=old.logging if old else Logging(),
                tracing=old.tracing if old else False,
                encryption=old.encryption if old else None,
                updated_at=now,
                machine=machine,
            )
        changes: dict[str, Any] = {}
        if params.get("roleArn") is not None:
            names.check_role(params["roleArn"])
            changes["role_arn"] = params["roleArn"]
        if params.get("loggingConfiguration") is not None:
            changes["logging"] = _logging(params["loggingConfiguration"])
        if params.get("tracingConfiguration") is not None:
            changes["tracing"] = bool(params["tracingConfiguration"].get("enabled"))
        if params.get("encryptionConfiguration") is not None:
            changes["encryption"] = tags.check_encryption(params["encryptionConfiguration"])
        return replace(revision, **changes)

    def _unqualified(self, arn: str) -> StateMachine:
        """The state machine of an ARN that may name neither a label nor, where it matters, a version."""
        machine = self._state.require_machine(arn)
        if "/" in names.parse(arn, "stateMachine").name:
            raise Validation("This operation does not support labeled ARNs", reason="API_DOES_NOT_SUPPORT_LABELED_ARNS")
        return machine

    @operation
    def delete_state_machine(self, call: Call, params: Params) -> Params:
        named = names.parse(params["stateMachineArn"], "stateMachine")
        if "/" in named.name:
            raise Validation("This operation does not support labeled ARNs", reason="API_DOES_NOT_SUPPORT_LABELED_ARNS")
        machine = self._state.state_machine(named)
        if machine is not None and not machine.deleting:
            self._state.delete_machine(machine)
        return {}

    @operation
    def describe_state_machine(self, call: Call, params: Params) -> Params:
        arn = params["stateMachineArn"]
        named = names.parse(arn, "stateMachine")
        machine = self._state.require_machine(arn)
        revision, created_at, description = machine.current, machine.created_at, ""
        if named.qualifier:
            version = machine.versions.get(version_number(named.qualifier))
            if version is None:
                raise StateMachineDoesNotExist.of(arn)
            revision, created_at, description = version.revision, version.created_at, version.description
        answer: Params = {
            "stateMachineArn": arn,
            "name": machine.name,
            "status": "DELETING" if machine.deleting else "ACTIVE",
            "type": machine.type,
            "creationDate": created_at,
            **_shown(revision),
        }
        if description:
            answer["description"] = description
        if "/" in named.name:
            answer["label"] = named.name.partition("/")[2]
        if params.get("includedData") == "METADATA_ONLY":
            answer.pop("variableReferences", None)
            answer["definition"] = ""
        return answer

    @operation
    def describe_state_machine_for_execution(self, call: Call, params: Params) -> Params:
        run = self._state.require_run(params["executionArn"], children=True)
        answer: Params = {
            "stateMachineArn": run.machine_arn,
            "name": run.state_machine.name,
            "updateDate": run.revision.updated_at,
            **_shown(run.revision),
        }
        if run.map_run_arn:
            answer |= {"mapRunArn": run.map_run_arn, "label": run.label}
        if params.get("includedData") == "METADATA_ONLY":
            answer.pop("variableReferences", None)
            answer["definition"] = ""
        return answer

    @operation
    def list_state_machines(self, call: Call, params: Params) -> Params:
        machines = sorted(self._state.region(call.scope).state_machines.values(), key=lambda machine: machine.name)
        found, more = paging.page(
            machines, lambda machine: machine.name, params, of="ListStateMachines", now=self._clock.now()
        )
        listed = [
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "type": machine.type,
                "creationDate": machine.created_at,
            }
            for machine in found
        ]
        return {"stateMachines": listed, **more}


def _shown(revision: Revision) -> Params:
    """What the descriptions have in common."""
    answer: Params = {
        "definition": revision.definition,
        "roleArn": revision.role_arn,
        "loggingConfiguration": revision.logging.shown(),
        "tracingConfiguration": {"enabled": revision.tracing},
    }
    if revision.id:
        answer["revisionId"] = revision.id
    if revision.encryption is not None:
        answer["encryptionConfiguration"] = dict(revision.encryption)
    if references := references_of(revision.machine):
        answer["variableReferences"] = references
    return answer


def _logging(given: Params) -> Logging:
    groups = tuple(
        str((destination.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn") or "")
        for destination in given.get("destinations") or []
    )
    level = given.get("level") or "OFF"
    if len(groups) > 1 or (level != "OFF" and not groups):
        raise InvalidLoggingConfiguration.because("Must specify exactly one Log Destination.")
    return Logging(level, bool(given.get("includeExecutionData")), groups)


def _check_description(params: Params) -> None:
    if params.get("versionDescription") is not None and not params.get("publish"):
        raise Validation("Version description can only be set when publish is true")
