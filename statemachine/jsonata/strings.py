"""Functions of text, where the library's are not bounded, take no matchers, or fail as nobody else's do.

https://docs.jsonata.org/string-functions
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from jsonata.utils import Utils  # type: ignore[import-untyped, unused-ignore]

from statemachine.jsonata.messages import JsonataError
from statemachine.jsonata.regexes import Match, apply, matches
from statemachine.jsonata.text import to_text

if TYPE_CHECKING:
    from statemachine.jsonata.bounds import Run

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")
_RESERVED = frozenset(";/?:@&=+$,#")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")


def string(run: Run, value: Any = None, pretty: Any = False) -> Any:
    """`$string`"""
    if isinstance(value, Utils.JList) and value.outer_wrapper:
        value = value[0]
    return None if value is None else to_text(value, run, pretty=pretty is True)


def pad(run: Run, text: Any, width: Any, char: Any = None) -> Any:
    """`$pad`: on the right, or on the left by a negative width."""
    if text is None:
        return None
    if width is None:
        return text
    missing = math.trunc(abs(width)) - len(text)
    if missing <= 0:
        return text
    run.made(missing)
    filler = char if isinstance(char, str) and char else " "
    padding = (filler * (missing // len(filler) + 1))[:missing]
    return text + padding if width > 0 else padding + text


def contains(run: Run, text: Any, token: Any) -> Any:
    """`$contains`"""
    if text is None or token is None:
        return None
    if isinstance(token, str):
        return token in text
    return next(matches(token, text, run), None) is not None


def match(run: Run, text: Any, matcher: Any, limit: Any = None) -> Any:
    """`$match`"""
    if text is None:
        return None
    if limit is not None and limit < 0:
        raise JsonataError("D3040", value=limit, index=3)
    found: list[Any] = Utils.create_sequence()
    if limit is not None and limit <= 0:
        return found
    for one in matches(matcher, text, run):
        found.append(
            {"match": one.text, "index": one.start, "groups": ["" if group is None else group for group in one.groups]}
        )
        if limit is not None and len(found) >= limit:
            break
    return found


def replace(run: Run, text: Any, pattern: Any, replacement: Any, limit: Any = None) -> Any:
    """`$replace`"""
    if text is None:
        return None
    if pattern == "":
        raise JsonataError("D3010", value=pattern, index=2)
    if limit is not None and limit < 0:
        raise JsonataError("D3011", value=limit, index=4)
    most = math.inf if limit is None else limit
    if most <= 0:
        return text
    if isinstance(pattern, str):
        substitute = replacement if isinstance(replacement, str) else to_text(replacement, run)
        count = -1 if limit is None else math.ceil(limit)
        found = text.count(pattern)
        grown = found if count < 0 else min(found, count)
        run.made(max(len(text) + grown * (len(substitute) - len(pattern)), 0))
        return text.replace(pattern, substitute, count)
    parts: list[str] = []
    at = 0
    for count, one in enumerate(matches(pattern, text, run), 1):
        parts.append(text[at : one.start])
        parts.append(_replaced(one, replacement, run))
        run.made(len(parts[-1]))
        at = one.start + len(one.text)
        if count >= most:
            break
    parts.append(text[at:])
    return "".join(parts)


def _replaced(one: Match, replacement: Any, run: Run) -> str:
    if isinstance(replacement, str):
        return _substituted(one, replacement)
    value = {"match": one.text, "start": one.start, "end": one.end, "groups": one.groups}
    made = apply(replacement, [value])
    if not isinstance(made, str):
        raise JsonataError("D3012", value=made)
    return made


def _substituted(one: Match, template: str) -> str:
    """`$1` for a group, `$0` for all, `$$` for a dollar. As many digits count as there are groups to tell apart."""
    parts: list[str] = []
    at = 0
    digits_max = len(str(len(one.groups))) if one.groups else 1
    while (dollar := template.find("$", at)) > -1:
        parts.append(template[at:dollar])
        at = dollar + 1
        if template.startswith("$", at):
            parts.append("$")
            at += 1
            continue
        if template.startswith("0", at):
            parts.append(one.text)
            at += 1
            continue
        number = _leading_number(template[at : at + digits_max])
        if digits_max > 1 and number is not None and number > len(one.groups):
            number = _leading_number(template[at : at + digits_max - 1])
        if number is None:
            parts.append("$")
            continue
        if 0 < number <= len(one.groups) and one.groups[number - 1] is not None:
            parts.append(one.groups[number - 1])
        at += len(str(number))
    parts.append(template[at:])
    return "".join(parts)


def _leading_number(text: str) -> int | None:
    digits = re.match(r"\d+", text, re.ASCII)
    return int(digits[0]) if digits else None


def split(run: Run, text: Any, separator: Any, limit: Any = None) -> Any:
    """`$split`"""
    if text is None:
        return None
    if limit is not None and limit < 0:
        raise JsonataError("D3020", value=limit, index=3)
    most = None if limit is None else math.trunc(limit)
    if separator is None:
        return [text]
    if isinstance(separator, str):
        run.made(8 * (text.count(separator) + 1))
        parts = text.split(separator) if separator else list(text)
        return parts if most is None else parts[:most]
    found: list[str] = []
    at = 0
    for one in matches(separator, text, run):
        if most is not None and len(found) >= most:
            return found
        found.append(text[at : one.start])
        at = one.end
    if most is None or len(found) < most:
        found.append(text[at:])
    return found


def join(run: Run, texts: Any, separator: Any = None) -> Any:
    """`$join`"""
    if texts is None:
        return None
    between = separator if isinstance(separator, str) else ""
    run.made(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def encode_url_component(run: Run, text: Any) -> Any:
    """`$encodeUrlComponent`"""
    return _encoded(text, _UNRESERVED, "encodeUrlComponent")


def encode_url(run: Run, text: Any) -> Any:
    """`$encodeUrl`"""
    return _encoded(text, _UNRESERVED | _RESERVED, "encodeUrl")


def _encoded(text: Any, kept: frozenset[str], function: str) -> Any:
    if text is None:
        return None
    try:
        return "".join(char if char in kept else "".join(f"%{byte:02X}" for byte in char.encode()) for char in text)
    except UnicodeEncodeError:
        raise JsonataError("D3140", value=text, functionName=function) from None


def decode_url_component(run: Run, text: Any) -> Any:
    """`$decodeUrlComponent`"""
    return _decoded(text, frozenset(), "decodeUrlComponent")


def decode_url(run: Run, text: Any) -> Any:
    """`$decodeUrl`: what separates the parts of an address stays escaped."""
    return _decoded(text, _RESERVED, "decodeUrl")


def _decoded(text: Any, kept: frozenset[str], function: str) -> Any:
    if text is None:
        return None

    def decode(found: re.Match[str]) -> str:
        plain = bytes.fromhex(found[0].replace("%", "")).decode()
        return "".join(f"%{ord(char):02X}" if char in kept else char for char in plain)

    try:
        if any(found == "%" for found in _ESCAPES.findall(text)):
            raise JsonataError("D3140", value=text, functionName=function)
        return _ESCAPES.sub(decode, text)
    except UnicodeDecodeError:
        raise JsonataError("D3140", value=text, functionName=function) from None
