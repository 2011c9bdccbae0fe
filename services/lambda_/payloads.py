"""What is refused of a payload: too much of it, and what is no JSON."""

from __future__ import annotations

import base64
import json
from typing import Final

import orjson

from services.lambda_ import limits
from services.lambda_.errors import InvalidRequestContent, RequestEntityTooLarge

_WHERE: Final = " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "


def check_size(payload: bytes, *, event: bool) -> None:
    """Refuse what is too large for its kind of invocation.

    Raises:
        RequestEntityTooLarge: it is.
    """
    if not event and len(payload) > limits.SYNCHRONOUS_PAYLOAD_MAX:
        raise RequestEntityTooLarge("Request must be smaller than 6291456 bytes for the InvokeFunction operation")
    if event and len(payload) > limits.ASYNCHRONOUS_PAYLOAD_MAX:
        raise RequestEntityTooLarge(
            f"{len(payload)} byte payload is too large for the Event invocation type "
            f"(limit {limits.ASYNCHRONOUS_PAYLOAD_MAX} bytes)"
        )


def check_json(payload: bytes) -> None:
    """Refuse what is no JSON, in the words of AWS's parser.

    Raises:
        InvalidRequestContent: it is none.
    """
    if payload == b"{}":
        return
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        reason = "Could not parse request body into json: Could not parse payload into json: "
        raise InvalidRequestContent(reason + _complaint(payload)) from None


def client_context(header: str) -> str:
    """The JSON in a base64 client context.

    Raises:
        InvalidRequestContent: it is no base64, or no JSON object.
    """
    if not header:
        return ""
    try:
        text = base64.b64decode(header, validate=True).decode()
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidRequestContent("Client context must be a valid Base64-encoded JSON object.")
    # A header must stay one line.
    return json.dumps(given, separators=(",", ":"))


def _complaint(payload: bytes) -> str:
    at, in_text = _first_bad(payload)
    line = payload.count(b"\n", 0, at) + 1
    column = at - (payload.rfind(b"\n", 0, at) + 1) + 1
    if at >= len(payload):
        return (
            f"Unexpected end-of-input: expected close marker for Object (start marker{_WHERE}line: 1, column: 1])\n"
            f"{_WHERE}line: {line}, column: {column}]"
        )
    byte = payload[at]
    if byte >= 0x80 and in_text:
        # The reader has taken the byte by then, so its place is behind it.
        return f"Invalid UTF-8 start byte 0x{byte:x}\n{_WHERE}line: {line}, column: {column + 1}]"
    token = _token(payload, at)
    expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    if token:
        end = column + len(token)
        return f"Unrecognized token '{token}': was expecting {expected}\n{_WHERE}line: {line}, column: {end}]"
    shown = f"(CTRL-CHAR, code {byte})" if byte >= 0x80 or byte < 0x20 else f"'{chr(byte)}' (code {byte})"
    text = f"Unexpected character ({shown}): expected a valid value {expected}"
    return f"{text}\n{_WHERE}line: {line}, column: {column}]"


def _first_bad(payload: bytes) -> tuple[int, bool]:
    """The first byte that a reader going from left to right stumbles upon, and whether within a string or a word."""
    bad = len(payload)
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        bad = error.start
        text = payload[:bad].decode()
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        at = len(text[: error.pos].encode())
        if bad == len(payload):
            return (bad if error.msg.startswith("Unterminated") else at), False
        cut = payload[at:bad]
        # A string, or a word, that the bad byte cuts short is that byte's fault.
        within = error.msg.startswith("Unterminated") or cut.isalpha()
        return (bad, within) if within or not cut.strip() else (at, False)
    except RecursionError:
        return 0, False
    return bad, False


def _token(payload: bytes, at: int) -> str:
    end = at
    while end < len(payload) and (payload[end : end + 1].isalnum() or payload[end : end + 1] in b"_$"):
        end += 1
    found = payload[at:end]
    return found.decode("ascii", "replace") if found[:1].isalpha() else ""
