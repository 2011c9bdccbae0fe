"""Many clients at once, some of which die in the middle: nothing acknowledged is lost, nothing is given out twice.

Time stands still, so within the test no visibility timeout ends by itself: a message received twice before the clock is
moved is a message given to two consumers at once.
"""

from __future__ import annotations

import collections
import contextlib
import http.client
import json
import socket
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sqs import SQSClient

    from undercast.server import Server

PRODUCERS = 3
CONSUMERS = 4
MESSAGES = 250


class Client:
    """One keep-alive connection."""

    def __init__(self, endpoint: str) -> None:
        address = urllib.parse.urlsplit(endpoint)
        assert address.hostname is not None
        self.connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=60)

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}"}
        self.connection.request("POST", "/", json.dumps(params), headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        said: dict[str, Any] = json.loads(content) if content else {}
        return said

    def close(self) -> None:
        self.connection.close()

    def ask_and_die(self, operation: str, **params: Any) -> None:
        """Ask, and be gone before the answer."""
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}"}
        self.connection.request("POST", "/", json.dumps(params), headers)
        assert self.connection.sock is not None
        self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()


class Ledger:
    """What producers were promised and consumers were given."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acknowledged: list[str] = []
        self.received: collections.Counter[str] = collections.Counter()
        self.order: dict[str, list[str]] = collections.defaultdict(list)
        self.problems: list[str] = []
        self.all_sent = threading.Event()


def in_threads(ledger: Ledger, producers: list[Callable[[], None]], consumers: list[Callable[[], None]]) -> None:
    """Run all at once; consumers go on until the producers have ended and nothing more comes."""

    def guarded(body: Callable[[], None]) -> None:
        try:
            body()
        except (AssertionError, OSError, http.client.HTTPException, ValueError, KeyError) as error:
            ledger.problems.append(repr(error))

    ledger.all_sent.clear()
    threads = [threading.Thread(target=guarded, args=(body,)) for body in (*producers, *consumers)]
    for thread in threads:
        thread.start()
    for thread in threads[: len(producers)]:
        thread.join(90)
    ledger.all_sent.set()
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()
    assert not ledger.problems


def producer(endpoint: str, url: str, name: str, ledger: Ledger, group: str | None) -> Callable[[], None]:
    options = {"MessageGroupId": group} if group else {}

    def send(client: Client, number: int) -> list[str]:
        if number % 2:
            assert client.ask("SendMessage", QueueUrl=url, MessageBody=f"{name}-{number}", **options)["MessageId"]
            return [f"{name}-{number}"]
        entries = [{"Id": str(i), "MessageBody": f"{name}-{number}-{i}", **options} for i in range(5)]
        done = client.ask("SendMessageBatch", QueueUrl=url, Entries=entries)["Successful"]
        return [f"{name}-{number}-{entry['Id']}" for entry in done]

    def run() -> None:
        with contextlib.closing(Client(endpoint)) as client:
            for number in range(0, MESSAGES, 5):
                acknowledged = send(client, number)
                with ledger.lock:
                    ledger.acknowledged.extend(acknowledged)
                if number % 2 == 0:
                    # A consumer that dies while it is parked, or just as it is given something.
                    Client(endpoint).ask_and_die("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)

    return run


def consumer(endpoint: str, url: str, ledger: Ledger) -> Callable[[], None]:
    def consume(client: Client) -> int:
        answer = client.ask("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=7, WaitTimeSeconds=1)
        got = answer.get("Messages", [])
        with ledger.lock:
            for message in got:
                ledger.received[message["Body"]] += 1
                ledger.order[message["Body"].partition("-")[0]].append(message["Body"])
        for message in got:
            client.ask("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(got)

    def run() -> None:
        with contextlib.closing(Client(endpoint)) as client:
            last = False
            while consume(client) or not last:
                last = ledger.all_sent.is_set()

    return run


def depth(client: Client, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client.ask("GetQueueAttributes", QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def audit(server: Server, url: str, *, groups: bool) -> Ledger:
    ledger = Ledger()
    producers = [
        producer(server.endpoint, url, f"p{number}", ledger, f"g{number}" if groups else None)
        for number in range(PRODUCERS)
    ]
    in_threads(ledger, producers, [consumer(server.endpoint, url, ledger) for _ in range(CONSUMERS)])
    assert not [body for body, times in ledger.received.items() if times > 1]
    # What the dead were given comes back once their visibility timeout has passed, and only that.
    with contextlib.closing(Client(server.endpoint)) as client:
        for _ in range(MESSAGES):
            if depth(client, url) == (0, 0):
                break
            server.client.advance(30)
            in_threads(ledger, [], [consumer(server.endpoint, url, ledger)])
        assert depth(client, url) == (0, 0)
    assert set(ledger.received) == set(ledger.acknowledged)
    assert max(ledger.received.values()) == 1
    assert len(ledger.acknowledged) > PRODUCERS * 100
    return ledger


def test_a_standard_queue_loses_and_repeats_nothing(server: Server, sqs: SQSClient, queue_url: str) -> None:
    audit(server, queue_url, groups=False)


def test_a_fair_queue_loses_and_repeats_nothing(server: Server, sqs: SQSClient, queue_url: str) -> None:
    audit(server, queue_url, groups=True)


def test_a_fifo_queue_also_keeps_the_order_of_each_group(server: Server, sqs: SQSClient, fifo_url: str) -> None:
    ledger = audit(server, fifo_url, groups=True)
    sent: dict[str, list[str]] = collections.defaultdict(list)
    for body in ledger.acknowledged:
        sent[body.partition("-")[0]].append(body)
    assert ledger.order == sent
