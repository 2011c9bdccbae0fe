"""Pages about SNS that no SDK asks for: the certificate, and what would have left this machine.

Below `/_aws/sns/`, in the form that local tools know, and the same below `/_undercast/sns/`:

- `SimpleNotificationService-<id>.pem`: GET;
- `sms-messages` (`accountId`, `region`, `phoneNumber`), `platform-endpoint-messages` (`accountId`, `region`,
  `endpointArn`), `email-messages` (`accountId`, `region`, `address`): GET, DELETE;
- `subscription-tokens/<arn>`: GET;
- `phone-opt-outs` (JSON: `phoneNumber`, `accountId`, `region`): POST.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

import orjson

from emulator.admin import origin
from emulator.wire.exchange import Reply
from emulator.wire.json import encode_bytes
from services import arn
from services.scope import Scope
from services.sns.mobile.sms import is_phone_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.signing import CertifiedSigner
    from emulator.wire.exchange import Exchange
    from services.ports import Clock
    from services.sns.mobile.state import Mobile
    from services.sns.state import Topics

_ROOTS: Final = ("/_aws/sns/", "/_undercast/sns/")
_TOKENS: Final = "subscription-tokens/"
_CERTIFICATE: Final = re.compile(r"SimpleNotificationService-[0-9a-f]+\.pem\Z").match


class SnsPages:
    """Answers these pages. `scope` is that of a request that does not say its own."""

    def __init__(self, clock: Clock, scope: Scope, topics: Topics, mobile: Mobile, signer: CertifiedSigner) -> None:
        self._clock = clock
        self._scope = scope
        self._topics = topics
        self._mobile = mobile
        self._signer = signer

    def answer(self, exchange: Exchange) -> Reply | None:
        """The reply, or None when the path is none of these."""
        path = unquote(exchange.path.decode("latin-1"))
        name = next((path[len(root) :] for root in _ROOTS if path.startswith(root)), None)
        if name is None:
            return None
        method = exchange.method.decode("latin-1")
        why = origin.refusal(method, exchange.headers)
        if why is not None:
            return _said(403, {"error": why})
        if _CERTIFICATE(name):
            return self._certificate(path, method)
        if name.startswith(_TOKENS):
            return self._token(name[len(_TOKENS) :]) if method in _READING else _not_allowed()
        pages: dict[str, Callable[[dict[str, str], str], Reply]] = {
            "sms-messages": self._texts,
            "platform-endpoint-messages": self._pushes,
            "email-messages": self._emails,
        }
        if name in pages:
            if method not in {*_READING, "DELETE"}:
                return _not_allowed()
            return pages[name](dict(parse_qsl(exchange.query.decode("latin-1"))), method)
        if name == "phone-opt-outs":
            return self._opt_out(exchange) if method == "POST" else _not_allowed()
        return None

    def _certificate(self, path: str, method: str) -> Reply:
        if method not in _READING:
            return _not_allowed()
        if path != self._signer.path:
            return _said(404, {"error": "there is no such certificate; that of a server ends with the server"})
        return Reply(200, b"content-type: application/x-pem-file\r\n", self._signer.certificate())

    def _scope_of(self, given: dict[str, str], an_arn: str = "") -> Scope:
        named = arn.parse(an_arn)
        if named is not None:
            return Scope(named.account, named.region)
        return Scope(given.get("accountId") or self._scope.account, given.get("region") or self._scope.region)

    def _texts(self, given: dict[str, str], method: str) -> Reply:
        kept = self._mobile[self._scope_of(given)].captured.texts
        return _messages(given, method, "sms_messages", "PhoneNumber", "phoneNumber", kept, self._scope_of(given))

    def _pushes(self, given: dict[str, str], method: str) -> Reply:
        scope = self._scope_of(given, given.get("endpointArn", ""))
        kept = self._mobile[scope].captured.pushes
        return _messages(given, method, "platform_endpoint_messages", "TargetArn", "endpointArn", kept, scope)

    def _emails(self, given: dict[str, str], method: str) -> Reply:
        kept = self._mobile[self._scope_of(given)].captured.emails
        return _messages(given, method, "email_messages", "To", "address", kept, self._scope_of(given))

    def _token(self, subscription_arn: str) -> Reply:
        parsed = arn.parse(subscription_arn)
        if parsed is None or parsed.service != "sns":
            text = "The provided SubscriptionARN is invalid"
            return _said(400, {"error": text, "subscription_arn": subscription_arn})
        token = self._topics.token_of(subscription_arn)
        if not token:
            text = "The provided SubscriptionARN is not found"
            return _said(404, {"error": text, "subscription_arn": subscription_arn})
        return _said(200, {"subscription_token": token, "subscription_arn": subscription_arn})

    def _opt_out(self, exchange: Exchange) -> Reply:
        try:
            given: Any = orjson.loads(exchange.body or b"{}")
        except orjson.JSONDecodeError:
            return _said(400, {"error": "the body is not JSON"})
        if not isinstance(given, dict):
            return _said(400, {"error": "the body has to be a JSON object"})
        given = dict(parse_qsl(exchange.query.decode("latin-1"))) | given
        number = given.get("phoneNumber")
        if not isinstance(number, str) or not is_phone_number(number):
            return _said(400, {"error": "phoneNumber is missing, or is no phone number"})
        state = self._mobile[self._scope_of({name: str(value) for name, value in given.items()})]
        state.opted_out.setdefault(number, self._clock.now())
        return _said(200, {"phoneNumber": number, "isOptedOut": True})


_READING: Final = frozenset({"GET", "HEAD"})


def _messages(
    given: dict[str, str], method: str, name: str, key: str, parameter: str, kept: Any, scope: Scope
) -> Reply:
    """Captured messages by whom they were for, or their deletion."""
    wanted = given.get(parameter, "")
    # What stands in a query for a plus sign is a space, unless somebody escaped it; no number begins with a space.
    if parameter == "phoneNumber" and wanted.startswith(" "):
        wanted = f"+{wanted[1:]}"
    if method == "DELETE":
        left = [record for record in kept if wanted and record[key] != wanted]
        kept.clear()
        kept.extend(left)
        return Reply(204, b"", b"")
    found: dict[str, list[dict[str, Any]]] = {wanted: []} if wanted else {}
    for record in kept:
        if not wanted or record[key] == wanted:
            found.setdefault(record[key], []).append(record)
    return _said(200, {name: found, "region": scope.region})


def _said(status: int, what: dict[str, Any]) -> Reply:
    return Reply(status, b"content-type: application/json\r\n", orjson.dumps(what, default=encode_bytes))


def _not_allowed() -> Reply:
    return _said(405, {"error": "this page is not asked with that method"})
