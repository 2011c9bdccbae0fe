"""What a mock says instead of a state's own work (TestState)."""

from __future__ import annotations

from typing import Any

from statemachine import effects
from statemachine.failures import Failure


def stand_in(outcome: Any) -> Any:
    """The mock's result. Raises the Failure that it says."""
    if isinstance(outcome, effects.Succeeded):
        return outcome.output
    raise Failure(outcome.error, outcome.cause)
