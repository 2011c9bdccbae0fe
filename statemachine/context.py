"""The context object's fixed part, and instants as AWS writes them.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

LAST: Final = 253_402_300_799.9995
"""The end of the year 9999: there is no text for later ones."""


def timestamp(at: float) -> str:
    """`2024-01-02T03:04:05.678Z`."""
    text = datetime.fromtimestamp(min(round(at, 3), LAST), UTC).isoformat(timespec="milliseconds")
    return f"{text[:23]}Z"
