"""A real server process, a real socket, real boto3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import undercast.server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_sqs import SQSClient

    from undercast.server import Server


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    """One server for the whole run, its time standing still."""
    with undercast.server.start(time="manual@2028-02-29T12:00:00Z") as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """The server without any state. A bug in it (it logs an error) fails the test that met it."""
    running.client.reset()
    before = len(running.log)
    yield running
    said = running.log[before:] if len(running.log) >= before else running.log
    assert not re.search(r" (ERROR|CRITICAL) ", said), said


@pytest.fixture
def sqs(server: Server) -> SQSClient:
    """SQS of the default account."""
    client: SQSClient = server.boto3("sqs")
    return client


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    """A standard queue."""
    return sqs.create_queue(QueueName="orders")["QueueUrl"]


@pytest.fixture
def fifo_url(sqs: SQSClient) -> str:
    """A FIFO queue that deduplicates by content."""
    attributes: Any = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]
