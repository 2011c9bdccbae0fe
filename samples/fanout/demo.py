"""A topic, three queues that each get their share of it, a function behind one; and why a message stayed away.

Starts an Undercast of its own with a clock that stands still. Every line tells what the server or the function said;
what does not fit the story ends it with exit code 1.
"""

from __future__ import annotations

import json
import platform
import sys
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from deploy import Deployed, deploy

import undercast.server
from undercast.errors import UndercastError

if TYPE_CHECKING:
    from undercast.server import Server

EVENTS: list[tuple[str, str, dict[str, Any]]] = [
    ("placed", "DE", {"order": "1001", "count": 2, "total": 48, "express": False}),
    ("placed", "JP", {"order": "1002", "count": 1, "total": 31, "express": False}),
    ("placed", "FR", {"order": "1003", "count": 9, "total": 1890, "express": False, "customer": {"new": True}}),
    ("cancelled", "DE", {"order": "1001", "count": 2, "total": 48, "express": False}),
]


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
        self.sns, self.sqs, self.functions, self.logs = (
            server.boto3(name) for name in ("sns", "sqs", "lambda", "logs")
        )

    def deploy(self) -> Deployed:
        """Topic, queues, function."""
        print("\n1  A topic, three queues, a function behind one of them")
        runtime = f"python{'.'.join(platform.python_version_tuple()[:2])}"
        made = deploy(self.sns, self.sqs, self.functions, runtime=runtime)
        # The mapping takes a moment of the clock, which stands still: move it until nothing is under way.
        self.server.client.run_until({"idle": True}, at_most="1m")
        print(f"    {made.topic}")
        for url in (made.archive, made.shipping, made.review):
            print(f"      -> {url}" + (f" -> {made.function}" if url == made.shipping else ""))
        return made

    def publish(self, made: Deployed) -> None:
        """Four events."""
        print(f"\n2  {len(EVENTS)} events are published")
        for event, country, order in EVENTS:
            attributes = {"event": event, "country": country}
            self.sns.publish(
                TopicArn=made.topic,
                Message=json.dumps(order),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
            print(f"    {event} {order['order']} from {country}")
        self.server.client.run_until({"idle": True}, at_most="1m")

    def share(self, made: Deployed) -> None:
        """Who got what."""
        print("\n3  Each gets its share")
        every = [order["order"] for _, _, order in EVENTS]
        expect(self.take(made.archive), every, "what was archived")
        print(f"    archive: all {len(every)}")
        expect(self.take(made.review), ["1003"], "what is to be reviewed")
        print("    review: 1003")
        events = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{made.function}", filterPattern="order")
        for line in sorted(event["message"].strip() for event in events["events"]):
            print(f"    | {line}")

    def explain(self, made: Deployed) -> None:
        """Why the shipping queue did not get two of them."""
        print("\n4  And why the others stayed away from shipping")
        query = urllib.parse.urlencode({"topic_arn": made.topic})
        with urllib.request.urlopen(f"{self.server.endpoint}/_undercast/sns/decisions?{query}") as answer:
            decisions = json.load(answer)["decisions"]
        refused = [one for one in reversed(decisions) if one["endpoint"].endswith(":shipping") and not one["delivered"]]
        for one in refused:
            print(f"    {one['key']} was not one of {one['rule']}")
        expect([one["key"] for one in refused], ["country", "event"], "the keys that decided")

    def take(self, queue_url: str) -> list[str]:
        """The orders in a queue, out of the documents that SNS has put around them."""
        messages = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(json.loads(message["Body"])["Message"])["order"] for message in messages]


def run() -> None:
    """Tell the whole story."""
    start = time.perf_counter()
    with undercast.server.start(time="manual") as server:
        print(f"Undercast at {server.endpoint}, its clock stands still")
        demo = Demo(server)
        made = demo.deploy()
        demo.publish(made)
        demo.share(made)
        demo.explain(made)
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
