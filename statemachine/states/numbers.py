"""Numbers that fields give: seconds, counts, percentages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.json_text import dumps
from statemachine.errors import StateError
from statemachine.limits import SECONDS_MAX
from statemachine.states.fields import text_of

if TYPE_CHECKING:
    from statemachine.data.scope import Value
    from statemachine.definition import State
    from statemachine.frames import Frame


def seconds_of(frame: Frame, state: State, value: Value | None, root: Any, field: str) -> float | None:
    """TimeoutSeconds, HeartbeatSeconds, or their paths; None where there is no such field."""
    if value is None:
        return None
    number = integer(frame, state, value, root, field)
    if number <= 0:
        raise _wrong(
            state,
            value,
            field,
            f"The {field}Path parameter references a non-positive value: {text_of(value)} == {number}",
        )
    if number > SECONDS_MAX:
        raise _wrong(
            state,
            value,
            field,
            f"The {field}Path parameter references a value above {SECONDS_MAX}: {text_of(value)} == {number}",
        )
    return number


def integer(frame: Frame, state: State, value: Value, root: Any, field: str) -> int:
    """An integer, by a constant, a path or JSONata."""
    number = value.evaluate(frame.scope(), root)
    if isinstance(number, float) and number.is_integer() and state.language == "JSONata":
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise not_an_integer(state, value, number, field)
    return number


def not_an_integer(state: State, value: Value, found: Any, field: str) -> StateError:
    """The error of a path that leads to anything else."""
    shown = found if isinstance(found, str) else dumps(found)
    return _wrong(
        state,
        value,
        field,
        f'The {field}Path field refers to value "{shown}" which is not a valid integer: {text_of(value)}',
    )


def _wrong(state: State, value: Value, field: str, cause: str) -> StateError:
    if state.language == "JSONata":
        return StateError(
            errors.QUERY_EVALUATION_ERROR,
            f"The JSONata expression '{text_of(value)}' specified for the field '{field}' returned an invalid value.",
            location=field,
        )
    return StateError(errors.RUNTIME, cause)
