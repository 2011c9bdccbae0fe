"""What Linux says of processes and cores. Elsewhere every function answers None, or does nothing."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
HAS_PROC = (_PROC / "self" / "stat").exists()
_TICK_S = 1 / os.sysconf("SC_CLK_TCK") if HAS_PROC else 0.0


def _stat(pid: int) -> list[str]:
    # The name, second of all fields, is in parentheses and may hold anything: count from behind it.
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def tree(pid: int) -> list[int]:
    """A process and all of its descendants."""
    if not HAS_PROC:
        return [pid]
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid]
    for member in found:
        found.extend(children.get(member, []))
    return found


def cpu_s(pid: int) -> float | None:
    """Seconds of CPU that a process and its descendants have used, in steps of one clock tick (10 ms)."""
    if not HAS_PROC:
        return None
    ticks = 0
    for member in tree(pid):
        with contextlib.suppress(OSError, IndexError):
            # user, system, and both of the children it has waited for
            ticks += sum(int(field) for field in _stat(member)[11:15])
    return ticks * _TICK_S


def memory_bytes(pid: int, kind: Literal["Pss", "Rss"]) -> int:
    """Memory of a process and its descendants: Rss is all they see, Pss shares out what several processes see."""
    total = 0
    for member in tree(pid):
        with contextlib.suppress(OSError):
            for line in (_PROC / str(member) / "smaps_rollup").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    total += int(line.split()[1]) * 1024
    return total


def busy_s(cores: frozenset[int]) -> float | None:
    """Seconds that processes have kept these cores busy since boot, and that a hypervisor has kept from them."""
    if not HAS_PROC:
        return None
    ticks = 0
    for line in (_PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cores:
            user, nice, system, _idle, _iowait, _irq, _softirq, steal = (int(field) for field in fields[:8])
            ticks += user + nice + system + steal
    return ticks * _TICK_S


def own_cpu_s() -> float:
    """Seconds of CPU that this process and the children it has waited for have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def usable_cores() -> list[int]:
    """The cores this process may run on; none where the system cannot pin."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(core: int | None) -> None:
    """Keep this thread, and every process it starts from now on, on one core."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Start processes on one core. They inherit it, which costs them no time (`taskset` would be one more exec)."""
    before = usable_cores()
    pin(core)
    try:
        yield
    finally:
        if core is not None and before:
            os.sched_setaffinity(0, before)


def hurry(pid: int, nice: int) -> None:
    """Give a process that leads a session a nice value, and the session too. PermissionError when not allowed."""
    if nice:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
        # Where Linux weighs whole sessions against each other, a nice value counts only within one.
        with contextlib.suppress(OSError):
            (_PROC / str(pid) / "autogroup").write_text(str(nice))


def machine() -> dict[str, str | int]:
    """What a reader of the numbers needs to know of the machine, and nothing that tells whose it is."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in (_PROC / "cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": model,
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
    }
