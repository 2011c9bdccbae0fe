"""Long work leaves the loop to others in between."""

from __future__ import annotations

import asyncio

from services.stepfunctions import limits
from services.stepfunctions.turns import in_turns


def test_others_have_their_turn() -> None:
    async def scenario() -> tuple[list[int], int]:
        turns = 0

        def count() -> None:
            nonlocal turns
            turns += 1
            asyncio.get_running_loop().call_soon(count)

        count()
        return [item async for item in in_turns(range(5 * limits.MAP_ITEMS_A_TURN))], turns

    items, turns = asyncio.run(scenario())
    assert items == list(range(5 * limits.MAP_ITEMS_A_TURN))
    assert turns >= 5


def test_it_may_be_cancelled_in_between() -> None:
    async def scenario() -> list[object]:
        wrong: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: wrong.append(context))

        async def work() -> None:
            async for _ in in_turns(range(10)):
                pass

        task = loop.create_task(work())
        waited = loop.create_future()
        loop.call_soon(task.cancel)
        loop.call_soon(loop.call_soon, loop.call_soon, waited.set_result, None)
        await waited
        assert task.cancelled()
        return wrong

    assert asyncio.run(scenario()) == []
