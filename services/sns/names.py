"""How SNS names things, and how it refuses names."""

from __future__ import annotations

import re
from typing import Final

from services import arn
from services.scope import Scope
from services.sns import limits
from services.sns.errors import InvalidParameter

FIFO_SUFFIX: Final = ".fifo"

_TOPIC_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.TOPIC_NAME_MAX}}}\Z").match
_ARN_PARTS: Final = 6


def topic_arn(scope: Scope, name: str) -> str:
    """The ARN of a topic."""
    return f"arn:{arn.partition(scope.region)}:sns:{scope.region}:{scope.account}:{name}"


def check_topic_name(name: str, *, fifo: bool) -> None:
    """InvalidParameter for a name that no topic of this kind can have.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    stem = name.removesuffix(FIFO_SUFFIX) if fifo else name
    fits = len(name) <= limits.TOPIC_NAME_MAX and name.endswith(FIFO_SUFFIX) is fifo
    if not fits or not _TOPIC_NAME(stem):
        raise InvalidParameter.of("Topic Name")


def parse_arn(text: str, parameter: str) -> arn.Arn:
    """An ARN that a request gave as `parameter`.

    Raises:
        InvalidParameter: too few parts, in AWS's words, or not an ARN at all.
    """
    parts = text.split(":")
    if len(parts) < _ARN_PARTS:
        raise InvalidParameter.of(parameter, f"An ARN must have at least 6 elements, not {len(parts)}")
    parsed = arn.parse(text)
    if parsed is None:
        raise InvalidParameter.of(parameter)
    return parsed


def scope_of(of_sns: str) -> Scope:
    """The account and region in an ARN of ours."""
    parts = of_sns.split(":", 5)
    return Scope(parts[4], parts[3])


def topic_of_subscription(subscription_arn: str) -> str:
    """The ARN of a subscription's topic: a subscription's is the topic's with one part more."""
    return subscription_arn.rpartition(":")[0]
