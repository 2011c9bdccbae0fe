"""What TestState lets a state's work answer.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.stepfunctions.errors import Validation
from statemachine.definition import Map, Parallel, Task
from statemachine.effects import Failed, Succeeded
from statemachine.errors import EXCEED_TOLERATED_FAILURE_THRESHOLD
from statemachine.parse.source import JsonFault, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Params
    from services.ports import ResultShapes
    from statemachine.definition import State

EXCEEDED: Final = "The specified tolerated failure threshold was exceeded"


class Mock:
    """A mocked result or error."""

    def __init__(self, state: State, given: Mapping[str, Any], failed_iterations: int | None) -> None:
        self.text: str = given.get("result") or ""
        """The result as it was given."""
        self.result: Any = None
        self.error: Mapping[str, Any] | None = given.get("errorOutput")
        self._failed_iterations = failed_iterations
        if given.get("result") is not None:
            try:
                self.result = read_json(self.text)
            except JsonFault:
                raise Validation("Mocked result must be valid JSON") from None
            _check_form(state, self.result)

    @classmethod
    def of(cls, params: Params, state: State, shapes: ResultShapes) -> Mock | None:
        """The request's mock, if it has one.

        Raises:
            ValidationException: it is not one for this state.
        """
        given = params.get("mock")
        if given is None:
            return None
        if not isinstance(state, Task | Map | Parallel):
            raise Validation(f"State type '{type(state).__name__}' is not supported when a mock is specified")
        if params.get("revealSecrets"):
            raise Validation("TestState does not support RevealSecrets when a mock is specified.")
        if given.get("result") is not None and given.get("errorOutput") is not None:
            raise Validation("A test mock should have only one of the following fields: [result, errorOutput].")
        failed = (params.get("stateConfiguration") or {}).get("mapIterationFailureCount")
        mock = cls(state, given, failed)
        if failed is not None and isinstance(mock.result, list) and failed > len(mock.result):
            raise Validation("Map iteration failure count must be less than or equal to the number of Map iterations")
        mode = given.get("fieldValidationMode", "STRICT")
        if isinstance(state, Task) and mock.error is None and mode != "NONE":
            complaint = shapes.complaint(state.resource, mock.result, whole=mode == "STRICT")
            if complaint:
                raise Validation(f"Mock result schema validation error: {complaint}")
        return mock

    def outcome(self, seen: Mapping[str, Any]) -> Succeeded | Failed:
        """What the state is told. `seen` is what was inspected so far: a Map's tolerance is in it."""
        if self.error is not None:
            return Failed(self.error.get("error"), self.error.get("cause"))
        if self._is_too_much(seen):
            return Failed(EXCEED_TOLERATED_FAILURE_THRESHOLD, EXCEEDED)
        return Succeeded(self.result)

    def _is_too_much(self, seen: Mapping[str, Any]) -> bool:
        """Whether more iterations failed than the Map tolerates. One that says nothing of it tolerates all, here."""
        failed = self._failed_iterations
        if not failed:
            return False
        count, percentage = seen.get("toleratedFailureCount"), seen.get("toleratedFailurePercentage")
        if count is not None and failed > count:
            return True
        iterations = len(self.result) if isinstance(self.result, list) else 0
        return percentage is not None and iterations > 0 and failed * 100 > percentage * iterations


def _check_form(state: State, result: Any) -> None:
    if isinstance(state, Map) and state.result_writer is not None and state.result_writer.resource:
        if not isinstance(result, dict):
            raise Validation("Mocked result must be a JSON object.")
    elif isinstance(state, Map | Parallel) and not isinstance(result, list):
        raise Validation("Mocked result must be an array.")
    if isinstance(state, Parallel) and len(result) != len(state.branches):
        raise Validation("Mocked result must contain the same number of items as number of Parallel branches.")
