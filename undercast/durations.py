"""Durations and instants as people write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

Duration = float | str | timedelta
"""Seconds as a number, a text such as `90`, `90s`, `15m`, `12h`, `7d` or `1h30m`, or a timedelta."""

Instant = float | str | datetime
"""Epoch seconds, an ISO 8601 text, or a datetime. Without a zone: UTC."""

_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|[wdhms])")
_WHOLE = re.compile(rf"{_PART.pattern}(?:\s*{_PART.pattern})*")


def seconds(duration: Duration) -> float:
    """Seconds of `duration`. Raises ValueError, with a text for a person, when it is none or negative."""
    if isinstance(duration, timedelta):
        found = duration.total_seconds()
    elif isinstance(duration, str):
        found = _read(duration)
    else:
        found = float(duration)
    if not math.isfinite(found) or found < 0:
        raise ValueError(f"{duration} is not a duration: it has to be finite and not negative")
    return found


def _read(text: str) -> float:
    bare = text.strip().lower()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", bare):
        return float(bare)
    if not _WHOLE.fullmatch(bare):
        raise ValueError(f"{text} is not a duration (90, 90s, 15m, 12h, 7d, 1h30m)")
    parts = _PART.findall(bare)
    units = [unit for _, unit in parts]
    # 1h30m, never 30m1h or 1h1h: those are slips of the hand.
    if units != sorted(set(units), key=list(_UNITS).index):
        raise ValueError(f"{text} is not a duration: the largest unit comes first and each only once (1h30m)")
    return math.fsum(float(number) * _UNITS[unit] for number, unit in parts)


def epoch(instant: Instant) -> float:
    """Epoch seconds of `instant`. Raises ValueError, with a text for a person, when it is none."""
    if isinstance(instant, str):
        try:
            instant = datetime.fromisoformat(instant.strip())
        except ValueError:
            raise ValueError(f"{instant} is not an instant (ISO 8601, such as 2027-01-31T12:00:00Z)") from None
    if isinstance(instant, datetime):
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(instant):
        raise ValueError(f"{instant} is not an instant")
    return float(instant)


def spoken(length: float) -> str:
    """`length` seconds for a person, in its two largest units: `1 h 30 min`, `3 d`, `0.25 s`."""
    if length < 0:
        return "-" + spoken(-length)
    if length < 60:
        return f"{length:.3g} s"
    parts: list[tuple[int, str]] = []
    rest = round(length)
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append((count, name))
    return " ".join(f"{count} {name}" for count, name in parts[:2] if count)


def iso(instant: float) -> str:
    """`instant` as an ISO 8601 text in UTC, to the millisecond where it has any: `2027-01-31T12:00:00Z`."""
    at = datetime.fromtimestamp(instant, UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
