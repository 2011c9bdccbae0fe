"""A client of Lambda and of the logs of its functions, for the command line. Standard library only."""

from __future__ import annotations

import base64
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from undercast.client import ControlClient
from undercast.errors import NoServerError, RefusedError, UndercastError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READ_TIMEOUT_S = 30.0
# A function runs for 15 minutes at most; under a debugger nobody knows.
_INVOKE_TIMEOUT_S = 24 * 3600.0


@dataclass(frozen=True)
class Invoked:
    """How an invocation ended."""

    status: int
    request_id: str
    payload: bytes
    """The function's answer, or the error as JSON."""
    error: str
    """Empty, or `Unhandled`: the payload tells what happened."""
    log: str
    """The end of the invocation's log."""


@dataclass(frozen=True)
class LogEvent:
    """One line of a log."""

    at: float
    """Epoch seconds."""
    message: str
    event_id: str


class FunctionsClient:
    """Functions of one account in one region.

    Every method raises NoServerError when nothing answers, and RefusedError with AWS's own words when it is refused.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        account: str | None = None,
        region: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """What is not given is taken from the variables that AWS's clients read, else it is the server's default."""
        environ = os.environ if environ is None else environ
        self._control = ControlClient(endpoint)
        self.endpoint = self._control.endpoint
        self._key = account or environ.get("AWS_ACCESS_KEY_ID") or "test"
        self._region = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        # Never through a proxy of the environment: the server is here, or beside us in a container network.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def invoke(self, function: str, payload: bytes = b"{}", *, qualifier: str = "", later: bool = False) -> Invoked:
        """Invoke a function, `later`: asynchronously."""
        query = "?" + urllib.parse.urlencode({"Qualifier": qualifier}) if qualifier else ""
        path = f"/2015-03-31/functions/{urllib.parse.quote(function, safe='')}/invocations{query}"
        headers = {"X-Amz-Invocation-Type": "Event" if later else "RequestResponse"}
        if not later:
            headers["X-Amz-Log-Type"] = "Tail"
        status, said, body = self._ask("lambda", "POST", path, headers, payload, _INVOKE_TIMEOUT_S)
        tail = base64.b64decode(said.get("X-Amz-Log-Result") or "").decode("utf-8", "replace")
        return Invoked(status, said.get("x-amzn-RequestId") or "", body, said.get("X-Amz-Function-Error") or "", tail)

    def log_group(self, function: str) -> str:
        """Where a function's log is, also when the function itself is gone. What begins with `/` is a group already."""
        if function.startswith("/"):
            return function
        path = f"/2015-03-31/functions/{urllib.parse.quote(function, safe='')}/configuration"
        try:
            _, _, body = self._ask("lambda", "GET", path, {})
        except RefusedError as error:
            if error.status != 404:
                raise
            return f"/aws/lambda/{function}"
        found = (json.loads(body).get("LoggingConfig") or {}).get("LogGroup")
        return str(found or f"/aws/lambda/{function}")

    def log_events(self, group: str, since: float = 0.0) -> Iterator[LogEvent]:
        """The events of a log group from `since` (epoch seconds) on, by time. None where there is no such group."""
        params: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
        headers = {"X-Amz-Target": "Logs_20140328.FilterLogEvents", "Content-Type": "application/x-amz-json-1.1"}
        while True:
            try:
                _, _, body = self._ask("logs", "POST", "/", headers, json.dumps(params).encode())
            except RefusedError as error:
                if "ResourceNotFoundException" in str(error):
                    return
                raise
            answer = json.loads(body)
            for event in answer.get("events") or []:
                yield LogEvent(event["timestamp"] / 1000, event["message"], event.get("eventId", ""))
            if not answer.get("nextToken"):
                return
            params["nextToken"] = answer["nextToken"]

    def now(self) -> float:
        """The server's time, epoch seconds."""
        return self._control.time().now

    def _authorization(self, service: str) -> str:
        """Who asks, and where: signatures are not looked at."""
        if not self._region:
            self._region = self._control.health().region
        scope = f"{self._key}/20260101/{self._region}/{service}/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=undercast"

    def _ask(
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float = _READ_TIMEOUT_S,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        sent = {"Authorization": self._authorization(service), "Content-Type": "application/json", **headers}
        request = urllib.request.Request(  # noqa: S310 - `endpoint_of` lets only http and https pass
            self.endpoint + path, body, sent, method=method
        )
        try:
            with self._opener.open(request, timeout=timeout_s) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
            raise NoServerError(f"No Undercast at {self.endpoint}") from error


def _refusal(error: urllib.error.HTTPError) -> UndercastError:
    body = error.read()
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return UndercastError(f"What answers is not Undercast (status {error.code})")
    kind = error.headers.get("x-amzn-ErrorType") or str(said.get("__type") or "")
    text = said.get("message") or said.get("Message") or ""
    return RefusedError(f"{kind.rpartition('#')[2].partition(':')[0]}: {text}", error.code)
