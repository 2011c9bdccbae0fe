"""Ids and chance: the only module that draws them. Seeded, two runs with the same requests draw the same."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSION_4 = 0x4 << 76
_VARIANT = 0x8 << 60
_FIXED_BITS = ~((0xF << 76) | (0xC << 60))


class RandomEntropy:
    """Entropy from Python's generator (not for keys: nothing here protects a secret).

    `stream(name)` derives an independent source, so that what one part of the emulator draws (a request id for a
    health check, say) never shifts the ids of another.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._getrandbits = self._random.getrandbits

    def stream(self, name: str) -> RandomEntropy:
        """An independent source, seeded by this one's seed and `name`; unseeded if this one is."""
        return RandomEntropy(None if self._seed is None else f"{self._seed}/{name}")

    def uuid(self) -> str:
        """A version 4 UUID in its 36-character form."""
        # A third of the time of `str(uuid.uuid4())`, and drawn from our own generator; it is on the hot road twice.
        text = f"{self._getrandbits(128) & _FIXED_BITS | _VERSION_4 | _VARIANT:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def request_ids(self) -> Callable[[], str]:
        """A source of ids that only have to differ: a drawn beginning and a running number, in a UUID's form."""
        begin = self.uuid()[:24]
        number = itertools.count(self.bits(40))
        return lambda: f"{begin}{next(number):012x}"

    def bits(self, n: int) -> int:
        """An integer of `n` random bits."""
        return self._getrandbits(n)

    def uniform(self) -> float:
        """A float in [0, 1)."""
        return self._random.random()
