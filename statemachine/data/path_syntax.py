"""The grammar of paths: text to steps. https://states-language.net/#path (JSONPath as Jayway's library reads it).

    path      = ("$$" | "$" [variable-name]) step*
    step      = "." name | "." "*" | ".." (name | "*" | bracket) | bracket
    bracket   = "[" (quoted ("," quoted)* | "*" | index ("," index)* | [index] ":" [index] | "?(" filter ")") "]"

A Reference Path has names and single indexes, and filters without regular expressions, operators that are words, or
paths from `$`; `@` means objects only. One that says where a result goes has no filters either.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from statemachine.data.field_error import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.data.path_filter import Filter

_BARE_STOP = frozenset(".[]()'\", \t\r\n")
_BARE_STOP_IN_FILTER = _BARE_STOP | frozenset("=!<>&|~")
_FUNCTION = re.compile(r"\.[A-Za-z]\w*\(\s*\)")
NESTING_MAX = 30
"""Filters within filters, and calls within calls: far more than anybody writes, far less than the stack holds."""


class Name(NamedTuple):
    """`.a`, `['a']`."""

    name: str


class Names(NamedTuple):
    """`['a','b']`."""

    names: tuple[str, ...]


class Index(NamedTuple):
    """`[2]`, `[-1]`."""

    at: int


class Indexes(NamedTuple):
    """`[0,2]`."""

    indexes: tuple[int, ...]


class Slice(NamedTuple):
    """`[1:3]`."""

    start: int | None
    stop: int | None


class Every(NamedTuple):
    """`.*`, `[*]`."""


class Deep(NamedTuple):
    """`..` before the next step."""


class Where(NamedTuple):
    """`[?(...)]`."""

    filter: Filter
    objects_only: bool = False
    """A Reference Path's: nothing but objects can pass."""


class Function(NamedTuple):
    """`.length()`: AWS takes it at creation, and finds nothing when it runs."""

    name: str


Step = Name | Names | Index | Indexes | Slice | Every | Deep | Where | Function


