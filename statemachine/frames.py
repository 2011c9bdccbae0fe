"""Where an execution is: a frame for every flow that runs (the machine's own, a branch's, an item's).

A frame is in one state at a time. `previous_id` is the last event of its own line of history; what a frame writes
beside that line (`MapStateSucceeded`) doesn't move it, which is how AWS numbers previous events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from statemachine.data.scope import Scope
from statemachine.definition import Map, Parallel, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from statemachine.definition import Flow, State
    from statemachine.execution import Execution
    from statemachine.timers import Timer

_RETRIED = (Task, Parallel, Map)
"""What has a RetryCount in its context."""


class Until(NamedTuple):
    """A state waits for an instant."""

    when: float


@dataclass(frozen=True, slots=True)
class Fork:
    """A state waits for its branches. The answer is None, or the Failure of the branch that failed."""

    group: Group


class Frame:
    """A flow that runs."""

    __slots__ = (
        "_scope",
        "branch",
        "chain_at_entry",
        "entered_at",
        "entered_id",
        "execution",
        "failed",
        "flow",
        "generator",
        "group",
        "live",
        "map_item",
        "map_run_arn",
        "next",
        "pending",
        "previous_id",
        "resumed",
        "retries",
        "siblings",
        "state",
        "task_token",
        "timer",
        "value",
        "variable_sizes",
        "variables",
    )

    def __init__(self, execution: Execution, flow: Flow, value: Any, variables: Mapping[str, Any]) -> None:
        self.execution = execution
        self.flow = flow
        self.value = value
        """The input of the state it is in; the output of the flow at the end."""
        self.variables = variables
        self.variable_sizes: Mapping[str, int] = {}
        self.next: str | None = flow.start_at
        self.state: State | None = None
        self.live = True
        self.failed = False
        self.previous_id = 0
        self.entered_id = 0
        self.chain_at_entry = 0
        """`previous_id` before the state was entered: AWS counts EvaluationFailed from there."""
        self.entered_at = 0.0
        self.retries = 0
        self.task_token = ""
        self.generator: Generator[Any, Any, str | None] | None = None
        self.pending: Pending | None = None
        self.timer: Timer | None = None
        self.group: Group | None = None
        """The branches of the Parallel or Map it is in."""
        self.siblings: Group | None = None
        """The group it is a branch of."""
        self.branch = 0
        """Its index there."""
        self.map_item: Mapping[str, Any] | None = None
        """`$$.Map` within an item processor."""
        self.map_run_arn = ""
        self.resumed = False
        """The state is run again by a redrive: what succeeded in it stands."""
        self._scope: Scope | None = None

    def scope(self) -> Scope:
        """What the state's expressions see; one for each entering."""
        if self._scope is None:
            self._scope = Scope(self.value, self.context(), self.variables, self.execution.chance)
        self._scope.now = self.execution.now
        return self._scope

    def forget_scope(self) -> None:
        """The context has changed (a retry)."""
        self._scope = None

    def place(self) -> str:
        """How AWS begins a cause that tells its place."""
        assert self.state is not None
        return (
            f"An error occurred while executing the state '{self.state.name}' "
            f"(entered at the event id #{self.entered_id}). "
        )

    def context(self) -> dict[str, Any]:
        """The context object of the state it is in.

        https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
        """
        execution = self.execution
        given = execution.start.context
        if given is not None:
            return dict(given)
        state: dict[str, Any] = {
            "Name": self.state.name if self.state is not None else "",
            "EnteredTime": execution.timestamp_of(self.entered_at),
        }
        context = {**execution.context_base(), "State": state}
        if isinstance(self.state, _RETRIED):
            state["RetryCount"] = self.retries
            if self.task_token:
                context["Task"] = {"Token": self.task_token}
        if self.map_item is not None:
            context["Map"] = self.map_item
        return context


class Pending:
    """A task that was asked for and has not ended."""

    __slots__ = ("beat", "frame", "request", "scheduled", "started", "timeout")

    def __init__(self, frame: Frame, request: Any) -> None:
        self.frame = frame
        self.request = request
        self.scheduled = False
        """Its scheduled event is written."""
        self.started = False
        self.timeout: Timer | None = None
        self.beat: Timer | None = None


class Group:
    """The branches of one Parallel or inline Map, `at_once` of them running."""

    __slots__ = ("at_once", "children", "last_id", "make", "names_items", "owner", "results", "running", "size", "todo")

    def __init__(
        self, owner: Frame, size: int, at_once: int, make: Callable[[int], Frame], *, names_items: bool = False
    ) -> None:
        self.owner = owner
        self.size = size
        self.at_once = at_once
        self.make = make
        """A new frame for a branch."""
        self.names_items = names_items
        """Branches are a Map's iterations, which have events of their own."""
        self.children: dict[int, Frame] = {}
        """Those that were begun and have not succeeded, by index, in the order of their beginning."""
        self.results: dict[int, Any] = {}
        self.todo: list[int] = list(range(size - 1, -1, -1))
        """Indexes not begun yet, the next one last."""
        self.running = 0
        self.last_id = 0
        """The event that the whole goes on from."""

    @property
    def done(self) -> bool:
        """Every branch has succeeded."""
        return len(self.results) == self.size

    def output(self) -> Sequence[Any]:
        """The outputs of the branches, in their order."""
        results = self.results
        return [results[index] for index in range(self.size)]


def iteration(frame: Frame) -> dict[str, Any]:
    """The details of a Map iteration's events."""
    group = frame.siblings
    assert group is not None
    assert group.owner.state is not None
    return {"name": group.owner.state.name, "index": frame.branch}
