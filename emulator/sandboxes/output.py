"""What a function writes: one pipe of plain lines and framed messages, cut into log events.

A runtime that writes frames keeps each of its messages whole, with the line ends in it; anything else is cut at line
ends, as CloudWatch shows it. A frame is 16 bytes (type 0xa55a...., length, microseconds; all big-endian) and its text.
The first byte of a frame never begins a character of UTF-8, so the two can share a pipe and keep their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME: Final = b"\xa5\x5a\x00"
_HEAD: Final = 16
LONGEST_FRAME: Final = 1024 * 1024
"""A frame that claims more is no frame."""
LONGEST_LINE: Final = 256 * 1024
"""CloudWatch's longest event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""


class Splitter:
    """Bytes in, log events out."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The events that are whole now. Lines keep their line end."""
        held = self._held + data if self._held else data
        place = 0
        size = len(held)
        while place < size:
            frame = held.startswith(FRAME, place)
            if frame:
                if size - place < _HEAD:
                    break
                length = int.from_bytes(held[place + 4 : place + 8], "big")
                if length <= LONGEST_FRAME:
                    if size - place < _HEAD + length:
                        break
                    yield held[place + _HEAD : place + _HEAD + length]
                    place += _HEAD + length
                    continue
            # A frame in the midst of a line ends it: its writer did not end it before it logged.
            begins = held.find(FRAME, place + 1 if frame else place)
            ends = held.find(b"\n", place)
            if ends >= 0 and (begins < 0 or ends < begins):
                yield held[place : ends + 1]
                place = ends + 1
            elif begins >= 0:
                yield held[place:begins]
                place = begins
            elif size - place >= LONGEST_LINE:
                yield held[place : place + LONGEST_LINE]
                place += LONGEST_LINE
            else:
                break
        self._held = held[place:]

    def rest(self) -> bytes:
        """What is left at the end: a line without an end."""
        held, self._held = self._held, b""
        return held
