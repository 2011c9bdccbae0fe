"""The functions: one starts the saga, the others are its steps. They would run on AWS as they are."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3

STOCK = {"lamp": 5, "desk": 0}


class CardNetworkBusy(Exception):
    """Try again a little later."""


class OutOfStock(Exception):
    """There is nothing to send."""


def start(event: dict[str, Any], context: Any) -> dict[str, list[Any]]:
    """Each order from the queue becomes an execution. Its name is the order's: the same order starts only one."""
    machines = boto3.client("stepfunctions")
    for record in event["Records"]:
        order = json.loads(record["body"])
        machines.start_execution(
            stateMachineArn=os.environ["SAGA"], name=f"order-{order['order']}", input=json.dumps(order)
        )
        print(f"order {order['order']}: the saga has started")
    return {"batchItemFailures": []}


def charge(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Take the money. The network between banks is busy now and then."""
    order = event["order"]
    if order.get("card") == "slow" and event["attempt"] == 0:
        raise CardNetworkBusy("The card network is busy")
    return {"payment": f"payment-{order['order']}"}


def reserve(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Put the goods aside."""
    order = event["order"]
    left = STOCK.get(order["item"], 0) - order["count"]
    if left < 0:
        raise OutOfStock(f"no {order['item']} left")
    return {"left": left}


def ship(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Hand the parcel over."""
    return {"parcel": f"parcel-{event['order']['order']}"}


def refund(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Give the money back."""
    return {"refunded": event["payment"]}
