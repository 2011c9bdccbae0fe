"""JSON text to values, strictly, and with faults told as AWS tells them.

AWS reads JSON with Jackson, whose sentences reach the caller: "Unrecognized token 'not': was expecting (...)". Reading
is fast and lets Python's parser find out only *that* something is wrong; what, is found by reading again slowly.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from statemachine.payloads import DEPTH_MAX, is_too_deep

_VALUE: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_TOKEN: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_ESCAPE: Final = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
_DEPTH_MAX: Final = 200
_TOO_DEEP: Final = "Document nesting depth exceeds the maximum allowed"
_DIGITS_MAX: Final = 1000
"""Jackson's. Only where Python gives up, at some more, is a number looked at."""


class JsonFault(ValueError):
    """Text that isn't JSON. `text` is AWS's sentence about it."""

    def __init__(self, text: str, *, too_deep: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.too_deep = too_deep


class DuplicateField(JsonFault):
    """An object with a field twice."""


def read_json(text: str, *, unique: bool = False) -> Any:
    """The value of a JSON text. With `unique` no object may have a field twice.

    Raises:
        JsonFault: it is not JSON, or nested too deeply to be read.
    """
    try:
        value = json.loads(
            text, parse_constant=_no_constant, object_pairs_hook=_unique_pairs if unique else None, strict=True
        )
    except JsonFault:
        raise
    except RecursionError:
        raise JsonFault(_TOO_DEEP, too_deep=True) from None
    except ValueError:
        _Explainer(text).explain()
    if text.count("[") + text.count("{") > DEPTH_MAX and is_too_deep(value):
        raise JsonFault(_TOO_DEEP, too_deep=True)
    return value


def depth_of(value: Any, most: int) -> int:
    """How deep a value is nested, looked at no deeper than `most` + 1. Never recurses."""
    level = [value]
    depth = 0
    while level and depth <= most:
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        level = deeper
        depth += 1
    return depth


def _no_constant(name: str) -> NoReturn:
    raise JsonFault(f"Non-standard token '{name}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen = set()
        for name, _ in pairs:
            if name in seen:
                raise DuplicateField(f"Duplicate field '{name}'")
            seen.add(name)
    return found


class _Explainer:
    """Reads text that is known to be wrong, to say what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def explain(self) -> NoReturn:
        self._value(0)
        self._space()
        if self.at < len(self.text):
            self._unexpected("expected a valid value " + _VALUE)
        raise JsonFault("Unexpected end-of-input")

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    def _peek(self, where: str) -> str:
        self._space()
        if self.at >= len(self.text):
            raise JsonFault(f"Unexpected end-of-input{where}")
        return self.text[self.at]

    def _unexpected(self, expected: str) -> NoReturn:
        char = self.text[self.at]
        code = ord(char)
        shown = f"'{char}' (code {code})" if code >= 0x20 else f"(CTRL-CHAR, code {code})"
        raise JsonFault(f"Unexpected character ({shown}): {expected}")

    def _value(self, depth: int) -> None:
        if depth > _DEPTH_MAX:
            raise JsonFault(_TOO_DEEP, too_deep=True)
        char = self._peek("")
        if char == "{":
            self._object(depth)
        elif char == "[":
            self._array(depth)
        elif char == '"':
            self._string()
        elif char == "-" or char.isdigit():
            self._number()
        else:
            self._word()

    def _object(self, depth: int) -> None:
        self.at += 1
        where = ": expected close marker for Object"
        if self._peek(where) == "}":
            self.at += 1
            return
        while True:
            if self._peek(where) != '"':
                self._unexpected("was expecting double-quote to start field name")
            self._string()
            if self._peek(" within/between Object entries") != ":":
                self._unexpected("was expecting a colon to separate field name and value")
            self.at += 1
            self._value(depth + 1)
            char = self._peek(where)
            if char not in ",}":
                self._unexpected("was expecting comma to separate Object entries")
            self.at += 1
            if char == "}":
                return

    def _array(self, depth: int) -> None:
        self.at += 1
        where = ": expected close marker for Array"
        if self._peek(where) == "]":
            self.at += 1
            return
        while True:
            self._value(depth + 1)
            char = self._peek(where)
            if char not in ",]":
                self._unexpected("was expecting comma to separate Array entries")
            self.at += 1
            if char == "]":
                return

    def _string(self) -> None:
        self.at += 1
        while True:
            plain = _PLAIN.match(self.text, self.at)
            self.at = plain.end() if plain else self.at
            if self.at >= len(self.text):
                raise JsonFault("Unexpected end-of-input in VALUE_STRING")
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                return
            if char != "\\":
                raise JsonFault(
                    f"Illegal unquoted character ((CTRL-CHAR, code {ord(char)})): "
                    "has to be escaped using backslash to be included in string value"
                )
            escape = _ESCAPE.match(self.text, self.at)
            if escape is None:
                self.at += 1
                char = self._peek(" in character escape sequence")
                raise JsonFault(f"Unrecognized character escape '{char}' (code {ord(char)})")
            self.at = escape.end()

    def _number(self) -> None:
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            self.at += 1
            self._peek(" within number")
            self._unexpected("expected digit (0-9) to follow minus sign, for valid numeric value")
        self.at = found.end()
        if len(found[0]) > _DIGITS_MAX:
            raise JsonFault(f"Number value length ({len(found[0])}) exceeds the maximum allowed ({_DIGITS_MAX})")
        if self.at < len(self.text) and (self.text[self.at].isalnum() or self.text[self.at] in "._"):
            self._unexpected("Expected space separating root-level values")

    def _word(self) -> None:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            self._unexpected("expected a valid value " + _VALUE)
        if found[0] not in ("null", "true", "false"):
            raise JsonFault(f"Unrecognized token '{found[0]}': was expecting {_VALUE}")
        self.at = found.end()
