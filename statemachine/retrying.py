"""Retry and Catch, for the states that have them: Task, Parallel, Map.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.scope import ABSENT
from statemachine.errors import StateError
from statemachine.failures import matches
from statemachine.frames import Until
from statemachine.states.fields import assigned

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from statemachine.data.scope import Chance
    from statemachine.definition import Producer, Retrier
    from statemachine.failures import Failure
    from statemachine.frames import Frame

DELAY_MAX_S = 31_622_400.0
"""A year: what a backoff grows to at most, where MaxDelaySeconds says nothing."""


class Attempts:
    """How often each retrier of a state was used, since it was entered (or redriven)."""

    __slots__ = ("_counts", "_retriers")

    def __init__(self, retriers: tuple[Retrier, ...], before: int = 0) -> None:
        self._retriers = retriers
        self._counts = [before] * len(retriers)

    def next(self, failure: Failure, chance: Chance) -> tuple[int, float] | None:
        """The retrier that takes the failure, by index, and the seconds to wait first. None when none does.

        The first one that matches decides: where it has no attempts left, later ones are not asked.
        """
        for index, retrier in enumerate(self._retriers):
            if matches(retrier.error_equals, failure):
                used = self._counts[index]
                if used >= retrier.max_attempts:
                    return None
                self._counts[index] = used + 1
                return index, delay_of(retrier, used, chance)
        return None


def delay_of(retrier: Retrier, used: int, chance: Chance) -> float:
    """Seconds to wait after `used` attempts."""
    try:
        delay = retrier.interval_s * retrier.backoff_rate**used
    except OverflowError:
        delay = DELAY_MAX_S
    delay = min(delay, DELAY_MAX_S if retrier.max_delay_s is None else retrier.max_delay_s)
    return delay * chance.uniform() if retrier.full_jitter else delay


def persist(
    frame: Frame,
    state: Producer,
    attempt: Callable[[], Generator[Any, Any, str | None]],
    failed_event: str = "",
) -> Generator[Any, Any, str | None]:
    """Make attempts until one succeeds, or a catcher takes the failure, or nothing does (raises Failure).

    `failed_event` is written when no retrier takes the failure (`MapStateFailed`).
    """
    execution = frame.execution
    trial = execution.trial
    attempts: Attempts | None = None
    while True:
        try:
            return (yield from attempt())
        except StateError as error:
            failure = execution.located(frame, error)
        if failure.error == errors.RUNTIME:
            raise failure
        if attempts is None:
            attempts = Attempts(state.retry, trial.retry_count if trial is not None else 0)
        retry = attempts.next(failure, execution.chance)
        if retry is None:
            if failed_event:
                execution.record(frame, failed_event, {})
            return caught(frame, state, failure)
        index, delay = retry
        if trial is not None:
            trial.status = "RETRIABLE"
            if execution.probe is not None:
                execution.probe("errorDetails", {"retryIndex": index, "retryBackoffIntervalSeconds": delay})
            raise failure
        frame.resumed = False
        yield Until(execution.now + delay)
        frame.retries += 1
        frame.forget_scope()


def caught(frame: Frame, state: Producer, failure: Failure) -> str | None:
    """Leave by the catcher that takes the failure. Raises it when none does."""
    execution = frame.execution
    for index, catcher in enumerate(state.catch):
        if not matches(catcher.error_equals, failure):
            continue
        error_output = failure.output()
        scope = frame.scope()
        scope.result = ABSENT
        scope.error_output = error_output
        output: Any
        if state.language == "JSONata":
            output = error_output if catcher.output is None else catcher.output.evaluate(scope, None)
        elif catcher.discards_result:
            output = frame.value
        elif catcher.result_path is None:
            output = error_output
        else:
            output = catcher.result_path.put(frame.value, error_output)
        new = assigned(frame, catcher.assign, error_output)
        if execution.trial is not None:
            execution.trial.status = "CAUGHT_ERROR"
            execution.error, execution.cause = failure.error, failure.cause
            if execution.probe is not None:
                execution.probe("errorDetails", {"catchIndex": index})
        return execution.leave(frame, state, output, new, catcher.next)
    raise failure
