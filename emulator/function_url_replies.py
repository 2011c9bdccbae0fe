"""What a function URL answers: a function's result as HTTP, buffered or streamed, and the refusals.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import orjson

from emulator.wire.exchange import CutShort, Reply
from services.lambda_.streaming import HTTP_INTEGRATION

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from emulator.wire.exchange import Exchange
    from services.errors import ServiceError
    from services.lambda_.invocation import Outcome
    from services.lambda_.streaming import ResponseStream

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_OURS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "x-amzn-requestid"}
)
"""Headers that a function can't set."""
_SEPARATOR = bytes(8)
"""Stands between the JSON at the beginning of an HTTP integration's stream and its body."""
_PRELUDE_MAX = 256 * 1024
_CLEAN = {10: " ", 13: " ", 0: " "}


# -- refusals


def no_such_url(request_id: str) -> Reply:
    """There is no such URL."""
    return _error(403, "AccessDeniedException", b'{"Message":null}', request_id, "")


def forbidden(request_id: str, allowed: str) -> Reply:
    """The URL asks for a signature."""
    return _error(403, "AccessDeniedException", orjson.dumps({"Message": _FORBIDDEN}), request_id, allowed)


def refused(error: ServiceError, request_id: str, allowed: str) -> Reply:
    """Lambda did not run the function: throttled, mostly."""
    members = {name: value for name, value in error.members.items() if value is not None}
    return _error(error.status, error.code, orjson.dumps({**members, "message": error.message}), request_id, allowed)


def _error(status: int, kind: str, body: bytes, request_id: str, allowed: str) -> Reply:
    head = f"x-amzn-requestid: {request_id}\r\nx-amzn-errortype: {kind}\r\ncontent-type: application/json\r\n{allowed}"
    return Reply(status, head.encode("latin-1", "replace"), body)


def _failed(request_id: str, allowed: str) -> Reply:
    """The function failed, or answered what is no answer."""
    head = f"x-amzn-requestid: {request_id}\r\ncontent-type: application/json\r\n{allowed}"
    return Reply(502, head.encode("latin-1", "replace"), b"Internal Server Error")


# -- CORS: https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html


def is_preflight(exchange: Exchange) -> bool:
    """Whether a browser asks what it may do; the function does not hear of it."""
    return exchange.method == b"OPTIONS" and b"access-control-request-method" in exchange.headers


def cors(config: Mapping[str, Any] | None, exchange: Exchange) -> str:
    """The header lines that allow a browser to read the answer; empty when it may not."""
    origin = exchange.headers.get(b"origin", b"").decode("latin-1")
    if not config or not origin:
        return ""
    origins = config.get("AllowOrigins") or []
    credentials = bool(config.get("AllowCredentials"))
    anybody = "*" in origins
    if not anybody and origin.lower() not in {given.lower() for given in origins}:
        return ""
    lines = [f"access-control-allow-origin: {'*' if anybody and not credentials else origin}"]
    if not anybody or credentials:
        lines.append("vary: Origin")
    if credentials:
        lines.append("access-control-allow-credentials: true")
    if is_preflight(exchange):
        for header, member in (("methods", "AllowMethods"), ("headers", "AllowHeaders")):
            if config.get(member):
                lines.append(f"access-control-allow-{header}: {','.join(config[member])}")
        if config.get("MaxAge") is not None:
            lines.append(f"access-control-max-age: {config['MaxAge']}")
    elif config.get("ExposeHeaders"):
        lines.append(f"access-control-expose-headers: {','.join(config['ExposeHeaders'])}")
    return "".join(f"{line.translate(_CLEAN)}\r\n" for line in lines)


def preflight(request_id: str, allowed: str) -> Reply:
    """The answer to a browser's question."""
    return Reply(200, f"x-amzn-requestid: {request_id}\r\n{allowed}".encode("latin-1", "replace"), b"")


# -- a function's answer


