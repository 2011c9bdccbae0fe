"""Time: the only module that reads it.

One `Clock` serves every service. It runs *real* (follows the machine's time), *scaled* (N times as fast) or *manual*
(stands still until told). Whatever its mode it can be moved: `advance`, `advance_to`, `step`, `run_until` fire the
timers that become due one by one, in order, each at its own instant, and let the work that it wakes finish before the
next. One heap holds all timers; the event loop has at most one timer of ours, for the earliest.

Theory of operation. `now()` is `anchor + (real - real_anchor) * scale`; in manual mode, and while time is being moved,
it is *pinned* instead. Moving time pins it at each timer's instant in turn and re-anchors at the end. The trap of every
virtual clock is that I/O in flight looks like idleness: whatever the real world still owes opens a *hold*, and moving
waits until no hold is open.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Mode = Literal["real", "scaled", "manual"]

log = logging.getLogger("undercast.clock")

# A callback that fires may resolve a future whose waiter runs in the next turn of the loop, whose result is awaited by
# one more. Anything longer (a thread, a process, a socket) holds the clock instead of being waited for by turns.
_TURNS_TO_SETTLE = 4
_COMPACT_ABOVE = 512


def machine_time() -> float:
    """The machine's own time, epoch seconds, whatever the emulator's clock says: function processes live in it."""
    return time.time()


def stopwatch() -> float:
    """Seconds from some moment on, by the machine: differences tell how long a process took."""
    return time.monotonic()


class ClockError(ValueError):
    """A move that time can't make. Its text is for the person who asked."""


class Timer:
    """A pending callback. `passive` ones fire when time passes them, but time never moves *to* them."""

    __slots__ = ("_clock", "callback", "passive", "real_handle", "when")

    def __init__(self, clock: Clock, when: float, callback: Callable[[], None], *, passive: bool) -> None:
        self._clock = clock
        self.when = when
        self.callback: Callable[[], None] | None = callback
        self.passive = passive
        self.real_handle: asyncio.Handle | None = None

    def cancel(self) -> None:
        """Never call back. Harmless when it already did."""
        if self.callback is not None:
            self.callback = None
            self._clock.on_cancel(self)
        if self.real_handle is not None:
            self.real_handle.cancel()
            self.real_handle = None


