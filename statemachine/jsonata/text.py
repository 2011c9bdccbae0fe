"""Numbers and values as texts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from jsonata.utils import Utils  # type: ignore[import-untyped, unused-ignore]

from statemachine.jsonata.bounds import NESTING_MAX
from statemachine.jsonata.messages import STACK_OVERFLOW, JsonataError

if TYPE_CHECKING:
    from statemachine.jsonata.bounds import Run

NULL = Utils.NULL_VALUE


def normal(number: float) -> float:
    """A number as JSON has it: 2 and not 2.0; whole numbers above 2**53 only as exactly as a double is."""
    if isinstance(number, int):
        if -9007199254740992 <= number <= 9007199254740992:
            return number
        try:
            number = float(number)
        except OverflowError:
            return math.inf if number > 0 else -math.inf
    if number.is_integer() and abs(number) < 1e21:
        return int(number)
    return number


def js_number_text(number: float) -> str:
    """A number as JavaScript writes it, in which JSONata is defined."""
    if isinstance(number, int):
        if abs(number) < 10**21:
            return str(number)
        number = float(number)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    digits, _, exponent = f"{number!r}".lower().partition("e")
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.lstrip("-").partition(".")
    if fraction == "0":
        fraction = ""
    point = len(whole) + int(exponent or 0)
    plain = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(plain)
    plain = plain.rstrip("0") or "0"
    if 0 < point <= 21:
        text = plain.ljust(point, "0")
        return sign + text[:point] + ("." + text[point:] if len(text) > point else "")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{plain}"
    mantissa = plain[0] + ("." + plain[1:] if len(plain) > 1 else "")
    return f"{sign}{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def to_text(value: Any, run: Run, *, pretty: bool = False) -> str:
    """The text that `$string` makes.

    Raises:
        JsonataError: D3001: there is an infinite number; or it is too large.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise JsonataError("D3001", None, value=js_number_text(value))
    if not isinstance(value, list | dict | int | float) and value is not NULL and value is not None:
        return ""
    parts: list[str] = []
    _write(value, parts, run, "\n" if pretty else "", 0)
    text = "".join(parts)
    run.made(len(text))
    return text


def _write(value: Any, parts: list[str], run: Run, line: str, depth: int) -> None:
    if depth > NESTING_MAX:
        raise JsonataError(STACK_OVERFLOW)
    # Values may be shared, so that a short expression can mean a text without end: each part is counted.
    run.work(1)
    if value is None or value is NULL:
        parts.append("null")
    elif value is True or value is False:
        parts.append("true" if value else "false")
    elif isinstance(value, str):
        run.made(len(value))
        parts.append(quoted(value))
    elif isinstance(value, int | float):
        parts.append(_number(value, is_2_0=run.is_2_0))
    elif isinstance(value, list):
        _write_all("[", "]", [("", item) for item in value], parts, run, line, depth)
    elif isinstance(value, dict):
        colon = ": " if line else ":"
        pairs = [(quoted(key) + colon, item) for key, item in value.items()]
        _write_all("{", "}", pairs, parts, run, line, depth)
    else:
        # A function.
        parts.append('""')


def _write_all(
    opening: str, closing: str, items: list[tuple[str, Any]], parts: list[str], run: Run, line: str, depth: int
) -> None:
    parts.append(opening)
    for at, (label, item) in enumerate(items):
        if at:
            parts.append(",")
        if line:
            parts.append(line + "  " * (depth + 1))
        parts.append(label)
        _write(item, parts, run, line, depth + 1)
    if line and items:
        parts.append(line + "  " * depth)
    parts.append(closing)


def quoted(text: str) -> str:
    """A text as JSON."""
    return json.dumps(text, ensure_ascii=False)


def _number(number: float, *, is_2_0: bool) -> str:
    """To 15 significant digits, as JSONata does, to hide what binary fractions leave behind."""
    if isinstance(number, int):
        if is_2_0 and abs(number) >= 10**15:
            number = float(f"{float(number):.15g}")
    else:
        if not math.isfinite(number):
            raise JsonataError("D1001", None, value=js_number_text(number))
        shorter = float(f"{number:.15g}")
        # The very largest would round up to none.
        number = shorter if math.isfinite(shorter) else number
    return js_number_text(number)
