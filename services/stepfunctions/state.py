"""The state machines, executions and activities of every account and region, and the look-ups that everybody uses."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from services.scope import Scope, Scoped
from services.stepfunctions import limits, names
from services.stepfunctions.errors import (
    ActivityDoesNotExist,
    ExecutionDoesNotExist,
    StateMachineDeleting,
    StateMachineDoesNotExist,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.ports import Clock, Entropy
    from services.stepfunctions.model import Activity, Alias, Revision, Run, StateMachine
    from services.stepfunctions.names import Named


class Target(NamedTuple):
    """What an execution is to run."""

    state_machine: StateMachine
    revision: Revision
    version_arn: str = ""
    alias_arn: str = ""


class Region:
    """What one account has in one region."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.state_machines: dict[str, StateMachine] = {}
        self.activities: dict[str, Activity] = {}
        self.runs: dict[str, Run] = {}
        """By ARN, oldest first."""
        self.runs_of: dict[str, list[Run]] = {}
        """Oldest first; by the ARN of the state machine (unqualified, no label) or of the Map Run."""


class State:
    """All of it. The one place where an ARN becomes a thing."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._of = Scoped(Region)
        self._closed: deque[tuple[float, int, Run]] = deque()
        """When each ended, and the bytes it takes; in that order."""
        self._kept_bytes = 0
        self._sequence = 0

    def region(self, scope: Scope) -> Region:
        """What is there; made when it is first asked for."""
        return self._of[scope]

    def __iter__(self) -> Iterator[Region]:
        return (region for _, region in self._of)

    def forget(self, scope: Scope) -> None:
        """Forget all of a scope."""
        self._of.discard(scope)
        self._closed = deque(entry for entry in self._closed if entry[2].scope != scope)
        self._kept_bytes = sum(size for _, size, _ in self._closed)

    # State machines.

    def state_machine(self, named: Named) -> StateMachine | None:
        """What an ARN's first part names (a label is passed over), or None."""
        region = self._of.get(named.scope)
        return None if region is None else region.state_machines.get(named.name.partition("/")[0])

    def require_machine(self, arn: str) -> StateMachine:
        """The state machine that an unqualified or a qualified ARN belongs to.

        Raises:
            InvalidArn, StateMachineDoesNotExist.
        """
        found = self.state_machine(names.parse(arn, "stateMachine"))
        if found is None:
            raise StateMachineDoesNotExist.of(arn)
        return found

    def resolve(self, arn: str) -> Target:
        """What an execution of that ARN is to run: the current revision, a version, or what an alias draws.

        Raises:
            InvalidArn, StateMachineDoesNotExist, StateMachineDeleting.
        """
        named = names.parse(arn, "stateMachine")
        found = self.state_machine(named)
        if found is None or "/" in named.name or len(named.parts) > 2:
            raise StateMachineDoesNotExist.of(arn)
        if found.deleting:
            raise StateMachineDeleting.of(arn)
        if not named.qualifier:
            return Target(found, found.current)
        alias = found.aliases.get(named.qualifier)
        number = self.draw(alias) if alias is not None else version_number(named.qualifier)
        version = found.versions.get(number)
        if version is None:
            raise StateMachineDoesNotExist.of(arn)
        return Target(found, version.revision, found.qualified(number), arn if alias is not None else "")

    def draw(self, alias: Alias) -> int:
        """The version that an execution started by an alias is to have: by the weights, anew each time."""
        drawn = self._entropy.uniform() * 100
        for route in alias.routes:
            if drawn < route.weight:
                return route.version
            drawn -= route.weight
        return alias.routes[-1].version

    def delete_machine(self, machine: StateMachine) -> None:
        """At once, or as soon as no execution of it runs."""
        machine.deleting = True
        self.machine_idle(machine)

    def machine_idle(self, machine: StateMachine) -> None:
        """Perhaps no execution of it runs any more: then one that is being deleted is gone."""
        if machine.deleting and not any(not run.express for run in machine.running):
            region = self._of.get(machine.scope)
            if region is not None and region.state_machines.get(machine.name) is machine:
                del region.state_machines[machine.name]

    # Executions.

    def next_sequence(self) -> int:
        """A number for a new execution."""
        self._sequence += 1
        return self._sequence

    def add_run(self, run: Run) -> None:
        """Remember an execution that begins."""
        region = self._of[run.scope]
        region.runs[run.arn] = run
        region.runs_of.setdefault(run.map_run_arn or run.state_machine.arn, []).append(run)

    def run(self, arn: str, *, children: bool = False) -> Run | None:
        """The execution of that ARN; None without one. `children`: also express ones that a Map Run has started."""
        named = names.parse(arn, "execution", *(["express"] if children and "/" in arn else []))
        region = self._of.get(named.scope)
        self._expire()
        return None if region is None else region.runs.get(arn)

    def require_run(self, arn: str, *, children: bool = False) -> Run:
        """As `run`. Raises InvalidArn, ExecutionDoesNotExist."""
        found = self.run(arn, children=children)
        if found is None:
            raise ExecutionDoesNotExist.of(arn)
        return found

    def runs_of(self, scope: Scope, owner_arn: str) -> list[Run]:
        """Executions of a state machine or a Map Run, oldest first."""
        self._expire()
        region = self._of.get(scope)
        return [] if region is None else region.runs_of.get(owner_arn, [])

    def close_run(self, run: Run) -> None:
        """It has ended: it is kept for 90 days, or until there is too much of them."""
        run.pack()
        size = run.weight
        self._closed.append((run.stopped_at or 0.0, size, run))
        self._kept_bytes += size
        self._expire()

    def _expire(self) -> None:
        closed, oldest = self._closed, self._clock.now() - limits.RETENTION_S
        while closed and (closed[0][0] < oldest or self._kept_bytes > limits.KEPT_BYTES):
            stopped_at, size, run = closed.popleft()
            self._kept_bytes -= size
            if run.stopped_at == stopped_at:
                self.drop_run(run)

    def drop_run(self, run: Run) -> None:
        """Forget an execution."""
        region = self._of.get(run.scope)
        if region is None or region.runs.get(run.arn) is not run:
            return
        del region.runs[run.arn]
        owner = run.map_run_arn or run.state_machine.arn
        siblings = region.runs_of.get(owner, [])
        # The oldest ones go first: this is the head, or close to it.
        if run in siblings:
            siblings.remove(run)
        if not siblings:
            region.runs_of.pop(owner, None)

    # Activities.

    def activity(self, arn: str) -> Activity | None:
        """The activity of that ARN, or None. Raises InvalidArn."""
        named = names.parse(arn, "activity")
        region = self._of.get(named.scope)
        return None if region is None else region.activities.get(named.name)

    def require_activity(self, arn: str) -> Activity:
        """The activity of that ARN. Raises InvalidArn, ActivityDoesNotExist."""
        found = self.activity(arn)
        if found is None:
            raise ActivityDoesNotExist.of(arn)
        return found


def version_number(qualifier: str) -> int:
    """A version's number, or 0 for what is none."""
    return int(qualifier) if qualifier.isdecimal() and qualifier.isascii() and len(qualifier) < 10 else 0