class Hold:
    """Keeps time from being moved until released."""

    __slots__ = ("_clock",)

    def __init__(self, clock: Clock) -> None:
        self._clock: Clock | None = clock

    def release(self) -> None:
        """Let time move again. Harmless when repeated."""
        clock, self._clock = self._clock, None
        if clock is not None:
            clock.on_release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Clock:
    """The emulator's time. Lives on one event loop; make it before, `start` it on the loop."""

    def __init__(self, mode: Mode = "real", scale: float = 1.0, start_at: float | None = None) -> None:
        self.mode: Mode = mode
        self.scale = scale
        real = time.time()
        self._real_anchor = real
        self._anchor = real if start_at is None else start_at
        self._last = self._anchor
        self._pinned: float | None = self._anchor if mode == "manual" else None
        self._heap: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._cancelled = 0
        self._active = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._armed: asyncio.TimerHandle | None = None
        self._armed_for = 0.0
        self._holds = 0
        self._released: asyncio.Event | None = None
        self._moving: asyncio.Lock | None = None
        self._driven = False
        """Whether time is being moved right now, and so is pinned whatever the mode."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run on `loop` from now on."""
        self._loop = loop
        self._released = asyncio.Event()
        self._moving = asyncio.Lock()
        self._arm()

    # -- what the domain sees (services.ports.Clock)

    def now(self) -> float:
        """The present instant, epoch seconds. Never goes back."""
        if self._pinned is not None:
            return self._pinned
        present = self._anchor + (time.time() - self._real_anchor) * self.scale
        # The machine's own clock may be set back (NTP); ours stands still then.
        if present < self._last:
            return self._last
        self._last = present
        return present

    def at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once when the clock reaches `when`."""
        timer = Timer(self, when, callback, passive=False)
        self._active += 1
        self._push(timer)
        return timer

    def patience(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once after `seconds` of this clock or of real time, whichever has passed first."""
        timer = Timer(self, self.now() + seconds, callback, passive=True)
        self._push(timer)
        if self._loop is not None:
            # Without delay: before anything that is read from now on, which `call_later` would not promise.
            timer.real_handle = (
                self._loop.call_later(seconds, self._run, timer)
                if seconds > 0
                else self._loop.call_soon(self._run, timer)
            )
        return timer

    def hold(self) -> Hold:
        """Keep time from being moved until released."""
        self._holds += 1
        return Hold(self)

    def on_release(self) -> None:
        """A hold of ours was released."""
        self._holds -= 1
        if not self._holds and self._released is not None:
            self._released.set()

    # -- what the control API sees

    @property
    def holds(self) -> int:
        """How many holds are open."""
        return self._holds

    def pending(self) -> int:
        """How many timers wait (long polls of clients not counted: they are no event of the emulator's)."""
        return self._active

    def next_at(self) -> float | None:
        """The instant of the earliest timer, if there is one."""
        if not self._active:
            return None
        return min(when for when, _, timer in self._heap if timer.callback is not None and not timer.passive)

    def set_mode(self, mode: Mode, scale: float = 1.0) -> None:
        """Go on from the present instant in another mode; while time is being moved, from where that ends."""
        if not self._driven:
            self._set_anchor(self.now())
        self.mode = mode
        self.scale = scale
        if self._driven:
            return
        self._pinned = self._anchor if mode == "manual" else None
        self._arm()

    async def advance(self, seconds: float) -> int:
        """Move `seconds` ahead; returns how many timers fired.

        Raises:
            ClockError: `seconds` is negative.
        """
        if seconds < 0:
            raise ClockError("time does not go back")
        async with self._mover():
            return await self._move_to(self.now() + seconds)

    async def advance_to(self, instant: float) -> int:
        """Move to `instant` (epoch seconds); returns how many timers fired.

        Raises:
            ClockError: `instant` has passed.
        """
        async with self._mover():
            if instant < self.now():
                raise ClockError("time does not go back")
            return await self._move_to(instant)

    async def step(self, limit: float | None = None) -> int:
        """Move to the next timer and fire it: 1. With none before `limit`, move to `limit`: 0."""
        async with self._mover():
            await self._settle()
            following = self.next_at()
            if following is not None and (limit is None or following <= limit):
                return await self._move_to(max(following, self.now()), at_most=1)
            if limit is not None:
                await self._move_to(max(limit, self.now()))
            return 0

    async def run_until(self, condition: Callable[[], bool], at_most_s: float) -> tuple[bool, int]:
        """Move from timer to timer until `condition()` is true or `at_most_s` seconds have passed.

        Returns whether the condition was met, and how many timers fired. The condition is looked at before anything
        moves, and after each timer.
        """
        async with self._mover():
            await self._settle()
            deadline = self.now() + at_most_s
            fired = 0
            while not condition():
                following = self.next_at()
                if following is None or following > deadline:
                    fired += await self._move_to(deadline)
                    return condition(), fired
                fired += await self._move_to(max(following, self.now()), at_most=1)
            return True, fired

    # -- moving

    def _mover(self) -> asyncio.Lock:
        if self._moving is None:
            raise ClockError("the clock has not been started")
        return self._moving

    async def _move_to(self, instant: float, at_most: int | None = None) -> int:
        """Fire what is due up to `instant`, each at its own time; then be at `instant` (or at the last one fired)."""
        fired = 0
        self._disarm()
        self._driven = True
        try:
            self._pinned = self.now()
            await self._settle()
            while self._heap and self._heap[0][0] <= instant:
                timer = heapq.heappop(self._heap)[2]
                if timer.callback is None:
                    self._cancelled -= 1
                    continue
                # Past timers (real time went on while they waited for the loop) fire at the present instant.
                self._pinned = max(self._pinned, timer.when)
                counted = not timer.passive
                self._run(timer, popped=True)
                await self._settle()
                fired += counted
                if at_most is not None and fired >= at_most:
                    return fired
            self._pinned = max(self._pinned, instant)
            await self._settle()
            return fired
        finally:
            self._driven = False
            self._set_anchor(self._pinned)
            if self.mode != "manual":
                self._pinned = None
            self._arm()

    async def _settle(self) -> None:
        """Wait until no hold is open and what was woken has run."""
        if self._released is None:
            raise ClockError("the clock has not been started")
        turns = 0
        while turns < _TURNS_TO_SETTLE:
            if self._holds:
                self._released.clear()
                await self._released.wait()
                turns = 0
            await asyncio.sleep(0)
            turns += 1

    def _set_anchor(self, instant: float | None) -> None:
        if instant is not None:
            self._real_anchor = time.time()
            self._anchor = self._last = instant

    # -- the heap

    def _push(self, timer: Timer) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (timer.when, self._sequence, timer))
        if self._pinned is None and (self._armed is None or timer.when < self._armed_for):
            self._arm()

    def on_cancel(self, timer: Timer) -> None:
        """A timer of ours was cancelled: its heap entry is skipped when met, or swept when there are many."""
        if not timer.passive:
            self._active -= 1
        self._left_behind()

    def _left_behind(self) -> None:
        """An entry of the heap no longer counts."""
        self._cancelled += 1
        if self._cancelled > _COMPACT_ABOVE and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def _run(self, timer: Timer, *, popped: bool = False) -> None:
        callback, timer.callback = timer.callback, None
        if callback is None:
            return
        if not popped:
            self._left_behind()
        if not timer.passive:
            self._active -= 1
        if timer.real_handle is not None:
            timer.real_handle.cancel()
            timer.real_handle = None
        try:
            callback()
        except Exception:  # The boundary of timers: one bug must not stop every other timer.
            log.exception("a timer's callback failed")

    def _disarm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _arm(self) -> None:
        """Ask the loop to wake us for the earliest timer."""
        self._disarm()
        if self._loop is None or self._pinned is not None or not self._heap:
            return
        self._armed_for = self._heap[0][0]
        delay = max(0.0, (self._armed_for - self.now()) / self.scale)
        # The loop keeps milliseconds as an unsigned number; a far instant is approached in steps of a day.
        self._armed = self._loop.call_later(min(delay, 86_400.0), self._fire_due)

    def _fire_due(self) -> None:
        self._armed = None
        present = self.now()
        while self._heap and self._heap[0][0] <= present and self._pinned is None:
            timer = heapq.heappop(self._heap)[2]
            if timer.callback is None:
                self._cancelled -= 1
            else:
                self._run(timer, popped=True)
        self._arm()
