"""The front door: one exchange in, one reply out.

The straight road is `handle`: one look-up by `X-Amz-Target`, parse, handler, serialize. The other protocols find their
route by the router's tables; neighbours and the control API leave the road there. This is the boundary where a bug of
ours becomes an answer: logged with its request, answered 500, and the server goes on.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from emulator.wire import errors
from emulator.wire.compile import Route
from emulator.wire.exchange import Exchange, Reply
from emulator.wire.routes import Neighbour
from services.api import Call
from services.errors import InternalFailure, ServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.clock import Clock
    from emulator.neighbours.moto import Neighbours
    from emulator.wire.credentials import Credentials
    from emulator.wire.routes import Router
    from services.ports import Hold

    OwnPage = Callable[[Exchange], Reply | Awaitable[Reply]]

log = logging.getLogger("undercast.http")

_KNOWN_CALLERS = 4096
"""Credential scopes change with the date and the client; beyond this many the memory of them starts afresh."""

_LONGEST_CALLER = 1024
"""Bytes of a credential and a host that are worth remembering."""

_JSON = frozenset({b"application/x-amz-json-1.0", b"application/x-amz-json-1.1"})
"""A target counts only in these; what else is spelled like JSON is left to the router."""


class FrontDoor:
    """Answers every exchange; never raises."""

    def __init__(
        self,
        *,
        router: Router,
        credentials: Credentials,
        clock: Clock,
        request_ids: Callable[[], str],
        neighbours: Callable[[], Neighbours],
        pages: dict[bytes, OwnPage],
        own_address: str,
        max_body: int,
        function_urls: Callable[[Exchange], Reply | Awaitable[Reply] | None] | None = None,
    ) -> None:
        self._router = router
        self._by_target = router.by_target
        self._credentials = credentials
        self._new_id = request_ids
        self._clock = clock
        self._neighbours = neighbours
        self._pages = pages
        self._own_address = own_address
        self._max_body = max_body
        self._function_urls = function_urls
        self._calls: dict[tuple[bytes, bytes | None], Call] = {}
        self._debug = log.isEnabledFor(logging.DEBUG)

    # -- emulator.connection.Door

    def hold(self) -> Hold:
        """Keep the clock from being moved (a request is half read)."""
        return self._clock.hold()

    def handle(self, exchange: Exchange) -> Reply | Awaitable[Reply]:
        """Answer, now or later."""
        headers = exchange.headers
        route: Route | None = None
        if headers.get(b"content-type") in _JSON:
            route = self._by_target.get(headers.get(b"x-amz-target", b""))
        request_id = ""
        try:
            if route is None:
                reply = self._own(exchange)
                if reply is not None:
                    return reply if isinstance(reply, Reply) else self._later(exchange, None, reply, "")
                request_id = self._new_id()
                found = self._router.find(exchange)
                if isinstance(found, Neighbour):
                    return self._later(exchange, None, self._neighbour(exchange, found), request_id)
                route = found
            else:
                request_id = self._new_id()
            # An awsJson target settles the service and the operation; the credential scope says who and where.
            authorization = headers.get(b"authorization", b"")
            call = self._calls.get((authorization[: authorization.find(b",")], headers.get(b"host")))
            if call is None or b"x-amzn-trace-id" in headers:
                call = self._call_of(exchange)
            result = route.handler(call, route.parse(exchange))
            if isinstance(result, dict):
                return route.serialize(result, request_id)
        except Exception as error:  # noqa: BLE001 - the boundary: a refusal, or a bug of ours, becomes an answer
            return self._refusal(exchange, route, error, request_id)
        return self._later(exchange, route, result, request_id)

    def body_limit(self, exchange: Exchange) -> int:
        """The most bytes a body for this exchange may have."""
        route = self._router.find(exchange)
        limit = route.limit if isinstance(route, Route) else self._max_body
        return min(limit, self._max_body)

    def refuse(self, exchange: Exchange | None, status: int, text: str) -> Reply:
        """An answer to what is not HTTP, or is too large to be read."""
        return errors.unreadable(exchange, status, text, self._new_id())

    # -- beside the straight road

    async def _later(self, exchange: Exchange, route: Route | None, pending: Awaitable[Any], request_id: str) -> Reply:
        try:
            result = await pending
            return result if route is None else route.serialize(result, request_id)
        except Exception as error:  # noqa: BLE001 - the same boundary, for what had to wait
            return self._refusal(exchange, route, error, request_id)

    def _own(self, exchange: Exchange) -> Reply | Awaitable[Reply] | None:
        """The answer to what is no API call: a page of ours, or a function's URL."""
        path = exchange.path
        if self._function_urls is not None and (
            b".lambda-url." in exchange.headers.get(b"host", b"") or path.startswith(b"/_aws/lambda-url/")
        ):
            answer = self._function_urls(exchange)
            if answer is not None:
                return answer
        page = self._page(path)
        return None if page is None else page(exchange)

    def _page(self, path: bytes) -> OwnPage | None:
        """A page of ours by the path's first part (`/_undercast/...`): no AWS path begins with an underscore."""
        if not path.startswith(b"/_"):
            return None
        return self._pages.get(path) or self._pages.get(path[: (path.find(b"/", 1) + 1) or len(path)].rstrip(b"/"))

    def _neighbour(self, exchange: Exchange, neighbour: Neighbour) -> Awaitable[Reply]:
        caller = self._credentials.caller(exchange)
        return self._neighbours().answer(exchange, neighbour.service, caller.account, caller.region)

    def _call_of(self, exchange: Exchange) -> Call:
        headers = exchange.headers
        host = headers.get(b"host")
        caller = self._credentials.caller(exchange)
        origin = f"http://{host.decode('latin-1')}" if host else self._own_address
        trace = headers.get(b"x-amzn-trace-id", b"").decode("latin-1")
        call = Call(caller.scope, origin, caller.access_key, trace)
        authorization = headers.get(b"authorization", b"")
        credential = authorization[: authorization.find(b",")]
        # Where the region is not in the credential scope (unsigned, SigV4a, nonsense) it comes from the host, the path
        # or another header: only what the scope alone decides is remembered by it.
        short = len(credential) + len(host or b"") < _LONGEST_CALLER
        if short and not trace and b"/%b/" % caller.region.encode() in credential:
            if len(self._calls) >= _KNOWN_CALLERS:
                self._calls.clear()
            self._calls[credential, host] = call
        return call

    def _refusal(self, exchange: Exchange, route: Route | None, error: Exception, request_id: str) -> Reply:
        if isinstance(error, ServiceError):
            if self._debug:
                log.debug("%s refused: %s %s", _named(exchange, route), error.code, error.message)
        else:
            log.error(
                "%s failed (request id %s): %.2000r",
                _named(exchange, route),
                request_id,
                exchange.body,
                exc_info=error,
            )
            error = InternalFailure("Undercast failed to answer; its log says why.")
        try:
            return errors.unrouted(exchange, error, request_id) if route is None else route.fail(error, request_id)
        except Exception:  # the refusal itself cannot be written (half a surrogate pair in its text)
            log.exception("%s failed to refuse (request id %s)", _named(exchange, route), request_id)
            return errors.unrouted(exchange, InternalFailure("Undercast failed to answer."), request_id)


def _named(exchange: Exchange, route: Route | None) -> str:
    if route is not None:
        return f"{route.service}.{route.operation}"
    return f"{exchange.method.decode('latin-1')} {exchange.path.decode('latin-1')}"
