"""moto's STS learns of credentials that the emulator gave out, so that GetCallerIdentity knows whose they are."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from emulator.wire.credentials import credential_string, read_scope

if TYPE_CHECKING:
    from emulator.identities import Identities
    from emulator.wire.exchange import Exchange

_SESSION_S = 43_200


def introduce(exchange: Exchange, identities: Identities, region: str) -> None:
    """Let moto know the asking role, if it is one of ours and new to moto."""
    raw, _ = credential_string(exchange)
    identity = identities.find(read_scope(raw).access_key) if raw else None
    if identity is None:
        return
    models: Any = import_module("moto.sts.models")
    partition = import_module("moto.utilities.utils").get_partition(region)
    backend = models.sts_backends[identity.account][partition]
    if backend.get_assumed_role_from_access_key(identity.access_key) is None:
        role = models.AssumedRole(
            account_id=identity.account,
            region_name=region,
            access_key=SimpleNamespace(access_key_id=identity.access_key, secret_access_key=identity.secret),
            role_session_name=identity.session,
            role_arn=identity.role_arn,
            policy="",
            duration=_SESSION_S,
            external_id="",
        )
        backend.assumed_roles.append(role)
