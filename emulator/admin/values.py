"""Durations and instants as the control API takes them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from emulator.config import parse_instant

LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
"""Time can be moved no further: beyond it instants can't be written."""

_EARLIEST = datetime(1, 1, 1, tzinfo=UTC).timestamp()
_LONGEST = 64
"""Characters of a duration."""
_UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|[wdhms])\s*")


def seconds(duration: float | str) -> float:
    """Seconds of a number or of a text such as `90`, `90s`, `12h`, `7d`, `1h30m`. ValueError, for a person, if none."""
    found = _read(duration) if isinstance(duration, str) else float(duration)
    if found < 0:
        raise ValueError("time does not go back: a duration is not negative")
    if not math.isfinite(found):
        raise ValueError(f"{duration} is not a duration: it has an end")
    return found


def _read(text: str) -> float:
    bare = text.strip().lower()
    if len(bare) > _LONGEST:
        raise ValueError(f"{text[:_LONGEST]}... is not a duration (90, 90s, 15m, 12h, 7d, 1h30m)")
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", bare):
        return float(bare)
    sign, bare = (-1.0, bare[1:]) if bare.startswith("-") else (1.0, bare)
    parts = _PART.findall(bare)
    if not parts or _PART.sub("", bare):
        raise ValueError(f"{text} is not a duration (90, 90s, 15m, 12h, 7d, 1h30m)")
    units = [unit for _, unit in parts]
    if units != sorted(set(units), key=list(_UNITS).index):
        raise ValueError(f"{text} is not a duration: the largest unit comes first and each only once (1h30m)")
    return sign * math.fsum(float(number) * _UNITS[unit] for number, unit in parts)


def epoch(instant: float | str) -> float:
    """Epoch seconds of a number or an ISO 8601 text. ValueError, for a person, if none."""
    if not isinstance(instant, str) and not math.isfinite(instant):
        raise ValueError(f"{instant} is not an instant")
    found = parse_instant(instant) if isinstance(instant, str) else float(instant)
    if found > LATEST:
        raise ValueError(f"{instant} is too far ahead: the last instant is {iso(LATEST)}")
    return found


def iso(instant: float) -> str:
    """`2027-01-31T12:00:00Z`, to the millisecond where there are any."""
    # A clock that runs fast gets beyond what can be written, and a wish may be anywhere.
    at = datetime.fromtimestamp(min(max(instant, _EARLIEST), LATEST), UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
