"""Parallel. https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import effects
from statemachine.failures import Failure
from statemachine.frames import Fork, Frame, Group
from statemachine.retrying import persist
from statemachine.states.fields import arguments, effective_input, leave_with_result
from statemachine.states.standing_in import stand_in

if TYPE_CHECKING:
    from collections.abc import Generator

    from statemachine.definition import Parallel


def run(frame: Frame, state: Parallel) -> Generator[Any, Any, str | None]:
    """Runs its branches, all at once; the result is the array of their outputs."""
    return persist(frame, state, lambda: _attempt(frame, state), "ParallelStateFailed")


def _attempt(frame: Frame, state: Parallel) -> Generator[Any, Any, str | None]:
    execution = frame.execution
    value = arguments(frame, state, effective_input(frame, state))
    if execution.trial is not None:
        result = yield effects.StandIn(token=execution.next_token(), state=state, input=value)
        return leave_with_result(frame, state, stand_in(result))

    def branch(index: int) -> Frame:
        child = Frame(execution, state.branches[index], value, frame.variables)
        child.variable_sizes = frame.variable_sizes
        child.map_item = frame.map_item
        return child

    group = frame.group
    if group is None or not frame.resumed:
        group = Group(frame, len(state.branches), len(state.branches), branch)
        execution.record(frame, "ParallelStateStarted", {})
    failure = yield Fork(group)
    if isinstance(failure, Failure):
        raise failure
    execution.record_beside(frame, "ParallelStateSucceeded", {})
    return leave_with_result(frame, state, group.output())
