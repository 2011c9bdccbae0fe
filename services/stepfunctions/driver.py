"""Drives executions: runs what is ready, does what they ask for, tells them outcomes and the time.

Theory of operation. An execution is ready when it was started or redriven, when an outcome came, or when its `wake_at`
has come. Ready ones take turns of a few state transitions each, and all of them together leave the event loop after a
bounded number, so that a loop that never ends starves nobody. While anything is ready the clock is held: time stands
still for work that takes none. All `wake_at`s are in one heap with one timer of the clock, for the earliest. Waiting
executions cost nothing but their memory.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from services.ports import TaskCall
from services.stepfunctions import limits
from statemachine import errors
from statemachine.effects import (
    Cancel,
    Failed,
    Heartbeat,
    Invoke,
    RunMap,
    Scheduled,
    Started,
    Submitted,
    Succeeded,
    TimedOut,
)

if TYPE_CHECKING:
    from services.ports import Clock, Hold, Integrations, RunningTask, Timer
    from services.stepfunctions.model import Run
    from statemachine.effects import Effect, Outcome


class Reply:
    """How one task of one execution tells what becomes of it: the port `TaskEvents`, and what workers tell besides.

    Whatever comes after the end, or after nobody wants it any more, is passed over.
    """

    __slots__ = ("_driver", "run", "running", "task_token", "token")

    def __init__(self, driver: Driver, run: Run, token: int, task_token: str = "") -> None:
        self._driver = driver
        self.run = run
        self.token = token
        self.task_token = task_token
        """By which a worker may answer; empty when none can."""
        self.running: RunningTask | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still waits."""
        return self.run.tasks.get(self.token) is self

    def scheduled(self) -> None:
        """It is about to begin, or waits for a worker."""
        self._tell(Scheduled())

    def started(self, worker_name: str = "", map_run_arn: str = "") -> None:
        """It has begun: at a worker, as a Map Run, or just so."""
        self._tell(Started(worker_name, map_run_arn))

    def submitted(self, output: Any) -> None:
        """Accepted; it goes on."""
        self._tell(Submitted(output))

    def heartbeat(self) -> None:
        """The worker is alive."""
        self._tell(Heartbeat())

    def succeeded(self, output: Any) -> None:
        """Its result."""
        self._tell(Succeeded(output), last=True)

    def failed(self, error: str | None, cause: str | None, stage: str = "") -> None:
        """It has failed."""
        self._tell(Failed(error, cause, stage), last=True)

    def timed_out(self, error: str | None, cause: str | None) -> None:
        """It says itself that it has timed out."""
        self._tell(TimedOut(error, cause), last=True)

    def _tell(self, outcome: Outcome, *, last: bool = False) -> None:
        if self.open:
            self._driver.resolve(self, outcome, last=last)


class Waiting(Protocol):
    """Keeps the tokens that workers answer by."""

    def expect(self, reply: Reply) -> None:
        """Somebody may answer by `reply.task_token` from now on."""

    def forget(self, reply: Reply) -> None:
        """Nobody may any more."""


class Activities(Protocol):
    """Hands tasks out to workers."""

    def begin(self, effect: Invoke, reply: Reply) -> RunningTask | None:
        """Queue a task for workers; None when there is no such activity."""


class MapRuns(Protocol):
    """Runs distributed Maps."""

    def begin(self, parent: Run, effect: RunMap, reply: Reply) -> RunningTask:
        """Begin a Map Run: `reply.started(map_run_arn=...)`, then `succeeded` or `failed`, not before it returns."""


class Journal(Protocol):
    """Looks on."""

    def advanced(self, run: Run) -> None:
        """There may be new events."""

    def ended(self, run: Run) -> None:
        """It has ended. Called once each time, after its last events."""


