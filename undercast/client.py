"""A client of the control API of a running server (`/_undercast`). Standard library only."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from undercast.durations import epoch, seconds
from undercast.errors import EndpointError, NoServerError, RefusedError, UndercastError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from undercast.durations import Duration, Instant

    Condition = Callable[[], object] | Mapping[str, Any]
    """What `run_until` waits for: a callable, tried after each timer, or a condition that the server tries itself:
    `{"queue": name or URL, "visible" | "in_flight" | "delayed" | "total": {"at_least" | "at_most" | "equals": n}}`,
    `{"execution": ARN}` (it has ended; with `"status"`: has that status; with `"state"`: is in that state), or
    `{"idle": True}` (nothing is in flight, delayed or running)."""

DEFAULT_ENDPOINT = "http://localhost:4566"

_READ_TIMEOUT_S = 30.0
# A move of time waits for whatever the real world still owes, and a function may run for 15 minutes.
_MOVE_TIMEOUT_S = 3600.0

T = TypeVar("T")


@dataclass(frozen=True)
class Time:
    """The server's clock. Instants are epoch seconds."""

    mode: str
    """`real`, `manual` or `scaled`."""
    scale: float
    """Seconds of the clock for each real second."""
    now: float
    now_iso: str
    timers: int
    """How many timers are pending."""
    next_at: float | None
    """When the first of them is due; None without any."""
    holds: int
    """How many things keep time from moving (a function runs, a request is half read)."""


@dataclass(frozen=True)
class Health:
    """What a server says of itself."""

    status: str
    version: str
    endpoint: str
    region: str
    account: str
    services: dict[str, str]
    """`running` or `available` by the service's name."""
    time: Time


@dataclass(frozen=True)
class Moved:
    """Where the clock went: the instant reached and how many timers fired on the way."""

    now: float
    now_iso: str
    fired: int


@dataclass(frozen=True)
class Stepped:
    """One timer fired, or none was due up to the limit (`fired` is 0)."""

    now: float
    fired: int
    next_at: float | None


@dataclass(frozen=True)
class Ran:
    """How `run_until` ended. False in a boolean context when the condition was not met."""

    met: bool
    now: float
    fired: int

    def __bool__(self) -> bool:
        return self.met


