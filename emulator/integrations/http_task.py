"""`http:invoke`: a request to any HTTP API, with what an EventBridge connection adds.

https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import orjson

from emulator.integrations import web
from emulator.integrations.functions import refusal_of
from services import arn
from services.errors import ServiceError
from services.ports import HttpFailure
from statemachine.errors import HTTP_SOCKET, RUNTIME

if TYPE_CHECKING:
    from emulator.integrations.calls import Services
    from emulator.integrations.tasks import Work
    from services.ports import HttpAnswer, HttpOut

FORBIDDEN_HEADERS: Final = frozenset(
    {
        "a-im", "accept-charset", "accept-datetime", "accept-encoding", "cache-control", "connection",
        "content-encoding", "content-md5", "date", "expect", "forwarded", "from", "host", "http2-settings",
        "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards",
        "origin", "pragma", "proxy-authorization", "referer", "server", "te", "trailer", "transfer-encoding",
        "upgrade", "via", "warning",
    }
)  # fmt: skip
"""Headers that a task may not set. (`x-forwarded-*` and `x-amz-*` neither.)"""


_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_BINARY: Final = ("application/octet-stream", "audio/", "image/", "video/")
"""Content types that make an HTTP task fail: the page's "Unsupported HTTP Task responses"."""


class _NotAuthorized(Exception):
    """The connection can't be used; the text says why."""


def problems(arguments: Any) -> list[str]:
    """Why no request can be made of these arguments; empty when one can."""
    arguments = arguments if isinstance(arguments, dict) else {}
    found = [
        f"The field '{name}' is required but was missing"
        for name in ("ApiEndpoint", "Method")
        if not arguments.get(name)
    ]
    if connection_of(arguments) is None:
        found.append("The field 'Authentication' is required but was missing")
    found += [
        web.invalid(name)
        for name, kind in _KINDS.items()
        if arguments.get(name) is not None and not isinstance(arguments[name], kind)
    ]
    method = arguments.get("Method")
    if isinstance(method, str) and method and method.upper() not in _METHODS:
        found.append(web.invalid("Method"))
    headers = arguments.get("Headers")
    for name in headers if isinstance(headers, dict) else ():
        if name.lower() in FORBIDDEN_HEADERS or name.lower().startswith(("x-forwarded", "x-amz-", "x-amzn-")):
            found.append(f"The header '{name.lower()}' is not allowed")
    return found


_KINDS: Final[dict[str, type]] = {
    "ApiEndpoint": str,
    "Headers": dict,
    "Method": str,
    "QueryParameters": dict,
    "Transform": dict,
}


def connection_of(arguments: dict[str, Any]) -> arn.Arn | None:
    """The connection's ARN, if there is one."""
    given = arguments.get("InvocationConfig") or arguments.get("Authentication")
    return arn.parse(str(given.get("ConnectionArn") or "")) if isinstance(given, dict) else None


class _Request:
    """What is to be sent."""

    def __init__(self, arguments: dict[str, Any], region: str) -> None:
        self.url = str(arguments["ApiEndpoint"])
        self.method = str(arguments["Method"]).upper()
        self.query = web.query_pairs(arguments.get("QueryParameters"))
        headers = web.header_lines(arguments.get("Headers"))
        self.body = arguments.get("RequestBody")
        self.transform = arguments.get("Transform") or {}
        self.headers = web.with_defaults(
            headers,
            {"user-agent": f"Amazon|StepFunctions|HttpInvoke|{region}", "range": "bytes=0-262144"},
        )

    def connect(self, invocation: dict[str, Any]) -> None:
        """Add what a connection demands of every request; it wins over what the task says."""
        for item in invocation.get("HeaderParameters") or ():
            self.headers[item["Key"].lower()] = item.get("Value", "")
        extra = [(item["Key"], item.get("Value", "")) for item in invocation.get("QueryStringParameters") or ()]
        names = {name for name, _ in extra}
        self.query = [pair for pair in self.query if pair[0] not in names] + extra
        body = {item["Key"]: item.get("Value", "") for item in invocation.get("BodyParameters") or ()}
        if body and isinstance(self.body or {}, dict):
            self.body = {**(self.body or {}), **body}

    def target(self) -> str:
        """The URL with all parameters."""
        return _with_query(self.url, self.query)

    def shown(self) -> dict[str, str]:
        """As TestState shows it at TRACE."""
        body = self.content().decode()
        url = self.target()
        shown = {"protocol": urlsplit(url).scheme, "method": self.method, "url": url}
        return {**shown, "headers": web.listed(self.headers), **({"body": body} if body else {})}

    def content(self) -> bytes:
        """The body as it goes out; sets its content type."""
        if self.body is None:
            return b""
        if str(self.transform.get("RequestBodyEncoding", "NONE")).upper() == "URL_ENCODED":
            options = self.transform.get("RequestEncodingOptions") or {}
            self.headers["content-type"] = "application/x-www-form-urlencoded"
            return form(self.body, str(options.get("ArrayFormat", "INDICES")).upper()).encode()
        self.headers.setdefault("content-type", "application/json")
        return web.text_of(self.body).encode()


