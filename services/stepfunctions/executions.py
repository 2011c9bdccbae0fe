"""Executions: start, describe, list, stop, redrive, and their histories.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.stepfunctions import history, limits, names, paging
from services.stepfunctions.errors import (
    ExecutionNotRedrivable,
    ResourceNotFound,
    StateMachineDoesNotExist,
    StateMachineTypeNotSupported,
    Validation,
)
from services.stepfunctions.status import redrive_status
from statemachine.data.json_text import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.api import Call, Params
    from services.ports import Clock
    from services.scope import Scope
    from services.stepfunctions.driver import Driver
    from services.stepfunctions.journal import Journal
    from services.stepfunctions.model import Run
    from services.stepfunctions.starting import Starter
    from services.stepfunctions.state import State


class ExecutionsApi:
    """StartExecution, DescribeExecution, ListExecutions, StopExecution, RedriveExecution, GetExecutionHistory."""

    def __init__(self, clock: Clock, state: State, starter: Starter, driver: Driver, journal: Journal) -> None:
        self._clock = clock
        self._state = state
        self._starter = starter
        self._driver = driver
        self._journal = journal

    @operation
    def start_execution(self, call: Call, params: Params) -> Params:
        run = self._starter.start(
            params["stateMachineArn"],
            params.get("input"),
            params.get("name") or "",
            trace=call.trace_header or params.get("traceHeader") or "",
        )
        return {"executionArn": run.arn, "startDate": run.started_at}

    @operation
    def describe_execution(self, call: Call, params: Params) -> Params:
        run = self._state.require_run(params["executionArn"], children=True)
        return described(run, self._clock.now(), with_data=params.get("includedData") != "METADATA_ONLY")

    @operation
    def stop_execution(self, call: Call, params: Params) -> Params:
        run = self._state.require_run(params["executionArn"])
        self._driver.stop(run, params.get("error"), params.get("cause"))
        return {"stopDate": run.stopped_at if run.stopped_at is not None else self._clock.now()}

    @operation
    def redrive_execution(self, call: Call, params: Params) -> Params:
        run, now = self._state.require_run(params["executionArn"]), self._clock.now()
        token = params.get("clientToken")
        if token and now < run.redrives.get(token, -limits.CLIENT_TOKEN_S) + limits.CLIENT_TOKEN_S:
            return {"redriveDate": run.redrives[token]}
        status, reason = redrive_status(run, now)
        if status == "REDRIVABLE_BY_MAP_RUN":
            reason = "Execution was started by a Map Run and can only be redriven by it"
        if reason:
            raise ExecutionNotRedrivable(reason)
        if run.redrive_count >= limits.REDRIVES_MAX:
            raise ExecutionNotRedrivable("Execution has been redriven too often")
        if token:
            run.redrives[token] = now
        redrive(run, now, self._driver)
        self._journal.begun(run)
        return {"redriveDate": now}

    @operation
    def list_executions(self, call: Call, params: Params) -> Params:
        machine_arn, map_run_arn = params.get("stateMachineArn"), params.get("mapRunArn")
        if (machine_arn is None) == (map_run_arn is None):
            raise Validation("Exactly one of stateMachineArn and mapRunArn must be specified")
        runs = self._of_machine(machine_arn or "") if map_run_arn is None else self._of_map_run(map_run_arn)
        status, redriven = params.get("statusFilter"), params.get("redriveFilter")
        wanted = [
            run
            for run in runs
            if (status is None or status == run.shown_status)
            and (redriven is None or (redriven == "REDRIVEN") == (run.redrive_count > 0))
        ]
        found, more = paging.page(
            wanted,
            lambda run: run.sequence,
            params,
            of=f"ListExecutions {machine_arn} {map_run_arn} {status} {redriven}",
            now=self._clock.now(),
            descending=True,
        )
        return {"executions": [_listed(run) for run in found], **more}

    def _of_machine(self, arn: str) -> Iterator[Run]:
        """Latest first. A version's or an alias's are those that were started by its ARN."""
        named = names.parse(arn, "stateMachine")
        machine = self._state.state_machine(named)
        if machine is None:
            raise StateMachineDoesNotExist.of(arn)
        if machine.express:
            raise StateMachineTypeNotSupported
        runs = reversed(self._state.runs_of(machine.scope, machine.arn))
        if not named.qualifier:
            return runs
        return (run for run in runs if arn in {run.version_arn, run.alias_arn})

    def _of_map_run(self, arn: str) -> Iterator[Run]:
        scope: Scope = names.parse(arn, "mapRun").scope
        runs = self._state.runs_of(scope, arn)
        if not runs:
            raise ResourceNotFound.unreferenced(arn)
        return reversed(runs)

    @operation
    def get_execution_history(self, call: Call, params: Params) -> Params:
        run = self._state.require_run(params["executionArn"])
        with_data = params.get("includeExecutionData") is not False
        backwards = bool(params.get("reverseOrder"))
        events = run.events
        count = len(events)
        (begin, end), more = paging.span(
            count,
            lambda last: count - last + 1 if backwards else last,
            lambda index: count - index if backwards else index + 1,
            params,
            of=f"GetExecutionHistory {run.arn} {backwards}",
            now=self._clock.now(),
        )
        found = events[count - end : count - begin][::-1] if backwards else events[begin:end]
        return {"events": [history.shown(run, event, with_data=with_data) for event in found], **more}


def redrive(run: Run, now: float, driver: Driver) -> None:
    """Let an execution that did not succeed go on."""
    run.redrive_count += 1
    run.redriven_at = now
    driver.redrive(run)


def described(run: Run, now: float, *, with_data: bool = True) -> Params:
    """An execution as DescribeExecution shows it."""
    answer: Params = {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "status": run.shown_status,
        "startDate": run.started_at,
        "redriveCount": run.redrive_count,
    }
    if with_data:
        answer |= {"input": run.input, "inputDetails": {"included": True}}
    if run.stopped_at is not None:
        answer["stopDate"] = run.stopped_at
    if run.status == "SUCCEEDED" and with_data:
        answer |= {"output": dumps(run.output), "outputDetails": {"included": True}}
    optional = {
        "error": run.error if with_data else None,
        "cause": run.cause if with_data else None,
        "traceHeader": run.trace,
        "mapRunArn": run.map_run_arn,
        "stateMachineVersionArn": run.version_arn,
        "stateMachineAliasArn": run.alias_arn,
        "redriveDate": run.redriven_at,
    }
    answer |= {name: value for name, value in optional.items() if value not in {None, ""}}
    answer["redriveStatus"], reason = redrive_status(run, now)
    if reason:
        answer["redriveStatusReason"] = reason
    return answer


def _listed(run: Run) -> Params:
    answer: Params = {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "status": run.shown_status,
        "startDate": run.started_at,
        "redriveCount": run.redrive_count,
    }
    optional = {
        "stopDate": run.stopped_at,
        "mapRunArn": run.map_run_arn or None,
        "itemCount": run.item_count,
        "stateMachineVersionArn": run.version_arn or None,
        "stateMachineAliasArn": run.alias_arn or None,
        "redriveDate": run.redriven_at,
    }
    return answer | {name: value for name, value in optional.items() if value is not None}
