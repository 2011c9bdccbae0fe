"""Run by `test_celery.py`: `python client.py NAME` asks something of the workers and prints the answer as JSON."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from celery import chain, group
from post_office import add, app, carry, deliver, knock

TIMEOUT_S = 50


def results():
    """Single tasks, a group and a chain, each with its result."""
    return {
        "add": add.delay(2, 3).get(timeout=TIMEOUT_S),
        "group": group(add.s(n, n) for n in range(5))().get(timeout=TIMEOUT_S),
        "chain": chain(add.s(1, 2), add.s(10))().get(timeout=TIMEOUT_S),
    }


def retries():
    """A task that has to be tried three times."""
    return knock.delay().get(timeout=TIMEOUT_S)


def eta():
    """Two tasks for a moment from now: Celery's own worker waits for it, by its own clock."""
    deliver.apply_async(["by countdown"], countdown=1)
    deliver.apply_async(["by eta"], eta=app.now() + timedelta(seconds=1))


def later():
    """A task that SQS itself keeps back for ten minutes."""
    deliver.apply_async(["by delay"], delay_seconds=600)


def fragile():
    """A task that is acknowledged late."""
    carry.delay("precious")


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
