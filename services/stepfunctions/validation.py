"""Definitions at the door: what CreateStateMachine refuses and how it says so, and ValidateStateMachineDefinition.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.api import operation
from services.stepfunctions.errors import InvalidDefinition
from statemachine.parse import parse, parse_state, problems_of
from statemachine.problems import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.api import Call, Params
    from services.ports import Integrations
    from statemachine.definition import Machine
    from statemachine.problems import Problem

DIAGNOSTICS_MAX: Final = 100
"""Diagnostics in one answer (API reference, `maxResults`)."""


class Definitions:
    """Compiles definitions against the integrations there are."""

    def __init__(self, integrations: Integrations) -> None:
        self._integrations = integrations

    def compile(self, definition: str, express: bool = False) -> Machine:
        """A state machine, ready to run.

        Raises:
            InvalidDefinition: by AWS's text, with every fault and its place.
        """
        try:
            return parse(definition, self._why_not(express), express=express)
        except DefinitionError as error:
            raise refusal(definition, error.problems) from None

    def compile_state(self, definition: str) -> Machine:
        """One state alone, as a machine of that state.

        Raises:
            InvalidDefinition.
        """
        try:
            return parse_state(definition, self._why_not(express=False))
        except DefinitionError as error:
            raise refusal(definition, error.problems) from None

    def problems(self, definition: str, express: bool = False) -> list[Problem]:
        """Everything that is wrong with a definition, or might be."""
        return problems_of(definition, self._why_not(express), express=express)

    def _why_not(self, express: bool) -> Callable[[str], str]:
        why_not = self._integrations.why_not
        return (lambda resource: _not_for_express(resource) or why_not(resource)) if express else why_not


def _not_for_express(resource: str) -> str:
    """Why an express state machine can't have this resource, or nothing."""
    if ":activity:" in resource:
        return "Express state machine does not support Activity ARN"
    if resource.endswith(".waitForTaskToken"):
        # The blank at the end is AWS's.
        return "Express state machine does not support '.waitForTaskToken' service integration "
    if resource.endswith((".sync", ".sync:2")):
        return "Express state machine does not support '.sync' service integration"
    return ""


def refusal(definition: str, problems: list[Problem]) -> InvalidDefinition:
    """What CreateStateMachine says of these faults: all of them, in one sentence."""
    errors = [problem for problem in problems if problem.severity == "ERROR"]
    if errors[0].code == "INVALID_LABEL_NAME":
        return InvalidDefinition(_label_text(definition, errors[0].message))
    # `null` is AWS's way of saying that a fault has no place.
    told = ", ".join(f"{error.code}: {error.message} at {error.location or 'null'}" for error in errors)
    return InvalidDefinition.of(told)


def _label_text(definition: str, message: str) -> str:
    """The one recorded answer about labels, word for word. See FIDELITY.md: we doubt that AWS said it."""
    return f"Error=ValueError Args={[message]!r} in definition '{definition}'."


class ValidationApi:
    """ValidateStateMachineDefinition."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    @operation
    def validate_state_machine_definition(self, call: Call, params: Params) -> Params:
        found = self._definitions.problems(params["definition"], params.get("type") == "EXPRESS")
        errors = [problem for problem in found if problem.severity == "ERROR"]
        shown = found if params.get("severity") == "WARNING" else errors
        most = params.get("maxResults") or DIAGNOSTICS_MAX
        return {
            "result": "FAIL" if errors else "OK",
            "diagnostics": [_diagnostic(problem) for problem in shown[:most]],
            "truncated": len(shown) > most,
        }


def _diagnostic(problem: Problem) -> dict[str, Any]:
    shown = {"severity": problem.severity, "code": problem.code, "message": problem.message}
    if problem.location:
        shown["location"] = problem.location
    return shown
