"""Access policies of topics: the default one, and what AddPermission makes of it. They are kept, not enforced.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.api import operation
from services.sns.errors import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.api import Call, Params
    from services.sns.model import Topic
    from services.sns.state import Topics

Document = dict[str, Any]

_OUT_OF_SCOPE: Final = "Policy statement action out of service scope!"
_GRANTED_BY_DEFAULT: Final = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
_MAY_BE_GRANTED: Final = frozenset({*_GRANTED_BY_DEFAULT, "Receive"})
_ACTIONS_OF_POLICIES: Final = frozenset(
    name.lower()
    for name in (
        *_MAY_BE_GRANTED,
        "GetDataProtectionPolicy",
        "ListTagsForResource",
        "PutDataProtectionPolicy",
        "TagResource",
        "UntagResource",
    )
)


def default(topic: Topic) -> Document:
    """The policy of a topic that was never given one: whatever its owner's account does."""
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in _GRANTED_BY_DEFAULT],
                "Resource": topic.arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": topic.scope.account}},
            }
        ],
    }


def shown(topic: Topic) -> str:
    """`Policy` of GetTopicAttributes."""
    return topic.attributes.get("Policy") or _text(default(topic))


def check(text: str) -> None:
    """InvalidParameter unless `text` is a policy document about SNS's actions."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(statement, dict) for statement in statements):
        raise InvalidParameter.of("Policy Error: null")
    for statement in statements:
        for action in _listed(statement.get("Action", statement.get("NotAction"))):
            if not _of_sns(action):
                raise InvalidParameter.of(_OUT_OF_SCOPE)


def _of_sns(action: Any) -> bool:
    if not isinstance(action, str):
        return False
    service, _, name = action.lower().partition(":")
    return action == "*" or (service == "sns" and ("*" in name or "?" in name or name in _ACTIONS_OF_POLICIES))


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _text(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _statements(document: Document) -> list[Document]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _with(topic: Topic, label: str, accounts: Sequence[str], actions: Sequence[str]) -> str:
    document: Document = json.loads(shown(topic))
    statements = _statements(document)
    if any(statement.get("Sid") == label for statement in statements):
        raise InvalidParameter.of("Statement already exists")
    if not actions or not _MAY_BE_GRANTED.issuperset(actions):
        raise InvalidParameter.of(_OUT_OF_SCOPE)
    partition = arn.partition(topic.scope.region)
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all([f"arn:{partition}:iam::{account}:root" for account in accounts])},
        "Action": _one_or_all([f"SNS:{action}" for action in actions]),
        "Resource": topic.arn,
    }
    return _text({**document, "Statement": [*statements, statement]})


def _without(topic: Topic, label: str) -> str:
    document: Document = json.loads(shown(topic))
    kept = [statement for statement in _statements(document) if statement.get("Sid") != label]
    return _text({**document, "Statement": kept})


class PermissionsApi:
    """AddPermission and RemovePermission."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    @operation
    def add_permission(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        topic.attributes["Policy"] = _with(topic, params["Label"], params["AWSAccountId"], params["ActionName"])
        self._topics.tell_changed(topic)
        return {}

    @operation
    def remove_permission(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        topic.attributes["Policy"] = _without(topic, params["Label"])
        self._topics.tell_changed(topic)
        return {}
