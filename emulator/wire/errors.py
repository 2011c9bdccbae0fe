"""Refusals as bytes: the one place where a ServiceError becomes a Reply.

What each protocol puts where is at https://smithy.io/2.0/aws/protocols/ .
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from emulator.wire.exchange import Reply
from emulator.wire.json import JsonWriters, encode_bytes
from emulator.wire.refusals import SerializationError, UnknownOperation
from emulator.wire.xml import XmlWriters, escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.wire.exchange import Exchange
    from emulator.wire.model import ServiceModel
    from services.errors import ServiceError

    Fail = Callable[[ServiceError, str], Reply]

QUERY_WORDING = {
    # The JSON protocol leaves out the part about the WSDL.
    "The specified queue does not exist.": "The specified queue does not exist for this wsdl version.",
}
"""Messages that AWS words differently in the Query protocol."""


def fault(error: ServiceError) -> str:
    """Whose fault it is, as AWS says."""
    return "Receiver" if error.status >= 500 else "Sender"


class _Bodies:
    """Error bodies in JSON, by the model's error shapes."""

    def __init__(self, model: ServiceModel) -> None:
        self._shapes = model.errors
        self._spelled = {
            name: next((member for member in shape.members if member.lower() == "message"), "message")
            for name, shape in model.errors.items()
        }

    def of(self, error: ServiceError, shape_name: str) -> dict[str, Any]:
        """The message and the further members, spelled as the shape has them."""
        body: dict[str, Any] = {}
        if error.message:
            # The framework's own SerializationException is the one that shouts.
            default = "Message" if isinstance(error, SerializationError) else "message"
            body[self._spelled.get(shape_name, default)] = error.message
        if error.members:
            shape = self._shapes.get(shape_name)
            write = None if shape is None else JsonWriters().shape(shape)
            body |= error.members if write is None else write(error.members)
        return {name: value for name, value in body.items() if value is not None}


def json_fail(model: ServiceModel) -> Fail:
    """AWS JSON: the type in the body, and the Query code in a header where the service once spoke Query."""
    content_type = f"content-type: application/x-amz-json-{model.json_version}\r\n"
    bodies = _Bodies(model)
    compatible = model.query_compatible

    def fail(error: ServiceError, request_id: str) -> Reply:
        kind = error.json_type or error.code
        head = f"x-amzn-requestid: {request_id}\r\n{content_type}"
        if compatible:
            head += f"x-amzn-query-error: {error.code};{fault(error)}\r\n"
        body = {"__type": kind} | bodies.of(error, kind.rpartition("#")[2])
        return Reply(error.status, head.encode(), orjson.dumps(body, default=encode_bytes))

    return fail


