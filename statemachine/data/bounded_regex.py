"""Regular expressions of a definition's author, which may not stop the server.

A pattern that doubles its work with each character ends by a bound on time, which is real time and the one thing here
that is not the same each time; it is far above what any honest pattern takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_MAX_S = 0.5


class BadPattern(ValueError):
    """It is no regular expression."""


class TooSlow(Exception):
    """The pattern did not come to an end."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_pattern",)

    def __init__(self, pattern: Any) -> None:
        self._pattern = pattern

    def matches_whole(self, text: str) -> bool:
        """Whether the whole text matches. A pattern that takes too long does not."""
        try:
            return self._pattern.fullmatch(text, timeout=TIME_MAX_S) is not None
        except TimeoutError:
            return False

    def search(self, text: str) -> Any:
        """The first match, or None. Raises TooSlow."""
        try:
            return self._pattern.search(text, timeout=TIME_MAX_S)
        except TimeoutError:
            raise TooSlow from None

    def finditer(self, text: str) -> Iterator[Any]:
        """Every match. Raises TooSlow."""
        try:
            yield from self._pattern.finditer(text, timeout=TIME_MAX_S)
        except TimeoutError:
            raise TooSlow from None

    def sub(self, replacement: Any, text: str, count: int = 0) -> str:
        """The text with `count` (0: all) matches replaced. Raises TooSlow."""
        try:
            return str(self._pattern.sub(replacement, text, count=count, timeout=TIME_MAX_S))
        except TimeoutError:
            raise TooSlow from None

    def split(self, text: str, maxsplit: int = 0) -> list[Any]:
        """The parts between matches. Raises TooSlow."""
        try:
            return list(self._pattern.split(text, maxsplit=maxsplit, timeout=TIME_MAX_S))
        except TimeoutError:
            raise TooSlow from None


def compile_pattern(pattern: str, *, ignore_case: bool = False, multiline: bool = False) -> Pattern:
    """A pattern, compiled.

    Raises:
        BadPattern: it is none.
    """
    # An eighth of what Step Functions imports, and few definitions have a pattern.
    import regex  # type: ignore[import-untyped, unused-ignore]

    flags = regex.VERSION0
    if ignore_case:
        flags |= regex.IGNORECASE
    if multiline:
        flags |= regex.MULTILINE
    try:
        return Pattern(regex.compile(pattern, flags))
    except (regex.error, RecursionError, OverflowError) as e:
        raise BadPattern(str(e)) from None
