"""A filter policy's text as tokens, with the places that AWS's errors name.

SNS writes the policy compactly before it reads it, and its errors end as those of its JSON parser do: with the source,
a line and a column. The column is how far that parser had read: behind a token, but only behind the opening quote of a
string whose text nobody has asked for yet; and with a field's name its value has been begun too.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, NoReturn

_SOURCE_MAX: Final = 500
"""Characters of the source that an error shows."""


class FilterPolicyError(Exception):
    """A filter policy that SNS refuses. `text` is its wording after `Invalid parameter: `."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Token(NamedTuple):
    """One token."""

    kind: str
    """`{`, `}`, `[`, `]`, `name`, `string`, `number`, `true`, `false` or `null`; `end` when there is no more."""
    value: Any
    begun: int
    """The column once it is the current token."""
    read: int
    """The column once its text was asked for."""

    @property
    def text(self) -> str:
        """As the parser's own text of it."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


class Tokens:
    """Reads tokens one by one. `now` is the current one."""

    def __init__(self, given: Any) -> None:
        self.source = json.dumps(given, separators=(",", ":"), ensure_ascii=False)
        self._tokens = _lex(given)
        self._at = -1
        self._read = False
        self.now = Token("end", "", 1, 1)

    def next(self) -> Token:
        """Step to the next token, which is the current one then."""
        self._at += 1
        self._read = False
        self.now = self._tokens[self._at]
        return self.now

    def text(self) -> str:
        """The current token's text, which reads it to its end."""
        self._read = True
        return self.now.text

    def fail(self, what: str) -> NoReturn:
        """Refuse the policy at the current token."""
        if self.now.kind == "name":
            column = self._tokens[self._at + 1].begun
        else:
            column = self.now.read if self._read else self.now.begun
        shown = f'"{self.source[:_SOURCE_MAX]}"'
        if len(self.source) > _SOURCE_MAX:
            shown += f"[truncated {len(self.source) - _SOURCE_MAX} chars]"
        text = f"FilterPolicy: {what}\n at [Source: (String){shown}; line: 1, column: {column}]"
        # Half of a surrogate pair, which JSON may hold, can't be said in UTF-8.
        raise FilterPolicyError(text.encode("utf-8", "replace").decode())


def _lex(given: Any) -> list[Token]:
    """The tokens of a JSON value written compactly. Columns begin with 1 and name the character that comes next."""
    tokens: list[Token] = []
    _lex_value(given, 1, tokens)
    tokens.append(Token("end", "", tokens[-1].read, tokens[-1].read))
    return tokens


def _lex_value(given: Any, at: int, tokens: list[Token]) -> int:
    if isinstance(given, dict):
        return _lex_object(given, at, tokens)
    if isinstance(given, list):
        tokens.append(Token("[", "[", at + 1, at + 1))
        at += 1
        for count, element in enumerate(given):
            at = _lex_value(element, at + (count > 0), tokens)
        tokens.append(Token("]", "]", at + 1, at + 1))
        return at + 1
    written = json.dumps(given, ensure_ascii=False)
    end = at + len(written)
    if isinstance(given, str):
        tokens.append(Token("string", given, at + 1, end))
    elif isinstance(given, bool) or given is None:
        tokens.append(Token(written, given, end, end))
    else:
        tokens.append(Token("number", given, end, end))
    return end


def _lex_object(given: dict[str, Any], at: int, tokens: list[Token]) -> int:
    tokens.append(Token("{", "{", at + 1, at + 1))
    at += 1
    for count, (name, value) in enumerate(given.items()):
        at += (count > 0) + len(json.dumps(name, ensure_ascii=False)) + 1
        tokens.append(Token("name", name, at, at))
        at = _lex_value(value, at, tokens)
    tokens.append(Token("}", "}", at + 1, at + 1))
    return at + 1
