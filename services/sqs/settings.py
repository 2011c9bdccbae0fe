"""What a user may choose about the emulated SQS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SqsSettings:
    """All defaults are AWS's behaviour, but for the queue URL: AWS's host name would not resolve to this machine."""

    relax_cooldowns: bool = False
    """Purge twice within 60 seconds, and create a queue within 60 seconds of its deletion, without a refusal."""

    queue_url: str = ""
    """How queue URLs are built. Empty: `<origin the client used>/<account>/<name>`. `standard`, `domain` and `path`
    put the region into them as `sqs.<region>.<host>`, `<region>.queue.<host>` or `/queue/<region>/<account>/<name>`.
    Anything else is a base URL, to which `/<account>/<name>` is added."""