class Syntax(NamedTuple):
    """A path, parsed."""

    root: str
    """`$` the document, `$$` the context object, else a variable's name without its `$`."""
    steps: tuple[Step, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it is names and single indexes: one way through the document."""
        return all(isinstance(step, Name | Index) for step in self.steps)

    @property
    def is_definite(self) -> bool:
        """Whether it means one value, and not a list of what it finds."""
        last = len(self.steps) - 1
        return all(
            isinstance(step, Name | Index | Function) or (isinstance(step, Names) and at == last)
            for at, step in enumerate(self.steps)
        )


def parse_path(text: str) -> Syntax:
    """A path's steps.

    Raises:
        FieldError: it is none.
    """
    return _whole(Reader(text))


def parse_reference(text: str) -> Syntax:
    """A Reference Path's steps.

    Raises:
        FieldError: it is none, in the words that AWS begins with.
    """
    if not text.startswith("$"):
        raise FieldError("Value is not a Reference Path: Reference path didn't start with '$'")
    try:
        syntax = _whole(Reader(text, reference=True))
    except FieldError as e:
        raise FieldError(f"Value is not a Reference Path: {e.message}") from None
    if not all(isinstance(step, Name | Index | Where) for step in syntax.steps):
        raise FieldError(f"Value is not a Reference Path: {text}")
    return syntax


def _whole(reader: Reader) -> Syntax:
    syntax = reader.path()
    if reader.at < len(reader.text):
        raise reader.fault("Unexpected text")
    return syntax


class Reader:
    """Reads a path out of a text, from `at` on."""

    def __init__(self, text: str, at: int = 0, *, reference: bool = False) -> None:
        self.text = text
        self.at = at
        self.depth = 0
        self.reference = reference
        """Whether only what a Reference Path may have is taken."""

    def fault(self, what: str) -> FieldError:
        """What is wrong, and where."""
        return FieldError(f"{what} at position {self.at} of '{self.text}'")

    def path(self, *, roots: str = "$") -> Syntax:
        """A path, as far as it goes."""
        text = self.text
        if text[self.at : self.at + 1] not in roots or self.at >= len(text):
            raise self.fault("A path must begin with '$'")
        root = text[self.at]
        self.at += 1
        if root == "$":
            if text.startswith("$", self.at):
                self.at += 1
                root = "$$"
            elif name := self._variable():
                root = name
        return Syntax(root, tuple(self.steps()))

    def _variable(self) -> str:
        """The name of a variable, a Unicode identifier; empty where there is none."""
        text, start = self.text, self.at
        if text[start : start + 1].isidentifier():
            self.at += 1
            while self.at < len(text) and ("a" + text[self.at]).isidentifier():
                self.at += 1
        return text[start : self.at]

    def steps(self) -> list[Step]:
        """All steps that follow."""
        steps: list[Step] = []
        text = self.text
        while self.at < len(text):
            if call := _FUNCTION.match(text, self.at):
                steps.append(Function(call[0][1:].partition("(")[0]))
                self.at = call.end()
            elif text.startswith("..", self.at):
                self.at += 2
                steps.append(Deep())
                steps.append(self._bracket() if text.startswith("[", self.at) else self._bare())
            elif text[self.at] == ".":
                self.at += 1
                steps.append(self._bracket() if text.startswith("[", self.at) else self._bare())
            elif text[self.at] == "[":
                steps.append(self._bracket())
            else:
                break
        return steps

    def _bare(self) -> Step:
        """What stands after a dot."""
        text = self.text
        if text.startswith("*", self.at):
            self.at += 1
            return Every()
        stop = _BARE_STOP_IN_FILTER if self.depth else _BARE_STOP
        name = ""
        while self.at < len(text):
            char = text[self.at]
            if char == "\\" and self.at + 1 < len(text):
                name += text[self.at + 1]
                self.at += 2
            elif char in stop:
                break
            else:
                name += char
                self.at += 1
        if not name:
            raise self.fault("A name is missing")
        return Name(name)

    def _bracket(self) -> Step:
        """`[...]`."""
        self.at += 1
        self.blanks()
        text = self.text
        if text.startswith("*", self.at):
            self.at += 1
            step: Step = Every()
        elif text.startswith("?", self.at):
            step = self._where()
        elif text[self.at : self.at + 1] in ("'", '"') and self.at < len(text):
            names = self._list(self.quoted)
            step = Name(names[0]) if len(names) == 1 else Names(tuple(names))
        else:
            step = self._numbers()
        self.expect("]")
        return step

    def _numbers(self) -> Step:
        if self.text.startswith(":", self.at):
            return self._slice(None)
        first = self._integer()
        self.blanks()
        if self.text.startswith(":", self.at):
            return self._slice(first)
        rest: list[int] = []
        while self.text.startswith(",", self.at):
            self.at += 1
            self.blanks()
            rest.append(self._integer())
            self.blanks()
        return Indexes((first, *rest)) if rest else Index(first)

    def _slice(self, start: int | None) -> Step:
        self.at += 1
        self.blanks()
        stop = None if self.text.startswith("]", self.at) else self._integer()
        return Slice(start, stop)

    def _integer(self) -> int:
        number = re.compile(r"-?\d{1,10}").match(self.text, self.at)
        if number is None:
            raise self.fault("'[' must be followed by a quoted name, an index, '*' or '?'")
        self.at = number.end()
        return int(number[0])

    def _where(self) -> Step:
        from statemachine.data.path_filter import parse_filter

        self.at += 1
        self.expect("(")
        if self.depth > NESTING_MAX:
            raise self.fault("Nested too deeply")
        condition = parse_filter(self)
        self.expect(")")
        return Where(condition, self.reference)

    def _list(self, item: Callable[[], str]) -> list[str]:
        items = [item()]
        self.blanks()
        while self.text.startswith(",", self.at):
            self.at += 1
            self.blanks()
            items.append(item())
            self.blanks()
        return items

    def quoted(self) -> str:
        """A text in single or double quotes."""
        text = self.text
        quote = text[self.at : self.at + 1]
        if not quote or quote not in "'\"":
            raise self.fault("A quoted text is missing")
        self.at += 1
        found = ""
        while self.at < len(text) and text[self.at] != quote:
            if text[self.at] == "\\" and self.at + 1 < len(text):
                self.at += 1
            found += text[self.at]
            self.at += 1
        if self.at >= len(text):
            raise self.fault("A quote is not closed")
        self.at += 1
        return found

    def blanks(self) -> None:
        """Step over blanks."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def expect(self, what: str) -> None:
        """Step over `what`, or refuse."""
        self.blanks()
        if not self.text.startswith(what, self.at):
            raise self.fault(f"'{what}' is missing")
        self.at += len(what)
