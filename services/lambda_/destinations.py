"""What is told of an asynchronous invocation's end: to a destination, and to a dead-letter target.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from services.lambda_ import errors_of_functions, logs

if TYPE_CHECKING:
    from services.lambda_.invocation import Outcome

SUCCESS: Final = "Success"
RETRIES_EXHAUSTED: Final = "RetriesExhausted"
AGE_EXCEEDED: Final = "EventAgeExceeded"
NO_CONCURRENCY: Final = "ZeroReservedConcurrency"

_MESSAGE_MAX: Final = 1024
"""Bytes of a dead letter's ErrorMessage."""


def record(
    now: float,
    request_id: str,
    function_arn: str,
    condition: str,
    invoke_count: int,
    payload: bytes,
    outcome: Outcome | None,
) -> str:
    """The record for a destination. `function_arn` is qualified; without an outcome the function never ran."""
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": logs.iso(now),
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": invoke_count,
        },
        "requestPayload": _shown(payload),
    }
    if outcome is not None:
        context: dict[str, Any] = {"statusCode": outcome.status, "executedVersion": outcome.executed_version}
        if outcome.function_error:
            context["functionError"] = outcome.function_error
        told["responseContext"] = context
        told["responsePayload"] = _shown(outcome.payload)
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def dead_letter_attributes(request_id: str, outcome: Outcome | None) -> dict[str, dict[str, str]]:
    """The message attributes of a dead letter; its body is the event as it came.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    status = 429 if outcome is None else outcome.status
    message = "Rate Exceeded." if outcome is None else errors_of_functions.message_of(outcome.payload)
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": str(status)},
    }
    cut = message.encode()[:_MESSAGE_MAX].decode("utf-8", "ignore")
    if cut:
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": cut}
    return attributes


def _shown(payload: bytes) -> Any:
    try:
        return json.loads(payload) if payload else None
    except ValueError:
        return payload.decode("utf-8", "replace")
