"""moto's own settings, set in code before its services are imported. Nothing goes into the environment.

moto keeps its state and its settings in module globals: this is the one place where we write to them. Imported on a
worker thread, since importing moto takes most of a second.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.session
import moto.core
import moto.core.base_backend
import moto.core.models
import moto.core.responses
import moto.core.utils
import requests.adapters
from boto3 import Session
from moto.core.config import default_user_config
from requests.exceptions import ConnectionError as NotConnected

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.neighbours.turn import Turn
    from services.ports import Clock

ACCOUNT_HEADER = "x-moto-account-id"
_OUTGOING_TIMEOUT_S = 15.0
_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


def tame(clock: Clock, default_account: str, seed: int | None) -> None:
    """Set moto's settings. Must run before any service of moto's is imported; harmless when repeated."""
    default_user_config["lambda"] = {"use_docker": False}
    default_user_config["batch"] = {"use_docker": False}
    # AWS's own policies are there to be attached; reading them takes a twentieth of a second.
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    for module in (moto.core, moto.core.models):
        vars(module)["DEFAULT_ACCOUNT_ID"] = default_account
    # The account is ours to say: neither MOTO_ACCOUNT_ID nor the access key decides it.
    vars(moto.core.utils)["undercast_account"] = default_account
    moto.core.responses.BaseResponse.get_current_account = _current_account  # type: ignore[assignment,method-assign]
    # Any region answers, as it does for our own services.
    vars(moto.core.base_backend)["allow_unknown_region"] = _yes
    if hasattr(moto.core.base_backend.AccountSpecificBackend, "get_session"):
        moto.core.base_backend.AccountSpecificBackend.get_session = classmethod(_bare_session)  # type: ignore[assignment]
    # boto3 inside moto's own code is answered by moto, never sent out.
    moto.core.models.botocore_stubber.enabled = True
    # moto's services bind `utcnow` when imported; the clock behind it may be replaced (tests run several).
    vars(moto.core.utils)["undercast_clock"] = clock
    moto.core.utils.utcnow = _utcnow
    if seed is not None:
        from moto.moto_api._internal import mock_random

        mock_random.seed(seed)


def _current_account(response: Any) -> str:
    account: str = response.headers.get(ACCOUNT_HEADER) or vars(moto.core.utils)["undercast_account"]
    return account


def _yes() -> bool:
    return True


def _utcnow() -> datetime:
    clock: Clock = vars(moto.core.utils)["undercast_clock"]
    return datetime.fromtimestamp(clock.now(), UTC).replace(tzinfo=None)


def bare_botocore() -> botocore.session.Session:
    """A session that reads neither the user's AWS files nor the profile variable."""
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    session.set_credentials("undercast", "undercast")
    return session


def _bare_session(backend: object) -> Session:
    sessions = vars(moto.core.utils)
    if "undercast_session" not in sessions:
        sessions["undercast_session"] = Session(botocore_session=bare_botocore())
    found: Session = sessions["undercast_session"]
    return found


class OutgoingHttp:
    """Stands between moto and `requests`: no call to AWS leaves the machine, others put the turn aside and time out."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._send: Callable[..., Any] = requests.adapters.HTTPAdapter.send

    def install(self) -> None:
        """Take effect, until `remove`."""
        turn, send = self._turn, self._send

        def guarded(
            adapter: requests.adapters.HTTPAdapter,
            request: requests.PreparedRequest,
            stream: bool = False,
            timeout: Any = None,
            **options: Any,
        ) -> Any:
            host = urlsplit(request.url or "").hostname or ""
            if host.endswith(_OF_AWS):
                raise NotConnected(f"Undercast sends nothing to {host}", request=request)
            with turn.aside():
                return send(adapter, request, stream=stream, timeout=timeout or _OUTGOING_TIMEOUT_S, **options)

        requests.adapters.HTTPAdapter.send = guarded  # type: ignore[assignment,method-assign]

    def remove(self) -> None:
        """Leave `requests` as it was."""
        requests.adapters.HTTPAdapter.send = self._send  # type: ignore[method-assign]
