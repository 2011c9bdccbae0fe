"""What an execution asks of the world, and what the world answers.

An execution yields effects and is told outcomes; it never calls anything. Every effect has a `token`, a number that is
its own within the execution; outcomes name it. Time is not asked for by effect: `Execution.wake_at` says when the
execution wants to be run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from statemachine.data.scope import Scope
    from statemachine.definition import Map, Parallel, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """Do a Task. The execution measures timeout and heartbeat itself.

    Its scheduled event is written with its first outcome (for an activity: Scheduled, else Started), since AWS
    schedules nothing that can't be begun: `Failed(errors.RUNTIME, cause)` then ends the execution without one.
    """

    token: int
    state: Task
    arguments: Any
    """After InputPath and Parameters, or Arguments."""
    credentials: Any = None
    task_token: str = ""
    """What `$$.Task.Token` said: for `.waitForTaskToken` and activities."""
    timeout_s: float | None = None
    heartbeat_s: float | None = None
    context: Any = None
    """The context object as the task saw it."""
    attempt: int = 0
    """How often this state was retried before (the context's RetryCount)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMap:
    """Run a distributed Map: read, batch, start children, count failures, write results."""

    token: int
    state: Map
    input: Any
    """After InputPath: what paths of the reader, batcher and writer see as `$`."""
    scope: Scope
    items: list[Any] | None
    """The items, where the definition has no reader."""
    max_concurrency: int
    tolerated_failure_count: int | None
    tolerated_failure_percentage: float | None
    map_run_arn: str = ""
    """A redriven execution's Map Run: run again what did not succeed in it. Empty: begin a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Whatever `token` asked for is wanted no more (timeout, stop, a failed branch). No outcome will be looked at."""

    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """TestState only (`Trial`): what a Parallel or Map would give. Neither runs there; the mock answers."""

    token: int
    state: Map | Parallel
    input: Any
    """What its branches would get; a Map's items."""


Effect = Invoke | RunMap | Cancel | StandIn


class Scheduled(NamedTuple):
    """A task waits for a worker: its scheduled event is written now. Any other outcome implies this one.

    For an activity that is gone say `Failed(errors.RUNTIME, "The activity ... does not exist.")` instead.
    """


class Started(NamedTuple):
    """The task has begun: TaskStarted, LambdaFunctionStarted, ActivityStarted, MapRunStarted."""

    worker_name: str = ""
    map_run_arn: str = ""


class Submitted(NamedTuple):
    """A `.sync` or `.waitForTaskToken` task was accepted, and goes on: TaskSubmitted."""

    output: Any


class Succeeded(NamedTuple):
    """The task's result, parsed."""

    output: Any


class Failed(NamedTuple):
    """The task has failed.

    `States.Runtime` is no failure of a task: it ends the execution at once, uncaught, and its cause gets the place.
    """

    error: str | None
    cause: str | None
    stage: str = ""
    """`start` or `submit` where it never came to run (TaskStartFailed, TaskSubmitFailed, LambdaFunctionStartFailed,
    LambdaFunctionScheduleFailed: `schedule`)."""


class TimedOut(NamedTuple):
    """The task says itself that it has timed out (TaskTimedOut)."""

    error: str | None
    cause: str | None


class Heartbeat(NamedTuple):
    """The worker is alive."""


Outcome = Scheduled | Started | Submitted | Succeeded | Failed | TimedOut | Heartbeat
