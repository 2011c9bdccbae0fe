"""How a process ended, in the words of AWS's logs (`exit status 1`, `signal: killed`)."""

from __future__ import annotations

import os
from typing import Final

OUT_OF_MEMORY: Final = "out of memory"
SHUT_DOWN: Final = "shutdown"

# As Go's syscall package words them: the service's own texts come from there.
_SIGNALS: Final = {
    1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap", 6: "aborted",
    7: "bus error", 8: "floating point exception", 9: "killed", 10: "user defined signal 1",
    11: "segmentation fault", 12: "user defined signal 2", 13: "broken pipe", 14: "alarm clock", 15: "terminated",
}  # fmt: skip


def reason(status: int) -> str:
    """A status of wait(2)."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        dumped = " (core dumped)" if os.WCOREDUMP(status) else ""
        return f"signal: {_SIGNALS.get(number, f'signal {number}')}{dumped}"
    return f"exit status {os.WEXITSTATUS(status)}"


def could_not_start(program: str, number: int, text: str) -> str:
    """A `bootstrap` that could not be executed."""
    return f"fork/exec {program}: {os.strerror(number).lower() if number else text}"
