"""Queue policies: what AddPermission and RemovePermission make of them. They are kept, not yet enforced.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.sqs import documents, limits
from services.sqs.errors import InvalidAttributeValue, InvalidParameterValue, MissingParameter, OverLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

Document = dict[str, Any]

_LABEL = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.LABEL_MAX}}}\Z").match

_MAY_BE_GRANTED: Final = frozenset({
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
})  # fmt: skip
_OWNERS_ONLY: Final = frozenset({
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
})  # fmt: skip


def parse(text: str) -> Document | None:
    """The policy document in `text`, None when that is none."""
    return documents.read(text)


def check(text: str) -> None:
    """InvalidAttributeValue unless `text` is a policy document."""
    document = parse(text)
    statements = None if document is None else document.get("Statement", [])
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(statement, dict) for statement in statements):
        raise InvalidAttributeValue.of("Policy")


def with_permission(text: str, queue_arn: str, label: str, accounts: Sequence[str], actions: Sequence[str]) -> str:
    """The policy `text` (empty: none yet) with one statement more, in the form that AWS generates."""
    if not _LABEL(label):
        reason = f"Can only include alphanumeric characters, hyphens, or underscores. 1 to {limits.LABEL_MAX} in length"
        raise InvalidParameterValue.of(label, "Label", reason)
    _check_actions(actions)
    principals = [_principal(account, queue_arn) for account in accounts]
    if not principals:
        raise InvalidParameterValue.of("[]", "PrincipalId", "Unable to verify.")
    document = parse(text) or {"Version": "2008-10-17", "Id": f"{queue_arn}/SQSDefaultPolicy"}
    statements = _statements(document)
    if any(statement.get("Sid") == label for statement in statements):
        raise InvalidParameterValue.of(label, "Label", "Already exists.")
    if len(statements) >= limits.POLICY_STATEMENTS_MAX:
        raise OverLimit(
            f"{len(statements) + 1} Statements were found, maximum allowed is {limits.POLICY_STATEMENTS_MAX}."
        )
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all(principals)},
        "Action": _one_or_all([f"SQS:{action}" for action in actions]),
        "Resource": queue_arn,
    }
    return json.dumps({**document, "Statement": [*statements, statement]}, separators=(",", ":"))


def without_permission(text: str, label: str) -> str:
    """The policy `text` without the statement `label`; empty when that was the last."""
    document = parse(text) or {}
    statements = _statements(document)
    kept = [statement for statement in statements if statement.get("Sid") != label]
    if len(kept) == len(statements):
        raise InvalidParameterValue.of(label, "Label", "can't find label.")
    return json.dumps({**document, "Statement": kept}, separators=(",", ":")) if kept else ""


def _statements(document: Document) -> list[Document]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _principal(account: str, queue_arn: str) -> str:
    if not (account.isascii() and account.isdecimal() and len(account) == 12):
        raise InvalidParameterValue.of(f"[{account}]", "PrincipalId", "Unable to verify.")
    parsed = arn.parse(queue_arn)
    return f"arn:{parsed.partition if parsed else 'aws'}:iam::{account}:root"


def _check_actions(actions: Sequence[str]) -> None:
    if not actions:
        raise MissingParameter.of("Actions")
    if len(actions) > limits.PERMISSION_ACTIONS_MAX:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {limits.PERMISSION_ACTIONS_MAX}.")
    for action in actions:
        if action in _OWNERS_ONLY:
            reason = "Only the queue owner is allowed to invoke this action."
        elif action not in _MAY_BE_GRANTED:
            reason = "Please refer to the appropriate WSDL for a list of valid actions. "
        else:
            continue
        raise InvalidParameterValue.of(f"SQS:{action}", "ActionName", reason)


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
