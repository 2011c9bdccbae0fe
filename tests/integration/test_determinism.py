"""Two servers with the same seed give the same answers to the same requests, byte for byte."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from typing import TYPE_CHECKING, Any

import undercast.server

if TYPE_CHECKING:
    from collections.abc import Iterator


def conversation(endpoint: str) -> Iterator[tuple[int, list[tuple[str, str]], bytes]]:
    """A few requests over one connection, and their raw answers."""
    address = urllib.parse.urlsplit(endpoint)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port or 80)
    # The port differs from run to run, and is in the queue's URL unless the client says otherwise.
    headers = {"Host": "localhost:4566", "Content-Type": "application/x-amz-json-1.0"}
    url = "http://localhost:4566/000000000000/q.fifo"

    def ask(operation: str, **params: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        connection.request("POST", "/", json.dumps(params), headers | {"X-Amz-Target": f"AmazonSQS.{operation}"})
        answer = connection.getresponse()
        # The Date header is the machine's.
        return answer.status, [header for header in answer.getheaders() if header[0] != "date"], answer.read()

    yield ask("CreateQueue", QueueName="q.fifo", Attributes={"FifoQueue": "true"})
    for number in range(5):
        yield ask(
            "SendMessage",
            QueueUrl=url,
            MessageBody=f"m{number}",
            MessageGroupId=f"g{number % 2}",
            MessageDeduplicationId=str(number),
        )
    yield ask("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    yield ask("ReceiveMessage", QueueUrl="http://localhost:4566/000000000000/missing")
    yield ask("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    connection.close()


def transcript(seed: int | None) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """A whole conversation with a fresh server."""
    with undercast.server.start(time="manual@2027-01-01T00:00:00Z", seed=seed) as server:
        server.client.health()
        return list(conversation(server.endpoint))


def test_a_seed_repeats_everything_and_no_seed_nothing() -> None:
    first = transcript(42)
    assert transcript(42) == first
    other = transcript(43)
    assert [answer[0] for answer in other] == [answer[0] for answer in first] == [200] * 7 + [400, 200]
    assert other[1][2] != first[1][2]
    assert transcript(None)[1][2] != transcript(None)[1][2]
