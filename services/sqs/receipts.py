"""Receipt handles: opaque to clients, self-describing to us.

A handle names its queue (by a random tag drawn at creation), its message (by the queue's running number) and the
receive it came from (by that message's receive count). So a handle needs no storage, an unknown one can be told from
one whose message is gone, and finding its message is one dict look-up however many messages are in flight.
"""

from __future__ import annotations

import binascii
import struct
from typing import NamedTuple

from services.sqs.errors import ReceiptHandleIsInvalid

_LAYOUT = struct.Struct(">QQI4s")
_PREFIX = "AQEB"
_PAD = b"UCST"


class Receipt(NamedTuple):
    """What a handle says."""

    queue_tag: int
    number: int
    receive: int


def encode(queue_tag: int, number: int, receive: int) -> str:
    """A new handle for the `receive`th receive of message `number`."""
    return _PREFIX + binascii.b2a_base64(_LAYOUT.pack(queue_tag, number, receive, _PAD), newline=False).decode("ascii")


def decode(handle: str, queue_tag: int) -> Receipt:
    """What `handle` says; ReceiptHandleIsInvalid unless the queue of this tag gave it."""
    try:
        tag, number, receive, pad = _LAYOUT.unpack(binascii.a2b_base64(handle[len(_PREFIX) :].encode("ascii")))
    except (binascii.Error, struct.error, UnicodeEncodeError):
        raise ReceiptHandleIsInvalid(handle) from None
    if tag != queue_tag or pad != _PAD or not handle.startswith(_PREFIX):
        raise ReceiptHandleIsInvalid(handle)
    return Receipt(tag, number, receive)
