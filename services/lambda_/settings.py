"""What a user may choose about the emulated Lambda."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LambdaSettings:
    """All defaults are AWS's behaviour, where AWS documents any."""

    idle_s: float = 600.0
    """A worker that nobody needed for this long is shut down, at the latest."""
    debug: str = ""
    """Run every function under a debugger: a port, or `<port>,wait`. Empty: none, but for functions with the tag."""
