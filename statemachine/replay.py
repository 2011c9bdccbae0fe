"""An execution's log, and what it is good for: the same calls give the same events again.

The log is small (outcomes and instants), and with the definition, the input and the seed it is the whole execution:
that is how one survives a restart, and how any recorded one becomes a regression test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from statemachine.execution import BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from statemachine.effects import Outcome
    from statemachine.execution import Execution


class Call(NamedTuple):
    """One call of an execution."""

    method: str
    arguments: tuple[Any, ...]


class Recording:
    """An execution whose calls are written down."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.log: list[Call] = []

    def begin(self, now: float) -> None:
        """`Execution.begin`."""
        self._note("begin", now)
        self.execution.begin(now)

    def run(self, now: float, budget: int = BUDGET) -> bool:
        """`Execution.run`."""
        self._note("run", now, budget)
        return self.execution.run(now, budget)

    def resolve(self, token: int, outcome: Outcome, now: float) -> bool:
        """`Execution.resolve`."""
        self._note("resolve", token, outcome, now)
        return self.execution.resolve(token, outcome, now)

    def stop(self, now: float, error: str | None = None, cause: str | None = None) -> None:
        """`Execution.stop`."""
        self._note("stop", now, error, cause)
        self.execution.stop(now, error, cause)

    def redrive(self, now: float) -> None:
        """`Execution.redrive`."""
        self._note("redrive", now)
        self.execution.redrive(now)

    def _note(self, method: str, *arguments: Any) -> None:
        self.log.append(Call(method, arguments))


def replay(log: Iterable[Call], execution: Execution) -> Execution:
    """Repeat the calls of a log on a fresh execution of the same machine, start and chance."""
    for call in log:
        getattr(execution, call.method)(*call.arguments)
    return execution
