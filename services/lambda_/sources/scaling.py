"""How many batches of one queue are worked on at the same time.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

Five to begin with. While there is more than these can take, up to 300 a minute are added, to 1,250 or what the
mapping's MaximumConcurrency says. A quiet queue gets back to five. Errors and throttles take some away. How fast AWS
does that is not documented: one for each error, and after a throttle no more than are running.
"""

from __future__ import annotations

from typing import Final

START: Final = 5
LOWEST: Final = 2
"""What errors can bring it down to."""
HIGHEST: Final = 1_250
STEP_S: Final = 60 / 300
"""After so long with all busy, one more is allowed."""


class Scaling:
    """The present ceiling of one mapping."""

    __slots__ = ("_ceiling", "limit")

    def __init__(self, max_concurrency: int | None) -> None:
        self._ceiling = HIGHEST if max_concurrency is None else min(max_concurrency, HIGHEST)
        self.limit = min(START, self._ceiling)
        """Batches that may be worked on now."""

    def grow(self) -> bool:
        """There is more than can be taken; whether one more may be."""
        if self.limit >= self._ceiling:
            return False
        self.limit += 1
        return True

    def quiet(self) -> None:
        """The queue had nothing to receive."""
        self.limit = min(START, self._ceiling)

    def failed(self) -> None:
        """The function raised, or could not be run."""
        self.limit = max(min(LOWEST, self._ceiling), self.limit - 1)

    def throttled(self, running: int) -> None:
        """The function has no concurrency left; `running` batches of ours have some."""
        self.limit = max(1, min(self.limit, running))