class Driver:
    """All executions that have not ended."""

    def __init__(
        self,
        clock: Clock,
        *,
        integrations: Integrations,
        activities: Activities,
        waiting: Waiting,
        map_runs: MapRuns,
        journal: Journal,
    ) -> None:
        self._clock = clock
        self._integrations = integrations
        self._activities = activities
        self._waiting = waiting
        self._map_runs = map_runs
        self._journal = journal
        self._ready: deque[Run] = deque()
        self._hold: Hold | None = None
        self._heap: list[tuple[float, int, Run]] = []
        self._pushed = 0
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._open: set[Run] = set()

    def busy(self) -> bool:
        """Whether any execution has not ended."""
        return bool(self._open)

    # What an execution can be told.

    def start(self, run: Run) -> None:
        """Begin. It runs when the caller has returned."""
        self._open.add(run)
        run.state_machine.running.add(run)
        run.execution.begin(run.started_at)
        self._enqueue(run)

    def stop(self, run: Run, error: str | None = None, cause: str | None = None) -> None:
        """Abort. It has ended when this returns."""
        if run in self._open:
            run.execution.stop(self._clock.now(), error, cause)
            self._after(run)
            self._disarm()

    def redrive(self, run: Run) -> None:
        """Go on with what did not succeed."""
        self._open.add(run)
        run.stopped_at = None
        run.state_machine.running.add(run)
        run.unpack()
        run.execution.redrive(self._clock.now())
        self._enqueue(run)

    def resolve(self, reply: Reply, outcome: Outcome, *, last: bool) -> None:
        """An outcome for what `reply` stands for."""
        run = reply.run
        if last:
            self._drop(run, reply.token)
        run.execution.resolve(reply.token, outcome, self._clock.now())
        self._enqueue(run)

    def abandon(self, account: str | None, region: str | None) -> None:
        """That account, or region, or both are reset (None is any): cancel what is under way, write no more events.

        Who waits for the end of an execution is told of it, and sees that it is still `RUNNING`.
        """
        abandoned = [
            run for run in self._open if account in {None, run.scope.account} and region in {None, run.scope.region}
        ]
        for run in abandoned:
            self._close(run)
        for run in abandoned:
            for token in list(run.tasks):
                self._cancel(run, token)
        for run in abandoned:
            self._tell_end(run)
        self._disarm()

    # Turns.

    def _enqueue(self, run: Run) -> None:
        if run.queued:
            return
        run.queued = True
        self._ready.append(run)
        if self._hold is None:
            self._hold = self._clock.hold()
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        try:
            self._run_ready()
        finally:
            if self._ready:
                asyncio.get_running_loop().call_soon(self._turn)
            elif self._hold is not None:
                self._arm()
                self._hold.release()
                self._hold = None

    def _run_ready(self) -> None:
        budget = limits.TURN_STEPS
        while self._ready and budget > 0:
            run = self._ready.popleft()
            run.queued = False
            before = run.event_count
            self._slice(run)
            budget -= 1 + (run.event_count - before) // 2

    def _slice(self, run: Run) -> None:
        if run not in self._open:
            return
        execution, now = run.execution, self._clock.now()
        if run.state_machine.deleting and not run.express:
            # "On the next state transition, the state machine's executions are terminated."
            execution.stop(now, None, None)
            more = False
        else:
            more = execution.run(now, limits.SLICE_STEPS)
        self._after(run)
        if more and execution.status == "RUNNING":
            self._enqueue(run)

    def _after(self, run: Run) -> None:
        """Do what the execution asks for, and see where it stands."""
        execution = run.execution
        for effect in execution.take_effects():
            self._do(run, effect)
        self._journal.advanced(run)
        if execution.status == "RUNNING":
            self._wake(run, execution.wake_at)
            return
        self._close(run)
        for token in list(run.tasks):
            self._cancel(run, token)
        run.stopped_at = self._clock.now()
        self._journal.ended(run)
        self._tell_end(run)

    def _close(self, run: Run) -> None:
        self._open.discard(run)
        run.state_machine.running.discard(run)
        run.wake_at = None

    @staticmethod
    def _tell_end(run: Run) -> None:
        for told in list(run.on_end):
            told(run)

    # Effects.

    def _do(self, run: Run, effect: Effect) -> None:
        if isinstance(effect, Cancel):
            self._cancel(run, effect.token)
        elif isinstance(effect, RunMap):
            reply = run.tasks[effect.token] = Reply(self, run, effect.token)
            reply.running = self._map_runs.begin(run, effect, reply)
        elif isinstance(effect, Invoke):
            self._invoke(run, effect)

    def _invoke(self, run: Run, effect: Invoke) -> None:
        resource = effect.state.resource
        is_activity = ":activity:" in resource
        answered = is_activity or resource.endswith(".waitForTaskToken")
        reply = Reply(self, run, effect.token, effect.task_token if answered else "")
        run.tasks[effect.token] = reply
        if reply.task_token:
            self._waiting.expect(reply)
        if is_activity:
            reply.running = self._activities.begin(effect, reply)
            if reply.running is None:
                reply.failed(errors.RUNTIME, f"The activity {resource} does not exist.")
            else:
                reply.scheduled()
            return
        # What is mocked is not asked: nothing is begun.
        problem = "" if run.test_case else self._integrations.why_not_start(resource, effect.arguments)
        if problem:
            reply.failed(errors.RUNTIME, problem)
            return
        reply.scheduled()
        credentials = effect.credentials
        reply.running = self._integrations.begin(
            TaskCall(
                resource=resource,
                arguments=effect.arguments,
                account=run.scope.account,
                region=run.scope.region,
                execution_arn=run.arn,
                role_arn=run.revision.role_arn,
                credentials_role_arn=credentials.get("RoleArn", "") if isinstance(credentials, dict) else "",
                state_name=effect.state.name,
                task_token=effect.task_token,
                attempt=effect.attempt,
                trace=run.trace,
                test_case=run.test_case,
            ),
            reply,
        )

    def _cancel(self, run: Run, token: int) -> None:
        reply = self._drop(run, token)
        if reply is not None and reply.running is not None:
            reply.running.cancel()

    def _drop(self, run: Run, token: int) -> Reply | None:
        reply = run.tasks.pop(token, None)
        if reply is not None and reply.task_token:
            self._waiting.forget(reply)
        return reply

    # Time.

    def _wake(self, run: Run, when: float | None) -> None:
        if when == run.wake_at:
            return
        run.wake_at = when
        if when is not None:
            self._pushed += 1
            heapq.heappush(self._heap, (when, self._pushed, run))
            if len(self._heap) > 64 and len(self._heap) > 4 * len(self._open):
                # What was put off or has ended is dropped when it is met, and here when there is too much of it.
                self._heap = [entry for entry in self._heap if entry[2].wake_at == entry[0]]
                heapq.heapify(self._heap)
            if self._hold is None:
                self._arm()

    def _arm(self) -> None:
        """One timer, for the earliest."""
        heap = self._heap
        while heap and heap[0][2].wake_at != heap[0][0]:
            heapq.heappop(heap)
        if self._timer is not None:
            if heap and heap[0][0] == self._timer_at:
                return
            self._timer.cancel()
            self._timer = None
        if heap:
            self._timer_at = heap[0][0]
            self._timer = self._clock.at(self._timer_at, self._wake_up)

    def _disarm(self) -> None:
        """Somebody waits no more: the clock is not to go to an instant at which nothing happens."""
        if self._hold is None:
            self._arm()

    def _wake_up(self) -> None:
        self._timer = None
        now = self._clock.now()
        heap = self._heap
        while heap and heap[0][0] <= now:
            when, _, run = heapq.heappop(heap)
            if run.wake_at == when:
                run.wake_at = None
                self._enqueue(run)
        if self._hold is None:
            self._arm()
