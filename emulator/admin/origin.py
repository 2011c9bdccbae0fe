"""Keeps web pages of other sites from pulling the levers.

Any page that a developer has open can post to localhost. Browsers say where such a request comes from; programs don't
send these headers. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Origin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME = frozenset({b"same-origin", b"none"})


def refusal(method: str, headers: Mapping[bytes, bytes]) -> str | None:
    """Why this request may change nothing; None if it may. Header names are lower case."""
    if method in _HARMLESS:
        return None
    origin = headers.get(b"origin")
    site = headers.get(b"sec-fetch-site")
    host = headers.get(b"host", b"").decode("latin-1").lower()
    # Scheme and authority, or `null`: nothing more is ever in it.
    if origin is not None and origin.decode("latin-1").lower().partition("://")[2] != host:
        return f"a page of {origin.decode('latin-1')} may not control Undercast"
    if site is not None and site.lower() not in _SAME:
        return "a page of another site may not control Undercast"
    return None
