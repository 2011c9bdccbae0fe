"""Java's seeded random numbers, which AWS's `$random(seed)` and `States.MathRandom` with a seed are.

The sequence is specified: https://docs.oracle.com/javase/8/docs/api/java/util/Random.html
"""

from __future__ import annotations

_MULTIPLIER = 0x5DEECE66D
_MASK = (1 << 48) - 1


class JavaRandom:
    """A linear congruential generator of 48 bits."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _MULTIPLIER) & _MASK

    def _next(self, bits: int) -> int:
        self._state = (self._state * _MULTIPLIER + 0xB) & _MASK
        return self._state >> (48 - bits)

    def next_double(self) -> float:
        """A float in [0, 1)."""
        return ((self._next(26) << 27) + self._next(27)) / float(1 << 53)
