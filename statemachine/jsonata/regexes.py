"""Regular expressions, and functions that stand in for them.

A matcher is a function of a text; it returns `{match, start, end, groups, next}`, and `next` is a function of nothing
that returns the same for the match that follows. A regular expression is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jsonata import Jsonata  # type: ignore[import-untyped, unused-ignore]
from jsonata.functions import Functions  # type: ignore[import-untyped, unused-ignore]
from jsonata.utils import Utils  # type: ignore[import-untyped, unused-ignore]

from statemachine.data import bounded_regex
from statemachine.jsonata.messages import TIMEOUT, JsonataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from statemachine.jsonata.bounds import Run


class Match(NamedTuple):
    """One match."""

    text: str
    start: int
    end: int
    groups: list[Any]


class Regex(bounded_regex.Pattern):
    """A regular expression of the language: what the library takes for one, which ends."""

    __slots__ = ()

    def finditer(self, text: str) -> Iterator[Any]:
        """Every match. Raises JsonataError: D1004: one is empty; or it takes too long."""
        try:
            for match in super().finditer(text):
                if match.start() == match.end():
                    raise JsonataError("D1004", value=match[0])
                yield match
        except bounded_regex.TooSlow:
            raise JsonataError(TIMEOUT) from None


def regex_engine(pattern: str, flags: Any) -> Regex:
    """The library's `regex_engine`. Raises JsonataError: S0303."""
    multiline = bool(flags.multiline)
    try:
        compiled = bounded_regex.compile_pattern(
            _from_javascript(pattern, multiline=multiline), ignore_case=flags.case_insensitive, multiline=multiline
        )
    except bounded_regex.BadPattern as e:
        raise JsonataError("S0303", message=str(e)) from None
    return Regex(compiled._pattern)  # noqa: SLF001 - of the class that this one extends


def is_function(value: Any) -> bool:
    """Whether it can be called."""
    return bool(Utils.is_function(value) or Functions.is_lambda(value) or isinstance(value, Regex))


def apply(function: Any, arguments: list[Any]) -> Any:
    """Call a function of any kind, within the evaluation that runs."""
    engine = Jsonata.CURRENT.jsonata
    return engine.apply(function, arguments, None, engine.environment)


def matches(matcher: Any, text: str, run: Run) -> Iterator[Match]:
    """Every match of a matcher.

    Raises:
        JsonataError: D1004: one is empty; T1010: the function is no matcher.
    """
    if isinstance(matcher, Regex):
        for match in matcher.finditer(text):
            run.work(1)
            yield Match(match[0], match.start(), match.end(), list(match.groups()))
        return
    value = apply(matcher, [text])
    while value is not None:
        run.work(1)
        if not isinstance(value, dict) or not (
            isinstance(value.get("start"), int)
            or isinstance(value.get("end"), int)
            or isinstance(value.get("groups"), list)
            or is_function(value.get("next"))
        ):
            raise JsonataError("T1010")
        groups = value.get("groups", [])
        yield Match(
            str(value.get("match", "")),
            int(value.get("start") or 0),
            int(value.get("end") or 0),
            groups if isinstance(groups, list) else [groups],
        )
        following = value.get("next")
        value = apply(following, []) if is_function(following) else None


_CLASSES: Final = {"d": "0-9", "w": "A-Za-z0-9_"}


def _from_javascript(pattern: str, *, multiline: bool) -> str:
    r"""A JavaScript pattern in our library's terms: `\d` and `\w` are ASCII, and `$` is the text's very end."""
    parts: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        following = pattern[at + 1 : at + 2]
        if char == "\\" and following:
            ascii_class = _CLASSES.get(following.lower())
            if ascii_class is None or (in_class and following.isupper()):
                parts.append(char + following)
            elif in_class:
                parts.append(ascii_class)
            else:
                parts.append(f"[{'^' if following.isupper() else ''}{ascii_class}]")
            at += 2
            continue
        if char == "[" and in_class:
            # Only a set within a set to our library.
            char = "\\["
        elif char in "[]":
            in_class = char == "["
        elif char == "$" and not in_class and not multiline:
            char = r"\Z"
        parts.append(char)
        at += 1
    return "".join(parts)
