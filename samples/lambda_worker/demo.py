"""A queue, a function, a queue; and a poison message that ends in the dead-letter queue.

Starts an Undercast of its own with a clock that stands still, so that a minute and a half of retries take no time.
Every line tells what the server or the function said; what does not fit the story ends it with exit code 1.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from deploy import MOST_RECEIVES, VISIBILITY_S, Deployed, deploy

import undercast.server
from undercast.durations import spoken
from undercast.errors import UndercastError

if TYPE_CHECKING:
    from undercast.server import Server

ORDERS: list[dict[str, Any]] = [
    {"order": "1001", "count": 2, "price": "24.00"},
    {"order": "1002", "count": 1, "price": "31.50"},
    # Someone's till writes a comma. Every queue meets its poison message one day.
    {"order": "1003", "count": 1, "price": "18,90"},
    {"order": "1004", "count": 3, "price": "12.00"},
]
POISON = "1003"
AT_MOST = "5m"


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
        self.sqs, self.functions, self.logs = (server.boto3(name) for name in ("sqs", "lambda", "logs"))
        self.made: Deployed | None = None
        self.log_lines = 0

    def deploy(self) -> Deployed:
        """Queues, function, mapping."""
        print("\n1  A queue, a function behind it, a queue behind that")
        runtime = f"python{'.'.join(platform.python_version_tuple()[:2])}"
        made = deploy(self.sqs, self.functions, runtime=runtime)
        # The mapping takes a moment of the clock, which stands still: move it until nothing is under way.
        self.server.client.run_until({"idle": True}, at_most="1m")
        state = self.functions.get_event_source_mapping(UUID=made.mapping)["State"]
        expect(state, "Enabled", "the mapping")
        print(
            f"    {made.orders}\n      -> {made.function} ({runtime}, its mapping is {state})\n      -> {made.invoices}"
        )
        return made

    def work(self, made: Deployed) -> None:
        """Four orders, one of them poison."""
        print("\n2  Four orders")
        entries = [{"Id": order["order"], "MessageBody": json.dumps(order)} for order in ORDERS]
        self.sqs.send_message_batch(QueueUrl=made.orders, Entries=entries)
        good = len(ORDERS) - 1
        self.until(made.invoices, visible=good)
        self.settle()
        self.tell(made)
        expect(sorted(self.take(made.invoices)), ["1001", "1002", "1004"], "the invoiced orders")
        print(f"    {good} invoices in {made.invoices.rpartition('/')[2]}")

    def poison(self, made: Deployed) -> None:
        """The failed message comes back after each visibility timeout, and is put aside."""
        print(f"\n3  The poison message comes back every {VISIBILITY_S} s, {MOST_RECEIVES} times in all")
        before = self.server.client.time().now
        start = time.perf_counter()
        self.until(made.dead, visible=1)
        took_ms = (time.perf_counter() - start) * 1000
        passed = self.server.client.time().now - before
        self.tell(made)
        expect(list(self.take(made.dead)), [POISON], "the dead letters")
        print(f"    {POISON} is in {made.dead.rpartition('/')[2]} after {spoken(passed)}, which took {took_ms:.0f} ms")

    # -- asking

    def until(self, queue_url: str, visible: int) -> None:
        """Let time go on until so many messages are to be received."""
        condition = {"queue": queue_url, "visible": {"at_least": visible}}
        if not self.server.client.run_until(condition, at_most=AT_MOST):
            raise MismatchError(f"{queue_url} did not get {visible} messages within {AT_MOST}")

    def settle(self) -> None:
        """Wait for a function that still runs; time does not move."""
        self.server.client.advance(0)

    def tell(self, made: Deployed) -> None:
        """What the function has printed since the last time."""
        events = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{made.function}", filterPattern="order")
        lines = [event["message"].strip() for event in events["events"]]
        for line in lines[self.log_lines :]:
            print(f"    | {line}")
        self.log_lines = len(lines)

    def take(self, queue_url: str) -> dict[str, str]:
        """The messages of a queue by order."""
        found = {}
        while messages := self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found[json.loads(message["Body"])["order"]] = message["MessageId"]
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found


def run() -> None:
    """Tell the whole story."""
    start = time.perf_counter()
    with undercast.server.start(time="manual") as server:
        print(f"Undercast at {server.endpoint}, its clock stands still")
        demo = Demo(server)
        made = demo.deploy()
        demo.work(made)
        demo.poison(made)
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
