"""One execution of a machine: what has happened is its events, what it wants is its effects, and when is `wake_at`.

Theory of operation. A `Frame` runs one flow. States that take no time are functions, the others straight-line
generators that yield what they wait for: `Until` (an instant), `Fork` (branches), or an effect (a task). `run` fires
the timers that are due and then lets ready frames go on in turn, a transition each while there are several, until
nothing is ready or the budget is spent. `resolve` makes the frame that waits for a token ready again. Nothing reads a
clock and nothing draws but from `chance`, so the same calls give the same events again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal

from statemachine import effects, errors
from statemachine.context import timestamp
from statemachine.errors import StateError
from statemachine.events import Event
from statemachine.failures import Failure, too_large
from statemachine.frames import Fork, Frame, Group, Pending, Until, iteration
from statemachine.limits import EXPRESS_EVENTS_MAX
from statemachine.payloads import exceeds
from statemachine.start import Start, Trial
from statemachine.states import ENTERED, EXITED, INSTANT, LASTING, aborted_event, task_events
from statemachine.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from statemachine.data.scope import Chance
    from statemachine.definition import Machine, State

__all__ = ["BUDGET", "Execution", "Start", "Status", "Trial"]

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]

BUDGET: Final = 1000
"""Transitions of one `run`, if nothing else is said: a few milliseconds."""


class _HistoryFull(Exception):
    """The event to write would be one too many."""


class Execution:
    """An execution.

    Attributes:
        status, output, error, cause: how it stands; output is JSON, error and cause are None where there is none.
        events: the history since the beginning (or since `take_events`).
        redrive_count: how often it was redriven.
    """

    def __init__(
        self,
        machine: Machine,
        start: Start,
        chance: Chance,
        *,
        probe: Callable[[str, Any], None] | None = None,
        trial: Trial | None = None,
    ) -> None:
        self.machine = machine
        self.start = start
        self.chance = chance
        self.probe = probe
        """TestState: told `input`, `afterInputPath`, `afterParameters`, `result`, ... by InspectionData's names."""
        self.trial = trial
        self.status: Status = "RUNNING"
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.redrive_count = 0
        self.events: list[Event] = []
        self.now = 0.0
        self.stopped_at: float | None = None
        self._last_id = 0
        self._events_max = start.events_max if start.events_max is not None else EXPRESS_EVENTS_MAX
        self._effects: list[effects.Effect] = []
        self._pending: dict[int, Pending] = {}
        self._last_token = 0
        self._ready: deque[tuple[Frame, Any]] = deque()
        self._timers = Timers()
        self._context: dict[str, Any] = {}
        self._stamp = (0.0, timestamp(0.0))
        self._root = Frame(self, machine.flow, start.input, dict(start.variables))
        self._root.map_item = start.map_item

    # -- From outside

    def begin(self, now: float) -> None:
        """Begin, at `now`; `run` goes on from there."""
        self.now = now
        execution: dict[str, Any] = {
            "Id": self.start.execution_arn,
            "Input": self.start.input,
            "StartTime": timestamp(now),
            "Name": self.start.name,
            "RoleArn": self.start.role_arn,
            "RedriveCount": 0,
        }
        self._context = {
            "Execution": execution,
            "StateMachine": {"Id": self.start.machine_arn, "Name": self.start.machine_name},
        }
        self.record(
            None,
            "ExecutionStarted",
            {"input": self.start.input, "roleArn": self.start.role_arn, **self.start.details},
        )
        self._arm_timeout()
        self._ready.append((self._root, None))

    def run(self, now: float, budget: int = BUDGET) -> bool:
        """Do what is due and ready, `budget` transitions at most. True when more is ready."""
        if self.status != "RUNNING":
            return False
        self.now = now
        ready = self._ready
        try:
            self._timers.fire(now)
            while ready and budget > 0:
                frame, sent = ready.popleft()
                if frame.live:
                    budget -= self._advance(frame, sent, 1 if ready else budget)
        except _HistoryFull:
            self._end_full()
        return bool(ready) and self.status == "RUNNING"

    def resolve(self, token: int, outcome: effects.Outcome, now: float) -> bool:
        """What became of an effect. False when nobody waits for it any more (timed out, cancelled, answered before).

        `run` has to follow.
        """
        pending = self._pending.get(token)
        if pending is None or self.status != "RUNNING":
            return False
        self.now = now
        try:
            if self._told(pending, outcome):
                self._settle(token, pending)
                self._ready.append((pending.frame, outcome))
        except _HistoryFull:
            self._end_full()
        return True

    def stop(self, now: float, error: str | None = None, cause: str | None = None) -> None:
        """StopExecution. Nothing when it has ended already."""
        if self.status != "RUNNING":
            return
        self.now = now
        self._finish("ABORTED", Failure(error, cause), "ExecutionAborted", 0)

    def take_effects(self) -> list[effects.Effect]:
        """What it wants done, in order; each once."""
        taken, self._effects = self._effects, []
        return taken

    def take_events(self) -> list[Event]:
        """The events since the last time, which it forgets (ids go on): for Express, whose history has no limit."""
        taken, self.events = self.events, []
        return taken

    @property
    def event_count(self) -> int:
        """The id of the last event."""
        return self._last_id

    def standing(self) -> set[str]:
        """The names of the states it is in, branches included; empty when it has ended."""
        found: set[str] = set()
        waiting = [self._root] if self.status == "RUNNING" else []
        while waiting:
            frame = waiting.pop()
            if frame.live and frame.state is not None:
                found.add(frame.state.name)
            if frame.group is not None:
                waiting += frame.group.children.values()
        return found

    @property
    def wake_at(self) -> float | None:
        """When to `run` again if nothing comes before; None when nothing is waited for but outcomes."""
        return self._timers.next() if self.status == "RUNNING" else None

    def redrive(self, now: float) -> None:
        """Go on from what did not succeed, with the same input. For an execution that failed, timed out or was stopped.

        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
        """
        assert self.status not in {"RUNNING", "SUCCEEDED"}
        self.now = now
        self.status, self.output, self.error, self.cause, self.stopped_at = "RUNNING", None, None, None, None
        self.redrive_count += 1
        execution = {**self._context["Execution"], "RedriveCount": self.redrive_count, "RedriveTime": timestamp(now)}
        self._context = {**self._context, "Execution": execution}
        try:
            self._root.previous_id = self._last_id
            redriven = self.record(self._root, "ExecutionRedriven", {"redriveCount": self.redrive_count})
        except _HistoryFull:
            self._end_full()
            return
        self._arm_timeout()
        self.revive(self._root, redriven)

    # -- For frames and states

    def context_base(self) -> dict[str, Any]:
        """The context object's members about the execution and its machine."""
        return self._context

    def timestamp_of(self, at: float) -> str:
        """An instant as text; most are the one of the call before."""
        if self._stamp[0] != at:
            self._stamp = (at, timestamp(at))
        return self._stamp[1]

    def record(self, frame: Frame | None, type_: str, details: Mapping[str, Any]) -> int:
        """Write an event and move the frame's line of history to it. Its id."""
        event_id = self._last_id + 1
        if event_id >= self._events_max:
            raise _HistoryFull
        self._last_id = event_id
        if frame is None:
            self.events.append(Event(event_id, 0, self.now, type_, details))
        else:
            # Not Event(...): this is the hottest line there is, and the class's own constructor takes twice as long.
            self.events.append(tuple.__new__(Event, (event_id, frame.previous_id, self.now, type_, details)))
            frame.previous_id = event_id
        return event_id

    def record_beside(self, frame: Frame, type_: str, details: Mapping[str, Any]) -> int:
        """Write an event that the frame's line does not go on from. Its id."""
        previous_id = frame.previous_id
        event_id = self.record(frame, type_, details)
        frame.previous_id = previous_id
        return event_id

    def next_token(self) -> int:
        """A token for an effect."""
        self._last_token += 1
        return self._last_token

    def check_size(self, value: Any, what: str) -> None:
        """Raise States.DataLimitExceeded for a value of more than 256 KiB, or nested too deeply to be written down."""
        if exceeds(value):
            raise Failure(errors.DATA_LIMIT_EXCEEDED, too_large(what), terminal=True)

    def located(self, frame: Frame, error: StateError) -> Failure:
        """The failure that an error of the language is, its place told and (JSONata's) its event written."""
        if isinstance(error, Failure):
            return error
        assert frame.state is not None
        failure = Failure(error.error, frame.place() + (error.cause or ""))
        if error.error == errors.QUERY_EVALUATION_ERROR:
            if frame.previous_id == frame.entered_id:
                frame.previous_id = frame.chain_at_entry
            location = {"location": error.location} if error.location else {}
            self.record(frame, "EvaluationFailed", {**failure.details(), **location, "state": frame.state.name})
        return failure

    def revive(self, frame: Frame, event_id: int) -> None:
        """Run a frame again that was given up, from its state, its line of history going on from `event_id`."""
        frame.live, frame.failed, frame.resumed = True, False, True
        frame.previous_id = event_id
        frame.generator = frame.pending = frame.timer = None
        frame.retries = 0
        frame.forget_scope()
        state = frame.state
        if state is not None and type(state) in INSTANT:
            # It is entered again. https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
            frame.next = state.name
            frame.state = None
        elif state is not None:
            frame.generator = LASTING[type(state)](frame, state)
        self._ready.append((frame, None))

    # -- Going on

    def _advance(self, frame: Frame, sent: Any, turns: int) -> int:
        """Let a frame go on until it waits or `turns` transitions are done. How many it did."""
        spent = 0
        states = frame.flow.states
        generator = frame.generator
        try:
            while True:
                if generator is not None:
                    try:
                        request = generator.send(sent)
                    except StopIteration as stop:
                        frame.generator = generator = None
                        frame.next = stop.value
                        frame.state = None
                    else:
                        self._park(frame, request)
                        return spent + 1
                if frame.next is None or (self.trial is not None and self.trial.status):
                    self._flow_ended(frame)
                    return spent + 1
                if spent >= turns:
                    self._ready.append((frame, None))
                    return spent
                spent += 1
                state = states[frame.next]
                kind = type(state)
                self._enter(frame, state, ENTERED[kind])
                instant = INSTANT.get(kind)
                if instant is not None:
                    frame.next = instant(frame, state)
                    frame.state = None
                else:
                    sent = None
                    frame.generator = generator = LASTING[kind](frame, state)
        except StateError as error:
            self._failed(frame, self.located(frame, error))
            return spent + 1

    def _enter(self, frame: Frame, state: State, type_: str) -> None:
        frame.state = state
        frame.entered_at = self.now
        frame.retries = 0
        frame.resumed = False
        frame.group = None
        frame.task_token = ""
        frame.map_run_arn = ""
        frame.forget_scope()
        frame.chain_at_entry = frame.previous_id
        frame.entered_id = self.record(frame, type_, {"name": state.name, "input": frame.value})
        if self.probe is not None:
            self.probe("input", frame.value)

    def leave(
        self, frame: Frame, state: State, output: Any, assigned: Mapping[str, Any] | None, next_: str | None
    ) -> str | None:
        """Leave a state, with its output checked and its variables assigned. Where to."""
        # What came in was checked before, and constants of the definition by their first use.
        if output is not frame.value:
            self.check_size(output, state.name)
        details: dict[str, Any] = {"name": state.name, "output": output}
        if assigned:
            details["assignedVariables"] = assigned
            frame.variables = {**frame.variables, **assigned}
        self.record(frame, EXITED[type(state)], details)
        frame.value = output
        if self.trial is not None:
            self.trial.next_state = next_
            if not self.trial.status:
                self.trial.status = "SUCCEEDED"
            if self.probe is not None:
                self.probe("variables", frame.variables)
        return next_

    def _park(self, frame: Frame, request: Any) -> None:
        """The frame waits for what it yielded."""
        if isinstance(request, Until):
            if request.when <= self.now:
                self._ready.append((frame, None))
            else:
                frame.timer = self._timers.at(request.when, lambda: self._ready.append((frame, None)))
        elif isinstance(request, Fork):
            self._start_group(request.group)
        else:
            frame.pending = pending = Pending(frame, request)
            self._pending[request.token] = pending
            self._effects.append(request)
            if isinstance(request, effects.Invoke) and not task_events.is_activity(request.state.resource):
                self._arm_task(pending)

    # -- Tasks

    def _told(self, pending: Pending, outcome: effects.Outcome) -> bool:
        """Write what an outcome says. True when it is the end of the effect."""
        if isinstance(outcome, effects.Heartbeat):
            self._beat(pending)
            return False
        if isinstance(outcome, effects.Failed) and outcome.error == errors.RUNTIME:
            return True
        frame = pending.frame
        if isinstance(pending.request, effects.Invoke):
            self._schedule(pending)
            if isinstance(outcome, effects.Started) and not pending.started:
                pending.started = True
                task_events.started(frame, pending.request, outcome)
                if pending.timeout is None and pending.beat is None:
                    self._arm_task(pending)
            elif isinstance(outcome, effects.Submitted):
                task_events.submitted(frame, pending.request, outcome)
        elif isinstance(pending.request, effects.RunMap) and isinstance(outcome, effects.Started):
            self._map_run_started(frame, pending.request, outcome)
        return isinstance(outcome, effects.Succeeded | effects.Failed | effects.TimedOut)

    def _schedule(self, pending: Pending) -> None:
        """Write that a task was scheduled; not before its first outcome, which may be that it can't be begun at all."""
        if not pending.scheduled:
            pending.scheduled = True
            task_events.scheduled(pending.frame, pending.request)

    def _map_run_started(self, frame: Frame, request: effects.RunMap, outcome: effects.Started) -> None:
        details: dict[str, Any] = {"mapRunArn": outcome.map_run_arn}
        frame.map_run_arn = outcome.map_run_arn
        if request.map_run_arn:
            self.record(frame, "MapRunRedriven", {**details, "redriveCount": self.redrive_count})
        else:
            self.record(frame, "MapRunStarted", details)

    def _arm_task(self, pending: Pending) -> None:
        """Count a task's time from now on. An activity's counts from its start, AWS says.

        https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
        """
        request = pending.request
        if request.timeout_s is not None:
            pending.timeout = self._timers.at(
                self.now + request.timeout_s, lambda: self._overdue(pending, heartbeat=False)
            )
        self._beat(pending)

    def _beat(self, pending: Pending) -> None:
        request = pending.request
        if isinstance(request, effects.Invoke) and request.heartbeat_s is not None:
            if pending.beat is not None:
                pending.beat.cancel()
            pending.beat = self._timers.at(
                self.now + request.heartbeat_s, lambda: self._overdue(pending, heartbeat=True)
            )

    def _overdue(self, pending: Pending, *, heartbeat: bool) -> None:
        token = pending.request.token
        self._schedule(pending)
        self._settle(token, pending)
        self._effects.append(effects.Cancel(token=token))
        also = (errors.HEARTBEAT_TIMEOUT,) if heartbeat else ()
        self._ready.append((pending.frame, Failure(errors.TIMEOUT, None, also=also)))

    def _settle(self, token: int, pending: Pending) -> None:
        del self._pending[token]
        pending.frame.pending = None
        for timer in (pending.timeout, pending.beat):
            if timer is not None:
                timer.cancel()

    # -- Branches

    def _start_group(self, group: Group) -> None:
        owner = group.owner
        owner.group = group
        if group.done:
            self._ready.append((owner, None))
            return
        for child in list(group.children.values()):
            if not child.live:
                group.running += 1
                if group.names_items:
                    child.previous_id = owner.previous_id
                    self.record(child, "MapIterationStarted", iteration(child))
                self.revive(child, child.previous_id if group.names_items else owner.previous_id)
        while group.todo and group.running < group.at_once:
            if not self._start_branch(group, owner.previous_id):
                return

    def _start_branch(self, group: Group, previous_id: int) -> bool:
        """Begin the next branch. False when there is no input for it (ItemSelector), which fails the whole."""
        index = group.todo[-1]
        try:
            child = group.make(index)
        except StateError as error:
            self._group_failed(group, self.located(group.owner, error))
            return False
        group.todo.pop()
        child.siblings = group
        child.branch = index
        child.previous_id = previous_id
        group.children[index] = child
        group.running += 1
        if group.names_items:
            self.record(child, "MapIterationStarted", iteration(child))
        self._ready.append((child, None))
        return True

    def _flow_ended(self, frame: Frame) -> None:
        group = frame.siblings
        frame.live = False
        if group is None:
            self.status = "SUCCEEDED"
            self._timers.clear()
            frame.group = None
            frame.forget_scope()
            self.output = frame.value
            self.stopped_at = self.now
            if self.trial is None:
                self._last_event(frame.previous_id, "ExecutionSucceeded", {"output": frame.value})
            # Nothing goes on from here. Let go, it needs no garbage collector: frames know their execution.
            del self._root
            return
        group.results[frame.branch] = frame.value
        del group.children[frame.branch]
        group.running -= 1
        group.last_id = frame.previous_id
        if group.names_items:
            group.last_id = self.record_beside(frame, "MapIterationSucceeded", iteration(frame))
        if group.todo and group.running < group.at_once:
            self._start_branch(group, frame.previous_id)
        elif group.done:
            group.owner.previous_id = group.last_id
            self._ready.append((group.owner, None))

    def _failed(self, frame: Frame, failure: Failure) -> None:
        """A flow has failed: the machine's ends the execution, another one fails its siblings."""
        frame.live = False
        frame.failed = True
        frame.generator = None
        group = frame.siblings
        if group is not None:
            group.running -= 1
        if group is None or failure.error == errors.RUNTIME:
            # States.Runtime leaves nothing to anybody: as recorded, not even a Map's own failure is written.
            if self.trial is not None:
                self.trial.status = self.trial.status or "FAILED"
            self._finish("FAILED", failure, "ExecutionFailed", frame.previous_id)
            return
        line = frame.previous_id
        if aborted_event(frame) == "TaskStateAborted":
            self.record_beside(frame, "TaskStateAborted", {})
        if group.names_items:
            self.record_beside(frame, "MapIterationFailed", iteration(frame))
        group.owner.previous_id = line
        self._group_failed(group, failure)

    def _group_failed(self, group: Group, failure: Failure) -> None:
        """What runs in a group is given up, and its state goes on with the failure."""
        for branch in list(group.children.values()):
            if branch.live:
                self._abort(branch)
                group.running -= 1
        self._ready.append((group.owner, failure))

    def _abort(self, frame: Frame, *, quietly: bool = False) -> None:
        """Give a frame up, and all below it; `quietly` without events."""
        frame.live = False
        if frame.generator is not None:
            frame.generator.close()
            frame.generator = None
        if frame.timer is not None:
            frame.timer.cancel()
        if frame.pending is not None:
            token = frame.pending.request.token
            self._settle(token, frame.pending)
            self._effects.append(effects.Cancel(token=token))
        if frame.group is not None:
            for child in list(frame.group.children.values()):
                if child.live:
                    self._abort(child, quietly=quietly)
                    frame.group.running -= 1
        if quietly:
            return
        event = aborted_event(frame)
        if event:
            self.record_beside(frame, event, {})
        if frame.siblings is not None and frame.siblings.names_items:
            self.record_beside(frame, "MapIterationAborted", iteration(frame))

    # -- The end

    def _time_out(self) -> None:
        # Status and history differ: DescribeExecution has no error for it.
        self._finish("TIMED_OUT", Failure(None), "ExecutionTimedOut", 0, {"error": errors.TIMEOUT})

    def _finish(
        self,
        status: Status,
        failure: Failure,
        type_: str,
        previous_id: int,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.error, self.cause = failure.shown()
        self.stopped_at = self.now
        if self._root.live or self._pending:
            self._abort(self._root, quietly=True)
        self._ready.clear()
        self._timers.clear()
        if self.trial is None:
            self._last_event(previous_id, type_, details or failure.details())

    def _last_event(self, previous_id: int, type_: str, details: Mapping[str, Any]) -> None:
        self._last_id += 1
        self.events.append(Event(self._last_id, previous_id, self.now, type_, details))

    def _end_full(self) -> None:
        if self.start.events_max is None:
            self._time_out()
            return
        cause = f"The execution reached the maximum number of history events ({self._events_max})."
        self._finish("FAILED", Failure(errors.RUNTIME, cause), "ExecutionFailed", self._last_id)

    def _arm_timeout(self) -> None:
        limits = [limit for limit in (self.machine.timeout_s, self.start.timeout_s) if limit is not None]
        if limits:
            self._timers.at(self.now + min(limits), self._time_out)
