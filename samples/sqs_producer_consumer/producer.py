"""Sends orders to a queue: plain boto3, as it would run against AWS.

python producer.py [QUEUE_NAME]
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

ORDERS: list[dict[str, Any]] = [
    {"order": "1001", "item": "teapot", "count": 2, "price": "24.00"},
    {"order": "1002", "item": "lantern", "count": 1, "price": "31.50"},
    # Someone's till writes a comma. Every queue meets its poison message one day.
    {"order": "1003", "item": "umbrella", "count": 1, "price": "18,90"},
    {"order": "1004", "item": "compass", "count": 3, "price": "12.00"},
]


def send(sqs: SQSClient, queue_url: str, orders: list[dict[str, Any]]) -> dict[str, str]:
    """Send `orders` (ten at most) as one batch; the message id that the queue gave to each, by order."""
    answer = sqs.send_message_batch(
        QueueUrl=queue_url,
        Entries=[{"Id": order["order"], "MessageBody": json.dumps(order)} for order in orders],
    )
    for failed in answer.get("Failed", []):
        raise RuntimeError(f"order {failed['Id']} was not accepted: {failed['Code']} {failed.get('Message', '')}")
    return {sent["Id"]: sent["MessageId"] for sent in answer["Successful"]}


def main() -> None:
    """Make the queue if it is missing, and send the orders."""
    sqs = boto3.client("sqs")
    name = sys.argv[1] if len(sys.argv) > 1 else "orders"
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for order, message_id in send(sqs, queue_url, ORDERS).items():
        print(f"sent {order} as {message_id}")


if __name__ == "__main__":
    main()
