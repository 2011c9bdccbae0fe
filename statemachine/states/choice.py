"""Choice. https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statemachine import errors
from statemachine.errors import StateError
from statemachine.states.fields import assigned, effective_input, output_path

if TYPE_CHECKING:
    from statemachine.definition import Choice
    from statemachine.frames import Frame


def run(frame: Frame, state: Choice) -> str | None:
    """The first rule that holds; else Default, with the state's own Assign and Output."""
    scope = frame.scope()
    value = effective_input(frame, state)
    for rule in state.rules:
        if rule.condition.holds(scope, value):
            next_, assign, output = rule.next, rule.assign, rule.output
            break
    else:
        if state.default is None:
            # The language's own name for it, States.NoChoiceMatched, is not what AWS says.
            raise StateError(
                errors.RUNTIME,
                "Failed to transition out of the state. The state does not point to a next state.",
            )
        next_, assign, output = state.default, state.assign, state.output
    if state.language == "JSONata":
        # A rule's own Output and Assign stand before the state's, which are for Default.
        result = frame.value if output is None else output.evaluate(scope, None)
    else:
        result = output_path(frame, state, value)
    return frame.execution.leave(frame, state, result, assigned(frame, assign, value), next_)
