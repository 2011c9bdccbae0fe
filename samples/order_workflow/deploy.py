"""Makes the topic, the queues, the functions and the state machine: plain boto3, as it would run against AWS.

python deploy.py
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import boto3

HERE = Path(__file__).parent
ROLE = "arn:aws:iam::000000000000:role/shop"
STEPS = ("charge", "reserve", "ship", "refund")


class Clients(NamedTuple):
    """The services that it takes."""

    sns: Any
    sqs: Any
    functions: Any
    machines: Any


class Deployed(NamedTuple):
    """What there is now."""

    orders: str
    """The topic that orders arrive on."""
    news: str
    """The topic that tells customers."""
    audit: str
    """Queue URL; so are the next two."""
    approvals: str
    inbox: str
    saga: str
    """The state machine's ARN."""
    mapping: str
    """The UUID of the mapping from the queue to the function that starts the saga."""


def archive() -> bytes:
    """The functions' code as a deployment package."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(HERE / "worker.py", "worker.py")
    return packed.getvalue()


def queue(clients: Clients, name: str, topic: str = "") -> tuple[str, str]:
    """The URL and the ARN of a queue, fed by a topic if one is given."""
    url = clients.sqs.create_queue(QueueName=name)["QueueUrl"]
    found = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    if topic:
        raw = {"RawMessageDelivery": "true"}
        clients.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    return url, arn


def function(clients: Clients, name: str, runtime: str, **environment: str) -> str:
    """The ARN of a function made from worker.py."""
    made = clients.functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=ROLE,
        Handler=f"worker.{name}",
        Code={"ZipFile": archive()},
        Environment={"Variables": environment},
        Timeout=10,
    )
    clients.functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return str(made["FunctionArn"])


def deploy(clients: Clients, runtime: str = "python3.12") -> Deployed:
    """Make everything. The mapping may still be on its way when this returns."""
    orders = clients.sns.create_topic(Name="orders")["TopicArn"]
    news = clients.sns.create_topic(Name="news")["TopicArn"]
    audit, _ = queue(clients, "audit", orders)
    _, to_start = queue(clients, "orders-to-start", orders)
    inbox, _ = queue(clients, "customer", news)
    approvals, _ = queue(clients, "approvals")
    names = {step: function(clients, step, runtime) for step in STEPS}
    template = Template((HERE / "saga.asl.json").read_text(encoding="utf-8"))
    definition = template.safe_substitute(names | {"approvals": approvals, "news": news})
    saga = clients.machines.create_state_machine(name="order-saga", definition=definition, roleArn=ROLE)
    starter = function(clients, "start", runtime, SAGA=saga["stateMachineArn"])
    mapping = clients.functions.create_event_source_mapping(
        EventSourceArn=to_start, FunctionName=starter, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    return Deployed(orders, news, audit, approvals, inbox, saga["stateMachineArn"], mapping["UUID"])


def main() -> None:
    """Deploy, and say what there is."""
    clients = Clients(*(boto3.client(name) for name in ("sns", "sqs", "lambda", "stepfunctions")))
    print(json.dumps(deploy(clients)._asdict(), indent=2))


if __name__ == "__main__":
    main()
