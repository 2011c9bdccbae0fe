"""What states do alike with their fields: JSONPath's five steps, and JSONata's Output and Assign.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine.data.variables import check_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from statemachine.data.scope import Value
    from statemachine.definition import Producer, State
    from statemachine.frames import Frame


def effective_input(frame: Frame, state: State) -> Any:
    """The input after InputPath; JSONata's states see it whole."""
    if state.discards_input:
        value: Any = {}
    elif state.input_path is None:
        value = frame.value
    else:
        value = state.input_path.evaluate(frame.scope(), frame.value)
    probe = frame.execution.probe
    if probe is not None and state.language == "JSONPath":
        probe("afterInputPath", value)
    return value


def arguments(frame: Frame, state: Producer, value: Any) -> Any:
    """What the work of a state gets: after Parameters or Arguments, and not too large."""
    if state.parameters is not None:
        value = state.parameters.evaluate(frame.scope(), value)
        frame.execution.check_size(value, state.name)
    probe = frame.execution.probe
    if probe is not None:
        probe("afterParameters" if state.language == "JSONPath" else "afterArguments", value)
    return value


def assigned(frame: Frame, assign: Value | None, root: Any) -> Mapping[str, Any] | None:
    """The new variables, not too large."""
    if assign is None:
        return None
    new: Mapping[str, Any] = assign.evaluate(frame.scope(), root)
    if new:
        frame.variable_sizes = {**frame.variable_sizes, **check_sizes(new, frame.variable_sizes)}
    return new


def leave_as_is(frame: Frame, state: State) -> str | None:
    """The end of a state that has no result: its output is its input, but for InputPath, OutputPath or Output."""
    value = frame.value
    if state.language == "JSONata":
        output = value if state.output is None else state.output.evaluate(frame.scope(), None)
        return frame.execution.leave(frame, state, output, assigned(frame, state.assign, None), state.next)
    if state.input_path is not None or state.discards_input or frame.execution.probe is not None:
        value = effective_input(frame, state)
    new = assigned(frame, state.assign, value)
    return frame.execution.leave(frame, state, output_path(frame, state, value), new, state.next)


def output_path(frame: Frame, state: State, value: Any) -> Any:
    """What OutputPath leaves."""
    if state.discards_output:
        return {}
    if state.output_path is None:
        return value
    return state.output_path.evaluate(frame.scope(), value)


def leave_with_result(frame: Frame, state: Producer, result: Any) -> str | None:
    """The end of a state that has a result: ResultSelector, ResultPath, OutputPath, or Output; and Assign."""
    execution = frame.execution
    probe = execution.probe
    if probe is not None:
        probe("result", result)
    if state.language == "JSONata":
        scope = frame.scope()
        scope.result = result
        output = result if state.output is None else state.output.evaluate(scope, None)
        return execution.leave(frame, state, output, assigned(frame, state.assign, None), state.next)
    effective = result
    if state.result_selector is not None:
        effective = state.result_selector.evaluate(frame.scope(), result)
    if probe is not None:
        probe("afterResultSelector", effective)
    if state.discards_result:
        output = frame.value
    elif state.result_path is None:
        output = effective
    else:
        output = state.result_path.put(frame.value, effective)
    if probe is not None:
        probe("afterResultPath", output)
    # Assign stands beside ResultSelector, not after it: its `$` is the result as it came.
    new = assigned(frame, state.assign, result)
    return execution.leave(frame, state, output_path(frame, state, output), new, state.next)


def text_of(value: Any) -> str:
    """A path's own text, for a message."""
    return str(getattr(value, "text", ""))
