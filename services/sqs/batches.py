"""What the three batch operations have in common: the checks of the whole batch, and per-entry results.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from services.sqs import limits
from services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    MissingParameter,
    SqsError,
    TooManyEntriesInBatchRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Entry = dict[str, Any]

_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.BATCH_ID_MAX}}}\Z").match


def check(entries: Sequence[Entry], entry_type: str, required: str) -> None:
    """Refuse the batch as a whole: its size, its Ids, and whether each entry has its `required` member."""
    if not entries:
        raise EmptyBatchRequest(entry_type)
    if len(entries) > limits.BATCH_ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest(limits.BATCH_ENTRIES_MAX, len(entries))
    seen = set()
    for number, entry in enumerate(entries, 1):
        entry_id = entry.get("Id")
        if entry_id is None:
            raise MissingParameter.of(f"{entry_type}.{number}.Id")
        if not _ID(entry_id):
            raise InvalidBatchEntryId
        if not entry.get(required):
            raise MissingParameter.of(f"{entry_type}.{number}.{required}")
        if entry_id in seen:
            raise BatchEntryIdsNotDistinct(entry_id)
        seen.add(entry_id)


def run(entries: Sequence[Entry], handle: Callable[[Entry], Entry]) -> dict[str, list[Entry]]:
    """`handle` each entry; its result, with the Id, goes to `Successful`, its refusal to `Failed`.

    An empty list is left out.
    """
    successful: list[Entry] = []
    failed: list[Entry] = []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **handle(entry)})
        except SqsError as error:
            failed.append({
                "Id": entry["Id"],
                "SenderFault": error.status < 500,
                "Code": error.code,
                "Message": error.message,
            })  # fmt: skip
    return {name: results for name, results in (("Successful", successful), ("Failed", failed)) if results}
