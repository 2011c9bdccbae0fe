"""Pass. https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statemachine.states.fields import arguments, effective_input, leave_as_is, leave_with_result

if TYPE_CHECKING:
    from statemachine.definition import Pass
    from statemachine.frames import Frame


def run(frame: Frame, state: Pass) -> str | None:
    """InputPath, Parameters, Result, ResultPath, OutputPath; or Output."""
    if state.language == "JSONata":
        return leave_as_is(frame, state)
    value = arguments(frame, state, effective_input(frame, state))
    if state.result is not None:
        value = state.result.evaluate(frame.scope(), value)
    return leave_with_result(frame, state, value)
