"""Which failures Retry and Catch take, and how long a retry waits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine import errors
from statemachine.definition import Retrier
from statemachine.failures import Failure, matches
from statemachine.retrying import DELAY_MAX_S, Attempts, delay_of


class Half:
    def uniform(self) -> float:
        return 0.5

    def bits(self, n: int) -> int:
        return 0

    def uuid(self) -> str:
        return ""


CUSTOM = Failure("Custom")
HEARTBEAT = Failure(errors.TIMEOUT, also=(errors.HEARTBEAT_TIMEOUT,))


@pytest.mark.parametrize(
    ("names", "failure", "taken"),
    [
        (["Custom"], CUSTOM, True),
        (["custom"], CUSTOM, False),
        (["Other", "Custom"], CUSTOM, True),
        ([errors.ALL], CUSTOM, True),
        ([errors.TASK_FAILED], CUSTOM, True),
        ([errors.TASK_FAILED], Failure(errors.TIMEOUT), False),
        ([errors.ALL], Failure(errors.TIMEOUT), True),
        ([errors.TIMEOUT], HEARTBEAT, True),
        ([errors.HEARTBEAT_TIMEOUT], HEARTBEAT, True),
        ([errors.HEARTBEAT_TIMEOUT], Failure(errors.TIMEOUT), False),
        ([errors.ALL], Failure(None), True),
        (["Custom"], Failure(None), False),
        ([errors.ALL, errors.RUNTIME], Failure(errors.RUNTIME), False),
        ([errors.ALL], Failure(errors.DATA_LIMIT_EXCEEDED, terminal=True), False),
        ([errors.TASK_FAILED], Failure(errors.DATA_LIMIT_EXCEEDED, terminal=True), False),
        ([errors.DATA_LIMIT_EXCEEDED], Failure(errors.DATA_LIMIT_EXCEEDED, terminal=True), True),
        ([errors.ALL], Failure(errors.DATA_LIMIT_EXCEEDED), True),
    ],
)
def test_matching(names: list[str], failure: Failure, taken: bool) -> None:
    assert matches(names, failure) is taken


def test_retriers_count_apart_and_the_first_that_matches_decides() -> None:
    """The example of AWS's page: ErrorA, ErrorB, ErrorC, ErrorB."""
    attempts = Attempts(
        (
            Retrier(error_equals=("ErrorA", "ErrorB"), interval_s=1, backoff_rate=2.0, max_attempts=2),
            Retrier(error_equals=("ErrorC", "ErrorB"), interval_s=5),
        )
    )

    got = [attempts.next(Failure(name), Half()) for name in ("ErrorA", "ErrorB", "ErrorC", "ErrorB")]

    assert got == [(0, 1), (0, 2), (1, 5), None]


def test_no_attempts_means_none() -> None:
    assert Attempts((Retrier(error_equals=("X",), max_attempts=0),)).next(Failure("X"), Half()) is None


def test_jitter_draws_between_nothing_and_the_delay() -> None:
    retrier = Retrier(error_equals=("X",), interval_s=4, backoff_rate=3, full_jitter=True, max_delay_s=10)

    assert [delay_of(retrier, used, Half()) for used in range(3)] == [2, 5, 5]


RETRIERS = st.builds(
    Retrier,
    error_equals=st.just(("X",)),
    interval_s=st.integers(1, 99_999_999),
    max_attempts=st.integers(0, 5),
    backoff_rate=st.floats(1, 1e300),
    max_delay_s=st.none() | st.integers(1, 31_622_400),
    full_jitter=st.booleans(),
)


@given(RETRIERS, st.integers(0, 99_999_999))
def test_a_delay_is_finite_and_within_its_limit(retrier: Retrier, used: int) -> None:
    delay = delay_of(retrier, used, Half())

    assert 0 < delay <= (retrier.max_delay_s or DELAY_MAX_S)


@given(RETRIERS)
def test_attempts_end(retrier: Retrier) -> None:
    attempts = Attempts((retrier,))

    got: list[Any] = []
    while (taken := attempts.next(Failure("X"), Half())) is not None:
        got.append(taken)
    assert len(got) == retrier.max_attempts
