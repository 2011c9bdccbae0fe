"""When a delivery that failed is tried again: the four phases of a delivery policy.

Immediate retries, then some at the least delay, then some whose delay grows by a function, then some at the greatest.
AWS shows the functions as a graph only; these have its order (linear is always the slowest, exponential begins the
fastest) and its ends. AWS adds jitter, which would make a test's time unpredictable: Undercast adds none.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

TOTAL_MAX_S: Final = 3_600
"""All delays of an HTTP/S policy together."""


def _linear(step: int, steps: int, least: float, most: float) -> float:
    return least + (most - least) * step / steps


def _arithmetic(step: int, steps: int, least: float, most: float) -> float:
    """The difference itself grows by the same amount from step to step."""
    return least + (most - least) * (step * (step + 1)) / (steps * (steps + 1))


def _geometric(step: int, steps: int, least: float, most: float) -> float:
    """Each delay is the one before times the same number."""
    return float(least * (most / least) ** (step / steps))


def _exponential(step: int, steps: int, least: float, most: float) -> float:
    """The difference doubles from step to step. By division first: thousands of steps are more than a float holds."""
    return float(least + (most - least) * (2.0 ** (step - steps) - 2.0**-steps) / (1.0 - 2.0**-steps))


FUNCTIONS: Final[dict[str, Callable[[int, int, float, float], float]]] = {
    "linear": _linear,
    "arithmetic": _arithmetic,
    "geometric": _geometric,
    "exponential": _exponential,
}


class RetryPolicy(NamedTuple):
    """How often and when. Delays are seconds."""

    immediate: int
    """Retries without delay."""
    pre_backoff: int
    """Retries at the least delay."""
    backoff: int
    """Retries whose delay grows."""
    post_backoff: int
    """Retries at the greatest delay."""
    least_s: float
    most_s: float
    function: str = "linear"

    @property
    def retries(self) -> int:
        """All of them."""
        return self.immediate + self.pre_backoff + self.backoff + self.post_backoff

    def delay_s(self, retry: int) -> float | None:
        """What lies between a failure and the retry of that number, counted from one; None when there is no more."""
        at = retry - 1
        if at < 0 or at >= self.retries:
            return None
        if at < self.immediate:
            return 0.0
        at -= self.immediate
        if at < self.pre_backoff:
            return self.least_s
        at -= self.pre_backoff
        if at >= self.backoff:
            return self.most_s
        steps = self.backoff - 1
        if steps < 1 or self.least_s == self.most_s:
            return self.least_s
        grown = FUNCTIONS[self.function](at, steps, self.least_s, self.most_s)
        return min(max(grown, self.least_s), self.most_s)

    def total_s(self) -> float:
        """All delays together."""
        return sum(self.delay_s(retry) or 0.0 for retry in range(1, self.retries + 1))


class Throttle:
    """`maxReceivesPerSecond`: when the next delivery to an endpoint may go out, so that no second sees more."""

    __slots__ = ("_next_at", "_step_s")

    def __init__(self, per_second: float) -> None:
        self._step_s = 1.0 / per_second
        self._next_at = float("-inf")

    def take(self, now: float) -> float:
        """Take the next place; the instant at which it is."""
        at = max(now, self._next_at)
        self._next_at = at + self._step_s
        return at
