"""Map, inline and distributed. https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import effects, errors
from statemachine.data.json_text import dumps
from statemachine.errors import StateError
from statemachine.failures import Failure
from statemachine.frames import Fork, Frame, Group
from statemachine.limits import INLINE_MAP_CONCURRENCY_MAX
from statemachine.retrying import persist
from statemachine.states.fields import effective_input, leave_with_result, text_of
from statemachine.states.numbers import integer
from statemachine.states.standing_in import stand_in

if TYPE_CHECKING:
    from collections.abc import Generator

    from statemachine.definition import Map


def run(frame: Frame, state: Map) -> Generator[Any, Any, str | None]:
    """Runs a flow for every item; the result is the array of their outputs."""
    return persist(frame, state, lambda: _attempt(frame, state), "MapStateFailed")


def _attempt(frame: Frame, state: Map) -> Generator[Any, Any, str | None]:
    execution = frame.execution
    value = effective_input(frame, state)
    items = None if state.item_reader is not None else _items(frame, state, value)
    at_once = _max_concurrency(frame, state, value)
    if execution.trial is not None:
        result = yield from _on_trial(frame, state, value, items, at_once)
    elif state.distributed:
        result = yield from _distributed(frame, state, value, items, at_once)
    else:
        result = yield from _inline(frame, state, value, items or [], at_once)
    return leave_with_result(frame, state, result)


def _inline(frame: Frame, state: Map, value: Any, items: list[Any], at_once: int) -> Generator[Any, Any, Any]:
    execution = frame.execution

    def iteration(index: int) -> Frame:
        child = Frame(execution, state.processor, None, frame.variables)
        child.variable_sizes = frame.variable_sizes
        child.map_item = {"Item": {"Index": index, "Value": items[index]}}
        child.value = _selected(frame, state, value, items[index], child.map_item)
        return child

    group = frame.group
    if group is None or not frame.resumed:
        limit = min(at_once or INLINE_MAP_CONCURRENCY_MAX, INLINE_MAP_CONCURRENCY_MAX)
        group = Group(frame, len(items), limit, iteration, names_items=True)
        execution.record(frame, "MapStateStarted", {"length": len(items)})
    failure = yield Fork(group)
    if isinstance(failure, Failure):
        raise failure
    execution.record_beside(frame, "MapStateSucceeded", {})
    return group.output()


def _distributed(
    frame: Frame, state: Map, value: Any, items: list[Any] | None, at_once: int
) -> Generator[Any, Any, Any]:
    execution = frame.execution
    redriven = frame.map_run_arn if frame.resumed else ""
    if not redriven:
        execution.record(frame, "MapStateStarted", {"length": len(items or ())})
    count, percentage = _tolerated(frame, state, value)
    outcome = yield effects.RunMap(
        token=execution.next_token(),
        state=state,
        input=value,
        scope=frame.scope(),
        items=items,
        max_concurrency=at_once,
        tolerated_failure_count=count,
        tolerated_failure_percentage=percentage,
        map_run_arn=redriven,
    )
    begun = frame.previous_id
    if isinstance(outcome, effects.Succeeded):
        execution.record(frame, "MapRunSucceeded", {})
        execution.record_beside(frame, "MapStateSucceeded", {})
        if state.language == "JSONata":
            # Recorded so since November 2024; JSONPath's histories mostly go on from MapRunSucceeded.
            frame.previous_id = begun
        return outcome.output
    if isinstance(outcome, effects.Failed) and outcome.error == errors.RUNTIME:
        raise StateError(errors.RUNTIME, outcome.cause)
    failure = Failure(outcome.error, outcome.cause)
    execution.record(frame, "MapRunFailed", failure.details())
    raise failure


def _on_trial(frame: Frame, state: Map, value: Any, items: list[Any] | None, at_once: int) -> Generator[Any, Any, Any]:
    execution = frame.execution
    count, percentage = _tolerated(frame, state, value)
    probe = execution.probe
    if probe is not None:
        if items is not None and state.item_selector is not None:
            probe(
                "afterItemSelector",
                [
                    _selected(frame, state, value, item, {"Item": {"Index": index, "Value": item}})
                    for index, item in enumerate(items)
                ],
            )
        probe("maxConcurrency", at_once)
        if count is not None:
            probe("toleratedFailureCount", count)
        if percentage is not None:
            probe("toleratedFailurePercentage", percentage)
    outcome = yield effects.StandIn(token=execution.next_token(), state=state, input=items)
    return stand_in(outcome)


def _items(frame: Frame, state: Map, value: Any) -> list[Any]:
    found = value
    if state.items is not None:
        found = state.items.evaluate(frame.scope(), value)
    probe = frame.execution.probe
    if probe is not None:
        probe("afterItemsPath" if state.language == "JSONPath" else "afterItems", found)
    if isinstance(found, list):
        return found
    if isinstance(found, dict) and state.distributed:
        # JSON objects are read as their key-value pairs.
        return [{"Key": key, "Value": item} for key, item in found.items()]
    if state.language == "JSONata":
        raise StateError(
            errors.QUERY_EVALUATION_ERROR,
            f"The JSONata expression '{text_of(state.items)}' specified for the field 'Items' returned an unexpected "
            f"result type. Expected 'array', but was '{_type_name(found)}' for value: {dumps(found)}",
            location="Items",
        )
    path = text_of(state.items) or "$"
    raise StateError(errors.RUNTIME, f'Reference path "{path}" must point to array.')


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "number"


def _selected(frame: Frame, state: Map, value: Any, item: Any, map_item: dict[str, Any]) -> Any:
    """What an iteration gets: the item, or what ItemSelector makes of it."""
    if state.item_selector is None:
        return item
    scope = frame.scope()
    context = scope.context
    scope.context = {**context, "Map": map_item}
    try:
        selected = state.item_selector.evaluate(scope, value)
    finally:
        scope.context = context
    frame.execution.check_size(selected, state.name)
    return selected


def _max_concurrency(frame: Frame, state: Map, value: Any) -> int:
    if state.max_concurrency is None:
        return 0
    number = integer(frame, state, state.max_concurrency, value, "MaxConcurrency")
    if number < 0:
        raise StateError(errors.RUNTIME, "MaxConcurrency cannot be negative.")
    return number


def _tolerated(frame: Frame, state: Map, value: Any) -> tuple[int | None, float | None]:
    count = None
    if state.tolerated_failure_count is not None:
        count = integer(frame, state, state.tolerated_failure_count, value, "ToleratedFailureCount")
        if count < 0:
            raise StateError(errors.RUNTIME, "ToleratedFailureCount cannot be negative.")
    percentage = None
    if state.tolerated_failure_percentage is not None:
        found = state.tolerated_failure_percentage.evaluate(frame.scope(), value)
        if isinstance(found, bool) or not isinstance(found, int | float):
            shown = found if isinstance(found, str) else dumps(found)
            path = text_of(state.tolerated_failure_percentage)
            raise StateError(
                errors.RUNTIME,
                f'The ToleratedFailurePercentagePath field refers to value "{shown}" '
                f"which is not a valid float: {path}",
            )
        percentage = float(found)
        if not 0 <= percentage <= 100:
            raise StateError(errors.RUNTIME, "ToleratedFailurePercentage must be between 0 and 100.")
    return count, percentage
