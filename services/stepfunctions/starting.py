"""How executions begin, whoever starts them: the API, another state machine, a Map Run.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from services.stepfunctions import limits, names
from services.stepfunctions.chance import SeededChance
from services.stepfunctions.errors import (
    ExecutionAlreadyExists,
    InvalidExecutionInput,
    StateMachineTypeNotSupported,
    Validation,
)
from services.stepfunctions.model import Run
from services.stepfunctions.state import Target
from statemachine.execution import Execution, Start
from statemachine.parse.source import JsonFault, read_json

if TYPE_CHECKING:
    from services.ports import Clock, Entropy, Integrations
    from services.stepfunctions.driver import Driver
    from services.stepfunctions.journal import Journal
    from services.stepfunctions.state import State
    from statemachine.definition import Machine


class Starter:
    """Starts executions."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        state: State,
        driver: Driver,
        journal: Journal,
        integrations: Integrations,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._state = state
        self._driver = driver
        self._journal = journal
        self._integrations = integrations

    def start(self, arn: str, text: str | None, name: str = "", *, trace: str = "", sync: bool = False) -> Run:
        """Start an execution of a state machine, a version or an alias; `#case` behind it names a mocked test case.

        The same name with the same input gives the execution that runs already.

        Raises:
            InvalidArn, InvalidName, InvalidExecutionInput, StateMachineDoesNotExist, StateMachineDeleting,
            StateMachineTypeNotSupported, ExecutionAlreadyExists.
        """
        arn, _, test_case = arn.partition("#")
        target = self._state.resolve(arn)
        machine = target.state_machine
        if sync and not machine.express:
            raise StateMachineTypeNotSupported
        names.check_name(name)
        if test_case and (problem := self._integrations.test_case_problem(machine.name, test_case)):
            raise Validation(problem)
        value = _read(text)
        text = "{}" if text is None else text
        name = name or self._entropy.uuid()
        if machine.express:
            run_arn = names.make(machine.scope, "express", machine.name, name, self._entropy.uuid())
        else:
            run_arn = names.make(machine.scope, "execution", machine.name, name)
            existing = self._state.run(run_arn)
            if existing is not None:
                if existing.status == "RUNNING" and existing.input == text:
                    return existing
                raise ExecutionAlreadyExists.of(run_arn)
        run = self._make(target, run_arn, name, value, text, trace=trace, test_case=test_case, machine=None)
        if not machine.express:
            self._state.add_run(run)
        self._begin(run)
        return run

    def start_child(
        self,
        parent: Run,
        machine: Machine,
        value: Any,
        text: str,
        *,
        map_run_arn: str,
        label: str,
        express: bool,
        item_count: int | None = None,
    ) -> Run:
        """Start one execution of a Map Run. Append to its `on_end` to hear of its end: it does not run before this
        has returned.
        """
        owner, name = parent.state_machine, self._entropy.uuid()
        labelled = f"{owner.name}/{label}"
        parts = (labelled, name, self._entropy.uuid()) if express else (labelled, name)
        arn = names.make(parent.scope, "express" if express else "execution", *parts)
        target = Target(owner, parent.revision)
        run = self._make(
            target, arn, name, value, text, trace=parent.trace, test_case=parent.test_case, machine=machine,
            express=express, map_run_arn=map_run_arn, label=label, item_count=item_count,
        )  # fmt: skip
        self._state.add_run(run)
        self._begin(run)
        return run

    def _begin(self, run: Run) -> None:
        self._driver.start(run)
        self._journal.begun(run)

    def _make(
        self,
        target: Target,
        arn: str,
        name: str,
        value: Any,
        text: str,
        *,
        trace: str,
        test_case: str,
        machine: Machine | None,
        express: bool | None = None,
        map_run_arn: str = "",
        label: str = "",
        item_count: int | None = None,
    ) -> Run:
        owner, revision = target.state_machine, target.revision
        is_express = owner.express if express is None else express
        machine_arn = f"{owner.arn}/{label}" if label else owner.arn
        execution = Execution(
            machine or revision.machine,
            Start(
                execution_arn=arn,
                name=name,
                role_arn=revision.role_arn,
                machine_arn=machine_arn,
                machine_name=owner.name,
                input=value,
                region=owner.scope.region,
                timeout_s=limits.EXPRESS_S if is_express else limits.EXECUTION_S,
                events_max=None if is_express else limits.EVENTS_MAX,
                details=_qualified(target),
            ),
            SeededChance(self._entropy.bits(64)),
        )
        return Run(
            sequence=self._state.next_sequence(),
            scope=owner.scope,
            state_machine=owner,
            revision=revision,
            arn=arn,
            name=name,
            machine_arn=machine_arn,
            express=is_express,
            input=text,
            # AWS tells milliseconds, and everything that is told of the beginning is to be the same.
            started_at=math.floor(self._clock.now() * 1000) / 1000,
            version_arn=target.version_arn,
            alias_arn=target.alias_arn,
            trace=trace,
            map_run_arn=map_run_arn,
            label=label,
            test_case=test_case,
            interpreter=execution,
            item_count=item_count,
        )


def _qualified(target: Target) -> dict[str, str]:
    """What ExecutionStarted says of a version or an alias."""
    found = {"stateMachineVersionArn": target.version_arn, "stateMachineAliasArn": target.alias_arn}
    return {name: arn for name, arn in found.items() if arn}


def _read(text: str | None) -> Any:
    """An execution's input. Raises InvalidExecutionInput."""
    if text is None:
        return {}
    if not text.strip():
        raise InvalidExecutionInput.of("Invalid execution input.")
    if len(text) > limits.PAYLOAD_MAX // 4 and len(text.encode("utf-8", "replace")) > limits.PAYLOAD_MAX:
        raise InvalidExecutionInput.of(f"Input is too long: it may have {limits.PAYLOAD_MAX} bytes at most.")
    try:
        return read_json(text)
    except JsonFault as fault:
        raise InvalidExecutionInput.of(fault.text) from None
