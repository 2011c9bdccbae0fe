"""Instants of Wait, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.context import timestamp
from statemachine.data.timestamps import parse_timestamp


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T02:00:00+02:00", 0.0),
        ("1969-12-31T22:00:00-02:00", 0.0),
        ("1970-01-01T00:01Z", 60.0),
        ("2024-02-29T12:00:00.123456789Z", 1709208000.1234567),
    ],
)
def test_they_are_read(text: str, seconds: float) -> None:
    instant = parse_timestamp(text, without_seconds=True)
    assert instant is not None
    assert float(instant) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2016-12-05 21:29:29Z", "2016-12-05T21:29:29", "2016-13-05T21:29:29Z", "2023-02-29T00:00:00Z",
     "2016-12-05t21:29:29z", "２016-12-05T21:29:29Z", "2016-12-05T21:29:29Z ", "0001-01-01T00:00:00+23:59"],
)  # fmt: skip
def test_others_are_none(text: str) -> None:
    assert parse_timestamp(text, without_seconds=True) is None


@given(st.integers(0, 4_102_444_800_000))
def test_what_is_written_is_read(ms: int) -> None:
    instant = parse_timestamp(timestamp(ms / 1000))
    assert instant is not None
    assert float(instant) == pytest.approx(ms / 1000, abs=1e-6)


def test_the_last_millisecond_of_all_is_the_last() -> None:
    assert timestamp(253_402_300_799.9999) == timestamp(1e300) == "9999-12-31T23:59:59.999Z"
