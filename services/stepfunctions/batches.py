"""ItemBatcher: several items as the input of one child execution.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from statemachine.data.json_text import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Input(NamedTuple):
    """What one child execution is started with."""

    value: Any
    item_count: int = 1


def batched(
    items: Sequence[Any], *, max_items: int | None, max_bytes: int | None, batch_input: Any = None
) -> Iterator[Input]:
    """Batches of at most so many items, whose input is at most so long in bytes; at least one item each.

    `batch_input` is what all of them have in common, None if there is nothing.
    """
    shared = {} if batch_input is None else {"BatchInput": batch_input}
    around = size_of({**shared, "Items": []})
    batch: list[Any] = []
    size = around
    for item in items:
        # With the comma; nobody measures where there is no limit.
        more = size_of(item) + 1 if max_bytes is not None else 0
        full = max_items is not None and len(batch) >= max_items
        if batch and (full or (max_bytes is not None and size + more - 1 > max_bytes)):
            yield Input({**shared, "Items": batch}, len(batch))
            batch, size = [], around
        batch.append(item)
        size += more
    if batch:
        yield Input({**shared, "Items": batch}, len(batch))
