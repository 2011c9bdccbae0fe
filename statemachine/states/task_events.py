"""Events of a Task: those of a Lambda function's ARN, of an activity, and of everything else have their own names.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from statemachine.effects import Failed, Invoke, Started, Submitted
    from statemachine.failures import Failure
    from statemachine.frames import Frame


class Resource(NamedTuple):
    """What a Task's Resource is to the history."""

    family: str
    """How its events begin: `LambdaFunction`, `Activity`, `Task`."""
    about: dict[str, str]
    """What each event of a Task has: `resource` and `resourceType`."""
    name: str
    """What a cause calls it."""
    waits: bool
    """Its context has a task token."""


@lru_cache(maxsize=1024)
def resource_of(arn: str) -> Resource:
    """Read a Resource. `arn:aws:states:::aws-sdk:s3:getObject` is resource `getObject` of type `aws-sdk:s3`."""
    parts = arn.split(":")
    service = parts[2] if len(parts) > 2 else ""
    if service == "lambda":
        return Resource("LambdaFunction", {}, arn, waits=False)
    if is_activity(arn):
        return Resource("Activity", {}, arn, waits=True)
    named = parts[5:]
    at = 2 if named[:1] == ["aws-sdk"] else 1
    kind, action = ":".join(named[:at]), ":".join(named[at:])
    about = {"resourceType": kind, "resource": action}
    return Resource("Task", about, kind, waits=".waitForTaskToken" in action)


def is_activity(arn: str) -> bool:
    """Whether a Resource is an activity's ARN."""
    return ":states:" in arn and ":activity:" in arn


def scheduled(frame: Frame, request: Invoke) -> None:
    """Write that it was scheduled."""
    arn = request.state.resource
    resource = resource_of(arn)
    details: dict[str, Any]
    if resource.family == "Task":
        details = {**resource.about, "region": frame.execution.start.region, "parameters": request.arguments}
    else:
        details = {"resource": arn, "input": request.arguments}
    if request.timeout_s is not None:
        details["timeoutInSeconds"] = int(request.timeout_s)
    if request.heartbeat_s is not None and resource.family != "LambdaFunction":
        details["heartbeatInSeconds"] = int(request.heartbeat_s)
    credentials = request.credentials
    if isinstance(credentials, dict) and "RoleArn" in credentials:
        details["taskCredentials"] = {"roleArn": credentials["RoleArn"]}
    frame.execution.record(frame, f"{resource.family}Scheduled", details)


def started(frame: Frame, request: Invoke, outcome: Started) -> None:
    """Write that it has begun."""
    resource = resource_of(request.state.resource)
    details: dict[str, Any] = {**resource.about}
    if resource.family == "Activity" and outcome.worker_name:
        details["workerName"] = outcome.worker_name
    frame.execution.record(frame, f"{resource.family}Started", details)


def submitted(frame: Frame, request: Invoke, outcome: Submitted) -> None:
    """Write that it was accepted and goes on."""
    resource = resource_of(request.state.resource)
    frame.execution.record(frame, "TaskSubmitted", {**resource.about, "output": outcome.output})


def succeeded(frame: Frame, request: Invoke, output: Any) -> None:
    """Write its result."""
    resource = resource_of(request.state.resource)
    frame.execution.record(frame, f"{resource.family}Succeeded", {**resource.about, "output": output})


_STAGES = {
    ("LambdaFunction", "schedule"): "LambdaFunctionScheduleFailed",
    ("LambdaFunction", "start"): "LambdaFunctionStartFailed",
    ("Activity", "schedule"): "ActivityScheduleFailed",
    ("Task", "start"): "TaskStartFailed",
    ("Task", "submit"): "TaskSubmitFailed",
}


def failed(frame: Frame, request: Invoke, failure: Failure, outcome: Failed | None = None) -> None:
    """Write its failure, by where it failed."""
    resource = resource_of(request.state.resource)
    stage = "" if outcome is None else outcome.stage
    type_ = _STAGES.get((resource.family, stage), f"{resource.family}Failed")
    frame.execution.record(frame, type_, {**resource.about, **failure.details()})


def timed_out(frame: Frame, request: Invoke, failure: Failure) -> None:
    """Write that it has timed out."""
    resource = resource_of(request.state.resource)
    frame.execution.record(frame, f"{resource.family}TimedOut", {**resource.about, **failure.details()})
