"""Limits that act: time, memory; and nobody is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.sandboxes import sandbox

if TYPE_CHECKING:
    from tests.emulator.sandboxes.conftest import Place

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def open_descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def all_gone(pids: list[int]) -> None:
    """Wait until they have ended: the kernel kills at once, and reports a little later."""
    turn = asyncio.Event()
    while not all(is_gone(pid) for pid in pids):
        asyncio.get_running_loop().call_later(0.01, turn.set)
        await turn.wait()
        turn.clear()


FAMILY = """
import os, subprocess, sys, time
def handler(event, context):
    child = subprocess.Popen(["sleep", "600"])
    daemon = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print(os.getpid(), child.pid, daemon.pid, flush=True)
    if event == "wait":
        time.sleep(600)
    return [os.getpid(), child.pid, daemon.pid]
"""


@linux
def test_a_timeout_kills_the_whole_family(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python(FAMILY)).ready()
        request_id = function.give("wait", seconds=0.5)
        told = await function.events.until("timed_out")
        exited = await function.events.until("exited")
        pids = [int(word) for word in function.events.log.split()]
        await all_gone(pids)
        assert function.events.names == ["ready", "timed_out", "exited"]
        return told[0] == request_id, told[1].duration_ms >= 500, exited[0], len(pids)

    assert run(scenario) == (True, True, "timeout", 3)


@linux
def test_a_shutdown_kills_the_whole_family(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python(FAMILY)).ready()
        pids = await function.call("go")
        function.sandbox.shut_down("spindown")
        exited = await function.events.until("exited")
        await all_gone(pids)
        return exited[0]

    assert run(scenario) == "shutdown"


@linux
def test_an_exit_takes_the_family_along(run: Any) -> None:
    async def scenario(place: Place) -> None:
        function = await (await place.python(FAMILY)).ready()
        pids = await function.call("go")
        os.kill(pids[0], signal.SIGKILL)
        exited = await function.events.until("exited")
        assert exited[0] == "signal: killed"
        await all_gone(pids)

    run(scenario)


@linux
def test_closing_kills_everything(run: Any) -> None:
    pids: list[int] = []

    async def scenario(place: Place) -> None:
        function = await (await place.python(FAMILY)).ready()
        pids.extend(await function.call("go"))
        function.give("wait")
        await function.events.until("output")

    run(scenario)
    assert all(is_gone(pid) for pid in pids)


@linux
@pytest.mark.parametrize("how", ["at once", "slowly", "in a child", "and gives it back"])
def test_memory(run: Any, how: str) -> None:
    source = {
        "at once": "def handler(e, c): x = b'x' * 400_000_000; return len(x)",
        "slowly": "def handler(e, c):\n  x = []\n  while True: x.append(b'x' * 1_000_000)",
        "in a child": "import subprocess, sys, os\ndef handler(e, c):\n  if os.fork() == 0:\n    x = []\n"
        "    while True: x.append(b'x' * 1_000_000)\n  os.wait()\n  import time; time.sleep(600)",
        "and gives it back": "def handler(e, c):\n  x = b'x' * 400_000_000\n  del x\n  return 1",
    }[how]

    async def scenario(place: Place) -> Any:
        function = await (await place.python(source, memory_mb=128)).ready()
        function.give({})
        exited = await function.events.until("exited")
        return function.events.names, exited

    names, (reason, usage) = run(scenario)
    assert names == ["ready", "exited"]
    assert reason == "out of memory"
    assert usage.max_memory_mb == 128


@linux
def test_a_function_that_starts_too_many_processes_is_killed_with_them(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PROCESSES_MAX", 20)
    source = """
import os, time
def handler(event, context):
    for _ in range(event):
        if os.fork() == 0:
            time.sleep(600)
    return "started"
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.python(source, memory_mb=10_240)).ready()
        assert await function.call(10) == "started"
        function.give(1000)
        exited = await function.events.until("exited")
        return exited[0]

    assert run(scenario) == "signal: killed"


