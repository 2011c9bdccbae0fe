"""The function: an invoice for each order, sent on to the next queue. It would run on AWS as it is.

What fails is reported by message, so that the rest of the batch is done with
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
"""

from __future__ import annotations

import json
import os
from decimal import Decimal, InvalidOperation
from typing import Any

import boto3

# Outside of the handler: made once for each process, not for each batch.
sqs = boto3.client("sqs")


def invoice(order: dict[str, Any]) -> dict[str, str]:
    """The invoice of an order. Raises ValueError when there can't be one."""
    try:
        total = Decimal(order["price"]) * order["count"]
    except InvalidOperation:
        raise ValueError(f"{order['price']!r} is not a price") from None
    return {"order": order["order"], "total": str(total)}


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """One batch from the queue."""
    failures = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        receives = record["attributes"]["ApproximateReceiveCount"]
        try:
            made = invoice(order)
        except ValueError as error:
            print(f"order {order['order']}, receive {receives}: {error}")
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        sqs.send_message(QueueUrl=os.environ["INVOICES"], MessageBody=json.dumps(made))
        print(f"order {made['order']}, receive {receives}: invoiced {made['total']}")
    return {"batchItemFailures": failures}