class HttpTasks:
    """Sends requests for tasks."""

    def __init__(self, services: Services, http: HttpOut) -> None:
        self._services = services
        self._http = http

    async def run(self, work: Work) -> None:
        """One request."""
        work.events.started()
        arguments = work.call.arguments
        if found := problems(arguments):
            work.fail(*refusal_of(work, found))
            return
        try:
            request = _Request(arguments, work.call.region)
            observe = work.call.observe
            if observe is not None and not work.call.reveal_secrets:
                # Before the connection adds its own: what it adds is secret.
                observe("request", request.shown())
            await self._authorize(work, request, arguments)
            if observe is not None and work.call.reveal_secrets:
                observe("request", request.shown())
            answer = await self._http.request(
                request.method,
                request.target(),
                body=request.content(),
                headers=request.headers,
                timeout_s=web.TIMEOUT_S,
                answer_max=web.ANSWER_MAX,
            )
        except _NotAuthorized as refused:
            work.fail("Events.ConnectionResource.InvalidConnectionState", str(refused))
            return
        except HttpFailure as failure:
            work.fail(HTTP_SOCKET, failure.text)
            return
        if observe is not None:
            observe("response", web.inspected(answer, request.target()))
        if unreadable := _unreadable(answer):
            work.fail(RUNTIME, unreadable)
        elif answer.status < 300:
            work.succeed(web.shown(answer))
        else:
            work.fail(f"States.Http.StatusCode.{answer.status}", web.text_of(web.body_of(answer)))

    async def _authorize(self, work: Work, request: _Request, arguments: dict[str, Any]) -> None:
        """Add what the connection knows."""
        connection = connection_of(arguments)
        if connection is None:
            raise LookupError("ConnectionArn")
        name = connection.resource.split("/")[1] if "/" in connection.resource else connection.resource
        try:
            known = await self._services.ask(
                "events", "DescribeConnection", {"Name": name}, account=connection.account, region=connection.region
            )
        except ServiceError as error:
            raise _NotAuthorized(error.message) from error
        parameters = await self._with_secrets(known, connection)
        request.connect(parameters.get("InvocationHttpParameters") or {})
        kind = known.get("AuthorizationType", "")
        if kind == "BASIC":
            basic = parameters.get("BasicAuthParameters") or {}
            pair = f"{basic.get('Username', '')}:{basic.get('Password', '')}"
            request.headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif kind == "API_KEY":
            key = parameters.get("ApiKeyAuthParameters") or {}
            request.headers[str(key.get("ApiKeyName", "")).lower()] = str(key.get("ApiKeyValue", ""))
        elif kind == "OAUTH_CLIENT_CREDENTIALS":
            request.headers["authorization"] = await self._token(parameters.get("OAuthParameters") or {})

    async def _with_secrets(self, known: dict[str, Any], connection: arn.Arn) -> dict[str, Any]:
        """The authorization parameters. What DescribeConnection hides is in the connection's secret."""
        parameters: dict[str, Any] = known.get("AuthParameters") or {}
        if not known.get("SecretArn"):
            return parameters
        try:
            secret = await self._services.ask(
                "secretsmanager",
                "GetSecretValue",
                {"SecretId": known["SecretArn"]},
                account=connection.account,
                region=connection.region,
            )
            found = orjson.loads(secret.get("SecretString") or "{}")
        except (ServiceError, orjson.JSONDecodeError):
            return parameters
        return (
            _revealed(parameters, found, known.get("AuthorizationType", "")) if isinstance(found, dict) else parameters
        )

    async def _token(self, oauth: dict[str, Any]) -> str:
        """`Bearer ...` of the authorization server. Raises _NotAuthorized."""
        client = oauth.get("ClientParameters") or {}
        extra = oauth.get("OAuthHttpParameters") or {}
        fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client.get("ClientID", "")),
            ("client_secret", client.get("ClientSecret", "")),
            *((item["Key"], item.get("Value", "")) for item in extra.get("BodyParameters") or ()),
        ]
        headers = {item["Key"].lower(): item.get("Value", "") for item in extra.get("HeaderParameters") or ()}
        query = [(item["Key"], item.get("Value", "")) for item in extra.get("QueryStringParameters") or ()]
        try:
            answer = await self._http.request(
                str(oauth.get("HttpMethod") or "POST"),
                _with_query(str(oauth.get("AuthorizationEndpoint") or ""), query),
                headers={**headers, "content-type": "application/x-www-form-urlencoded"},
                body=urlencode(fields).encode(),
                timeout_s=web.TIMEOUT_S,
            )
        except HttpFailure as failure:
            raise _NotAuthorized(f"The authorization server gave no answer: {failure.text}") from failure
        said = web.body_of(answer)
        if answer.status >= 300 or not isinstance(said, dict) or "access_token" not in said:
            raise _NotAuthorized(f"The authorization server answered {answer.status} and no access token.")
        return f"Bearer {said['access_token']}"


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(pairs)) if part)
    return urlunsplit(parts._replace(query=query))