@linux
def test_memory_used_is_measured(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python("def handler(e, c): return len(b'x' * e * 1_000_000)")).ready()
        function.give(1)
        small = (await function.events.until("response"))[2]
        await function.ready()
        function.give(100)
        return small, (await function.events.until("response"))[2]

    small, large = run(scenario)
    assert 5 < small.max_memory_mb < 60
    assert small.init_duration_ms > 0
    assert 95 < large.max_memory_mb - small.max_memory_mb + 5 < 115
    assert large.init_duration_ms is None


def test_an_init_that_takes_too_long_is_repeated_within_the_timeout(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.sandboxes.sandbox.INIT_S", 0.3)

    async def scenario(place: Place) -> Any:
        function = await place.python("import time; print('begun'); time.sleep(600)", timeout_s=1)
        told = await function.events.until("timed_out")
        await function.events.until("exited")
        return told[0], function.events.log

    assert run(scenario) == ("", "begun\nbegun\n")


def test_the_clock_is_held_while_it_works(run: Any) -> None:
    async def scenario(place: Place) -> list[int]:
        holds = []
        function = await place.python("def handler(e, c): return 1")
        holds.append(place.clock.holds)
        await function.ready()
        holds.append(place.clock.holds)
        function.give()
        holds.append(place.clock.holds)
        await function.events.until("response")
        await function.ready()
        holds.append(place.clock.holds)
        return holds

    assert run(scenario) == [1, 0, 1, 0]


def test_shut_down_before_it_has_begun(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.python("def handler(e, c): return 1")
        function.sandbox.shut_down("spindown")
        exited = await function.events.until("exited")
        again = await (await place.python("def handler(e, c): return 1")).ready()
        return exited[0], await again.call()

    assert run(scenario) == ("shutdown", 1)


def test_many_at_once(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        functions = [await place.python(f"def handler(e, c): return {n}") for n in range(12)]
        for function in functions:
            await function.ready()
        return await asyncio.gather(*(function.call() for function in functions))

    assert run(scenario) == list(range(12))


SERVER = """
import asyncio, sys
sys.path[:0] = {paths!r}
from tests.emulator.sandboxes.conftest import Place
async def main():
    place = Place()
    function = await (await place.python({source!r})).ready()
    print(*(await function.call("go")), place.sandboxes.nursery(function.sandbox._spec.runtime).pid, flush=True)
    function.give("wait")
    await asyncio.Event().wait()
asyncio.run(main())
"""


@linux
@pytest.mark.parametrize("victim", ["server", "nursery"])
def test_kill_9_leaves_nobody(victim: str) -> None:
    root = str(Path(__file__).parents[3])
    script = SERVER.format(paths=[root], source=FAMILY)
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)
    assert server.stdout is not None
    with server.stdout:
        pids = [int(word) for word in server.stdout.readline().split()]
    try:
        assert len(pids) == 4
        if victim == "server":
            server.kill()
            server.wait()
            asyncio.run(all_gone(pids))
        else:
            # The function itself dies with it; what it had started was the nursery's to kill.
            os.kill(pids[-1], signal.SIGKILL)
            asyncio.run(all_gone([pids[0], pids[-1]]))
    finally:
        server.kill()
        server.wait()
        for pid in pids[:-1]:
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)


@linux
def test_nothing_of_a_sandbox_that_has_ended_is_kept(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        counts = []
        for _ in range(4):
            for ending in ("shutdown", "timeout"):
                function = await (await place.python("import time\ndef handler(e, c): time.sleep(e)")).ready()
                if ending == "timeout":
                    function.give(600, seconds=0.05)
                else:
                    await function.call(0)
                    function.sandbox.shut_down("spindown")
                await function.events.until("exited")
            await place.sandboxes.settled()
            turn = asyncio.Event()
            asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, turn.set)
            await turn.wait()
            counts.append(open_descriptors())
        return counts, len(list(place.sandboxes.folders.root.glob("tmp-*")))

    counts, folders = run(scenario)
    assert counts[1:] == [counts[1]] * 3
    assert folders <= 2
