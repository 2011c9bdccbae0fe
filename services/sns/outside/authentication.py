"""Credentials in an endpoint's URL (`https://user:password@host/path`): Basic and Digest, as SNS answers a 401.

https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import md5, sha256
from typing import NamedTuple

_URL = re.compile(r"(https?://)([^/?#@]*)@(.*)\Z", re.IGNORECASE | re.DOTALL).match
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


class Credentials(NamedTuple):
    """A user and a password."""

    user: str
    password: str


def split(url: str) -> tuple[str, Credentials | None]:
    """A URL without its credentials, and them."""
    found = _URL(url)
    if found is None:
        return url, None
    user, _, password = found[2].partition(":")
    return found[1] + found[3], Credentials(_unquoted(user), _unquoted(password))


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode()).decode("utf-8", "replace")


def answer(challenge: str, credentials: Credentials, method: str, path: str, nonce: str) -> str:
    """The Authorization header that answers a WWW-Authenticate; empty when it asks for something else.

    `path` is the request's, with its query; `nonce` is ours, drawn anew.
    """
    scheme, _, rest = challenge.strip().partition(" ")
    if scheme.lower() == "basic":
        return f"Basic {b64encode(f'{credentials.user}:{credentials.password}'.encode()).decode()}"
    if scheme.lower() != "digest":
        return ""
    given = {found[1].lower(): found[2] or found[3] or "" for found in _PARAMETER.finditer(rest)}
    return _digest(given, credentials, method, path, nonce)


def _digest(given: dict[str, str], credentials: Credentials, method: str, path: str, nonce: str) -> str:
    """RFC 7616, without `auth-int` and sessions."""
    algorithm = given.get("algorithm", "MD5")
    digest = {"MD5": md5, "SHA-256": sha256}.get(algorithm.upper())
    offered = [quality.strip() for quality in given.get("qop", "").split(",") if quality.strip()]
    if digest is None or "nonce" not in given or (offered and "auth" not in offered):
        return ""

    def hashed(*parts: str) -> str:
        return digest(":".join(parts).encode()).hexdigest()

    realm, theirs = given.get("realm", ""), given["nonce"]
    secret, asked = hashed(credentials.user, realm, credentials.password), hashed(method, path)
    said = [f'username="{credentials.user}"', f'realm="{realm}"', f'nonce="{theirs}"', f'uri="{path}"']
    if offered:
        said += [f'response="{hashed(secret, theirs, "00000001", nonce, "auth", asked)}"', "qop=auth", "nc=00000001"]
        said.append(f'cnonce="{nonce}"')
    else:
        said.append(f'response="{hashed(secret, theirs, asked)}"')
    if "opaque" in given:
        said.append(f'opaque="{given["opaque"]}"')
    return f"Digest {', '.join([*said, f'algorithm={algorithm}'])}"
