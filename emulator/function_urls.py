"""Function URLs: HTTP in, an event in payload format 2.0 to the function, and its answer as HTTP out.

By host, `<id>.lambda-url.<region>.<whatever the machine is called>`, as on AWS; and by path,
`/_aws/lambda-url/<id>/...`, for where such a name does not resolve.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote

import orjson

from emulator import function_url_replies as replies
from emulator.wire import hosts
from services.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from emulator.wire.exchange import Exchange, Reply
    from services.lambda_.data_plane import DataPlane
    from services.lambda_.urls import FunctionUrlConfig
    from services.ports import Clock, Entropy

PATH = b"/_aws/lambda-url/"
_TEXT = ("text/", "application/json", "application/xml", "application/javascript", "+json", "+xml")
"""What AWS hands on as text; everything else is base64 in the event."""


class Urls(Protocol):
    """What is asked of the control plane (`services.lambda_.urls.FunctionUrls`)."""

    def find(self, url_id: str, region: str = "") -> FunctionUrlConfig | None:
        """The config of a URL."""


class Address(NamedTuple):
    """What a request says of its URL."""

    url_id: str
    region: str
    """Empty if the path names the URL."""
    path: str
    """As sent, without what names the URL."""


def address(exchange: Exchange) -> Address | None:
    """The function URL that a request is for; None when it is for none."""
    if exchange.path.startswith(PATH):
        url_id, _, path = exchange.path[len(PATH) :].decode("latin-1").partition("/")
        return Address(url_id.lower(), "", _path(path)) if url_id else None
    host = exchange.headers.get(b"host", b"")
    if b".lambda-url." not in host:
        return None
    labels = host.decode("latin-1").lower().partition(":")[0].split(".")
    if len(labels) < 3 or labels[1] != "lambda-url" or not hosts.looks_like_region(labels[2]):
        return None
    return Address(labels[0], labels[2], _path(exchange.path.decode("latin-1")))


def _path(path: str) -> str:
    """AWS was seen to make one slash of those that a path begins with."""
    return "/" + path.lstrip("/")


class FunctionUrls:
    """Answers requests to function URLs."""

    def __init__(self, urls: Urls, plane: DataPlane, clock: Clock, entropy: Entropy) -> None:
        self._urls = urls
        self._plane = plane
        self._clock = clock
        self._entropy = entropy

    def answer(self, exchange: Exchange) -> Reply | Awaitable[Reply] | None:
        """The answer, or None when the request is not for a function URL."""
        found = address(exchange)
        if found is None:
            return None
        config = self._urls.find(found.url_id, found.region) or self._urls.find(found.url_id)
        request_id = self._entropy.uuid()
        if config is None:
            return replies.no_such_url(request_id)
        allowed = replies.cors(config.cors, exchange)
        if config.cors is not None and replies.is_preflight(exchange):
            return replies.preflight(request_id, allowed)
        if config.auth_type == "AWS_IAM" and not _signed(exchange):
            return replies.forbidden(request_id, allowed)
        event = orjson.dumps(self._event(exchange, found, config, request_id))
        return self._invoke(config, event, request_id, exchange, allowed)

    async def _invoke(
        self, config: FunctionUrlConfig, event: bytes, request_id: str, exchange: Exchange, allowed: str
    ) -> Reply:
        target = config.function.arn(config.qualifier)
        trace = exchange.headers.get(b"x-amzn-trace-id", b"").decode("latin-1")
        try:
            if config.streams:
                stream = await self._plane.open_stream(target, event, trace, request_id=request_id)
                return await replies.streamed(stream, request_id, allowed)
            outcome = await self._plane.start(target, event, trace, request_id=request_id)
        except ServiceError as error:
            return replies.refused(error, request_id, allowed)
        return replies.buffered(outcome, request_id, allowed)

    def _event(self, exchange: Exchange, found: Address, config: FunctionUrlConfig, request_id: str) -> dict[str, Any]:
        now = self._clock.now()
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in exchange.headers.items()}
        cookies = headers.pop("cookie", "")
        headers.pop("connection", None)
        domain = headers.get("host", "")
        source_ip = headers.get("x-forwarded-for", "127.0.0.1").partition(",")[0].strip()
        headers.setdefault("x-amzn-trace-id", f"Root=1-{int(now) & 0xFFFFFFFF:08x}-{self._entropy.bits(96):024x}")
        headers.setdefault("x-forwarded-for", source_ip)
        headers.setdefault("x-forwarded-port", domain.rpartition(":")[2] if domain[-1:].isdigit() else "80")
        headers.setdefault("x-forwarded-proto", "http")
        # Nobody speaks TLS here; functions that read these expect them to be there.
        headers.setdefault("x-amzn-tls-version", "TLSv1.3")
        headers.setdefault("x-amzn-tls-cipher-suite", "TLS_AES_128_GCM_SHA256")
        query = exchange.query.decode("latin-1")
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": found.path,
            "rawQueryString": query,
        }
        if cookies:
            event["cookies"] = [cookie.strip() for cookie in cookies.split(";") if cookie.strip()]
        event["headers"] = headers
        if query:
            values: dict[str, list[str]] = {}
            for name, value in parse_qsl(query, keep_blank_values=True):
                values.setdefault(name, []).append(value)
            event["queryStringParameters"] = {name: ",".join(texts) for name, texts in values.items()}
        event["requestContext"] = {
            "accountId": "anonymous" if config.auth_type == "NONE" else config.function.account,
            "apiId": config.url_id,
            "domainName": domain,
            "domainPrefix": config.url_id,
            "http": {
                "method": exchange.method.decode("latin-1"),
                "path": unquote(found.path),
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        }
        if exchange.body:
            event["body"], event["isBase64Encoded"] = _body(exchange.body, headers.get("content-type", ""))
        else:
            event["isBase64Encoded"] = False
        return event


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith(_TEXT[:4]) or kind.endswith(_TEXT[4:]):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return b64encode(body).decode(), True


def _signed(exchange: Exchange) -> bool:
    """Whether somebody signed it; who did is not looked at."""
    return exchange.headers.get(b"authorization", b"").startswith(b"AWS4-") or b"X-Amz-Signature=" in exchange.query
