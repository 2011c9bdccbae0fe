"""Chance for one execution: repeats itself when it is given the same seed, so that an execution can be replayed.

SplitMix64, by Steele, Lea and Flood: https://doi.org/10.1145/2714064.2660195
"""

from __future__ import annotations

_MASK = (1 << 64) - 1


class SeededChance:
    """`statemachine.data.scope.Chance`. One number of state, made for every execution."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def bits(self, n: int) -> int:
        """An integer of `n` random bits."""
        found = 0
        for _ in range((n + 63) // 64):
            found = (found << 64) | self._next()
        return found & ((1 << n) - 1)

    def uniform(self) -> float:
        """A float in [0, 1)."""
        return (self._next() >> 11) / (1 << 53)

    def uuid(self) -> str:
        """A version 4 UUID in its 36-character form."""
        number = self.bits(128)
        number = (number & ~(0xF << 76)) | (0x4 << 76)
        number = (number & ~(0x3 << 62)) | (0x2 << 62)
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
