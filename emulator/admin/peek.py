"""Looks into queues without receiving: /_aws/sqs/messages, an address that several local tools know.

GET or POST, `?QueueUrl=...` or `/_aws/sqs/messages/<region>/<account>/<queue>`, with `ShowInvisible` and `ShowDelayed`.
The answer is a ReceiveMessage response: XML, with `Accept: application/json` the same tree as JSON, or AWS JSON for an
SDK whose endpoint is set to this address. Nothing changes in the queue.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote

import orjson

from emulator.wire import model, sqs_query
from emulator.wire.compile import CODECS
from emulator.wire.credentials import Credentials
from emulator.wire.errors import fault
from emulator.wire.exchange import Reply
from emulator.wire.json import encode_bytes
from services.errors import ServiceError
from services.scope import Scope
from services.sqs.errors import QueueDoesNotExist

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.wire.errors import Fail
    from emulator.wire.exchange import Exchange

_PATH = b"/_aws/sqs/messages"
_REQUEST_ID = "00000000-0000-0000-0000-000000000000"
"""Looking in is no request of AWS's; SDKs want to see an id all the same."""
_DEFAULT = Scope("000000000000", "us-east-1")


class Queues(Protocol):
    """What is asked of SQS."""

    def peek(
        self, scope: Scope, queue_name: str, *, show_invisible: bool = ..., show_delayed: bool = ...
    ) -> list[dict[str, Any]]:
        """The messages."""

    def locate(self, scope: Scope, queue_url: str) -> tuple[Scope, str]:
        """Scope and name of the queue of a URL."""


class InvalidRequest(ServiceError):
    """Another operation was asked at this address."""

    code = "InvalidRequest"


class _Form(NamedTuple):
    """One of the three forms of the answer."""

    serialize: Callable[[dict[str, Any], str], Reply]
    fail: Fail


@cache
def _forms() -> dict[str, _Form]:
    """The compiled codecs of ReceiveMessage: `aws-json`, `xml`, and `json`, which is XML's tree."""
    described = model.load("sqs")
    flat = sqs_query.model_of(described)
    made = {
        name: _Form(
            CODECS[protocol].serializer(spoken, spoken.operations["ReceiveMessage"]), CODECS[protocol].fail(spoken)
        )
        for name, protocol, spoken in (("aws-json", "json", described), ("xml", "sqs-query", flat))
    }
    return {**made, "json": _Form(_tree, _refusal)}


def answer(queues: Queues, exchange: Exchange, default: Scope = _DEFAULT) -> Reply:
    """The messages of one queue. `default` is the scope of requests that don't say theirs."""
    below = exchange.path.removeprefix(_PATH)
    parts = [unquote(part.decode("latin-1")) for part in below.split(b"/") if part]
    if not exchange.path.startswith(_PATH) or len(parts) not in {0, 3} or (below and not below.startswith(b"/")):
        return _page(404, f"there is nothing at {exchange.path.decode('latin-1')}")
    if exchange.method not in {b"GET", b"HEAD", b"POST"}:
        return _page(405, "messages are looked at with GET or POST")
    headers = exchange.headers
    if headers.get(b"content-type", b"").startswith(b"application/x-amz-json"):
        form = _forms()["aws-json"]
    else:
        form = _forms()["json" if b"application/json" in headers.get(b"accept", b"") else "xml"]
    try:
        messages = _messages(queues, exchange, parts, default)
        return form.serialize({"Messages": messages}, _REQUEST_ID)
    except ServiceError as error:
        return form.fail(error, _REQUEST_ID)


def _messages(queues: Queues, exchange: Exchange, parts: list[str], default: Scope) -> list[dict[str, Any]]:
    given = _given(exchange)
    operation = exchange.headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1") or given.get("Action")
    if operation not in {None, "ReceiveMessage"}:
        raise InvalidRequest("Only ReceiveMessage can be asked at this address.")
    if parts:
        region, account, name = parts
        scope = Scope(account, region)
    else:
        url = given.get("QueueUrl") or ""
        if not url:
            raise QueueDoesNotExist
        scope, name = queues.locate(Credentials(*default).caller(exchange).scope, url)
    return queues.peek(
        scope, name, show_invisible=_yes(given.get("ShowInvisible")), show_delayed=_yes(given.get("ShowDelayed"))
    )


def _given(exchange: Exchange) -> dict[str, str]:
    """Parameters from the query and from a body that is a form or JSON."""
    found = dict(parse_qsl(exchange.query.decode("latin-1"), keep_blank_values=True))
    content_type = exchange.headers.get(b"content-type", b"")
    if b"json" in content_type and exchange.body:
        try:
            body = orjson.loads(exchange.body)
        except orjson.JSONDecodeError:
            raise InvalidRequest("The body is not JSON, as its header says.") from None
        if isinstance(body, dict):
            found |= {name: str(value) for name, value in body.items()}
    elif content_type.startswith(b"application/x-www-form-urlencoded"):
        found |= dict(parse_qsl(exchange.body.decode("latin-1"), keep_blank_values=True))
    return found


def _yes(text: str | None) -> bool:
    return text is not None and text.lower() in {"true", "1", "yes"}


def _page(status: int, text: str) -> Reply:
    return Reply(status, b"content-type: application/json\r\n", orjson.dumps({"error": text}))


# -- XML's tree as JSON: an element that comes once is an object, one that repeats is a list of them.


def _tree(result: dict[str, Any], request_id: str) -> Reply:
    said = {"Message": _elements([_message(message) for message in result["Messages"]])} if result["Messages"] else None
    return _json(200, "ReceiveMessageResponse", {"ReceiveMessageResult": said}, request_id)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """One message with the names that XML has: maps are entries of Name and Value."""
    tree = {name: value for name, value in message.items() if name not in {"Attributes", "MessageAttributes"}}
    for member, element in (("Attributes", "Attribute"), ("MessageAttributes", "MessageAttribute")):
        entries = [{"Name": name, "Value": value} for name, value in (message.get(member) or {}).items()]
        if entries:
            tree[element] = _elements(entries)
    return tree


def _elements(entries: list[dict[str, Any]]) -> Any:
    return entries if len(entries) > 1 else entries[0]


def _refusal(error: ServiceError, request_id: str) -> Reply:
    said = {"Error": {"Type": fault(error), "Code": error.code, "Message": error.message}}
    return _json(error.status, "ErrorResponse", said, request_id)


def _json(status: int, root: str, said: dict[str, Any], request_id: str) -> Reply:
    head = f"content-type: application/json\r\nx-amzn-requestid: {request_id}\r\n".encode()
    wrapped = {root: {**said, "ResponseMetadata": {"RequestId": request_id}}}
    return Reply(status, head, orjson.dumps(wrapped, default=encode_bytes))
