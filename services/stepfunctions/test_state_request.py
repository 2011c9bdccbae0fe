"""What TestState is asked: the state, and whether it can be tested so.

The order of the checks is AWS's as far as it was recorded.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from services.stepfunctions.errors import InvalidDefinition, InvalidExecutionInput, Validation
from services.stepfunctions.item_readers import parse
from statemachine.definition import Map, Parallel, Task
from statemachine.errors import StateError
from statemachine.parse.source import JsonFault, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.api import Params
    from services.stepfunctions.test_state_mocks import Mock
    from services.stepfunctions.validation import Definitions
    from statemachine.definition import Flow, State

ALONE: Final = "TestState API does not support Map or Parallel states. Supported state types include: "
_ALONE_TYPES: Final = "[Task, Wait, Pass, Succeed, Fail, Choice]"

_CONTEXT: Final[Mapping[str, Mapping[str, type | tuple[type, ...]]]] = {
    "Execution": {
        "Id": str,
        "Input": object,
        "Name": str,
        "RoleArn": str,
        "StartTime": str,
        "RedriveCount": int,
        "RedriveTime": str,
    },
    "State": {"EnteredTime": str, "Name": str, "RetryCount": int},
    "StateMachine": {"Id": str, "Name": str},
    "Task": {"Token": str},
}
"""Members of a mocked context object. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html"""

_TYPE_NAMES: Final[Mapping[type, str]] = {str: "string", int: "number"}


class Tested:
    """The state, and what the request says about it besides its mock."""

    def __init__(self, params: Params, definitions: Definitions) -> None:
        """Reads the definition and what stands against testing it at all.

        Raises:
            InvalidDefinition, ValidationException.
        """
        self.state = _state(params, definitions)
        self.configuration: Mapping[str, Any] = params.get("stateConfiguration") or {}
        mocked = params.get("mock") is not None
        if "mapIterationFailureCount" in self.configuration and not mocked:
            raise Validation("TestState does not support MapIterationFailureCount when a mock is not specified.")
        if not mocked:
            _needs_no_mock(self.state)
        self.input: Any = None
        self.variables: Mapping[str, Any] = {}
        self.context: Mapping[str, Any] | None = None
        self.items: list[Any] | None = None
        """What the item reader reads, where the request says it."""
        self.unread: StateError | None = None
        """Why it can't read that."""

    def check_rest(self, params: Params, mock: Mock | None) -> None:
        """Reads everything else.

        Raises:
            InvalidExecutionInput, ValidationException.
        """
        if params.get("context"):
            if mock is None:
                raise Validation("TestState does not support Context when a mock is not specified.")
            self.context = _context(params["context"], self.state)
        if isinstance(self.state, Task) and mock is None and not params.get("roleArn"):
            raise Validation("RoleArn must be specified when testing a Task state")
        _check_origin(self.configuration.get("errorCausedByState"), self.state)
        if "mapItemReaderData" in self.configuration:
            if not isinstance(self.state, Map) or self.state.item_reader is None:
                raise Validation("MapItemReaderData is only supported for Map states with an ItemReader.")
            self._read(self.configuration["mapItemReaderData"], self.state.item_reader.config)
        try:
            self.input = read_json(params.get("input") or "{}")
        except JsonFault as fault:
            raise InvalidExecutionInput.of(fault.text) from None
        self.variables = _variables(params.get("variables"))

    def _read(self, text: str, config: Mapping[str, Any]) -> None:
        """The items, as the reader would read them in S3."""
        try:
            self.items = [item.value for item in parse(text.encode(), config, "mapItemReaderData")]
        except StateError as error:
            self.items, self.unread = [], error


def _state(params: Params, definitions: Definitions) -> State:
    name = params.get("stateName")
    if not name:
        flow = definitions.compile_state(params["definition"]).flow
        return flow.states[flow.start_at]
    machine = definitions.compile(params["definition"])
    for state in states_of(machine.flow):
        if state.name == name:
            return state
    raise Validation("State not found in definition")


def states_of(flow: Flow) -> Iterator[State]:
    """Every state of a flow, and of the flows within."""
    for state in flow.states.values():
        yield state
        if isinstance(state, Parallel):
            for branch in state.branches:
                yield from states_of(branch)
        elif isinstance(state, Map):
            yield from states_of(state.processor)


def _needs_no_mock(state: State) -> None:
    if isinstance(state, Map | Parallel):
        raise InvalidDefinition(ALONE + _ALONE_TYPES)
    if isinstance(state, Task):
        resource = state.resource
        if ":activity:" in resource:
            raise InvalidDefinition("TestState API does not support Activity tasks when a mock is not specified.")
        for pattern in (".sync", ".sync:2", ".waitForTaskToken"):
            if resource.endswith(pattern):
                raise InvalidDefinition(
                    f"TestState API does not support '{pattern}' service integration when a mock is not specified."
                )


def _check_origin(name: str | None, state: State) -> None:
    """ErrorCausedByState names a state within the Map or Parallel."""
    if name is None:
        return
    if not isinstance(state, Map | Parallel):
        raise Validation("ErrorCausedByState is only supported for Map and Parallel states.")
    flows = state.branches if isinstance(state, Parallel) else (state.processor,)
    if all(name != inner.name for flow in flows for inner in states_of(flow)):
        raise Validation("State not found in definition")


def _variables(text: str | None) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        found = read_json(text)
    except JsonFault as fault:
        raise Validation(f"Invalid variables provided: {fault.text}") from None
    if not isinstance(found, dict):
        raise Validation("Invalid variables provided: Variables must be a JSON object")
    return found


def _context(text: str, state: State) -> Mapping[str, Any]:
    try:
        found = read_json(text)
    except JsonFault as fault:
        _bad_context(fault.text)
    if not isinstance(found, dict):
        _bad_context("Context must be a JSON object")
    for name, value in found.items():
        if name == "Map":
            _bad_context("'Map' field is not supported when mocking a Context object")
        members = _CONTEXT.get(name)
        if members is None:
            _bad_context(f"Field '{name}' is not allowed")
        if not isinstance(value, dict):
            _bad_context(f"{name} must be a object")
        _check_members(name, value, members)
    if "Task" in found and not waits_or_runs(state):
        _bad_context(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' "
            "service integration pattern"
        )
    return found


def _check_members(name: str, value: Mapping[str, Any], members: Mapping[str, type | tuple[type, ...]]) -> None:
    for member, given in value.items():
        expected = members.get(member)
        if expected is None:
            _bad_context(f"Field '{member}' is not allowed")
        if not isinstance(given, expected) or (expected is int and isinstance(given, bool)):
            shown = _TYPE_NAMES.get(expected, "object") if isinstance(expected, type) else "object"
            _bad_context(f"{name}.{member} must be a {shown}")


def waits_or_runs(state: State) -> bool:
    """Whether a worker, or a job, answers for the state."""
    return isinstance(state, Task) and (
        ":activity:" in state.resource or state.resource.endswith((".sync", ".sync:2", ".waitForTaskToken"))
    )


def _bad_context(why: str) -> NoReturn:
    raise Validation(f"Invalid Context object provided: {why}")
