"""Load by wrk, and what the server's core did meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import proc

if TYPE_CHECKING:
    from bench.server import Server

_SCRIPTS = Path(__file__).resolve().parents[1] / "wrk"
MISSING = "wrk, which makes the load, is not installed (Debian, Ubuntu: apt install wrk; macOS: brew install wrk)"


class LoadError(Exception):
    """wrk failed, or no request was answered."""


@dataclass(frozen=True)
class Load:
    """One run of wrk. `cpu_us` is of the server, a request; `others` is what other processes took, in cores."""

    per_s: float
    p50_ms: float
    p99_ms: float
    answered: int
    completed_per_s: float
    failed: int
    cpu_us: float | None
    others: float | None


def available() -> bool:
    """Whether wrk is on PATH."""
    return shutil.which("wrk") is not None


def load(server: Server, script: str, connections: int, seconds: int, *arguments: str, cores: frozenset[int]) -> Load:
    """Load a server for some seconds with one of the scripts of `benchmarks/wrk`. wrk gets the core of this process."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", f"{script}.lua"]
    command += [f"http://127.0.0.1:{server.port}/", "--", *arguments]
    cpu, busy, own, began = proc.cpu_s(server.pid), proc.busy_s(cores), proc.own_cpu_s(), time.perf_counter()
    said = _wrk(command, server.nice)
    wall, own = time.perf_counter() - began, proc.own_cpu_s() - own
    cpu_after, busy_after = proc.cpu_s(server.pid), proc.busy_s(cores)
    found = [line for line in said.splitlines() if line.startswith("RESULT ")]
    if not found:
        raise LoadError(f"wrk: {' '.join(said.split())[-400:]}")
    result = json.loads(found[0].removeprefix("RESULT "))
    answered = result["requests"]
    if not answered:
        raise LoadError(f"{server.name} answered nothing in {seconds} s")
    used = cpu_after - cpu if cpu is not None and cpu_after is not None else None
    others = None
    if used is not None and busy is not None and busy_after is not None and cores:
        others = max(0.0, (busy_after - busy - used - own) / wall)
    elapsed_s = result["duration_us"] / 1e6
    return Load(
        per_s=answered / elapsed_s,
        p50_ms=result["p50_us"] / 1e3,
        p99_ms=result["p99_us"] / 1e3,
        answered=answered,
        completed_per_s=result["completed"] / elapsed_s,
        failed=result["refused"] + result["broken"],
        cpu_us=used / answered * 1e6 if used is not None else None,
        others=others,
    )


def _wrk(command: list[str], nice: int) -> str:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=_SCRIPTS, start_new_session=True
    ) as process:
        try:
            proc.hurry(process.pid, nice)
            return process.communicate()[0]
        except BaseException:
            # Interrupted: a session of its own has not heard of it.
            process.kill()
            raise
