"""What an account has for phones: platform applications, their endpoints, SMS settings; and what was sent to them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.scope import Scope, Scoped
from services.sns.errors import InvalidParameter, NotFound
from services.sns.names import parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

CAPTURED_MAX: Final = 10_000
"""Captured messages that are kept of each kind in each scope; the oldest go first."""


@dataclass(slots=True, eq=False)
class Application:
    """A platform application."""

    arn: str
    name: str
    platform: str
    attributes: dict[str, str]
    """As shown: the credentials are not among them."""
    by_token: dict[str, Endpoint] = field(default_factory=dict)
    """Its endpoints, oldest first."""

    @property
    def enabled(self) -> bool:
        """Whether messages go out."""
        return self.attributes.get("Enabled", "true").lower() != "false"


@dataclass(slots=True, eq=False)
class Endpoint:
    """An app on a device."""

    arn: str
    application: Application
    attributes: dict[str, str]

    @property
    def enabled(self) -> bool:
        """Whether messages go out."""
        return self.attributes.get("Enabled", "true").lower() != "false"


@dataclass(slots=True, eq=False)
class SandboxNumber:
    """A destination in the SMS sandbox."""

    number: str
    password: str
    """Sent last."""
    sent_at: float
    sent: list[float]
    """When passwords were sent."""
    verified: bool = False


class Captured:
    """What would have left: kept for whoever wants to look. The newest `CAPTURED_MAX` of each kind."""

    __slots__ = ("emails", "pushes", "texts")

    def __init__(self) -> None:
        self.texts: deque[dict[str, Any]] = deque(maxlen=CAPTURED_MAX)
        """SMS messages."""
        self.pushes: deque[dict[str, Any]] = deque(maxlen=CAPTURED_MAX)
        """Messages to platform endpoints."""
        self.emails: deque[dict[str, Any]] = deque(maxlen=CAPTURED_MAX)


class InScope:
    """What one account has in one region."""

    __slots__ = (
        "applications", "captured", "endpoints", "in_sandbox", "opted_in_at", "opted_out", "sandbox", "sms_attributes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.applications: dict[str, Application] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.sms_attributes: dict[str, str] = {"MonthlySpendLimit": "1"}
        self.opted_out: dict[str, float] = {}
        self.opted_in_at: dict[str, float] = {}
        self.sandbox: dict[str, SandboxNumber] = {}
        self.in_sandbox = False
        """Whether SMS reach only verified numbers. AWS begins so; an emulator that did would send nobody anything."""
        self.captured = Captured()


class Mobile:
    """All of it, by account and region."""

    def __init__(self) -> None:
        self._of: Scoped[InScope] = Scoped(lambda scope: InScope())

    def __getitem__(self, scope: Scope) -> InScope:
        return self._of[scope]

    def __iter__(self) -> Iterator[tuple[Scope, InScope]]:
        return iter(self._of)

    def find_endpoint(self, endpoint_arn: str) -> Endpoint | None:
        """The platform endpoint of that ARN, wherever it is."""
        scope = _scope_of(endpoint_arn)
        found = None if scope is None else self._of.get(scope)
        return None if found is None else found.endpoints.get(endpoint_arn)

    def application(self, application_arn: str) -> Application:
        """The platform application of that ARN.

        Raises:
            InvalidParameter: it is no ARN.
            NotFound: there is no such application.
        """
        parsed = parse_arn(application_arn, "PlatformApplicationArn")
        found = self._of.get(Scope(parsed.account, parsed.region))
        application = None if found is None else found.applications.get(application_arn)
        if application is None:
            raise NotFound("PlatformApplication does not exist")
        return application

    def endpoint(self, endpoint_arn: str) -> Endpoint:
        """The platform endpoint of that ARN.

        Raises:
            InvalidParameter: it is no ARN of an endpoint's form.
            NotFound: there is no such endpoint.
        """
        parsed = parse_arn(endpoint_arn, "EndpointArn")
        if parsed.service != "sns" or not parsed.resource.startswith("endpoint/"):
            raise InvalidParameter.of("EndpointArn", "Invalid ARN")
        found = self.find_endpoint(endpoint_arn)
        if found is None:
            raise NotFound("Endpoint does not exist")
        return found

    def capture_text(self, scope: Scope, record: dict[str, Any]) -> None:
        """An SMS leaves."""
        self._of[scope].captured.texts.append(record)

    def forget(self, scope: Scope) -> None:
        """Forget a scope."""
        self._of.discard(scope)


def _scope_of(text: str) -> Scope | None:
    parsed = arn.parse(text)
    return None if parsed is None or parsed.service != "sns" else Scope(parsed.account, parsed.region)
