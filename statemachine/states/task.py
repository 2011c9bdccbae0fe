"""Task. https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from statemachine import effects, errors
from statemachine.errors import StateError
from statemachine.failures import Failure, too_large
from statemachine.payloads import exceeds
from statemachine.retrying import persist
from statemachine.states import task_events
from statemachine.states.fields import arguments, effective_input, leave_with_result
from statemachine.states.numbers import seconds_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from statemachine.data.scope import Chance
    from statemachine.definition import Task
    from statemachine.frames import Frame


def run(frame: Frame, state: Task) -> Generator[Any, Any, str | None]:
    """Calls something, with Retry and Catch."""
    return persist(frame, state, lambda: _attempt(frame, state))


def _attempt(frame: Frame, state: Task) -> Generator[Any, Any, str | None]:
    execution = frame.execution
    resource = task_events.resource_of(state.resource)
    if resource.waits:
        frame.task_token = new_token(execution.chance)
        frame.forget_scope()
    value = effective_input(frame, state)
    request = effects.Invoke(
        token=execution.next_token(),
        state=state,
        arguments=arguments(frame, state, value),
        credentials=None if state.credentials is None else state.credentials.evaluate(frame.scope(), value),
        task_token=frame.task_token,
        timeout_s=seconds_of(frame, state, state.timeout, value, "TimeoutSeconds"),
        heartbeat_s=seconds_of(frame, state, state.heartbeat, value, "HeartbeatSeconds"),
        context=frame.scope().context,
        attempt=frame.retries,
    )
    outcome = yield request
    if isinstance(outcome, effects.Succeeded):
        output = outcome.output
        if exceeds(output):
            failure = Failure(errors.DATA_LIMIT_EXCEEDED, too_large(resource.name))
            task_events.failed(frame, request, failure)
            raise failure
        task_events.succeeded(frame, request, output)
        return leave_with_result(frame, state, output)
    if isinstance(outcome, effects.Failed):
        if outcome.error == errors.RUNTIME:
            raise StateError(errors.RUNTIME, outcome.cause)
        failure = Failure(outcome.error, outcome.cause)
        task_events.failed(frame, request, failure, outcome)
        raise failure
    # The time is up here (a Failure from the timers), or whatever it called says so.
    failure = outcome if isinstance(outcome, Failure) else Failure(outcome.error, outcome.cause)
    task_events.timed_out(frame, request, failure)
    raise failure


def new_token(chance: Chance) -> str:
    """A task token: opaque, and like AWS's to look at."""
    return "AQC" + b64encode(chance.bits(8 * 96).to_bytes(96, "big")).decode()
