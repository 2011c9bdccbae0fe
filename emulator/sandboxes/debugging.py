"""A debugger's port: debugpy for Python, the inspector for Node.js, JDWP for Java."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.ports import SandboxSpec

log = logging.getLogger("undercast.lambda")


class Debugger:
    """Of one sandbox."""

    def __init__(self, port: int, *, waits: bool = False) -> None:
        self.port = port
        """0: none."""
        self._waits = waits
        self._was_attached = False

    @staticmethod
    def of(spec: SandboxSpec) -> Debugger:
        """What the specification asks for: nothing, a port, or any port; `wait` waits for the debugger."""
        if not spec.debug:
            return Debugger(0)
        digits = re.search(r"\d{2,5}", spec.debug)
        if digits and _is_free(int(digits[0])):
            return Debugger(int(digits[0]), waits="wait" in spec.debug)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return Debugger(int(probe.getsockname()[1]), waits="wait" in spec.debug)

    def announce(self, spec: SandboxSpec) -> None:
        """Say where it listens."""
        if self.port:
            log.warning("debugger of %s (%s): 127.0.0.1:%d", spec.function_name, spec.runtime, self.port)

    def suspends(self) -> bool:
        """Whether somebody debugs, or is waited for: then no time runs out."""
        if not self.port:
            return False
        if self._attached():
            self._waits = False
            self._was_attached = True
            return True
        # Who has just let go has the whole time once more.
        again, self._was_attached = self._was_attached, False
        return again or self._waits

    def _attached(self) -> bool:
        """Where that can't be seen, a port is enough."""
        with contextlib.suppress(OSError):
            wanted = f"0100007F:{self.port:04X}"
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[1] == wanted and fields[3] == "01":
                    return True
            return False
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True
