"""Instants as SNS writes and reads them: `2026-11-21T02:43:07.123Z`."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def shown(at: float) -> str:
    """Epoch seconds as text, to the millisecond."""
    return datetime.fromtimestamp(math.floor(at * 1000 + 0.5) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def read(text: str) -> float | None:
    """Epoch seconds of an ISO 8601 text, None for what is none. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
