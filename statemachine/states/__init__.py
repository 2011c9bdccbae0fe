"""The state types: for each how it runs and what its events are called.

Those of INSTANT are functions: frame and state in, the next state's name out. Those of LASTING are generators that
yield what they wait for (`frames.Until`, `frames.Fork`, an effect), and return the next state's name. All of them
write the state's Exited event by `Execution.leave`; Entered is written before they are called. A new state type is a
module, and a row here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from statemachine import definition
from statemachine.states import choice, fail, map_, parallel, passing, succeed, task, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from statemachine.frames import Frame

INSTANT: Final[Mapping[type, Callable[[Frame, Any], str | None]]] = {
    definition.Pass: passing.run,
    definition.Choice: choice.run,
    definition.Succeed: succeed.run,
    definition.Fail: fail.run,
}

LASTING: Final[Mapping[type, Callable[[Frame, Any], Generator[Any, Any, str | None]]]] = {
    definition.Task: task.run,
    definition.Wait: wait.run,
    definition.Parallel: parallel.run,
    definition.Map: map_.run,
}

ENTERED: Final = {kind: f"{kind.__name__}StateEntered" for kind in (*INSTANT, *LASTING)}

EXITED: Final = {kind: f"{kind.__name__}StateExited" for kind in (*INSTANT, *LASTING)}


def aborted_event(frame: Frame) -> str:
    """The event of a state that was given up, or empty: the types that take no time have none."""
    kind = type(frame.state)
    return f"{kind.__name__}StateAborted" if kind in LASTING else ""
