"""JSON as AWS writes it: no blanks, text outside ASCII as it is, and its size in UTF-8 bytes, which quotas count."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

import orjson

_HALF: Final = re.compile("[\ud800-\udfff]")


def dumps(value: Any) -> str:
    """The text of a value, compact."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Integers of more than 64 bits, half a surrogate pair, and what is nested more than 254 deep.
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except ValueError:
            text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))
        # UTF-8 has no halves of pairs; JSON's escapes do.
        return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def sendable(text: str) -> str:
    """A text that is shown as it is, with a question mark for each half of a surrogate pair, as Java writes them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _finite(value: Any) -> Any:
    """The value with null for numbers that JSON does not have (1e400 is read as one)."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_finite(item))  # noqa: PERF401 - a frame for each level, not two
        return items
    if isinstance(value, dict):
        members = {}
        for key, item in value.items():
            members[key] = _finite(item)
        return members
    return value


def size_of(value: Any) -> int:
    """The length of its text, in bytes."""
    try:
        return len(orjson.dumps(value))
    except TypeError:
        return len(dumps(value).encode())


def number_text(number: float) -> str:
    """A number within a text (`States.Format`, causes): 1, 1.5, true to its JSON."""
    return dumps(number)


def java_text(value: Any) -> str:
    """A value within a text as AWS's implementation writes it: `text`, `null`, `[1, 2]`, `{a=1, b=x}`."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: Any, parts: list[str]) -> None:
    # A frame for each level, not two as with generators: values may be as deep as half of what Python's stack holds.
    if isinstance(value, str):
        parts.append(value)
    elif isinstance(value, dict):
        opening = "{"
        for key, item in value.items():
            parts.append(f"{opening}{key}=")
            _write(item, parts)
            opening = ", "
        parts.append("}" if value else "{}")
    elif isinstance(value, list):
        opening = "["
        for item in value:
            parts.append(opening)
            _write(item, parts)
            opening = ", "
        parts.append("]" if value else "[]")
    else:
        parts.append(dumps(value))
