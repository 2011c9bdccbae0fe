"""Intrinsic functions: `States.Format('Hello, {}', $.name)`.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
https://states-language.net/#intrinsic-functions

    call     = name "(" [argument ("," argument)*] ")"
    argument = call | path | "'" text "'" | number | true | false | null
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.constant import Constant
from statemachine.data.field_error import FieldError
from statemachine.data.intrinsic_functions import FUNCTIONS, BadArgument
from statemachine.data.path_syntax import Reader
from statemachine.data.paths import Path, compile_path
from statemachine.errors import StateError

if TYPE_CHECKING:
    from statemachine.data.intrinsic_functions import Intrinsic
    from statemachine.data.scope import Scope, Value

_CALL = re.compile(r"\s*([A-Za-z_][\w]*\.[A-Za-z_]\w*)\s*\(")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORD = re.compile(r"(true|false|null)\b")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORDS = {"true": True, "false": False, "null": None}
CALLS_MAX = 10
"""How deep calls nest within one. https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"""


class Call:
    """A function and what it is called with."""

    __slots__ = ("_arguments", "_function", "text", "variables")

    def __init__(self, text: str, function: Intrinsic, arguments: tuple[Value, ...]) -> None:
        self.text = text
        self._function = function
        self._arguments = arguments
        self.variables: frozenset[str] = frozenset().union(*(getattr(a, "variables", ()) for a in arguments))

    def evaluate(self, scope: Scope, root: Any) -> Any:
        """The function's value. Raises StateError (States.IntrinsicFailure, or States.Runtime for a path)."""
        values = [argument.evaluate(scope, root) for argument in self._arguments]
        try:
            return self._function.apply(values, scope.chance)
        except BadArgument as e:
            raise StateError(errors.INTRINSIC_FAILURE, f"{e} at intrinsic function {self.text}") from None


class _Parser:
    """Reads one call, with the calls inside it."""

    def __init__(self, text: str, field: str) -> None:
        self.text = text
        self.field = field
        self.calls = 0

    def call(self, at: int, depth: int = 0) -> tuple[Value, int]:
        """A call that begins at `at`, and where it ends."""
        text = self.text
        head = _CALL.match(text, at)
        if head is None:
            raise self._fault("An intrinsic function is missing", at)
        function = FUNCTIONS.get(head[1])
        if function is None:
            raise self._fault(f"Unknown intrinsic function '{head[1]}'", at)
        self.calls += 1
        if depth > CALLS_MAX:
            raise self._fault("Nested too deeply", at)
        arguments: list[Value] = []
        at = self._blanks(head.end())
        if not text.startswith(")", at):
            while True:
                argument, at = self._argument(at, depth)
                arguments.append(argument)
                at = self._blanks(at)
                if not text.startswith(",", at):
                    break
                at = self._blanks(at + 1)
        if not text.startswith(")", at):
            raise self._fault("')' is missing", at)
        if not function.least <= len(arguments) <= function.most:
            raise self._fault(f"Wrong number of arguments for '{head[1]}'", at)
        return Call(self.text, function, tuple(arguments)), at + 1

    def _argument(self, at: int, depth: int) -> tuple[Value, int]:
        text = self.text
        if text.startswith("$", at):
            reader = Reader(text, at)
            syntax = reader.path()
            return Path(text[at : reader.at], syntax, self.field), reader.at
        if quoted := _TEXT.match(text, at):
            return Constant(unescape(quoted[1])), quoted.end()
        if number := _NUMBER.match(text, at):
            return Constant(json.loads(number[0])), number.end()
        if word := _WORD.match(text, at):
            return Constant(_WORDS[word[0]]), word.end()
        return self.call(at, depth + 1)

    def _blanks(self, at: int) -> int:
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return at

    def _fault(self, what: str, at: int) -> FieldError:
        return FieldError(f"{what} at position {at} of '{self.text}'")


def unescape(text: str) -> str:
    r"""A text between quotes: `\'`, `\{`, `\}` and `\\` stand for the second character.

    The escaped braces of a Format template stay as they are, for Format to tell them from its places.
    """
    return _ESCAPE.sub(lambda m: m[0] if m[1] in "{}" else {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), text)


def is_intrinsic(text: str) -> bool:
    """Whether it looks like a call, well formed or not."""
    return text.startswith("States.") or _CALL.match(text) is not None


def compile_intrinsic(text: str, field: str = "") -> Value:
    """A call.

    Raises:
        FieldError: there is no such function, or the text is no call.
    """
    parser = _Parser(text, field)
    call, at = parser.call(0)
    if text[at:].strip():
        raise FieldError(f"Unexpected text at position {at} of '{text}'")
    return call


def compile_path_or_intrinsic(text: str, field: str = "") -> Value:
    """What a `.$` member, ErrorPath or CausePath holds: a path, or a call.

    Raises:
        FieldError: it is neither.
    """
    if text.startswith("$"):
        return compile_path(text, field)
    return compile_intrinsic(text, field)
