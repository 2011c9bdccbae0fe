"""Who asks: access key, account and region, out of a request's SigV4 credential scope.

Signatures are not verified. The scope is in the Authorization header or, presigned, in the query
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). SigV4a has no
region in its scope but a header of its own. Nothing here raises, whatever a client sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from emulator.wire import hosts
from emulator.wire.form import body_of, find
from services.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.wire.exchange import Exchange

REGION_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
LONGEST_REGION = 40


class Caller(NamedTuple):
    """Who asks, and of what."""

    access_key: str
    """Empty when the request is unsigned."""
    account: str
    """A 12-digit access key names its account; every other key belongs to the default one."""
    region: str
    service: str | None
    """The signing name in the credential scope, None when unsigned."""

    @property
    def scope(self) -> Scope:
        """Where the caller's state lives."""
        return Scope(self.account, self.region)


class _Scope(NamedTuple):
    access_key: str
    region: str
    service: str | None


UNSIGNED = _Scope("", "", None)


def caller(exchange: Exchange, default_account: str, default_region: str) -> Caller:
    """The caller of one request. `Credentials` does the same faster for many."""
    return Credentials(default_account, default_region).caller(exchange)


class Credentials:
    """Finds callers, and remembers by credential string those it has seen."""

    def __init__(
        self,
        default_account: str,
        default_region: str,
        account_of: Callable[[str], str] = lambda access_key: "",
        remembered: int = 1024,
    ) -> None:
        """`account_of` knows the accounts of keys that were given out; empty for any other."""
        self._account_of = account_of
        self._account = default_account
        self._region = default_region
        self._remembered = remembered
        self._known: dict[bytes, Caller] = {}

    def caller(self, exchange: Exchange) -> Caller:
        """The caller of a request. Never raises."""
        header = exchange.headers.get(b"authorization")
        if header is not None:
            # The signature differs each time, the credential string is what a client repeats.
            start = header.find(b"Credential=") + 11
            if start > 10:
                end = header.find(b",", start)
                raw = header[start:end] if end >= 0 else header[start:]
                found = self._known.get(raw)
                if found is not None and not header.startswith(b"AWS4-ECDSA"):
                    return found
        return self._find(exchange)

    def _find(self, exchange: Exchange) -> Caller:
        raw, four_a = credential_string(exchange)
        scope = read_scope(raw) if raw else old_signature(exchange)
        region = scope.region if not four_a else region_set(exchange)
        if not is_region(region):
            region = hosts.region_of(exchange) or self._region
            # Where the address decides, the credential string alone must not be remembered.
            four_a = True
        key = scope.access_key
        named = len(key) == 12 and key.isascii() and key.isdigit()
        account = key if named else self._account_of(key) or self._account
        found = Caller(scope.access_key, account, region, scope.service)
        if raw and not four_a and len(raw) < 512:
            if len(self._known) >= self._remembered:
                self._known.clear()
            self._known[raw] = found
        return found


def credential_string(exchange: Exchange) -> tuple[bytes, bool]:
    """The raw credential string (empty when there is none), and whether it is SigV4a's, without a region."""
    header = exchange.headers.get(b"authorization", b"")
    if header.startswith(b"AWS4-"):
        start = header.find(b"Credential=") + 11
        if start > 10:
            return header[start:].partition(b",")[0].strip(), header.startswith(b"AWS4-ECDSA")
    if b"X-Amz-Credential=" in exchange.query:
        raw = find(exchange.query, b"X-Amz-Credential") or ""
        algorithm = find(exchange.query, b"X-Amz-Algorithm") or ""
        return raw.encode(), algorithm.startswith("AWS4-ECDSA")
    return b"", False


def read_scope(raw: bytes) -> _Scope:
    """`<key>/<date>/<region>/<service>/aws4_request`, or without the region. A key may itself contain slashes."""
    text = raw.decode("latin-1").strip()
    if "%" in text:
        text = unquote(text)
    parts = text.rsplit("/", 4)
    if len(parts) == 5 and parts[4] == "aws4_request" and not parts[2].isdigit():
        key, region, service = parts[0], parts[2], parts[3]
    elif parts[-1] == "aws4_request" and len(parts) >= 4:
        key, region, service = "/".join(parts[:-3]), "", parts[-2]
    else:
        key, region, service = text.partition("/")[0], "", ""
    return _Scope(key, region, service.lower() if service and service.isascii() else None)


def old_signature(exchange: Exchange) -> _Scope:
    """The key of a version 2 signature, which says neither region nor service."""
    header = exchange.headers.get(b"authorization", b"")
    if header.startswith(b"AWS ") and b":" in header:
        return _Scope(header[4:].partition(b":")[0].strip().decode("latin-1"), "", None)
    for form in (exchange.query, body_of(exchange)):
        if b"AWSAccessKeyId=" in form:
            return _Scope(find(form, b"AWSAccessKeyId") or "", "", None)
    return UNSIGNED


def region_set(exchange: Exchange) -> str:
    """SigV4a's region: the first of the set. Empty for `*` and none."""
    given = exchange.headers.get(b"x-amz-region-set", b"").decode("latin-1")
    if not given and b"X-Amz-Region-Set=" in exchange.query:
        given = find(exchange.query, b"X-Amz-Region-Set") or ""
    return given.partition(",")[0].strip()


def is_region(name: str) -> bool:
    """Whether the name could be a region. State is kept by it, so nonsense falls back to the default."""
    return 0 < len(name) <= LONGEST_REGION and REGION_LETTERS.issuperset(name)
