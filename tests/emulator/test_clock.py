"""The clock: modes, order of timers, holds, and that nothing but its own reading of time moves it."""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import clock as clock_module
from emulator.clock import Clock, ClockError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T0 = 1_800_000_000.0


class FakeTime:
    """Stands for the machine's clock."""

    def __init__(self) -> None:
        self.at = T0

    def time(self) -> float:
        return self.at


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(clock_module, "time", fake)
    return fake


def run(body: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(body())


@types.coroutine
def a_turn() -> Any:
    """One turn of the event loop."""
    yield


def started(*args: Any, **kwargs: Any) -> Clock:
    clock = Clock(*args, **kwargs)
    clock.start(asyncio.get_running_loop())
    return clock


def test_manual_time_stands_still_while_the_machine_goes_on(machine: FakeTime) -> None:
    clock = Clock("manual")
    before = clock.now()
    machine.at += 3600
    assert clock.now() == before


def test_manual_time_starts_where_it_is_told(machine: FakeTime) -> None:
    assert Clock("manual", start_at=1000.0).now() == 1000.0


def test_scaled_time_runs_n_times_as_fast(machine: FakeTime) -> None:
    clock = Clock("scaled", 60)
    before = clock.now()
    machine.at += 2
    assert clock.now() - before == 120


def test_real_time_never_goes_back_with_the_machine(machine: FakeTime) -> None:
    clock = Clock()
    machine.at += 10
    seen = clock.now()
    machine.at -= 5
    assert clock.now() == seen
    machine.at += 6
    assert clock.now() == seen + 1


def test_advance_fires_each_timer_at_its_own_instant() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        fired: list[tuple[str, float]] = []

        def first() -> None:
            fired.append(("first", clock.now() - T0))
            clock.at(clock.now() + 1, lambda: fired.append(("made by first", clock.now() - T0)))

        clock.at(T0 + 9, lambda: fired.append(("last", clock.now() - T0)))
        clock.at(T0 + 5, first)
        assert await clock.advance(10) == 3
        assert fired == [("first", 5), ("made by first", 6), ("last", 9)]
        assert clock.now() == T0 + 10
        assert clock.pending() == 0

    run(body)


def test_timers_of_one_instant_fire_in_the_order_they_were_set() -> None:
    async def body() -> None:
        clock = started("manual")
        fired: list[int] = []
        for number in range(20):
            clock.at(clock.now() + 7, lambda number=number: fired.append(number))
        await clock.advance(7)
        assert fired == list(range(20))

    run(body)


def test_work_that_a_timer_wakes_runs_before_the_next_timer() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        seen: list[str] = []
        future = asyncio.get_running_loop().create_future()

        async def waiter() -> None:
            await future
            seen.append(f"waiter at {clock.now() - T0:g}")

        task = asyncio.ensure_future(waiter())
        clock.at(T0 + 1, lambda: future.set_result(None))
        clock.at(T0 + 2, lambda: seen.append("second timer"))
        await clock.advance(5)
        await task
        assert seen == ["waiter at 1", "second timer"]

    run(body)


def test_advance_waits_for_a_hold() -> None:
    async def body() -> None:
        clock = started("manual")
        fired: list[str] = []
        clock.at(clock.now() + 1, lambda: fired.append("timer"))
        hold = clock.hold()
        moving = asyncio.ensure_future(clock.advance(2))
        for _ in range(50):
            await a_turn()
        assert fired == []
        assert clock.holds == 1
        hold.release()
        hold.release()
        assert await moving == 1
        assert clock.holds == 0

    run(body)


def test_a_hold_opened_by_a_timer_keeps_the_next_one_waiting() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        holds: list[Any] = []
        fired: list[str] = []
        clock.at(T0 + 1, lambda: holds.append(clock.hold()))
        clock.at(T0 + 2, lambda: fired.append("second"))
        moving = asyncio.ensure_future(clock.advance(3))
        for _ in range(50):
            await a_turn()
        assert clock.now() == T0 + 1
        assert fired == []
        holds[0].release()
        await moving
        assert fired == ["second"]

    run(body)


def test_a_cancelled_timer_never_fires_and_is_not_counted() -> None:
    async def body() -> None:
        clock = started("manual")
        fired: list[str] = []
        timer = clock.at(clock.now() + 1, lambda: fired.append("cancelled"))
        clock.at(clock.now() + 2, lambda: fired.append("kept"))
        timer.cancel()
        timer.cancel()
        assert clock.pending() == 1
        assert await clock.advance(5) == 1
        timer.cancel()
        assert fired == ["kept"]
        assert clock.pending() == 0

    run(body)


def test_many_cancelled_timers_leave_no_heap_behind() -> None:
    async def body() -> None:
        clock = started("manual")
        for _ in range(10_000):
            clock.at(clock.now() + 1000, lambda: None).cancel()
        assert len(clock._heap) < 2_000

    run(body)


def test_patience_is_no_event_but_ends_when_time_passes() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        ended: list[float] = []
        clock.patience(20, lambda: ended.append(clock.now() - T0))
        assert clock.pending() == 0
        assert clock.next_at() is None
        assert await clock.step() == 0
        assert clock.now() == T0
        assert await clock.advance(30) == 0
        assert ended == [20]

    run(body)


def test_patience_ends_by_real_time_where_the_clock_stands_still() -> None:
    async def body() -> None:
        clock = started("manual")
        ended = asyncio.Event()
        clock.patience(0, ended.set)
        await ended.wait()

    run(body)


def test_step_goes_from_timer_to_timer_and_stops_at_the_limit() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        fired: list[str] = []
        clock.at(T0 + 5, lambda: fired.append("a"))
        clock.at(T0 + 50, lambda: fired.append("b"))
        assert await clock.step(T0 + 20) == 1
        assert clock.now() == T0 + 5
        assert await clock.step(T0 + 20) == 0
        assert clock.now() == T0 + 20
        assert await clock.step() == 1
        assert fired == ["a", "b"]

    run(body)


def test_run_until_stops_where_the_condition_is_met() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        beats: list[float] = []

        def beat() -> None:
            beats.append(clock.now())
            clock.at(clock.now() + 60, beat)

        clock.at(T0 + 60, beat)
        assert await clock.run_until(lambda: len(beats) == 3, 86_400) == (True, 3)
        assert clock.now() == T0 + 180
        assert await clock.run_until(lambda: len(beats) == 3, 86_400) == (True, 0)
        assert await clock.run_until(lambda: False, 120) == (False, 2)
        assert clock.now() == T0 + 300

    run(body)


def test_time_does_not_go_back() -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        with pytest.raises(ClockError, match="does not go back"):
            await clock.advance(-1)
        with pytest.raises(ClockError, match="does not go back"):
            await clock.advance_to(T0 - 1)

    run(body)


def test_real_time_can_be_moved_too(machine: FakeTime) -> None:
    async def body() -> None:
        clock = started()
        fired: list[float] = []
        clock.at(T0 + 3 * 86_400, lambda: fired.append(clock.now() - T0))
        assert await clock.advance(4 * 86_400) == 1
        assert fired == [3 * 86_400]
        machine.at += 5
        assert clock.now() == T0 + 4 * 86_400 + 5

    run(body)


def test_a_change_of_mode_goes_on_from_the_present_instant(machine: FakeTime) -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0 + 500)
        clock.set_mode("real")
        machine.at += 1
        assert clock.now() == T0 + 501
        clock.set_mode("scaled", 10)
        machine.at += 1
        assert clock.now() == T0 + 511
        clock.set_mode("manual")
        machine.at += 1
        assert clock.now() == T0 + 511

    run(body)


