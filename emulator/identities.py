"""Who the access keys belong to that the emulator itself gave out: the credentials of functions' roles.

A key of twelve digits names its account; a key like AWS's own says nothing, so what was given out is remembered.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from services.ports import Entropy

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_REMEMBERED: Final = 10_000
"""Sandboxes come and go; the keys of those that are long gone are forgotten, the oldest first."""


class Identity(NamedTuple):
    """Temporary credentials of a role, and whose they are."""

    access_key: str
    secret: str
    token: str
    account: str
    role_arn: str
    session: str


class Identities:
    """Gives out credentials and knows them again."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._issued: OrderedDict[str, Identity] = OrderedDict()

    def issue(self, account: str, role_arn: str, session: str) -> Identity:
        """New credentials of a role, for a session of that name."""
        draw = self._entropy.bits
        key = "ASIA" + "".join(_LETTERS[draw(5)] for _ in range(16))
        secret = "".join(_LETTERS[draw(5)].lower() for _ in range(40))
        identity = Identity(key, secret, f"Undercast/{draw(256):064x}", account, role_arn, session)
        self._issued[key] = identity
        if len(self._issued) > _REMEMBERED:
            self._issued.popitem(last=False)
        return identity

    def find(self, access_key: str) -> Identity | None:
        """Whose this key is, if it was given out here."""
        return self._issued.get(access_key)