def endpoint_of(given: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    """The endpoint to use: `given`, else UNDERCAST_ENDPOINT, else AWS_ENDPOINT_URL, else http://localhost:4566.

    Raises EndpointError when it is no HTTP address.
    """
    environ = os.environ if environ is None else environ
    for origin, value in (
        ("The endpoint", given),
        ("UNDERCAST_ENDPOINT", environ.get("UNDERCAST_ENDPOINT")),
        ("AWS_ENDPOINT_URL", environ.get("AWS_ENDPOINT_URL")),
    ):
        if value:
            return _checked(value, origin)
    return DEFAULT_ENDPOINT


def _checked(endpoint: str, origin: str) -> str:
    text = endpoint.strip() if "://" in endpoint else f"http://{endpoint.strip()}"
    try:
        parts = urllib.parse.urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or any(letter.isspace() for letter in text):
        raise EndpointError(f"{origin} is no HTTP address: {endpoint}")
    return text.rstrip("/")


class ControlClient:
    """Asks and moves one server through its control API.

    Every method raises NoServerError when nothing answers at the endpoint, RefusedError with the server's own words
    when it says no, and plain UndercastError for what cannot be an answer or a question.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        """`endpoint` is found as `endpoint_of` describes when it is not given. Nothing is sent yet."""
        self.endpoint = endpoint_of(endpoint)
        # Never through a proxy of the environment: the server is here, or beside us in a container network.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def health(self) -> Health:
        """What the server says of itself."""
        answer = self._ask("GET", "health")
        return _read(Health, {**answer, "time": _read(Time, answer.get("time"))})

    def reset(self, service: str | None = None, account: str | None = None, region: str | None = None) -> list[str]:
        """Forget all state, or that of one service, account or region. The names of the services that were reset."""
        chosen = {"service": service, "account": account, "region": region}
        answer = self._ask("POST", "reset", {name: value for name, value in chosen.items() if value is not None})
        return [str(name) for name in answer.get("reset", [])]

    def time(self) -> Time:
        """The server's clock."""
        return _read(Time, self._ask("GET", "time"))

    def advance(self, duration: Duration) -> Moved:
        """Move the clock by `duration`, seconds or such as `"3d"`; the timers on the way fire one by one."""
        return _read(Moved, self._move("advance", {"seconds": _wanted(seconds, duration)}))

    def advance_to(self, instant: Instant) -> Moved:
        """Move the clock to `instant`: epoch seconds, ISO 8601 or a datetime."""
        return _read(Moved, self._move("advance_to", {"instant": _wanted(epoch, instant)}))

    def step(self, limit: Instant | None = None) -> Stepped:
        """Move the clock to its next timer and fire it, if it is due by `limit`."""
        return _read(Stepped, self._move("step", {"limit": None if limit is None else _wanted(epoch, limit)}))

    def run_until(self, condition: Condition, at_most: Duration) -> Ran:
        """Fire timer by timer until `condition` holds or `at_most` has passed on the clock.

        A condition that already holds moves nothing. One that never does leaves the clock `at_most` further on.
        """
        length = _wanted(seconds, at_most)
        if callable(condition):
            return self._run_until_true(condition, length)
        return _read(Ran, self._move("run_until", {"condition": dict(condition), "at_most": length}))

    def _run_until_true(self, condition: Callable[[], object], length: float) -> Ran:
        now, fired = self.time().now, 0
        limit = now + length
        while not condition():
            step = self.step(limit)
            now = step.now
            if not step.fired:
                # Nothing more is due before the limit: one last look from there.
                if now < limit:
                    now = self.advance_to(limit).now
                return Ran(bool(condition()), now, fired)
            fired += step.fired
        return Ran(True, now, fired)

    def set_time_mode(self, mode: str) -> Time:
        """Let the clock move as `real`, `manual` or `xN` (such as `x60`) says, from its present instant on."""
        self._ask("PUT", "time/mode", {"mode": mode})
        return self.time()

    def shutdown(self) -> None:
        """Ask the server to stop. Returns when it has agreed, which is a moment before it is gone."""
        self._ask("POST", "shutdown", {})

    def _move(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", f"time/{path}", body, _MOVE_TIMEOUT_S)

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = _READ_TIMEOUT_S
    ) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - `endpoint_of` lets only http and https pass
            f"{self.endpoint}/_undercast/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with self._opener.open(request, timeout=timeout_s) as reply:
                return _object(reply.read(), self.endpoint)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.read(), error.code, self.endpoint) from None
        except TimeoutError:
            raise NoServerError(
                f"The server at {self.endpoint} has not answered within {timeout_s:g} seconds"
            ) from None
        except urllib.error.URLError as error:
            raise NoServerError(_nobody(self.endpoint, error.reason)) from None
        except (OSError, http.client.HTTPException) as error:
            raise NoServerError(_nobody(self.endpoint, error)) from None


def _nobody(endpoint: str, reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"No Undercast at {endpoint}: it does not answer"
    if isinstance(reason, ConnectionRefusedError):
        return f"No Undercast at {endpoint}"
    if isinstance(reason, (ConnectionError, http.client.HTTPException)):
        return f"No Undercast at {endpoint}: the connection was closed without an answer"
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
    return f"No Undercast at {endpoint}: {text}"


def _object(body: bytes, endpoint: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise UndercastError(f"What answers at {endpoint} is not Undercast")
    return answer


def _refusal(body: bytes, status: int, endpoint: str) -> UndercastError:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    # Undercast's refusals carry an `error` text; anything else on that path is another program's 404.
    text = said.get("error") if isinstance(said, dict) else None
    if not isinstance(text, str) and status >= 500:
        return UndercastError(f"The server at {endpoint} failed to answer (status {status}); its log tells why")
    if not isinstance(text, str):
        return UndercastError(f"What answers at {endpoint} is not Undercast (status {status})")
    return RefusedError(text, status)


def _read(kind: type[T], answer: object) -> T:
    """`answer` as `kind`. Members of a newer server that we do not know are passed over."""
    found = answer if isinstance(answer, dict) else {}
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    missing = [name for name in names if name not in found]
    if missing:
        raise UndercastError(f"The server's answer lacks {', '.join(missing)}: is it another version of Undercast?")
    return kind(**{name: found[name] for name in names})


def _wanted(read: Callable[[Any], float], value: object) -> float:
    try:
        return read(value)
    except ValueError as error:
        raise UndercastError(str(error)) from None
