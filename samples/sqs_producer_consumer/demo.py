"""A producer, a consumer, a poison message, and four days that take a second.

Starts an Undercast of its own, or uses the one that UNDERCAST_ENDPOINT or AWS_ENDPOINT_URL names. Nothing here is
staged: every line tells what the server answered, and an answer that does not fit the story ends it with exit code 1.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from consumer import Outcome, invoice, invoice_mended, work
from producer import ORDERS, send
from rich.console import Console
from rich.markup import escape

import undercast.server
from undercast.client import endpoint_of
from undercast.durations import iso, spoken
from undercast.errors import UndercastError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from types_boto3_sqs import SQSClient

    from undercast.server import Server

VISIBILITY_S = 30
MOST_RECEIVES = 3
DAY_S = 86_400
LONG_POLL_S = 20
POISON = "1003"
FORGOTTEN = {"order": "1005", "item": "hourglass", "count": 1, "price": "9.00"}


class MismatchError(Exception):
    """The server's answer does not fit the story."""


def expect(seen: object, wanted: object, what: str) -> None:
    """Go on if `seen` is `wanted`."""
    if seen != wanted:
        raise MismatchError(f"{what}: expected {wanted}, the server says {seen}")


class Demo:
    """The story, one method a chapter."""

    def __init__(self, server: Server, console: Console, suffix: str) -> None:
        self.server = server
        self.console = console
        self.sqs: SQSClient = server.boto3("sqs")
        self.began_at = server.client.time().now
        self.names = (f"orders{suffix}", f"orders-dlq{suffix}")
        self.orders = self.dead = ""
        self.kept: dict[str, str] = {}
        self.sent: dict[str, str] = {}
        self.chapters = 0

    # -- telling

    def say(self, text: str = "") -> None:
        """One line, with rich's markup."""
        self.console.print(f"    {text}" if text else "")

    def chapter(self, title: str) -> None:
        """The next heading."""
        self.chapters += 1
        self.console.print(f"\n[bold cyan]{self.chapters}[/]  [bold]{title}[/]")

    def tell(self, outcome: Outcome) -> None:
        """What the consumer made of one message."""
        head = f"[magenta]←[/] {outcome.order}  [dim]{outcome.message_id}[/]  receive {outcome.receives}:"
        if outcome.error:
            self.say(f"{head} [red]failed[/], {escape(outcome.error)}")
        else:
            self.say(f"{head} [green]invoiced {outcome.total}[/] and deleted")

    # -- asking

    def count(self, queue_url: str) -> tuple[int, int]:
        """How many messages the queue has to receive and in flight."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(names))["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def counted(self, queue_url: str, to_receive: int, in_flight: int = 0) -> str:
        """The queue's counts for a person, once they are as they should be."""
        name = queue_url.rpartition("/")[2]
        seen = self.count(queue_url)
        expect(seen, (to_receive, in_flight), f"{name} (to receive, in flight)")
        return f"[bold]{name}[/] {seen[0]} to receive, {seen[1]} in flight"

    def advance(self, length: str) -> None:
        """Move the server's clock, and tell how long that really took."""
        before = self.server.client.time().now
        start = time.perf_counter()
        moved = self.server.client.advance(length)
        took_ms = (time.perf_counter() - start) * 1000
        passed = spoken(moved.now - before)
        self.say(f"[yellow]» {passed:<10}[/] the clock says {shown(moved.now)} [dim](took {took_ms:.1f} ms)[/]")

    def consume(self, handle: Callable[[dict[str, Any]], Decimal] = invoice) -> list[Outcome]:
        """One round of the consumer, without waiting."""
        outcomes = work(self.sqs, self.orders, handle, wait_s=0)
        for outcome in outcomes:
            self.tell(outcome)
        return outcomes

    # -- the chapters

    def make_queues(self) -> None:
        """A queue with a dead-letter queue."""
        self.chapter("A queue, and a dead-letter queue behind it")
        name, dead_name = self.names
        self.dead = self.sqs.create_queue(QueueName=dead_name, Attributes={"MessageRetentionPeriod": str(14 * DAY_S)})[
            "QueueUrl"
        ]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.orders = self.sqs.create_queue(
            QueueName=name,
            Attributes={
                "VisibilityTimeout": str(VISIBILITY_S),
                "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MOST_RECEIVES}),
            },
        )["QueueUrl"]
        for url in (self.orders, self.dead):
            facts = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            self.kept[url] = spoken(int(facts["MessageRetentionPeriod"]))
            self.say(f"[bold]{url}[/]")
            self.say(f"    keeps messages for {self.kept[url]}")
            if "RedrivePolicy" in facts:
                policy = json.loads(facts["RedrivePolicy"])
                target = policy["deadLetterTargetArn"].rpartition(":")[2]
                self.say(f"    shows an unacknowledged one again after {spoken(int(facts['VisibilityTimeout']))}")
                self.say(f"    after {policy['maxReceiveCount']} receives it goes to {target}")

    def exchange(self) -> None:
        """The consumer waits in a long poll, the producer sends, the consumer works."""
        self.chapter("A consumer waits, a producer sends")
        with ThreadPoolExecutor(1) as pool:
            start = time.perf_counter()
            waiting = pool.submit(lambda: (work(self.sqs, self.orders, wait_s=LONG_POLL_S), time.perf_counter()))
            self.sent = send(self.sqs, self.orders, ORDERS)
            outcomes, end = waiting.result()
        for order, message_id in self.sent.items():
            self.say(f"[blue]→[/] {order}  [dim]{message_id}[/]  sent")
        self.say(f"[dim]the consumer, ready to wait {LONG_POLL_S} s, had work after {(end - start) * 1000:.0f} ms[/]")
        for outcome in outcomes:
            self.tell(outcome)
        while more := self.consume():
            outcomes += more
        expect({done.order: done.message_id for done in outcomes}, self.sent, "what the consumer received")
        expect([done.order for done in outcomes if done.error], [POISON], "the orders that failed")
        self.say(self.counted(self.orders, 0, 1))

    def poison(self) -> None:
        """The failed message comes back after each visibility timeout, and moves to the dead-letter queue."""
        self.chapter("The poison message comes back, and back, and is put aside")
        for receives in range(2, MOST_RECEIVES + 1):
            self.advance(f"{VISIBILITY_S}s")
            found = [(done.message_id, done.receives) for done in self.consume()]
            expect(found, [(self.sent[POISON], receives)], "what came back")
        self.advance(f"{VISIBILITY_S}s")
        expect(self.consume(), [], "what came back after the last receive")
        self.say(f"nothing: {self.counted(self.orders, 0)}; {self.counted(self.dead, 1)}")

    def forget(self) -> None:
        """A message outlives its retention; the dead-letter queue keeps longer."""
        self.chapter("An order that nobody reads, for four days")
        for order, message_id in send(self.sqs, self.orders, [FORGOTTEN]).items():
            self.say(f"[blue]→[/] {order}  [dim]{message_id}[/]  sent")
        self.advance("3d23h")
        self.say(self.counted(self.orders, 1))
        self.advance("2h")
        self.say(f"{self.counted(self.orders, 0)}: it keeps messages for {self.kept[self.orders]}, this one is gone")
        self.say(f"{self.counted(self.dead, 1)}: it keeps them for {self.kept[self.dead]}, this one is still there")

    def redrive(self) -> None:
        """The bug is mended, StartMessageMoveTask brings the message back."""
        self.chapter("The bug is fixed, the dead letter goes back to work")
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sqs.start_message_move_task(SourceArn=arn)

        def task() -> Any:
            return self.sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]

        self.server.client.run_until(lambda: task()["Status"] != "RUNNING", at_most="5m")
        done = task()
        moved = done.get("ApproximateNumberOfMessagesMoved")
        self.say(
            f"StartMessageMoveTask: {done['Status']}, {moved} of {done['ApproximateNumberOfMessagesToMove']} moved"
        )
        expect((done["Status"], moved), ("COMPLETED", 1), "the move task")
        back = self.consume(invoice_mended)
        expect([(each.order, each.error) for each in back], [(POISON, "")], "what came back")
        if back[0].message_id != self.sent[POISON]:
            self.say("[dim]with a new id: to SQS, a redriven message is a new one[/]")
        self.say(f"{self.counted(self.orders, 0)}; {self.counted(self.dead, 0)}")

    def clean(self) -> None:
        """Leave a server that is not ours as we found it, but for the time."""
        for url in filter(None, (self.orders, self.dead)):
            self.sqs.delete_queue(QueueUrl=url)


