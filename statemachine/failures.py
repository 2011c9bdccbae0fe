"""Failures on their way up: matched by Retry and Catch, or the end of a branch or of the execution.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.json_text import sendable
from statemachine.errors import StateError
from statemachine.limits import CAUSE_MAX, ERROR_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable


class Failure(StateError):
    """A StateError whose place is told and whose event is written."""

    def __init__(
        self,
        error: str | None,
        cause: str | None = None,
        *,
        terminal: bool = False,
        also: tuple[str, ...] = (),
    ) -> None:
        super().__init__(error, cause)
        self.terminal = terminal
        """Not for States.ALL: what AWS's page calls terminal errors."""
        self.also = also
        """Other names that match it: a missed heartbeat shows as States.Timeout and matches States.HeartbeatTimeout."""

    def output(self) -> dict[str, Any]:
        """The error output that a catcher places. A timeout without a cause has an empty one, as recorded."""
        cause = self.cause
        if cause is None and self.error == errors.TIMEOUT:
            cause = ""
        return {"Error": self.error, "Cause": cause}

    def details(self) -> dict[str, Any]:
        """Error and cause as events have them."""
        details = {}
        error, cause = self.shown()
        if cause is not None:
            details["cause"] = cause
        if error is not None:
            details["error"] = error
        return details

    def shown(self) -> tuple[str | None, str | None]:
        """Error and cause, no longer than the API's shapes have them."""
        error, cause = self.error, self.cause
        return (
            None if error is None else sendable(error[:ERROR_MAX]),
            None if cause is None else sendable(cause[:CAUSE_MAX]),
        )


def matches(names: Iterable[str], failure: Failure) -> bool:
    """Whether ErrorEquals names the failure.

    States.Runtime is never caught, States.TaskFailed is anything but a timeout, and States.ALL is anything but
    States.DataLimitExceeded of a state's own data (a task's too large result it does match, as recorded).
    """
    error = failure.error
    if error == errors.RUNTIME:
        return False
    for name in names:
        if name == error or name in failure.also:
            return True
        if name == errors.ALL and not failure.terminal:
            return True
        if name == errors.TASK_FAILED and error != errors.TIMEOUT and not failure.terminal:
            return True
    return False


def too_large(what: str) -> str:
    """The cause of States.DataLimitExceeded."""
    return f"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
