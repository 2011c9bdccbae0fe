"""Pages of a list, and of which a token says where the next one starts.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
"""

from __future__ import annotations

import base64
from bisect import bisect_right
from typing import TYPE_CHECKING

from services.sqs.errors import InvalidParameterValue
from services.sqs.limits import LISTED_QUEUES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence


def page(names: Sequence[str], max_results: int | None, token: str | None) -> tuple[Sequence[str], str]:
    """One page of the sorted `names`, and the token of the next; empty when there is none.

    As on AWS there is a next page only for who says how long a page may be.
    """
    if max_results is not None and not 1 <= max_results <= LISTED_QUEUES_MAX:
        raise InvalidParameterValue.of(
            max_results, "MaxResults", f"Must be between 1 and {LISTED_QUEUES_MAX}, if provided."
        )
    start = bisect_right(names, _after(token)) if token else 0
    end = start + (max_results or LISTED_QUEUES_MAX)
    more = max_results is not None and end < len(names)
    return names[start:end], base64.b64encode(names[end - 1].encode()).decode("ascii") if more else ""


def _after(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError:
        raise InvalidParameterValue("Invalid or expired next token.") from None
