"""The function behind the shipping queue: it says what is to be sent where. It would run on AWS as it is.

Its queue gets messages raw, so a record's body is what was published, and the topic's message attributes are the
record's.
"""

from __future__ import annotations

import json
from typing import Any


def handler(event: dict[str, Any], context: Any) -> None:
    """One batch from the queue."""
    for record in event["Records"]:
        order = json.loads(record["body"])
        country = record["messageAttributes"]["country"]["stringValue"]
        print(f"order {order['order']}: {order['count']} to {country}")
