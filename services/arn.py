"""Amazon Resource Names: how AWS names a thing across services, accounts and regions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from typing import NamedTuple

_PARTITION_OF_PREFIX = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"))


class Arn(NamedTuple):
    """`arn:<partition>:<service>:<region>:<account>:<resource>`, split at the first five colons."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def partition(region: str) -> str:
    """The partition a region belongs to, `aws` unless its name says otherwise."""
    for prefix, name in _PARTITION_OF_PREFIX:
        if region.startswith(prefix):
            return name
    return "aws"


def parse(text: str) -> Arn | None:
    """The ARN that `text` spells, or None when it spells none."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
        return None
    return Arn(*parts[1:])
