"""The interpreter's events as AWS shows them: in GetExecutionHistory, and in CloudWatch Logs.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.stepfunctions import limits
from statemachine.data.json_text import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.stepfunctions.model import Run
    from statemachine.events import Event

_DATA: Final = {"input": "inputDetails", "output": "outputDetails"}
"""Members that hold an execution's data, and those that say whether it was cut."""
_HIDDEN: Final = frozenset({*_DATA, "parameters", "assignedVariables"})
"""What is left out without execution data."""

_ERRORS: Final = frozenset(
    {
        "ActivityFailed", "ActivityScheduleFailed", "ActivityTimedOut", "EvaluationFailed", "ExecutionAborted",
        "ExecutionFailed", "ExecutionTimedOut", "FailStateEntered", "LambdaFunctionFailed",
        "LambdaFunctionScheduleFailed", "LambdaFunctionStartFailed", "LambdaFunctionTimedOut", "MapIterationAborted",
        "MapIterationFailed", "MapRunAborted", "MapRunFailed", "MapStateAborted", "MapStateFailed",
        "ParallelStateAborted", "ParallelStateFailed", "TaskFailed", "TaskStartFailed", "TaskStateAborted",
        "TaskSubmitFailed", "TaskTimedOut", "WaitStateAborted",
    }
)  # fmt: skip
_FATAL: Final = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
LOGGED: Final[Mapping[str, frozenset[str] | None]] = {
    "ALL": None,
    "ERROR": _ERRORS,
    "FATAL": _FATAL,
    "OFF": frozenset(),
}
"""The types of events that each level logs; None is all."""

_WITHOUT_DETAILS: Final = frozenset(
    {
        "LambdaFunctionStarted", "MapRunAborted", "MapRunSucceeded", "MapStateAborted", "MapStateFailed",
        "MapStateSucceeded", "ParallelStateAborted", "ParallelStateFailed", "ParallelStateStarted",
        "ParallelStateSucceeded", "TaskStateAborted", "WaitStateAborted",
    }
)  # fmt: skip


def member_of(event_type: str) -> str:
    """The HistoryEvent member with an event type's details; empty for a type that has none."""
    if event_type in _WITHOUT_DETAILS:
        return ""
    if event_type.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if event_type.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{event_type[0].lower()}{event_type[1:]}EventDetails"


def details_of(run: Run, event: Event, *, with_data: bool, cut_at: int = limits.PAYLOAD_MAX) -> dict[str, Any]:
    """An event's details, data as text; what is longer than `cut_at` characters is cut."""
    shown: dict[str, Any] = {}
    for name, value in event.details.items():
        if name in _HIDDEN:
            # None among the data is JSON's null.
            if not with_data:
                continue
            if name == "assignedVariables":
                shown[name] = {variable: dumps(assigned) for variable, assigned in value.items()}
                shown["assignedVariablesDetails"] = {"truncated": False}
                continue
            text = dumps(value)
            shown[name] = text[:cut_at]
            if name in _DATA:
                shown[_DATA[name]] = {"truncated": len(text) > cut_at}
        elif value is not None:
            shown[name] = value
    if event.type == "ExecutionStarted" and with_data:
        # As it was sent, with its blanks.
        shown["input"] = run.input[:cut_at]
    return shown


def shown(run: Run, event: Event, *, with_data: bool) -> dict[str, Any]:
    """A HistoryEvent."""
    answer: dict[str, Any] = {
        "timestamp": event.at,
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous_id,
    }
    member = member_of(event.type)
    if member:
        answer[member] = details_of(run, event, with_data=with_data)
    return answer


def is_logged(level: str, event_type: str) -> bool:
    """Whether a level logs an event."""
    types = LOGGED[level]
    return types is None or event_type in types


def logged(run: Run, event: Event, *, with_data: bool) -> str:
    """An event as it is logged."""
    return dumps(
        {
            "id": str(event.id),
            "type": event.type,
            "details": details_of(run, event, with_data=with_data, cut_at=limits.LOGGED_PAYLOAD_MAX),
            "previous_event_id": str(event.previous_id),
            "event_timestamp": str(int(event.at * 1000)),
            "execution_arn": run.arn,
            "redrive_count": str(run.redrive_count),
        }
    )
