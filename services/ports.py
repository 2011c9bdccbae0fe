"""What the domain asks of the world. Protocols only: `emulator/` supplies them, tests may too.

This is the injection page. A service takes what it needs by constructor and imports no other service; where two
services meet, the consumer's need is a protocol here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Timer(Protocol):
    """A pending callback."""

    def cancel(self) -> None:
        """Never call back. Harmless when it already did."""


class Hold(Protocol):
    """Something the real world still owes; while any hold is open, `advance` waits."""

    def release(self) -> None:
        """Let time move again. Harmless when repeated."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Clock(Protocol):
    """The one source of time. Instants are epoch seconds."""

    def now(self) -> float:
        """The present instant, epoch seconds."""

    def at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once when the clock reaches `when`; never before this call has returned."""

    def patience(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once after `seconds`, of this clock or of *real* time, whichever has passed first.

        For what an outside client waits for (a long poll): it has its own read timeout, so a clock that stands still
        must not keep it. Such a timer is no event of the emulator's: time never jumps to it by itself.
        """

    def hold(self) -> Hold:
        """Keep time from moving by itself until released (a child process runs, a request is half read)."""


class Entropy(Protocol):
    """The one source of ids and chance; seeded, it repeats itself."""

    def uuid(self) -> str:
        """A version 4 UUID in its 36-character form."""

    def bits(self, n: int) -> int:
        """An integer of `n` random bits."""

    def uniform(self) -> float:
        """A float in [0, 1)."""
