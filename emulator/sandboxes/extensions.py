"""The Extensions API of one sandbox, 2020-01-01: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html

External extensions are programs in /opt/extensions, started before the runtime; internal ones are threads of the
runtime's own process. Both register, then ask for events one at a time.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from emulator.sandboxes.answers import answer, refusal
from emulator.wire.exchange import Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from services.ports import SandboxSpec, Work

_ROOT: Final = b"/2020-01-01/extension/"
_IDENTIFIER: Final = b"lambda-extension-identifier"
MOST: Final = 10
"""Extensions of one sandbox."""


class Listener(Protocol):
    """Whom extensions keep waiting: the sandbox."""

    def extension_moved(self) -> None:
        """One has registered or asks for the next event."""

    def extension_failed(self, error_type: str, payload: bytes) -> None:
        """One says that it can't go on."""


class Extension:
    """One extension."""

    def __init__(self, name: str, identifier: str, events: frozenset[str], *, external: bool) -> None:
        self.name = name
        self.identifier = identifier
        self.events = events
        self.external = external
        self.parked: asyncio.Future[Reply] | None = None

    def tell(self, event: dict[str, Any], event_id: str) -> None:
        """Hand out an event to one that asks."""
        parked, self.parked = self.parked, None
        if parked is not None and not parked.done():
            parked.set_result(answer(event, f"Lambda-Extension-Event-Identifier: {event_id}\r\n".encode()))


class Extensions:
    """The extensions of one sandbox."""

    def __init__(self, listener: Listener, spec: SandboxSpec, new_id: Callable[[], str]) -> None:
        self._listener = listener
        self._spec = spec
        self._expected: frozenset[str] = frozenset()
        self._new_id = new_id
        self._by_id: dict[str, Extension] = {}
        self._init_over = False

    # -- what the sandbox asks

    def expect(self, names: Iterable[str]) -> None:
        """These are the names of the external ones."""
        self._expected = frozenset(names)

    def knows(self, identifier: str) -> bool:
        """Whether one has this identifier."""
        return identifier in self._by_id

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._expected or self._by_id)

    @property
    def any_external(self) -> bool:
        """Whether there are programs in /opt/extensions."""
        return bool(self._expected)

    @property
    def all_registered(self) -> bool:
        """Whether the runtime may be started."""
        return self._expected <= {extension.name for extension in self._by_id.values()}

    @property
    def all_asking(self) -> bool:
        """Whether each waits for its next event."""
        return self.all_registered and all(extension.parked is not None for extension in self._by_id.values())

    def invoke(self, work: Work, deadline_ms: int) -> None:
        """Tell of an invocation; from now on none can register."""
        self._init_over = True
        event: dict[str, Any] = {
            "eventType": "INVOKE",
            "deadlineMs": deadline_ms,
            "requestId": work.request_id,
            "invokedFunctionArn": work.invoked_arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": work.trace},
        }
        self._tell("INVOKE", event)

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Tell of the end."""
        self._tell("SHUTDOWN", {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms})

    def _tell(self, kind: str, event: dict[str, Any]) -> None:
        for extension in self._by_id.values():
            if kind in extension.events:
                extension.tell(event, self._new_id())

    # -- HTTP

    def handle(self, exchange: Exchange) -> Reply | Awaitable[Reply]:
        """Answer."""
        what = exchange.path.removeprefix(_ROOT)
        if what == b"register":
            return self._register(exchange)
        identifier = exchange.headers.get(_IDENTIFIER, b"").decode("latin-1")
        if not identifier:
            return refusal(403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
        extension = self._by_id.get(identifier)
        if extension is None:
            return refusal(403, "Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier")
        if what == b"event/next":
            parked = extension.parked = asyncio.get_running_loop().create_future()
            self._listener.extension_moved()
            return parked
        if what in {b"init/error", b"exit/error"}:
            error_type = exchange.headers.get(b"lambda-extension-function-error-type", b"").decode("utf-8", "replace")
            if not error_type:
                return refusal(403, "MissingHeader", "Lambda-Extension-Function-Error-Type header not found")
            self._listener.extension_failed(error_type, exchange.body)
            return Reply(202, b"content-type: application/json\r\n", b'{"status":"OK"}')
        return refusal(404, "NotFound", "404 page not found")

    def _register(self, exchange: Exchange) -> Reply:
        name = exchange.headers.get(b"lambda-extension-name", b"").decode("utf-8", "replace")
        if not name:
            return refusal(403, "Extension.InvalidExtensionName", "Empty extension name")
        events = _events(exchange.body)
        external = name in self._expected
        if events is None or not events <= {"INVOKE", "SHUTDOWN"}:
            return refusal(400, "Extension.InvalidEventType", "Invalid event type")
        if not external and "SHUTDOWN" in events:
            return refusal(403, "ShutdownEventNotSupportedForInternalExtension", "SHUTDOWN is for external extensions")
        if self._init_over:
            return refusal(403, "Extension.RegistrationClosed", "Extension registration closed already")
        if any(extension.name == name for extension in self._by_id.values()):
            return refusal(403, "Extension.AlreadyRegistered", "Extension with this name already registered")
        if len(self._by_id) >= MOST:
            return refusal(403, "Extension.TooManyExtensions", f"Extension limit ({MOST}) reached")
        extension = Extension(name, self._new_id(), events, external=external)
        self._by_id[extension.identifier] = extension
        self._listener.extension_moved()
        spec = self._spec
        told = {"functionName": spec.function_name, "functionVersion": spec.version, "handler": spec.handler}
        if b"accountid" in exchange.headers.get(b"lambda-extension-accept-feature", b"").lower():
            told["accountId"] = spec.account
        return answer(told, f"Lambda-Extension-Identifier: {extension.identifier}\r\n".encode())


def _events(body: bytes) -> frozenset[str] | None:
    """The events asked for; None for what is no such request."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return None
    events = asked.get("events", []) if isinstance(asked, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        return None
    return frozenset(events)