def _unreadable(answer: HttpAnswer) -> str:
    """Why an HTTP task can't give this answer's body; empty when it can."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith(_BINARY):
        return f"The response's content type {kind} is not supported."
    try:
        answer.body.decode()
    except UnicodeDecodeError:
        return "The response can't be read as text."
    return ""


_OF_KIND: Final = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}


def _revealed(parameters: dict[str, Any], secret: dict[str, Any], kind: str) -> dict[str, Any]:
    """What DescribeConnection shows, with what the connection's secret has in its place.

    The secret's names are snake case, and the members of its kind of authorization stand at its top.
    """
    found = _camel(secret)
    shared = found.pop("InvocationHttpParameters", None)
    revealed = dict(parameters)
    if shared:
        revealed["InvocationHttpParameters"] = shared
    name = _OF_KIND.get(kind)
    if name is not None:
        revealed[name] = {**(parameters.get(name) or {}), **found.get(name, found)}
    return revealed


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel_name(name): _camel(item) for name, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _camel_name(name: str) -> str:
    if name == "client_id":
        return "ClientID"
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def form(body: Any, array_format: str) -> str:
    """URL-encoded form data; arrays in one of AWS's five ways.

    `INDICES` a[0]=x&a[1]=y, `REPEAT` a=x&a=y, `COMMAS` a=x,y, `BRACKETS` a[]=x&a[]=y, `NONE` as INDICES.
    """
    pairs: list[tuple[str, str]] = []

    def walk(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f"{name}[{key}]" if name else str(key), item)
        elif isinstance(value, list):
            if array_format == "COMMAS":
                pairs.append((name, ",".join(web.text_of(item) for item in value)))
                return
            for index, item in enumerate(value):
                suffix = {"REPEAT": "", "BRACKETS": "[]"}.get(array_format, f"[{index}]")
                walk(name + suffix, item)
        else:
            pairs.append((name, web.text_of(value)))

    walk("", body if isinstance(body, dict) else {"": body})
    return urlencode(pairs)
