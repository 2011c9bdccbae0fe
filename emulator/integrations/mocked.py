"""Mocked integrations: the configuration file of Step Functions Local.

    {"StateMachines": {"<name>": {"TestCases": {"<case>": {"<state>": "<response>"}}}},
     "MockedResponses": {"<response>": {"0": {"Return": ...}, "1-2": {"Throw": {"Error": "...", "Cause": "..."}}}}}

An execution started with `<state machine's ARN>#<case>` runs by it; states that the case does not name do what they
always do. The keys of a response count the state's attempts within the execution. The file is read again when it has
changed. https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from services import arn

if TYPE_CHECKING:
    from emulator.integrations.tasks import Work
    from services.ports import TaskCall

log = logging.getLogger("undercast.mocks")

_REMEMBERED: Final = 10_000
"""Executions whose attempts are counted; the oldest are forgotten beyond it."""
_NO_RESPONSE: Final = "States.Runtime"


class MockConfigError(ValueError):
    """The file can't be used; the text says why, for the person who wrote it."""


class Mock(NamedTuple):
    """What one attempt is to come to."""

    returns: Any = None
    throws: bool = False
    error: str | None = None
    cause: str | None = None


class Mocks:
    """The file's content, as it is now."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._stamp: tuple[int, int] | None = None
        self._config: dict[str, Any] = {}
        self._attempts: OrderedDict[str, dict[str, int]] = OrderedDict()

    def problem(self, machine_name: str, test_case: str) -> str:
        """Why an execution can't be started with that test case; empty when it can."""
        if self._path is None:
            return f"There is no test case {test_case}: no mock configuration file is set."
        try:
            cases = _of(_of(self._read(), "StateMachines", machine_name), "TestCases")
        except MockConfigError as error:
            return str(error)
        if test_case not in cases:
            return f"The mock configuration file {self._path} has no test case {test_case} of {machine_name}."
        return ""

    def find(self, call: TaskCall) -> Mock | None:
        """What this attempt is to come to; None when it is not mocked. Counts the attempt."""
        if not call.test_case or self._path is None:
            return None
        try:
            config = self._read()
            name = _of(config, "StateMachines", _machine_name(call.execution_arn), "TestCases", call.test_case).get(
                call.state_name
            )
            if name is None:
                return None
            if not isinstance(name, str):
                raise MockConfigError(f"The mocked response of {call.state_name} in {call.test_case} is no name.")
            return _mock(_of(config, "MockedResponses", name), name, self._count(call))
        except MockConfigError as error:
            return Mock(throws=True, error=_NO_RESPONSE, cause=str(error))

    def _count(self, call: TaskCall) -> int:
        """How often this state was attempted before in this execution."""
        of_states = self._attempts.setdefault(call.execution_arn, {})
        number = of_states.get(call.state_name, 0)
        of_states[call.state_name] = number + 1
        self._attempts.move_to_end(call.execution_arn)
        if len(self._attempts) > _REMEMBERED:
            self._attempts.popitem(last=False)
        return number

    def _read(self) -> dict[str, Any]:
        """The file, read again if it has changed. Raises MockConfigError."""
        if self._path is None:
            return {}
        try:
            state = self._path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self._stamp:
                config = orjson.loads(self._path.read_bytes())
                if not isinstance(config, dict):
                    raise MockConfigError(f"The mock configuration file {self._path} is no JSON object.")
                self._config, self._stamp = config, stamp
                log.info("Read the mock configuration file %s", self._path)
        except OSError as error:
            raise MockConfigError(f"The mock configuration file {self._path} can't be read: {error}") from error
        except orjson.JSONDecodeError as error:
            raise MockConfigError(f"The mock configuration file {self._path} is no JSON: {error}") from error
        return self._config


async def run(work: Work, mock: Mock) -> None:
    """A task that comes to what the file says."""
    work.events.started()
    if mock.throws:
        work.fail(mock.error, mock.cause)
        return
    if work.resource.pattern:
        work.events.submitted(mock.returns)
    work.succeed(mock.returns)


def _machine_name(execution_arn: str) -> str:
    """`execution:<machine>:<name>`; an express one's, or a Map Run's child's with its label, too."""
    parsed = arn.parse(execution_arn)
    parts = parsed.resource.split(":") if parsed is not None else []
    return parts[1].partition("/")[0] if len(parts) > 1 else ""


def _of(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = config
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise MockConfigError(f"The mock configuration file has no object {'.'.join(keys)}.")
    return found


def _mock(responses: dict[str, Any], name: str, number: int) -> Mock:
    for key, response in responses.items():
        if not _covers(key, number, name):
            continue
        if isinstance(response, dict) and "Return" in response:
            return Mock(response["Return"])
        throws = response.get("Throw") if isinstance(response, dict) else None
        if isinstance(throws, dict):
            error, cause = throws.get("Error"), throws.get("Cause")
            if not isinstance(error, str | None) or not isinstance(cause, str | None):
                raise MockConfigError(f"Error and Cause of MockedResponses.{name}.{key} have to be text.")
            return Mock(throws=True, error=error, cause=cause)
        raise MockConfigError(f"MockedResponses.{name}.{key} has neither Return nor Throw.")
    raise MockConfigError(f"MockedResponses.{name} has no response for attempt {number}.")


def _covers(key: str, number: int, name: str) -> bool:
    first, dash, last = key.partition("-")
    try:
        return int(first) <= number <= int(last) if dash else int(first) == number
    except ValueError:
        raise MockConfigError(f"MockedResponses.{name} has the key {key}, which is no number and no range.") from None
