"""Instants as the protocols write them. Inside, an instant is epoch seconds (a float)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso8601(instant: float) -> str:
    """`2026-01-31T12:00:00Z`, with milliseconds where there are any."""
    moment = EPOCH.replace(tzinfo=None) + timedelta(milliseconds=round(instant * 1000))
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"


def http_date(instant: float) -> str:
    """`Sat, 31 Jan 2026 12:00:00 GMT`."""
    return format_datetime(EPOCH + timedelta(seconds=int(instant)), usegmt=True)


def epoch(instant: float) -> str:
    """The number itself, without a fraction where there is none."""
    return repr(int(instant)) if float(instant).is_integer() else repr(float(instant))


WRITERS: dict[str, Callable[[float], str]] = {"iso8601": iso8601, "rfc822": http_date, "unixtimestamp": epoch}


def writer(timestamp_format: str) -> Callable[[float], str]:
    """The writer of one of the model's timestamp formats."""
    return WRITERS[timestamp_format.lower()]


def parse(text: str) -> float:
    """Any of the three forms. ValueError when it is none of them."""
    text = text.strip()
    if not text or len(text) > 64:
        raise ValueError(text)
    if text[0].isdigit() or text[0] in "+-.":
        if "T" not in text and ":" not in text:
            return _finite(float(text))
        moment = datetime.fromisoformat(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (IndexError, OverflowError, TypeError) as error:
            raise ValueError(text) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - EPOCH).total_seconds()
    except OverflowError as error:
        raise ValueError(text) from error


def _finite(number: float) -> float:
    # datetime's own range: beyond it nothing could be written back.
    if not -62_135_596_800 <= number <= 253_402_300_799:
        raise ValueError(number)
    return number
