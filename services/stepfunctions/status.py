"""Whether an execution can be redriven, and why not.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.stepfunctions import limits

if TYPE_CHECKING:
    from services.stepfunctions.model import Run


def redrive_status(run: Run, now: float) -> tuple[str, str]:
    """`REDRIVABLE`, `NOT_REDRIVABLE` or `REDRIVABLE_BY_MAP_RUN`, and the reason of the second."""
    reason = _why_not(run, now)
    if reason:
        return "NOT_REDRIVABLE", reason
    return ("REDRIVABLE_BY_MAP_RUN" if run.map_run_arn else "REDRIVABLE"), ""


def _why_not(run: Run, now: float) -> str:
    if run.status in {"RUNNING", "SUCCEEDED"}:
        return f"Execution is {run.status} and cannot be redriven"
    if run.state_machine.deleting:
        return "State machine is in DELETING status"
    if run.event_count >= limits.REDRIVE_EVENTS_MAX:
        return "Execution history event limit exceeded"
    if now > run.started_at + limits.EXECUTION_S:
        return "Execution has exceeded the max execution time"
    if run.stopped_at is not None and now > run.stopped_at + limits.REDRIVE_S:
        return "Execution redrivable period exceeded"
    return ""
