"""Timestamps: the profile of ISO 8601 that RFC 3339 defines, with a capital T and Z (`2016-03-14T01:59:00Z`).

https://states-language.net/#timestamps
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction

_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
OFFSET_MAX = 18 * 60
"""Minutes from UTC: Java's, which AWS runs."""


def parse_timestamp(text: object, *, without_seconds: bool = False) -> Fraction | None:
    """The instant in epoch seconds, exactly; None when it is no timestamp.

    `without_seconds`: the seconds may be left out. Java takes that, and so does Wait.
    """
    form = _FORM.fullmatch(text) if isinstance(text, str) else None
    if form is None or (form[6] is None and not without_seconds):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in form.group(1, 2, 3, 4, 5, 6))
    try:
        # Field by field: what `fromisoformat` takes for an hour depends on the Python.
        whole = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None
    instant = Fraction(int(whole)) + Fraction(form[7] or 0)
    if form[8]:
        hours, minutes = int(form[9]), int(form[10])
        if minutes > 59 or hours * 60 + minutes > OFFSET_MAX:
            return None
        offset = hours * 3600 + minutes * 60
        instant += -offset if form[8] == "+" else offset
    return instant
