"""The digests SQS answers with, which SDKs compare against their own.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRING = b"\x01"
_BINARY = b"\x02"


def of_body(body: bytes) -> str:
    """Hex MD5 of a body in UTF-8."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """Hex MD5 of message attributes by AWS's recipe: sorted by name; each part with its length before it."""
    parts: list[bytes] = []

    def add(part: bytes) -> None:
        parts.append(len(part).to_bytes(4, "big"))
        parts.append(part)

    for name in sorted(attributes):
        attribute = attributes[name]
        add(name.encode())
        add(attribute["DataType"].encode())
        # By the type, not by which value is there: the other one may have been sent empty.
        if attribute["DataType"].startswith("Binary"):
            parts.append(_BINARY)
            add(attribute["BinaryValue"])
        else:
            parts.append(_STRING)
            add(attribute["StringValue"].encode())
    return hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()
