"""Retry and Catch.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from statemachine.data.paths import compile_reference
from statemachine.data.variables import compile_assign
from statemachine.definition import Catcher, Retrier
from statemachine.errors import ALL
from statemachine.limits import SECONDS_MAX
from statemachine.parse.limits import MAX_DELAY_MAX

if TYPE_CHECKING:
    from statemachine.data.scope import Place, Value
    from statemachine.parse.part import Part

_RETRIER: Final = frozenset(
    ("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment")
)
_CATCHER: Final = {
    "JSONPath": frozenset(("ErrorEquals", "Next", "ResultPath", "Assign", "Comment")),
    "JSONata": frozenset(("ErrorEquals", "Next", "Output", "Assign", "Comment")),
}


def retriers(state: Part) -> tuple[Retrier, ...]:
    """Every entry of Retry."""
    parts = state.parts("Retry")
    return tuple(_retrier(part, last=part is parts[-1]) for part in parts)


def catchers(state: Part) -> tuple[Catcher, ...]:
    """Every entry of Catch."""
    parts = state.parts("Catch")
    return tuple(_catcher(part, last=part is parts[-1]) for part in parts)


def _retrier(part: Part, *, last: bool) -> Retrier:
    part.only(_RETRIER)
    part.require("ErrorEquals")
    interval = part.integer("IntervalSeconds", 1, SECONDS_MAX)
    longest = part.integer("MaxDelaySeconds", 1, MAX_DELAY_MAX)
    if longest is not None and longest <= (interval or 1):
        part.fault("MaxDelaySeconds must be greater than IntervalSeconds", "MaxDelaySeconds")
    attempts = part.integer("MaxAttempts", 0, SECONDS_MAX)
    rate = part.number("BackoffRate", 1.0)
    return Retrier(
        error_equals=_error_names(part, last=last),
        interval_s=1 if interval is None else interval,
        max_attempts=3 if attempts is None else attempts,
        backoff_rate=2.0 if rate is None else rate,
        max_delay_s=longest,
        full_jitter=part.choice("JitterStrategy", ("FULL", "NONE")) == "FULL",
    )


def _catcher(part: Part, *, last: bool) -> Catcher:
    part.only(_CATCHER[part.language])
    part.require("ErrorEquals", "Next")
    place, discards = result_place(part)
    return Catcher(
        error_equals=_error_names(part, last=last),
        next=part.text("Next") or "",
        result_path=place,
        discards_result=discards,
        assign=assigned(part),
        output=part.output(),
    )


def _error_names(part: Part, *, last: bool) -> tuple[str, ...]:
    given = part.fields.get("ErrorEquals")
    if given is None and "ErrorEquals" not in part:
        return ()
    place = part.at("ErrorEquals")
    if not isinstance(given, list):
        part.fault("Expected value of type Array", "ErrorEquals")
        return ()
    if not given:
        part.fault("Value cannot be empty", "ErrorEquals")
    names = []
    for i, name in enumerate(given):
        if not isinstance(name, str):
            part.report.error(f"{place}[{i}]", "Expected value of type String")
            continue
        if name == ALL and (len(given) > 1 or not last):
            part.report.error(f"{place}[{i}]", "States.ALL must appear alone and at end of list")
        names.append(name)
    return tuple(names)


def result_place(part: Part) -> tuple[Place | None, bool]:
    """ResultPath: where the result goes, and whether it goes nowhere (null)."""
    if "ResultPath" not in part:
        return None, False
    if part.fields["ResultPath"] is None:
        return None, True
    text = part.text("ResultPath")
    if text is None or text == "$":
        return None, False
    return part.compiled("ResultPath", lambda: compile_reference(text, part.within + "ResultPath")), False


def assigned(part: Part) -> Value | None:
    """Assign, wherever it stands."""
    given = part.fields.get("Assign")
    if given is None and "Assign" not in part:
        return None
    if not isinstance(given, dict):
        part.fault("Expected value of type Object", "Assign")
        return None
    return part.compiled("Assign", lambda: compile_assign(given, part.language, part.within + "Assign"))
