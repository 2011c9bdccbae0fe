"""Tags of a queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.sqs import limits
from services.sqs.errors import InvalidParameterValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def merged(queue_name: str, old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """`old` tags with the `new` ones; InvalidParameterValue when a key or value is too long, or there are too many."""
    check_keys(new)
    for value in new.values():
        if len(value) > limits.TAG_VALUE_MAX:
            raise InvalidParameterValue(
                f"Tag values must be between 0 and {limits.TAG_VALUE_MAX} characters in length."
            )
    tags = {**old, **new}
    if len(tags) > limits.TAGS_MAX:
        raise InvalidParameterValue(f"Too many tags added for queue {queue_name}.")
    return tags


def check_keys(keys: Iterable[str]) -> None:
    """InvalidParameterValue for a key too long or empty."""
    for key in keys:
        if not 1 <= len(key) <= limits.TAG_KEY_MAX:
            raise InvalidParameterValue(f"Tag keys must be between 1 and {limits.TAG_KEY_MAX} characters in length.")
