"""An order arrives on a topic, fans out to queues, and a function starts a saga for it. `make demo` runs it.

Payment, inventory, an approval by a human, three days, shipping; a card network that is busy once, and an order that
has to be undone. Starts an Undercast of its own with a clock that stands still. Every line tells what the server said;
what does not fit the story ends it with exit code 1.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from deploy import Clients, Deployed, deploy

import undercast.server
from undercast.durations import spoken
from undercast.errors import UndercastError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undercast.server import Server

LARGE = {"order": "2001", "item": "lamp", "count": 2, "total": 980, "card": "slow"}
UNDONE = {"order": "2002", "item": "desk", "count": 1, "total": 260, "card": "quick"}
STEPS_AT_MOST = 200
"""Timers of the clock that a chapter may take."""


class MismatchError(Exception):
    """The server's answer does not fit the story."""


def expect(seen: object, wanted: object, what: str) -> None:
    """Go on if `seen` is `wanted`."""
    if seen != wanted:
        raise MismatchError(f"{what}: expected {wanted}, the server says {seen}")


class Demo:
    """The story, one method a chapter."""

    def __init__(self, server: Server) -> None:
        self.server = server
        names = ("sns", "sqs", "lambda", "stepfunctions")
        self.clients = Clients(*(server.boto3(name) for name in names))
        self.machines: Any = self.clients.machines
        self.told: dict[str, int] = {}
        """How many events of each execution were told."""

    def deploy(self) -> Deployed:
        """Topics, queues, functions, and the saga."""
        print("\n1  Two topics, four queues, five functions and a state machine")
        runtime = f"python{'.'.join(platform.python_version_tuple()[:2])}"
        made = deploy(self.clients, runtime)
        states = self.clients.functions.get_event_source_mapping
        self.until(lambda: states(UUID=made.mapping)["State"] == "Enabled", "the mapping is enabled")
        print(f"    {made.orders}\n      -> audit\n      -> orders-to-start -> start ({runtime})\n      -> {made.saga}")
        return made

    def order(self, made: Deployed) -> str:
        """A large order: its card is slow, and somebody has to approve it."""
        print(f"\n2  Order {LARGE['order']}: {LARGE['count']} lamps for {LARGE['total']}, paid with a slow card")
        self.publish(made, LARGE)
        arn = self.execution(made, LARGE)
        self.until(lambda: self.has(arn, "TaskSubmitted"), "somebody is asked for approval")
        self.tell(arn)
        (audited,) = self.take(made.audit)
        expect(audited["order"], LARGE["order"], "the audited order")
        print("    (the audit queue has a copy of the order)")
        return arn

    def approve(self, made: Deployed, arn: str) -> None:
        """A human looks at it the next morning."""
        print("\n3  Nothing happens until a human answers; here, sixteen hours later")
        self.server.client.advance("16h")
        expect(self.status(arn), "RUNNING", "the saga")
        (asked,) = self.take(made.approvals)
        expect(asked["total"], LARGE["total"], "the total that is to be approved")
        self.machines.send_task_success(taskToken=asked["token"], output=json.dumps({"by": "Ada"}))
        self.server.client.advance(0)
        self.tell(arn)

    def ship(self, made: Deployed, arn: str) -> None:
        """Three days go by for the saga, and no time at all for who watches."""
        print("\n4  Three days, skipped")
        start = time.perf_counter()
        self.until(lambda: self.status(arn) != "RUNNING", "the saga has ended")
        took_ms = (time.perf_counter() - start) * 1000
        self.tell(arn)
        found = self.machines.describe_execution(executionArn=arn)
        expect(found["status"], "SUCCEEDED", "the saga")
        output = {"order": "2001", "parcel": "parcel-2001", "payment": "payment-2001"}
        expect(json.loads(found["output"]), output, "its output")
        (news,) = self.take(made.inbox)
        print(f"    the customer reads: order {news['order']} is {news['state']}")
        passed = (found["stopDate"] - found["startDate"]).total_seconds()
        print(f"    {spoken(round(passed))} from order to parcel, the last three days of them in {took_ms:.0f} ms")

    def undo(self, made: Deployed) -> None:
        """What can't be sent is paid back."""
        print(f"\n5  Order {UNDONE['order']}: a desk, and there is none")
        self.publish(made, UNDONE)
        arn = self.execution(made, UNDONE)
        self.until(lambda: self.status(arn) != "RUNNING", "the saga has ended")
        self.tell(arn)
        found = self.machines.describe_execution(executionArn=arn)
        expect(
            (found["status"], found["error"], found["cause"]),
            ("FAILED", "OrderUndone", "2002: no desk left; payment-2002 is refunded"),
            "the second saga",
        )

    # -- asking

    def publish(self, made: Deployed, order: dict[str, Any]) -> None:
        """An order arrives."""
        self.clients.sns.publish(TopicArn=made.orders, Message=json.dumps(order))

    def execution(self, made: Deployed, order: dict[str, Any]) -> str:
        """The order's execution, once the function has started it."""
        arn = made.saga.replace(":stateMachine:", ":execution:") + f":order-{order['order']}"
        listed = self.machines.list_executions
        self.until(
            lambda: arn in {found["executionArn"] for found in listed(stateMachineArn=made.saga)["executions"]},
            "the saga has started",
        )
        return arn

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Let time go on, timer by timer, until something holds."""
        self.server.client.advance(0)
        for _ in range(STEPS_AT_MOST):
            if holds():
                return
            self.server.client.step()
        raise MismatchError(f"It never came about that {what}")

    def status(self, arn: str) -> str:
        """How an execution stands."""
        return str(self.machines.describe_execution(executionArn=arn)["status"])

    def history(self, arn: str) -> list[dict[str, Any]]:
        """The execution's events."""
        events: list[dict[str, Any]] = self.machines.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return events

    def has(self, arn: str, kind: str) -> bool:
        """Whether there is such an event."""
        return any(event["type"] == kind for event in self.history(arn))

    def take(self, queue_url: str) -> list[dict[str, Any]]:
        """The messages of a queue."""
        found = []
        while messages := self.clients.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.clients.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def tell(self, arn: str) -> None:
        """What has happened in the execution since the last time, by its own clock."""
        events = self.history(arn)
        begun: datetime = events[0]["timestamp"]
        for event in events[self.told.get(arn, 0) :]:
            line = said(event)
            if line:
                after = (event["timestamp"] - begun).total_seconds()
                print(f"    {spoken(round(after)):>11}  {line}")
        self.told[arn] = len(events)


def said(event: dict[str, Any]) -> str:
    """An event in words; nothing for those that say little."""
    kind = event["type"]
    if kind.endswith("StateEntered"):
        return str(event["stateEnteredEventDetails"]["name"])
    if kind == "TaskFailed":
        return f"  failed: {event['taskFailedEventDetails']['error']}"
    if kind == "TaskSubmitted":
        return "  asked, and waits for an answer"
    if kind == "ExecutionFailed":
        return f"failed: {event['executionFailedEventDetails']['cause']}"
    return {"ExecutionStarted": "started", "ExecutionSucceeded": "succeeded"}.get(kind, "")


def run() -> None:
    """Tell the whole story."""
    start = time.perf_counter()
    with undercast.server.start(time="manual") as server:
        print(f"Undercast at {server.endpoint}, its clock stands still")
        demo = Demo(server)
        made = demo.deploy()
        arn = demo.order(made)
        demo.approve(made, arn)
        demo.ship(made, arn)
        demo.undo(made)
    print(f"\nYou waited {time.perf_counter() - start:.2f} s, the server's start and stop included.")


def main() -> int:
    """Run the demo; the exit code."""
    try:
        run()
    except (MismatchError, UndercastError, BotoCoreError, ClientError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
