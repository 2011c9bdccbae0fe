"""Makes the queues, the function and the mapping between them: plain boto3, as it would run against AWS.

python deploy.py
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import boto3

CODE = Path(__file__).with_name("worker.py")
ROLE = "arn:aws:iam::000000000000:role/invoicer"
VISIBILITY_S = 30
MOST_RECEIVES = 3


class Deployed(NamedTuple):
    """What there is now."""

    function: str
    orders: str
    """Queue URL; so are the next two."""
    invoices: str
    dead: str
    mapping: str
    """The mapping's UUID."""


def archive() -> bytes:
    """The function's code as a deployment package."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(CODE, CODE.name)
    return packed.getvalue()


def queue(sqs: Any, name: str, **attributes: str) -> tuple[str, str]:
    """The URL and the ARN of a queue, made if it is missing."""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def deploy(sqs: Any, functions: Any, suffix: str = "", runtime: str = "python3.12") -> Deployed:
    """Make everything. The function and the mapping may still be on their way when this returns."""
    name = f"invoicer{suffix}"
    dead, dead_arn = queue(sqs, f"orders-dlq{suffix}")
    policy = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": MOST_RECEIVES}
    orders, orders_arn = queue(
        sqs, f"orders{suffix}", VisibilityTimeout=str(VISIBILITY_S), RedrivePolicy=json.dumps(policy)
    )
    invoices, _ = queue(sqs, f"invoices{suffix}")
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=ROLE,
        Handler="worker.handler",
        Code={"ZipFile": archive()},
        Environment={"Variables": {"INVOICES": invoices}},
        Timeout=5,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    mapping = functions.create_event_source_mapping(
        EventSourceArn=orders_arn,
        FunctionName=name,
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    return Deployed(name, orders, invoices, dead, mapping["UUID"])


def main() -> None:
    """Deploy, and say what there is."""
    for what, where in deploy(boto3.client("sqs"), boto3.client("lambda"))._asdict().items():
        print(f"{what:<9} {where}")


if __name__ == "__main__":
    main()
