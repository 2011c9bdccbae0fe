"""The trace header: passed through every invocation, and counting how often a chain came by the same function.

A function's own calls carry the header on (the SDKs do that), and so do queues and topics. Its `Lineage` tells for
each function, by a hash of its ARN, how often it has run in this chain of requests. After 16 times Lambda stops it.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from services.ports import Entropy

LOOPS_MAX: Final = 16
"""So many invocations of one function in one chain are let through."""


class Traced(NamedTuple):
    """One step of a chain."""

    header: str
    """What the function gets as its trace id."""
    loops: int
    """How often this function has run in this chain before."""


def mark_of(function_arn: str) -> str:
    """A function's mark in a Lineage: eight hexadecimal digits."""
    return f"{zlib.crc32(function_arn.encode()):08x}"


def step(incoming: str, mark: str, now: float, entropy: Entropy, *, active: bool = False) -> Traced:
    """The header for an invocation of the function `mark`, by the header that came with the request.

    Without one a trace begins here, sampled if the function traces actively.
    """
    if not incoming:
        root = f"1-{int(now) & 0xFFFFFFFF:08x}-{entropy.bits(96):024x}"
        return Traced(f"Root={root};Parent={entropy.bits(64):016x};Sampled={int(active)};Lineage=1:{mark}:0", 0)
    fields = _fields(incoming)
    marks = _lineage(fields.get("Lineage", ""))
    loops = marks.get(mark, -1) + 1
    marks[mark] = loops
    root = fields.get("Root") or fields.get("Self") or f"1-{int(now) & 0xFFFFFFFF:08x}-{entropy.bits(96):024x}"
    parent = fields.get("Parent") or f"{entropy.bits(64):016x}"
    lineage = "|".join(f"1:{name}:{count}" for name, count in marks.items())
    sampled = fields.get("Sampled") or str(int(active))
    return Traced(f"Root={root};Parent={parent};Sampled={sampled};Lineage={lineage}", loops)


def _fields(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header[:2048].split(";"))
    return {name: value for name, _, value in pairs if name}


def _lineage(text: str) -> dict[str, int]:
    """Counts by mark. What is not understood is dropped: anybody may send such a header."""
    marks: dict[str, int] = {}
    for part in text.split("|"):
        *_, mark, count = ["", *part.split(":")] if ":" in part else ["", "", ""]
        if mark and count.isascii() and count.isdigit() and len(count) < 6:
            marks[mark] = int(count)
    return marks
