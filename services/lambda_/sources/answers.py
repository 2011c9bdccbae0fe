"""What a function's answer says of the batch it was given, when its mapping has `ReportBatchItemFailures`.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def failed_items(payload: bytes, given: Collection[str]) -> set[str] | None:
    """The identifiers of the records that failed; none of them for success, None when all of them have.

    Success: nothing, null, `{}`, and no or an empty or a null list of `batchItemFailures`. Failure of the whole batch:
    no JSON, an identifier that is missing, null, empty, or of no record that was `given`.
    """
    if not payload.strip():
        return set()
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not answer:
        return set()
    items = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not items:
        return set()
    if not isinstance(items, list):
        return None
    found = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in items]
    return {name for name in found if name} if all(isinstance(name, str) and name in given for name in found) else None
