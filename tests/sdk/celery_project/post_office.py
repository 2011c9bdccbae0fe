"""A Celery application whose broker is SQS, and nothing in it that knows of Undercast but the broker's address.

Tasks tell what they do by messages to the queue `reports`, so that a test can wait for them in a long poll.
"""

from __future__ import annotations

import json
import os
import threading
from urllib.parse import urlsplit

import boto3
from celery import Celery

WORKER = os.environ.get("WORKER", "")

app = Celery("post_office")
app.conf.update(
    broker_url=f"sqs://test:test@{urlsplit(os.environ['AWS_ENDPOINT_URL']).netloc}//",
    broker_transport_options={
        "region": "us-east-1",
        "is_secure": False,
        "visibility_timeout": 1800,
        # A worker that is told to stop waits for its last long poll, and a full one before it looks again.
        "wait_time_seconds": 3,
        "polling_interval": 0.1,
    },
    broker_connection_retry_on_startup=True,
    task_default_queue="letters",
    result_backend=f"file://{os.environ['RESULTS']}",
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=1,
)


def report(what: str, **facts: object) -> None:
    """Tell the test."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="reports")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"what": what, "worker": WORKER, **facts}))


@app.task
def add(a, b):
    """Answer by the result backend."""
    return a + b


@app.task
def deliver(letter):
    """Just say that it ran."""
    report("delivered", letter=letter)


@app.task(bind=True, max_retries=3)
def knock(self):
    """Nobody is at home, twice."""
    report("knocked", retries=self.request.retries)
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return "opened"


@app.task(bind=True, acks_late=True)
def carry(self, letter):
    """Acknowledged when done, and the first worker never gets there."""
    report("set out", letter=letter, redelivered=bool(self.request.delivery_info.get("redelivered")))
    if WORKER == "doomed":
        threading.Event().wait()
    report("arrived", letter=letter)
