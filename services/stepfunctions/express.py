"""Synchronous executions of express state machines.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from services.api import operation
from services.stepfunctions import limits
from services.stepfunctions.errors import StateMachineDoesNotExist
from statemachine.data.json_text import dumps

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from services.api import Call, Params
    from services.stepfunctions.model import Run
    from services.stepfunctions.starting import Starter


class ExpressApi:
    """StartSyncExecution."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter

    @operation
    def start_sync_execution(self, call: Call, params: Params) -> Awaitable[Params]:
        """A future of the answer. The execution goes on when its caller has gone."""
        run = self._starter.start(
            params["stateMachineArn"],
            params.get("input"),
            params.get("name") or "",
            trace=call.trace_header or params.get("traceHeader") or "",
            sync=True,
        )
        future: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        with_data = params.get("includedData") != "METADATA_ONLY"

        def answer(ended: Run) -> None:
            if future.done():
                return
            if ended.status == "RUNNING":
                # Everything here was reset.
                future.set_exception(StateMachineDoesNotExist.of(params["stateMachineArn"]))
            else:
                future.set_result(answered(ended, with_data=with_data))

        run.on_end.append(answer)
        return future


def answered(run: Run, *, with_data: bool = True) -> Params:
    """An express execution that has ended, as StartSyncExecution answers."""
    stopped_at = run.stopped_at if run.stopped_at is not None else run.started_at
    took_ms = (stopped_at - run.started_at) * 1000
    answer: Params = {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "startDate": run.started_at,
        "stopDate": stopped_at,
        "status": run.status,
        "billingDetails": {
            "billedMemoryUsedInMB": limits.BILLED_MEMORY_MB,
            "billedDurationInMilliseconds": max(1, math.ceil(took_ms / limits.BILLED_STEP_MS)) * limits.BILLED_STEP_MS,
        },
    }
    if run.trace:
        answer["traceHeader"] = run.trace
    if with_data:
        answer |= {"input": run.input, "inputDetails": {"included": True}}
        if run.status == "SUCCEEDED":
            answer |= {"output": dumps(run.output), "outputDetails": {"included": True}}
        if run.error is not None:
            answer["error"] = run.error
        if run.cause is not None:
            answer["cause"] = run.cause
    return answer
