"""How SNS says what is missing."""

from __future__ import annotations

import pytest

from emulator.wire import model
from emulator.wire.compile import compile_routes
from emulator.wire.exchange import Exchange
from emulator.wire.sns_texts import json_model_of
from services.errors import ServiceError

MODEL = model.load("sns")
HEADERS = {b"content-type": b"application/x-www-form-urlencoded"}


def refusal(body: str) -> ServiceError:
    routes = compile_routes(MODEL, "query", {})
    operation = body.removeprefix("Action=").partition("&")[0]
    with pytest.raises(ServiceError) as error:
        routes[operation].parse(Exchange(b"POST", b"/", b"", HEADERS, body.encode()))
    return error.value


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (
            "Action=Unsubscribe",
            "InvalidParameter",
            "Invalid parameter: SubscriptionArn Reason: no value for required parameter",
        ),
        (
            "Action=CreatePlatformApplication&Name=a&Platform=GCM",
            "ValidationError",
            (
                "1 validation error detected: Value null at 'attributes' failed to satisfy constraint: Member must "
                "not be null"
            ),
        ),
        (
            "Action=Publish&Message=m&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.StringValue=b",
            "ValidationError",
            (
                "1 validation error detected: Value null at 'messageAttributes.a.member.dataType' failed to satisfy "
                "constraint: Member must not be null"
            ),
        ),
        (
            (
                "Action=PublishBatch&TopicArn=t&PublishBatchRequestEntries.member.1.Id=1"
                "&PublishBatchRequestEntries.member.1.Message=m"
                "&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name=a"
                "&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.StringValue=b"
            ),
            "ValidationError",
            (
                "1 validation error detected: Value null at "
                "'publishBatchRequestEntries.1.member.messageAttributes.a.member.dataType' failed to satisfy "
                "constraint: Member must not be null"
            ),
        ),
    ],
)
def test_what_is_missing(body: str, code: str, text: str) -> None:
    refused = refusal(body)
    assert (refused.code, refused.message) == (code, text)


def test_a_refusal_has_no_empty_detail() -> None:
    refused = refusal("Action=Unsubscribe")
    reply = compile_routes(MODEL, "query", {})["Unsubscribe"].fail(refused, "id")
    assert reply.status == 400
    assert b"<Code>InvalidParameter</Code>" in reply.body
    assert b"Detail" not in reply.body


def test_json_says_the_same() -> None:
    route = compile_routes(json_model_of(MODEL), "json", {})["Publish"]
    headers = {b"content-type": b"application/x-amz-json-1.0"}
    body = b'{"TopicArn":"t","Message":"m","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AAE="}}}'
    assert route.parse(Exchange(b"POST", b"/", b"", headers, body)) == {
        "TopicArn": "t",
        "Message": "m",
        "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}},
    }
    with pytest.raises(ServiceError, match="Message Reason: no value for required parameter") as error:
        route.parse(Exchange(b"POST", b"/", b"", headers, b'{"TopicArn":"t"}'))
    reply = route.fail(error.value, "id")
    assert b'"__type":"InvalidParameterException"' in reply.body
