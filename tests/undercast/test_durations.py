"""Durations and instants as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.admin import values
from undercast.durations import epoch, iso, seconds, spoken


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90", 90), ("90s", 90), ("15m", 900), ("12h", 43200), ("7d", 604800), ("2w", 1209600), ("250ms", 0.25),
        ("1h30m", 5400), ("1d 12h", 129600), (" 5 m ", 300), ("1H", 3600), ("0", 0), ("1.5h", 5400), ("0.5", 0.5),
        (90, 90), (1.25, 1.25), (timedelta(days=1, seconds=1), 86401),
    ],
)  # fmt: skip
def test_a_duration_is_read(written: object, meant: float) -> None:
    assert seconds(written) == meant  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    ["", " ", "d", "3x", "3 days", "-3d", "1h1h", "30m1h", "1e3", "nan", "inf", "1h30", "٣d", "0x10", "1_000"],
)
def test_what_is_no_duration_is_refused_by_name(written: str) -> None:
    with pytest.raises(ValueError, match="is not a duration") as refused:
        seconds(written)
    assert str(refused.value).startswith(written)


@pytest.mark.parametrize("given_number", [-1, float("nan"), float("inf"), timedelta(seconds=-1)])
def test_a_number_has_to_be_finite_and_not_negative(given_number: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        seconds(given_number)


@given(st.tuples(*[st.integers(0, 99)] * 5))
def test_the_parts_of_a_duration_add_up(parts: tuple[int, ...]) -> None:
    written = "".join(f"{n}{unit}" for n, unit in zip(parts, "wdhms", strict=True))
    w, d, h, m, s = parts
    assert seconds(written) == timedelta(weeks=w, days=d, hours=h, minutes=m, seconds=s).total_seconds()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-01-15T08:00:00Z", 1_800_000_000), ("2027-01-15T08:00:00", 1_800_000_000),
        ("2027-01-15T10:00:00+02:00", 1_800_000_000), ("2027-01-15", 1_799_971_200),
        (1_800_000_000.5, 1_800_000_000.5), (datetime(2027, 1, 15, 8, tzinfo=UTC), 1_800_000_000),
        (datetime(2027, 1, 15, 8), 1_800_000_000),  # noqa: DTZ001 - without a zone it is UTC, which is the point
        (datetime(2027, 1, 15, 9, tzinfo=timezone(timedelta(hours=1))), 1_800_000_000),
    ],
)  # fmt: skip
def test_an_instant_is_read(written: object, meant: float) -> None:
    assert epoch(written) == meant  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["", "tomorrow", "2027-13-01", "2027-01-15T25:00:00Z", float("nan")])
def test_what_is_no_instant_is_refused(written: str | float) -> None:
    with pytest.raises(ValueError, match="is not an instant"):
        epoch(written)


@given(st.integers(0, 4_000_000_000_000))
def test_an_instant_survives_being_written(milliseconds: int) -> None:
    assert epoch(iso(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=0.0011)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 s"), (0.25, "0.25 s"), (59, "59 s"), (60, "1 min"), (90, "1 min 30 s"), (3600, "1 h"),
        (5400, "1 h 30 min"), (259200, "3 d"), (262800, "3 d 1 h"), (-90, "-1 min 30 s"), (86405, "1 d"),
    ],
)  # fmt: skip
def test_a_length_is_spoken_in_its_two_largest_units(length: float, text: str) -> None:
    assert spoken(length) == text


def read(reader: Callable[[str], float], written: str) -> float | None:
    try:
        return reader(written)
    except ValueError:
        return None


@given(
    st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["w", "d", "h", "m", "s", "ms", "x", " ", ""])), max_size=4)
)
def test_client_and_server_read_durations_alike(parts: list[tuple[int, str]]) -> None:
    """Two readers of one notation, since the client's package never imports the server's."""
    written = "".join(f"{n}{unit}" for n, unit in parts)
    assert read(seconds, written) == read(values.seconds, written)


@pytest.mark.parametrize("written", ["2027-01-15", "2027-01-15T08:00:00Z", "2027-01-15T08:00+02:00", "soon", "", "90"])
def test_client_and_server_read_instants_alike(written: str) -> None:
    assert read(epoch, written) == read(values.epoch, written)
