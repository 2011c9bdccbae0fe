"""`states:startExecution` that waits for the execution to end: `.sync` and `.sync:2`.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from emulator.integrations import failures, values
from emulator.integrations.tasks import settle
from services.errors import ServiceError
from statemachine.data import json_text
from statemachine.errors import TASK_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import KnownService
    from emulator.integrations.optimised import OptimisedCalls
    from emulator.integrations.tasks import Work

_REDRIVE = ("redriveCount", "redriveStatus", "redriveStatusReason", "redriveDate")


class ExpressNotSupported(ServiceError):
    """An express execution can't be waited for."""

    code = "StateMachineTypeNotSupported"

    def __init__(self) -> None:
        super().__init__("This operation is not supported by this type of state machine")


class Executions(Protocol):
    """Step Functions, as far as a task that waits for an execution needs it."""

    def is_express(self, machine_arn: str) -> bool:
        """Whether that is an express state machine."""

    def on_end(self, execution_arn: str, told: Callable[[], None]) -> None:
        """Call `told` once when that execution ends, or soon if it has."""


class NestedExecutions:
    """Runs executions for tasks."""

    def __init__(self, optimised: OptimisedCalls, services: Services, executions: Callable[[], Executions]) -> None:
        self._optimised = optimised
        self._services = services
        self._executions = executions
        self._stopping: set[asyncio.Task[None]] = set()

    async def run(self, work: Work) -> None:
        """Start an execution, wait for its end, and give what DescribeExecution says of it."""
        work.events.started()
        known, _ = self._optimised.known(work)
        arguments = work.call.arguments
        if isinstance(arguments, dict) and self._executions().is_express(str(arguments.get("StateMachineArn"))):
            # Nobody can ask how an express execution has ended: AWS waits for standard ones only.
            work.fail(*failures.in_first_sdk("states", known, ExpressNotSupported(), "-"), "submit")
            return
        answered = await self._optimised.call(work, arguments)
        if answered is None:
            return
        result, output = answered
        execution_arn = result["executionArn"]
        work.submitted(output)
        work.on_cancel.append(functools.partial(self._stop, work, known, execution_arn))
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._executions().on_end(execution_arn, functools.partial(settle, ended))
        with work.letting_time_pass():
            await ended
        work.on_cancel.clear()
        try:
            description = await self._ask(work, known, "describeExecution", {"executionArn": execution_arn})
        except ServiceError as refused:
            # It was forgotten: its account was reset.
            work.fail(*failures.in_first_sdk("states", known, refused, "-"))
            return
        second = work.resource.pattern == "sync:2"
        shown = _shown(known, description, parsed=second)
        if description["status"] == "SUCCEEDED":
            work.succeed(shown)
        else:
            work.fail(TASK_FAILED, json_text.dumps(shown))

    async def _ask(self, work: Work, known: KnownService, action: str, params: dict[str, Any]) -> dict[str, Any]:
        return await self._services.call(
            known, known.actions[action], params, account=work.account, region=work.call.region
        )

    def _stop(self, work: Work, known: KnownService, execution_arn: str) -> None:
        """The task is wanted no more: neither is what it runs."""

        async def stop() -> None:
            # Without this time might pass before it is stopped. It may have just ended by itself.
            with work.clock.hold(), contextlib.suppress(ServiceError):
                await self._ask(work, known, "stopExecution", {"executionArn": execution_arn})

        task = asyncio.get_running_loop().create_task(stop(), name=f"stop {execution_arn}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _shown(known: KnownService, description: dict[str, Any], *, parsed: bool) -> dict[str, Any]:
    """DescribeExecution's answer. `.sync:2` gives input and output as JSON; it was seen without a redrive's members."""
    left = {name: value for name, value in description.items() if not (parsed and name in _REDRIVE)}
    shown = values.to_json(known.actions["describeExecution"].output, left, values.Sdk.FIRST)
    if parsed:
        for name in ("Input", "Output"):
            if isinstance(shown.get(name), str):
                shown[name] = orjson.loads(shown[name])
    return shown