def buffered(outcome: Outcome, request_id: str, allowed: str) -> Reply:
    """The answer of a function that was awaited."""
    if outcome.function_error:
        return _failed(request_id, allowed)
    payload = outcome.payload
    metadata, separator, body = payload.partition(_SEPARATOR)
    if outcome.content_type == HTTP_INTEGRATION and separator:
        # A function that streams, behind a URL that does not.
        given = _json(metadata)
        if not isinstance(given, dict):
            return _failed(request_id, allowed)
        return _shaped({"statusCode": 200} | given, body, request_id, allowed)
    if outcome.content_type:
        return _shaped(
            {"statusCode": 200, "headers": {"content-type": outcome.content_type}}, payload, request_id, allowed
        )
    answer = _json(payload)
    if isinstance(answer, dict) and "statusCode" in answer:
        return _shaped(answer, _body(answer), request_id, allowed)
    # A text stands for itself, everything else for its JSON.
    body = answer.encode() if isinstance(answer, str) else payload if answer is None else orjson.dumps(answer)
    return _shaped({"statusCode": 200}, body, request_id, allowed)


async def streamed(stream: ResponseStream, request_id: str, allowed: str) -> Reply:
    """The answer of a function behind a URL that streams: its head is known, its body comes."""
    outcome = stream.outcome
    if outcome is not None and outcome.function_error:
        return _failed(request_id, allowed)
    parts = stream.chunks()
    if not stream.streams:
        return _head({"statusCode": 200}, request_id, allowed, b"", _rest(stream, parts))
    if stream.content_type != HTTP_INTEGRATION:
        kind = {"content-type": stream.content_type or "application/octet-stream"}
        return _head({"statusCode": 200, "headers": kind}, request_id, allowed, b"", _rest(stream, parts))
    begin = b""
    async for part in parts:
        begin += part
        if _SEPARATOR in begin or len(begin) > _PRELUDE_MAX:
            break
    metadata, separator, body = begin.partition(_SEPARATOR)
    given = _json(metadata) if separator else None
    if not isinstance(given, dict):
        return _failed(request_id, allowed)
    return _head({"statusCode": 200} | given, request_id, allowed, body, _rest(stream, parts))


async def _rest(stream: ResponseStream, parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    async for part in parts:
        yield part
    if stream.outcome is None or stream.outcome.function_error:
        raise CutShort


def _shaped(answer: dict[str, Any], body: bytes, request_id: str, allowed: str) -> Reply:
    return _head(answer, request_id, allowed, body, None)


def _head(
    answer: dict[str, Any], request_id: str, allowed: str, body: bytes, stream: AsyncGenerator[bytes, None] | None
) -> Reply:
    """The reply with the status, the headers and the cookies of an answer."""
    try:
        status = int(answer["statusCode"])
    except (TypeError, ValueError):
        status = 0
    if not 100 <= status <= 999:
        return _failed(request_id, allowed)
    lines = [f"x-amzn-requestid: {request_id}\r\n"]
    given = answer.get("headers")
    headers = {str(name): value for name, value in given.items()} if isinstance(given, dict) else {}
    typed = False
    for name, value in headers.items():
        lower = name.lower()
        typed = typed or lower == "content-type"
        if lower not in _OURS and _is_token(lower) and value is not None:
            lines.append(f"{name}: {_text(value)}\r\n")
    if not typed:
        lines.append("content-type: application/json\r\n")
    cookies = answer.get("cookies")
    if isinstance(cookies, list):
        lines += [f"set-cookie: {_text(cookie)}\r\n" for cookie in cookies]
    lines.append(allowed)
    return Reply(status, "".join(lines).encode("utf-8", "replace"), body, stream)


def _is_token(name: str) -> bool:
    return (
        bool(name) and name.isascii() and name.isprintable() and not any(mark in name for mark in ' :()<>@,;\\"/[]?={}')
    )


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text.translate(_CLEAN)


def _body(answer: dict[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return orjson.dumps(body)
    if answer.get("isBase64Encoded"):
        try:
            return b64decode(body, validate=True)
        except ValueError:
            pass
    return body.encode("utf-8", "surrogatepass")


def _json(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
