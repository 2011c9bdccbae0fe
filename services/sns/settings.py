"""What a user may choose about the emulated SNS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SnsSettings:
    """All defaults are AWS's behaviour."""

    origin: str = "http://localhost:4566"
    """How clients reach us, for URLs in messages that nobody asked for over HTTP (a queue's, a function's)."""
    relax_cooldowns: bool = False
    """What AWS allows once in a day or a month (one-time passwords, opting in) is allowed at once."""
