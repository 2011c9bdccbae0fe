"""Forms: `application/x-www-form-urlencoded` bodies and query strings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from emulator.wire.refusals import MalformedQueryString

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.wire.exchange import Exchange

MOST_FIELDS = 20_000
"""Of one form. A full batch has some hundreds; millions, which fit the body's limit too, would take seconds."""


def decode(text: bytes) -> str:
    """One percent-encoded name or value."""
    if b"+" in text:
        text = text.replace(b"+", b" ")
    try:
        return (unquote_to_bytes(text) if b"%" in text else text).decode()
    except UnicodeDecodeError:
        raise MalformedQueryString from None


def pairs(form: bytes) -> Iterator[tuple[str, str]]:
    """The fields of a form in order. Raises MalformedQueryString."""
    if form.count(b"&") > MOST_FIELDS:
        raise MalformedQueryString
    for field in form.split(b"&"):
        if field:
            name, _, value = field.partition(b"=")
            yield decode(name), decode(value)


def find(form: bytes, name: bytes) -> str | None:
    """One field, without decoding the others. None when it is absent or cannot be decoded."""
    at = 0 if form.startswith(name + b"=") else form.find(b"&" + name + b"=") + 1
    if at == 0 and not form.startswith(name + b"="):
        return None
    start = at + len(name) + 1
    end = form.find(b"&", start)
    try:
        return decode(form[start:] if end < 0 else form[start:end])
    except MalformedQueryString:
        return None


def body_of(exchange: Exchange) -> bytes:
    """The body, if it may be a form: a form's media type, or none with a body that cannot be JSON."""
    kind = exchange.headers.get(b"content-type", b"").lower()
    if kind.startswith(b"application/x-www-form-urlencoded") or (not kind and exchange.body[:1] not in b"{[<"):
        return exchange.body
    return b""


def fields(exchange: Exchange) -> dict[str, str]:
    """All fields of a request. The body's win over the query string's."""
    found = dict(pairs(exchange.query)) if exchange.query else {}
    body = body_of(exchange)
    if body:
        found.update(pairs(body))
    return found
