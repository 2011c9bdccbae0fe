"""Makes the topic, three queues that each get their share, and a function behind one of them: plain boto3.

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
ROLE = "arn:aws:iam::000000000000:role/shipper"
EUROPE = ["AT", "DE", "FR", "IT"]
SHIPPED_FROM_HERE = {"event": ["placed"], "country": EUROPE}
"""Of the message's attributes: both have to fit, and any of the values will do."""
WORTH_A_LOOK = {"total": [{"numeric": [">=", 1000]}], "$or": [{"express": [True]}, {"customer": {"new": [True]}}]}
"""Of the message's body, which is JSON."""


class Deployed(NamedTuple):
    """What there is now."""

    topic: str
    """Its ARN."""
    archive: str
    """Queue URL; so are the next two."""
    shipping: str
    review: str
    function: str
    mapping: str
    """The mapping's UUID."""


def code() -> bytes:
    """The function's code as a deployment package."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(CODE, CODE.name)
    return packed.getvalue()


def queue(sqs: Any, sns: Any, topic: str, name: str, **attributes: str) -> tuple[str, str]:
    """The URL and the ARN of a queue that is subscribed to the topic."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url, arn


def deploy(sns: Any, sqs: Any, functions: Any, suffix: str = "", runtime: str = "python3.12") -> Deployed:
    """Make everything. The mapping may still be on its way when this returns."""
    topic = sns.create_topic(Name=f"orders{suffix}")["TopicArn"]
    archive, _ = queue(sqs, sns, topic, f"archive{suffix}")
    shipping, shipping_arn = queue(
        sqs,
        sns,
        topic,
        f"shipping{suffix}",
        FilterPolicy=json.dumps(SHIPPED_FROM_HERE),
        RawMessageDelivery="true",
    )
    review, _ = queue(
        sqs, sns, topic, f"review{suffix}", FilterPolicy=json.dumps(WORTH_A_LOOK), FilterPolicyScope="MessageBody"
    )
    name = f"shipper{suffix}"
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=ROLE,
        Handler="worker.handler",
        Code={"ZipFile": code()},
        Timeout=5,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    mapping = functions.create_event_source_mapping(EventSourceArn=shipping_arn, FunctionName=name, BatchSize=10)
    return Deployed(topic, archive, shipping, review, name, mapping["UUID"])


def main() -> None:
    """Deploy, and say what there is."""
    clients = (boto3.client(name) for name in ("sns", "sqs", "lambda"))
    for what, where in deploy(*clients)._asdict().items():
        print(f"{what:<9} {where}")


if __name__ == "__main__":
    main()
