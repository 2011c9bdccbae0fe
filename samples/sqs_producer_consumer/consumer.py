"""Takes orders from a queue and invoices them: plain boto3, as it would run against AWS.

python consumer.py [QUEUE_NAME]      (Ctrl-C ends it)
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Outcome:
    """What became of one received message."""

    order: str
    message_id: str
    receives: int
    """How often the queue has handed it out, this time included."""
    sent_at: float
    """Epoch seconds."""
    total: Decimal | None
    """The invoice's total; None where `error` says why there is none."""
    error: str = ""


def invoice(order: dict[str, Any]) -> Decimal:
    """The total of `order`. Raises ValueError when its price is no number."""
    try:
        return order["count"] * Decimal(order["price"])
    except InvalidOperation:
        raise ValueError(f"{order['price']!r} is not a price") from None


def invoice_mended(order: dict[str, Any]) -> Decimal:
    """The same after the bug was fixed: a comma is a decimal point, too."""
    return invoice({**order, "price": order["price"].replace(",", ".")})


def work(
    sqs: SQSClient, queue_url: str, handle: Callable[[dict[str, Any]], Decimal] = invoice, wait_s: int = 20
) -> list[Outcome]:
    """Receive one batch, waiting up to `wait_s` for it, and handle each message.

    What was handled is deleted. What failed is left alone: the queue shows it again after its visibility timeout.
    """
    answer = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=wait_s,
        MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
    )
    outcomes = []
    for message in answer.get("Messages", []):
        order = json.loads(message["Body"])
        total, error = None, ""
        try:
            total = handle(order)
        except ValueError as problem:
            error = str(problem)
        else:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        facts = message["Attributes"]
        outcomes.append(
            Outcome(
                order["order"],
                message["MessageId"],
                int(facts["ApproximateReceiveCount"]),
                int(facts["SentTimestamp"]) / 1000,
                total,
                error,
            )
        )
    return outcomes


def main() -> None:
    """Work until Ctrl-C."""
    sqs = boto3.client("sqs")
    name = sys.argv[1] if len(sys.argv) > 1 else "orders"
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    print(f"waiting for orders in {queue_url}", flush=True)
    while True:
        for done in work(sqs, queue_url):
            said = f"failed: {done.error}" if done.error else f"invoiced {done.total}"
            print(f"order {done.order}, receive {done.receives}: {said}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