def test_running_time_fires_timers_by_itself() -> None:
    async def body() -> None:
        clock = started("scaled", 1_000_000)
        fired = asyncio.Event()
        later = asyncio.Event()
        clock.at(clock.now() + 100, later.set)
        clock.at(clock.now() + 50, fired.set)
        await fired.wait()
        await later.wait()

    run(body)


def test_a_failing_callback_stops_no_other_timer(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        clock = started("manual")
        fired: list[str] = []

        def fail() -> None:
            raise RuntimeError("a bug")

        clock.at(clock.now() + 1, fail)
        clock.at(clock.now() + 2, lambda: fired.append("after"))
        assert await clock.advance(3) == 2
        assert fired == ["after"]

    run(body)
    assert "a timer's callback failed" in caplog.text


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=40), st.integers(0, 120))
def test_exactly_the_due_timers_fire_in_order(timers: list[tuple[int, bool]], horizon: int) -> None:
    async def body() -> None:
        clock = started("manual", start_at=T0)
        fired: list[tuple[float, int]] = []
        expected = []
        for number, (due, cancel) in enumerate(timers):
            timer = clock.at(T0 + due, lambda due=due, number=number: fired.append((due, number)))
            if cancel:
                timer.cancel()
            elif due <= horizon:
                expected.append((due, number))
        assert await clock.advance(horizon) == len(expected)
        assert fired == sorted(expected)

    run(body)


@pytest.mark.parametrize(("mode", "scale"), [("real", 1.0), ("scaled", 10.0), ("manual", 0.0)])
def test_the_mode_may_change_while_time_is_being_moved(
    machine: FakeTime, mode: clock_module.Mode, scale: float
) -> None:
    async def body() -> None:
        clock = started("manual", 0.0, T0)
        fired: list[float] = []
        for after in (10, 20, 90):
            clock.at(T0 + after, lambda: fired.append(clock.now()))
        hold = clock.hold()
        moving = asyncio.ensure_future(clock.advance(60))
        await a_turn()
        clock.set_mode(mode, scale)
        hold.release()
        assert await moving == 2
        assert fired == [T0 + 10, T0 + 20]
        assert (clock.mode, clock.scale, clock.pending()) == (mode, scale, 1)
        assert clock.now() == T0 + 60
        machine.at += 1
        assert clock.now() == T0 + 60 + scale

    run(body)


def test_polls_that_end_by_real_time_leave_nothing_behind(machine: FakeTime) -> None:
    async def body() -> None:
        clock = started("manual")
        for _ in range(5_000):
            timer = clock.patience(20, lambda: None)
            assert timer.real_handle is not None
            timer.real_handle._run()  # type: ignore[attr-defined]
            timer.real_handle = None
        assert len(clock._heap) < 2_000

    run(body)
