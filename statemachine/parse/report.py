"""Where faults go while a definition is read, and how their places are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from statemachine.data.json_text import sendable
from statemachine.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"

WARNING: Final = "WARNING"


def anything(resource: str) -> str:
    """Any resource will do."""
    return ""


class Report:
    """The faults found so far, in the order of the text."""

    def __init__(self, why_not: Callable[[str], str] = anything, *, express: bool = False) -> None:
        self.problems: list[Problem] = []
        self._told: set[Problem] = set()
        self.why_not = why_not
        """What is wrong with a Task's resource, or an empty text."""
        self.express = express
        """Whether it is to be an express state machine's."""

    def error(self, place: str, message: str, code: str = SCHEMA) -> None:
        """A fault that keeps the definition from running. Said once, however many fields lead to it."""
        problem = Problem(code, sendable(message), sendable(place))
        if problem not in self._told:
            self._told.add(problem)
            self.problems.append(problem)

    def warn(self, place: str, message: str, code: str) -> None:
        """Something that is allowed, and probably not meant."""
        self.problems.append(Problem(code, message, place, WARNING))

    def failed(self) -> bool:
        """Whether there is an error."""
        return any(problem.severity != WARNING for problem in self.problems)

    def missing(self, place: str, fields: Iterable[str]) -> None:
        """Fields that have to be there."""
        self.error(place, f"These fields are required: [{', '.join(fields)}]")

    def unsupported(self, place: str, field: str) -> None:
        """A field that nothing of this kind has."""
        self.error(place, f"Field '{field}' is not supported")


def inside(place: str, field: str) -> str:
    """The place of a field, as AWS writes it: `/States/A/Next`; the whole definition is `/`."""
    return f"/{field}" if place == "/" else f"{place}/{field}"
