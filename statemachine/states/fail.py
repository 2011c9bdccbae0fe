"""Fail. https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from statemachine import errors
from statemachine.errors import StateError
from statemachine.failures import Failure

if TYPE_CHECKING:
    from statemachine.data.scope import Value
    from statemachine.definition import Fail
    from statemachine.frames import Frame


def run(frame: Frame, state: Fail) -> NoReturn:
    """Fails, by Error and Cause."""
    raise Failure(_text(frame, state.error, "ErrorPath"), _text(frame, state.cause, "CausePath"))


def _text(frame: Frame, value: Value | None, field: str) -> str | None:
    if value is None:
        return None
    text: Any = value.evaluate(frame.scope(), frame.value)
    if not isinstance(text, str):
        path = getattr(value, "text", "")
        raise StateError(errors.RUNTIME, f"The {field} field refers to a value which is not a string: {path}")
    return text