def query_fail(model: ServiceModel | None) -> Fail:
    """Query: an XML document, without a namespace for what is no service's.

    UnknownOperation stands alone in it: the framework answers before the protocol.
    """
    namespace = f' xmlns="{model.xml_namespace}"' if model is not None and model.xml_namespace else ""
    shapes = {} if model is None else {shape.error_code or name: shape for name, shape in model.errors.items()}
    # SNS has no such element; SQS has it, empty.
    no_details = "" if model is not None and model.name == "sns" else "<Detail/>"

    def fail(error: ServiceError, request_id: str) -> Reply:
        head = f"x-amzn-requestid: {request_id}\r\ncontent-type: text/xml\r\n".encode()
        if isinstance(error, UnknownOperation):
            return Reply(404, head, b"<UnknownOperationException/>\n")
        message = QUERY_WORDING.get(error.message, error.message)
        details: list[str] = []
        shape = shapes.get(error.code) if error.members else None
        if shape is not None:
            XmlWriters().content(shape)(details, error.members)
        text = (
            f'<?xml version="1.0"?><ErrorResponse{namespace}><Error><Type>{fault(error)}</Type>'
            f"<Code>{escape(error.code)}</Code><Message>{escape(message)}</Message>"
            f"{''.join(details) or no_details}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Reply(error.status, head, text.encode())

    return fail


def query_json_fail(model: ServiceModel) -> Fail:
    """Query asked with `Accept: application/json`. What cannot be routed is answered in XML all the same."""
    in_xml = query_fail(model)

    def fail(error: ServiceError, request_id: str) -> Reply:
        if isinstance(error, UnknownOperation):
            return in_xml(error, request_id)
        head = f"x-amzn-requestid: {request_id}\r\ncontent-type: application/json\r\n".encode()
        message = QUERY_WORDING.get(error.message, error.message)
        said = {"Code": error.code, "Detail": None, "Message": message, "Type": fault(error)}
        return Reply(error.status, head, orjson.dumps({"Error": said, "RequestId": request_id}))

    return fail


def rest_json_fail(model: ServiceModel) -> Fail:
    """rest-json: the type in a header, the error's members in the body or in headers as the model says."""
    bodies = _Bodies(model)
    in_headers = {
        name: [(member.name, member.wire or member.name) for member in shape.members.values() if member.location]
        for name, shape in model.errors.items()
    }

    def fail(error: ServiceError, request_id: str) -> Reply:
        kind = (error.json_type or error.code).rpartition("#")[2]
        head = f"x-amzn-requestid: {request_id}\r\nx-amzn-errortype: {kind}\r\n"
        if isinstance(error, UnknownOperation):
            return Reply(404, head.encode(), b"<UnknownOperationException/>\n")
        for member, header in in_headers.get(kind, ()):
            value = error.members.get(member)
            if value is not None and "\r" not in str(value) and "\n" not in str(value):
                head += f"{header}: {value}\r\n"
        head += "content-type: application/json\r\n"
        return Reply(error.status, head.encode(), orjson.dumps(bodies.of(error, kind), default=encode_bytes))

    return fail


def cbor_fail(model: ServiceModel) -> Fail:
    """smithy-rpc-v2-cbor: only refusals are said in it, and those need no more than a map of two short texts."""

    def fail(error: ServiceError, request_id: str) -> Reply:
        head = f"x-amzn-requestid: {request_id}\r\nsmithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n"
        if model.query_compatible:
            head += f"x-amzn-query-error: {error.code};{fault(error)}\r\n"
        texts = ("__type", error.json_type or error.code, "message", error.message)
        return Reply(error.status, head.encode(), b"\xa2" + b"".join(map(_cbor_text, texts)))

    return fail


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    # Major type 3 with a two-byte length; a refusal is never longer.
    return b"\x79" + min(len(data), 0xFFFF).to_bytes(2, "big") + data[:0xFFFF]


UNREADABLE = {
    400: "BadRequest",
    408: "RequestTimeout",
    413: "RequestEntityTooLarge",
    414: "RequestURITooLong",
    431: "RequestHeaderFieldsTooLarge",
}
"""Codes of what never became a request."""


def unreadable(exchange: Exchange | None, status: int, text: str, request_id: str) -> Reply:
    """The answer to what is not HTTP, or too large to be read (then `exchange` is what of it is known)."""
    return _unrouted(exchange, UNREADABLE.get(status, "BadRequest"), "Sender", status, text, request_id)


def unrouted(exchange: Exchange, error: ServiceError, request_id: str) -> Reply:
    """A refusal, or a bug of ours, before any route was found."""
    return _unrouted(exchange, error.code, fault(error), error.status, error.message, request_id)


def _unrouted(exchange: Exchange | None, code: str, whose: str, status: int, text: str, request_id: str) -> Reply:
    # The header is where rest-json clients look for the code.
    head = f"x-amzn-requestid: {request_id}\r\nx-amzn-errortype: {code}\r\n"
    headers = {} if exchange is None else exchange.headers
    content_type = headers.get(b"content-type", b"")
    if b"x-amz-target" in headers or content_type.startswith((b"application/x-amz-json", b"application/json")):
        version = "1.1" if content_type.startswith(b"application/x-amz-json-1.1") else "1.0"
        head += f"content-type: application/x-amz-json-{version}\r\nx-amzn-query-error: {code};{whose}\r\n"
        return Reply(status, head.encode(), orjson.dumps({"__type": code, "message": text}))
    body = (
        f'<?xml version="1.0"?><ErrorResponse><Error><Type>{whose}</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(text)}</Message><Detail/></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Reply(status, f"{head}content-type: text/xml\r\n".encode(), body.encode())
