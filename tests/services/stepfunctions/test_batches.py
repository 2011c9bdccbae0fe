"""Batches of items."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from services.stepfunctions.batches import Input, batched


def test_by_number() -> None:
    assert list(batched([1, 2, 3], max_items=2, max_bytes=None)) == [
        Input({"Items": [1, 2]}, 2),
        Input({"Items": [3]}, 1),
    ]
    assert list(batched([], max_items=2, max_bytes=None)) == []


def test_with_what_they_have_in_common() -> None:
    assert list(batched([1], max_items=5, max_bytes=None, batch_input={"a": 1})) == [
        Input({"BatchInput": {"a": 1}, "Items": [1]}, 1)
    ]


def test_exactly_as_long_as_it_may_be() -> None:
    exact = len('{"Items":[1,2]}')
    assert [found.item_count for found in batched([1, 2, 3], max_items=None, max_bytes=exact)] == [2, 1]
    assert [found.item_count for found in batched([1, 2, 3], max_items=None, max_bytes=exact - 1)] == [1, 1, 1]


@given(
    st.lists(st.text(max_size=20)),
    st.none() | st.integers(1, 5),
    st.integers(12, 80),
    st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
def test_nothing_is_lost_and_no_limit_is_passed(
    items: list[str], max_items: int | None, max_bytes: int, common: dict[str, int] | None
) -> None:
    found = list(batched(items, max_items=max_items, max_bytes=max_bytes, batch_input=common))
    assert [item for batch in found for item in batch.value["Items"]] == items
    for batch in found:
        assert batch.item_count == len(batch.value["Items"]) > 0
        assert max_items is None or batch.item_count <= max_items
        size = len(json.dumps(batch.value, ensure_ascii=False, separators=(",", ":")).encode())
        assert size <= max_bytes or batch.item_count == 1
