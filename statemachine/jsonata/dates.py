"""Instants and their texts. https://docs.jsonata.org/date-time-functions

The library writes them. It reads them by the machine's clock, by patterns without an end, and fails as nobody else
does, so that reading is done here, with the library's understanding of a picture.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jsonata.datetimeutils import DateTimeUtils  # type: ignore[import-untyped, unused-ignore]
from jsonata.functions import Functions  # type: ignore[import-untyped, unused-ignore]

from statemachine.data import bounded_regex
from statemachine.jsonata.messages import TIMEOUT, JsonataError

if TYPE_CHECKING:
    from statemachine.jsonata.bounds import Run

PICTURE_MAX: Final = 256
_WIDE = re.compile(r",[^\],]*\d{3}[^\],]*\]")
"""A width that no date has, and that the library would make."""
_COMPONENTS = frozenset("YMDdFWwXxHhPmsfZzCE")
_ISO = re.compile(
    r"(\d{4})(?:-([01]\d))?(?:-([0-3]\d))?(?:T([0-2]\d):([0-5]\d):([0-5]\d)(\.\d+)?)?(?:([+-])([0-2]\d):?([0-5]\d)|Z)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_millis(run: Run) -> int:
    """The instant of this evaluation."""
    return int((run.world.now() if run.world is not None else 0) * 1000)


def millis(run: Run) -> Any:
    """`$millis`"""
    return now_millis(run)


def now(run: Run, picture: Any = None, timezone: Any = None) -> Any:
    """`$now`"""
    return from_millis(run, now_millis(run), picture, timezone)


def from_millis(run: Run, value: Any, picture: Any = None, timezone: Any = None) -> Any:
    """`$fromMillis`"""
    if value is None:
        return None
    check_picture(picture)
    # As JavaScript's parseInt, which takes what it can.
    offset = re.match(r"[+-]?\d{1,4}", timezone, re.ASCII) if timezone is not None else None
    try:
        return Functions.datetime_from_millis(value, picture, offset[0] if offset else None)
    except (OverflowError, OSError, ValueError):
        raise JsonataError("D1001", value=value) from None


def to_millis(run: Run, text: Any, picture: Any = None) -> Any:
    """`$toMillis`"""
    if text is None:
        return None
    return (
        _parse_iso(text) if picture is None else _parse(text, picture, _EPOCH + timedelta(milliseconds=now_millis(run)))
    )


def check_picture(picture: str | None) -> None:
    """Raises JsonataError: D3132, or it is longer than any needs to be."""
    if picture is None:
        return
    if len(picture) > PICTURE_MAX or _WIDE.search(picture):
        raise JsonataError("D3137", message=f"The picture is longer or wider than {PICTURE_MAX} characters")
    for marker in re.findall(r"\[\s*([^\[\]\s])", picture.replace("[[", "").replace("]]", "")):
        if marker not in _COMPONENTS:
            raise JsonataError("D3132", value=marker)


def _parse_iso(text: str) -> Any:
    form = _ISO.fullmatch(text)
    if form is None:
        raise JsonataError("D3110", value=text)
    year, month, day, hour, minute, second, fraction, sign, zone_h, zone_m = form.groups()
    try:
        date = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        instant = date + timedelta(hours=int(hour or 0), minutes=int(minute or 0), seconds=int(second or 0))
    except ValueError:
        raise JsonataError("D3110", value=text) from None
    result = (instant - _EPOCH) // timedelta(milliseconds=1)
    result += int(float(fraction or 0) * 1000 + 1e-6)
    if sign:
        offset = (int(zone_h) * 60 + int(zone_m)) * 60_000
        result += -offset if sign == "+" else offset
    return result


def _parse(text: str, picture: str, current: datetime) -> Any:
    check_picture(picture)
    # The library's own reader does these two steps, too, and then matches without an end.
    form = DateTimeUtils._analyse_datetime_picture(picture)  # noqa: SLF001
    parts = DateTimeUtils._generate_regex(form).parts  # noqa: SLF001
    expressions = [
        re.escape(spec.value) if spec.type == "literal" else f"({part.regex}{'|Z' if _takes_z(spec) else ''})"
        for spec, part in zip(form.parts, parts, strict=True)
    ]
    try:
        match = bounded_regex.compile_pattern("^" + "".join(expressions) + "$", ignore_case=True).search(text)
    except bounded_regex.TooSlow:
        raise JsonataError(TIMEOUT) from None
    markers = [part for spec, part in zip(form.parts, parts, strict=True) if spec.type != "literal"]
    if match is None or not markers:
        return None
    found = {}
    for part, group in zip(markers, match.groups(), strict=True):
        if part.component in "Zz" and group in "Zz":
            found[part.component] = 0
        elif part.component == "f" and group.isdigit():
            # Digits of a fraction, however many: the first three are milliseconds.
            found["f"] = int(group[:3].ljust(3, "0"))
        elif part.component not in "CE":
            found[part.component] = part.parse(group)
    return _assembled(found, current)


def _takes_z(spec: Any) -> bool:
    return spec.component in ("Z", "z") and spec.presentation2 == "t"


def _assembled(found: dict[str, int], current: datetime) -> Any:
    by_day = "d" in found and "Y" in found and not {"M", "D"} & found.keys()
    if {"X", "x", "w", "W"} & found.keys():
        raise JsonataError("D3136")
    half_days = "h" in found or "P" in found
    hour = current.hour
    fragments = {
        "Y": current.year, "M": current.month, "D": current.day, "d": current.timetuple().tm_yday,
        "H": hour, "P": int(hour >= 12), "h": hour % 12 or 12, "m": current.minute, "s": current.second, "f": 0,
    }  # fmt: skip
    started = ended = False
    for component in ("Yd" if by_day else "YMD") + ("Phmsf" if half_days else "Hmsf"):
        if component in found:
            started = True
            if ended:
                raise JsonataError("D3136")
        elif started:
            found[component] = int(component in "MDd")
            ended = True
        else:
            found[component] = fragments[component]
    if half_days:
        found["H"] = found["h"] % 12 + 12 * found["P"]
    try:
        day = datetime(found["Y"], 1 if by_day else found["M"], 1, tzinfo=UTC)
        day += timedelta(days=found["d" if by_day else "D"] - 1)
        instant = day + timedelta(hours=found["H"], minutes=found["m"], seconds=found["s"], milliseconds=found["f"])
    except (ValueError, OverflowError):
        return None
    instant -= timedelta(minutes=found.get("Z", found.get("z", 0)))
    return (instant - _EPOCH) // timedelta(milliseconds=1)
