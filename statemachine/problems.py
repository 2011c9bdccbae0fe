"""What is wrong with a definition, each by its place.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One fault."""

    code: str
    """`SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`, ..."""
    message: str
    location: str = ""
    """JSON pointer into the definition (`/States/A/Next`); empty for the whole."""
    severity: str = "ERROR"
    """Or `WARNING`."""


class DefinitionError(Exception):
    """A definition that can't be run; `problems` has at least one of severity ERROR."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems
