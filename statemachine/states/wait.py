"""Wait. https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.json_text import dumps
from statemachine.data.timestamps import parse_timestamp
from statemachine.errors import StateError
from statemachine.frames import Until
from statemachine.limits import SECONDS_MAX
from statemachine.states.fields import effective_input, leave_as_is, text_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from statemachine.definition import Wait
    from statemachine.frames import Frame


def run(frame: Frame, state: Wait) -> Generator[Until, Any, str | None]:
    """Waits for seconds, or until an instant; one that is over is not waited for."""
    value = effective_input(frame, state)
    if state.seconds is not None:
        when = frame.execution.now + _seconds(state, state.seconds.evaluate(frame.scope(), value))
    else:
        assert state.timestamp is not None
        when = _instant(state, state.timestamp.evaluate(frame.scope(), value))
    yield Until(when)
    return leave_as_is(frame, state)


def _seconds(state: Wait, seconds: Any) -> int:
    path = text_of(state.seconds)
    if isinstance(seconds, float) and seconds.is_integer() and state.language == "JSONata":
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise _wrong(state, f"The SecondsPath parameter cannot be parsed as a long value: {path} == {dumps(seconds)}")
    if seconds < 0:
        raise _wrong(state, f"The SecondsPath parameter references a negative value: {path} == {seconds}")
    if seconds > SECONDS_MAX:
        raise _wrong(state, f"The SecondsPath parameter references a value above {SECONDS_MAX}: {path} == {seconds}")
    return seconds


def _instant(state: Wait, text: Any) -> float:
    instant = parse_timestamp(text, without_seconds=True)
    if instant is None:
        shown = text if isinstance(text, str) else dumps(text)
        raise _wrong(
            state,
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: "
            f"{text_of(state.timestamp)} == {shown}",
        )
    return float(instant)


def _wrong(state: Wait, cause: str) -> StateError:
    if state.language == "JSONata":
        field = "Timestamp" if state.seconds is None else "Seconds"
        return StateError(
            errors.QUERY_EVALUATION_ERROR,
            f"The JSONata expression '{text_of(state.seconds or state.timestamp)}' specified for the field '{field}' "
            "returned a value which is not valid.",
            location=field,
        )
    return StateError(errors.RUNTIME, cause)
