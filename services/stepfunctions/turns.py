"""Long work in pieces, so that nothing else of the event loop waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from services.stepfunctions import limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

T = TypeVar("T")


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, and between some of them other work of the loop has its turn."""
    for number, item in enumerate(items):
        if number % limits.MAP_ITEMS_A_TURN == 0:
            turn = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(_end, turn)
            await turn
        yield item


def _end(turn: asyncio.Future[None]) -> None:
    # Whoever waited may have been cancelled meanwhile.
    if not turn.done():
        turn.set_result(None)
