"""How large a value is."""

from __future__ import annotations

from typing import Any, Final

import orjson

from statemachine.data.json_text import size_of
from statemachine.limits import PAYLOAD_BYTES_MAX

DEPTH_MAX: Final = 500
"""A loop can nest a value deeper each turn. AWS documents no limit; ours keeps values fit to be written as text."""


def exceeds(value: Any) -> bool:
    """Whether a value is more than a payload may be (256 KiB of JSON in UTF-8), or nested too deeply."""
    try:
        return len(orjson.dumps(value)) > PAYLOAD_BYTES_MAX
    except TypeError:
        # Deep nesting, and integers of more than 64 bits.
        return _too_deep(value) or size_of(value) > PAYLOAD_BYTES_MAX


def is_too_deep(value: Any) -> bool:
    """Whether a value is nested deeper than a payload may be."""
    try:
        orjson.dumps(value)
    except TypeError:
        return _too_deep(value)
    return False


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return False
        level = below
    return True
