"""Why a subscription did not get a message: `/_undercast/sns/decisions?topic_arn=...` (and below `/_aws/sns/`).

Of the topic's last messages that not everybody got, the latest first: what each subscription with a filter policy
decided, which key of the policy found nothing it could take, and what was asked of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from emulator.admin import origin
from emulator.wire.exchange import Reply
from services.sns import instants

if TYPE_CHECKING:
    from emulator.wire.exchange import Exchange
    from services.sns.filters import Decided, Recipients
    from services.sns.state import Topics

PATHS: Final = frozenset({b"/_undercast/sns/decisions", b"/_aws/sns/decisions"})


def answer(topics: Topics, recipients: Recipients, exchange: Exchange) -> Reply:
    """The page. `topic_arn` is asked for; `subscription_arn` and `message_id` narrow it down."""
    method = exchange.method.decode("latin-1")
    why = origin.refusal(method, exchange.headers)
    if why is not None:
        return _said(403, {"error": why})
    if method not in {"GET", "HEAD"}:
        return _said(405, {"error": "this page is not asked with that method"})
    given = dict(parse_qsl(exchange.query.decode("latin-1")))
    topic_arn = given.get("topic_arn", "")
    if not topic_arn:
        return _said(400, {"error": "topic_arn is missing"})
    if topics.find(topic_arn) is None:
        return _said(404, {"error": "there is no such topic", "topic_arn": topic_arn})
    shown = [
        _shown(decided)
        for decided in recipients.decisions(topic_arn)
        if given.get("subscription_arn", decided.subscription.arn) == decided.subscription.arn
        and given.get("message_id", decided.message.message_id) == decided.message.message_id
    ]
    return _said(200, {"topic_arn": topic_arn, "decisions": shown})


def _shown(decided: Decided) -> dict[str, Any]:
    message, subscription, decision = decided
    scope = subscription.attributes.get("FilterPolicyScope") or "MessageAttributes"
    return {
        "message_id": message.message_id,
        "published_at": instants.shown(message.published_at),
        "subscription_arn": subscription.arn,
        "protocol": subscription.protocol,
        "endpoint": subscription.endpoint,
        "filter_policy_scope": scope,
        "delivered": decision.accepted,
        "key": decision.key,
        "rule": decision.rule,
    }


def _said(status: int, what: dict[str, Any]) -> Reply:
    # Not orjson: keys of a policy may hold half of a surrogate pair, as JSON may.
    return Reply(status, b"content-type: application/json\r\n", json.dumps(what).encode())
