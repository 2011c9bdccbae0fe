"""One moto call at a time, without a deadlock when one waits for the world."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turn:
    """A lock that its holder puts aside while it waits for an outgoing request.

    moto's services reach into each other's state and none locks it, so all of them share one turn; the interpreter's
    own lock would let no two of them compute at once anyway. But what a subscriber of SNS does when it is posted to is
    often to call us: its call must not wait for the one that waits for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._holder = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Let others go first for a while; does nothing in a thread whose turn it is not."""
        if self._holder != threading.get_ident():
            yield
            return
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()