def shown(instant: float) -> str:
    """An instant for a person, to the second."""
    return iso(float(int(instant))).replace("T", " ").replace("Z", " UTC")


@contextlib.contextmanager
def a_server() -> Iterator[tuple[Server, str]]:
    """A server, and a suffix for queue names that keeps out of others' way."""
    if not (os.environ.get("UNDERCAST_ENDPOINT") or os.environ.get("AWS_ENDPOINT_URL")):
        with undercast.server.start(time="manual") as own:
            yield own, ""
        return
    try:
        found = undercast.server.attach()
    except UndercastError as error:
        raise UndercastError(
            f"{error}. It is named by UNDERCAST_ENDPOINT or AWS_ENDPOINT_URL; unset both and the demo starts its own."
        ) from None
    mode = found.client.time().mode
    if mode == "scaled":
        raise UndercastError(
            f"The clock of {endpoint_of()} runs faster than real; the demo needs one that is real or manual."
        )
    yield found, f"-{int(time.time() * 10):x}"


def run(console: Console) -> None:
    """Tell the whole story."""
    start = time.perf_counter()
    with a_server() as (server, suffix):
        ready_ms = (time.perf_counter() - start) * 1000
        demo = Demo(server, console, suffix)
        health = server.client.health()
        verb = "joined" if suffix else "started"
        console.print(
            f"[bold]Undercast {health.version}[/] {verb} at [bold]{server.endpoint}[/] in {ready_ms:.0f} ms;"
            f" its clock says {shown(health.time.now)} ({health.time.mode})"
        )
        try:
            demo.make_queues()
            demo.exchange()
            demo.poison()
            demo.forget()
            demo.redrive()
        finally:
            if suffix:
                demo.clean()
        passed = server.client.time().now - demo.began_at
    took_s = time.perf_counter() - start
    console.print(
        f"\n[bold green]{spoken(passed)}[/] passed for the queues. You waited [bold green]{took_s:.2f} s[/],"
        f" the server's {'visit' if suffix else 'start and stop'} included."
    )


def main() -> int:
    """Run the demo; the exit code."""
    with contextlib.suppress(AttributeError):
        # A terminal that has no arrows gets question marks, not an error.
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    # soft_wrap: a terminal wraps long lines as it likes, and a pipe gets them whole.
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    try:
        run(console)
    except (MismatchError, UndercastError, BotoCoreError, ClientError, RuntimeError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
