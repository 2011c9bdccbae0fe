"""How many frames of Python an expression may take.

The library asks for 10,000, of the whole process, as it is imported: more than some stacks can hold, and others rely on
the limit, too. So it is put back, and raised for as long as an expression is read or evaluated.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

_BEFORE: Final = sys.getrecursionlimit()
import jsonata  # type: ignore[import-untyped, unused-ignore] # noqa: E402, F401

sys.setrecursionlimit(_BEFORE)

if TYPE_CHECKING:
    from types import TracebackType

FRAMES: Final = 3000
"""A hundred nodes within each other, where an evaluation ends, need up to 1,200."""


class Room:
    """Frames enough, within its block."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(self._before, FRAMES))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setrecursionlimit(self._before)
