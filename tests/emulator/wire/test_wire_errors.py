"""Refusals as each protocol gives them, and the wire's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.wire import errors, model, sqs_query
from emulator.wire.compile import CHECKS, CODECS
from emulator.wire.exchange import Exchange
from services.errors import InternalFailure, ServiceError
from tests.emulator.wire.wire_samples import headers_of, service_model, understand_all

SQS = model.load("sqs")
QUERY = sqs_query.model_of(SQS)


class QueueDoesNotExist(ServiceError):
    code = "AWS.SimpleQueueService.NonExistentQueue"
    json_type = "com.amazonaws.sqs#QueueDoesNotExist"


class OverLimit(ServiceError):
    code = "OverLimit"
    json_type = "com.amazonaws.sqs#OverLimit"
    status = 403


def parse(operation: str, body: Any, protocol: str = "json", **more: Any) -> dict[str, Any]:
    described = SQS if protocol == "json" else QUERY
    codec = CODECS["json" if protocol == "json" else "sqs-query"]
    compiled = described.operations[operation]
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return codec.parser(compiled, CHECKS["sqs"](compiled))(
        Exchange(b"POST", more.get("path", b"/"), more.get("query", b""), {b"host": b"localhost:4566"}, raw)
    )


def test_json() -> None:
    reply = errors.json_fail(SQS)(QueueDoesNotExist("The specified queue does not exist."), "the-id")
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }
    assert headers_of(reply) == {
        "x-amzn-requestid": "the-id",
        "content-type": "application/x-amz-json-1.0",
        "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender",
    }
    error = understand_all(service_model("sqs").operation_model("SendMessage"), reply)["Error"]
    assert error == {
        "Message": "The specified queue does not exist.",
        "Code": "AWS.SimpleQueueService.NonExistentQueue",
        "QueryErrorCode": "QueueDoesNotExist",
        "Type": "Sender",
    }


def test_only_services_that_once_spoke_query_name_the_query_code() -> None:
    reply = errors.json_fail(model.load("stepfunctions"))(ServiceError("no"), "the-id")
    assert "x-amzn-query-error" not in headers_of(reply)


def test_query() -> None:
    reply = errors.query_fail(QUERY)(QueueDoesNotExist("The specified queue does not exist."), "the-id")
    assert reply.body.decode() == (
        '<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error>'
        "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>"
        "<Message>The specified queue does not exist for this wsdl version.</Message><Detail/></Error>"
        "<RequestId>the-id</RequestId></ErrorResponse>"
    )
    assert headers_of(reply) == {"x-amzn-requestid": "the-id", "content-type": "text/xml"}
    assert errors.query_fail(QUERY)(OverLimit("much"), "the-id").status == 403


def test_markup_in_a_message_is_escaped() -> None:
    reply = errors.query_fail(QUERY)(ServiceError('<a href="x">&\x00'), "the-id")
    assert b"<Message>&lt;a href=&quot;x&quot;&gt;&amp;\xef\xbf\xbd</Message>" in reply.body


def test_rest_json() -> None:
    class ResourceNotFound(ServiceError):
        code = "ResourceNotFoundException"
        status = 404

    reply = errors.rest_json_fail(model.load("lambda"))(ResourceNotFound("Function not found", Type="User"), "the-id")
    assert (reply.status, json.loads(reply.body)) == (404, {"Message": "Function not found", "Type": "User"})
    assert headers_of(reply)["x-amzn-errortype"] == "ResourceNotFoundException"


@pytest.mark.parametrize("protocol", ["json_fail", "query_fail", "query_json_fail", "rest_json_fail", "cbor_fail"])
def test_ours_are_the_receivers(protocol: str) -> None:
    reply = getattr(errors, protocol)(SQS)(InternalFailure("It broke."), "the-id")
    assert reply.status == 500
    assert b"InternalFailure" in reply.head + reply.body
    assert b"Sender" not in reply.body + reply.head


def test_cbor_is_readable() -> None:
    import botocore.parsers
    from botocore.awsrequest import HeadersDict

    reply = errors.cbor_fail(SQS)(QueueDoesNotExist("gone"), "the-id")
    response = {"status_code": reply.status, "headers": HeadersDict(headers_of(reply)), "body": reply.body}
    parsed = botocore.parsers.create_parser("smithy-rpc-v2-cbor").parse(response, None)
    assert parsed["Error"]["Message"] == "gone"


@pytest.mark.parametrize(
    ("content_type", "start"), [(b"application/x-amz-json-1.1", b'{"__type":"'), (b"text/plain", b"<?xml")]
)
def test_before_any_route(content_type: bytes, start: bytes) -> None:
    exchange = Exchange(b"POST", b"/", b"", {b"content-type": content_type}, b"")
    large = errors.unreadable(exchange, 413, "Too long.", "the-id")
    assert large.status == 413
    assert large.body.startswith(start)
    assert b"RequestEntityTooLarge" in large.body
    assert errors.unrouted(exchange, InternalFailure("It broke."), "the-id").status == 500
    assert errors.unreadable(None, 400, "No HTTP.", "the-id").status == 400


INTEGER = "STRING_VALUE can not be converted to an Integer"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b"{", ""),
        (b"null", ""),
        (b'"x"', ""),
        (b"1", ""),
        (b'{"QueueUrl":"x",}', ""),
        (b'{"QueueUrl":"\xff"}', ""),
        (b"[]", "Start of list found where not expected"),
        ({"QueueUrl": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"QueueUrl": 1.5}, "NUMBER_VALUE can not be converted to a String"),
        ({"QueueUrl": True}, "TRUE_VALUE can not be converted to a String"),
        ({"QueueUrl": False}, "FALSE_VALUE can not be converted to a String"),
        ({"QueueUrl": ["a"]}, "Start of list found where not expected"),
        ({"QueueUrl": {"a": 1}}, "Start of structure or map found where not expected."),
        ({"DelaySeconds": "1"}, INTEGER),
        ({"DelaySeconds": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"DelaySeconds": [1]}, "Start of list found where not expected"),
        ({"DelaySeconds": {}}, "Start of structure or map found where not expected."),
        ({"MessageAttributes": "x"}, "Expected null"),
        ({"MessageAttributes": []}, "Start of list found where not expected"),
        ({"MessageAttributes": {"a": "x"}}, "Expected null"),
        ({"MessageAttributes": {"a": {"StringListValues": "x"}}}, "Expected list or null"),
        ({"MessageAttributes": {"a": {"StringListValues": [1]}}}, "NUMBER_VALUE can not be converted to a String"),
        ({"MessageAttributes": {"a": {"StringListValues": {}}}}, "Start of structure or map found where not expected."),
        ({"MessageAttributes": {"a": {"BinaryValue": "?"}}}, "STRING_VALUE can not be converted to a Blob"),
    ],
)
def test_what_json_cannot_be(body: Any, message: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse("SendMessage", body)
    assert (refused.value.code, refused.value.message) == ("SerializationException", message)
    said = json.loads(errors.json_fail(SQS)(refused.value, "id").body)
    assert said == {"__type": "com.amazon.coral.service#SerializationException"} | (
        {"Message": message} if message else {}
    )


def test_json_is_forgiving_where_aws_is() -> None:
    body = {"QueueUrl": "q", "MessageBody": "m", "DelaySeconds": 1.9, "MessageGroupId": None, "Unknown": {"a": [1]}}
    assert parse("SendMessage", body) == {"QueueUrl": "q", "MessageBody": "m", "DelaySeconds": 1}
    body = {"QueueUrl": "q", "TagKeys": ["a", None]}
    assert parse("UntagQueue", body) == {"QueueUrl": "q", "TagKeys": ["a"]}


@pytest.mark.parametrize(
    ("operation", "form", "code", "message"),
    [
        ("SendMessage", b"QueueUrl=q&MessageBody=m&DelaySeconds=x", "MalformedInput", INTEGER),
        ("SendMessage", b"QueueUrl=q&MessageBody=m&DelaySeconds=", "MalformedInput", INTEGER),
        ("SendMessage", b"QueueUrl=q&MessageBody=m&DelaySeconds=1_0", "MalformedInput", INTEGER),
        ("SendMessage", b"QueueUrl=q&MessageBody.1=m", "MalformedInput", "Start of list found where not expected"),
        ("SendMessage", b"QueueUrl=q&MessageBody.a=m", "MalformedInput",
         "Start of structure or map found where not expected."),
        ("SendMessage", b"QueueUrl=q&MessageBody=%ff", "MalformedQueryString",
         "The query string contains a syntax error."),
        ("SetQueueAttributes", b"QueueUrl=q&Attribute.1.Value=x", "MissingParameter",
         "The request must contain the parameter Attribute.Name."),
        ("SetQueueAttributes", b"QueueUrl=q&Attribute.1.Name=x", "MissingParameter",
         "The request must contain the parameter Attribute.Value."),
    ],
)  # fmt: skip
def test_what_a_form_cannot_be(operation: str, form: bytes, code: str, message: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse(operation, form, "query")
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize(
    ("operation", "body", "form", "parameter"),
    [
        ("SendMessage", {}, b"Action=SendMessage", "QueueUrl"),
        ("SendMessage", {"QueueUrl": None}, b"Action=SendMessage", "QueueUrl"),
        ("SendMessage", {"QueueUrl": "q"}, b"QueueUrl=q", "MessageBody"),
        ("CreateQueue", {}, b"Action=CreateQueue", "QueueName"),
        ("SetQueueAttributes", {"QueueUrl": "q"}, b"QueueUrl=q", "Attribute.Name"),
        ("ChangeMessageVisibility", {"QueueUrl": "q", "ReceiptHandle": "r"}, b"QueueUrl=q&ReceiptHandle=r",
         "VisibilityTimeout"),
        ("DeleteMessageBatch", {"QueueUrl": "q", "Entries": [{"Id": "a"}, {"ReceiptHandle": "r"}]},
         b"QueueUrl=q&DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.2.ReceiptHandle=r",
         "DeleteMessageBatchRequestEntry.2.Id"),
    ],
)  # fmt: skip
def test_missing_parameters(operation: str, body: Any, form: bytes, parameter: str) -> None:
    for protocol, given in (("json", body), ("query", form)):
        with pytest.raises(ServiceError) as refused:
            parse(operation, given, protocol)
        assert refused.value.code == "MissingParameter"
        assert refused.value.json_type == "com.amazon.coral.service#MissingRequiredParameterException"
        assert refused.value.message == f"The request must contain the parameter {parameter}."


def test_no_entries_is_for_the_operation_to_refuse() -> None:
    assert parse("SendMessageBatch", {"QueueUrl": "q"}) == {"QueueUrl": "q", "Entries": []}
    assert parse("SendMessageBatch", b"QueueUrl=q", "query") == {"QueueUrl": "q", "Entries": []}
