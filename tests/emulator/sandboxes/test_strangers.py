"""A process that hides ends with its function; a process of another function is not answered."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.sandboxes.runtime_api import RESPONSE_MAX

if TYPE_CHECKING:
    from tests.emulator.sandboxes.conftest import Place

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

STRAYS = r"""
import os, subprocess, time
def handler(event, context):
    read, write = os.pipe()
    # Nothing in its environment, and a child below it.
    line = f"setsid sh -c 'echo $$ >&{write}; sleep 600 & echo $! >&{write}; wait' &"
    subprocess.run(["sh", "-c", line], env={}, pass_fds=[write])
    if os.fork() == 0:
        # Forked twice and never executed.
        os.setsid()
        if os.fork() == 0:
            os.write(write, b"%d\n" % os.getpid())
            time.sleep(600)
        os._exit(0)
    found = b""
    while found.count(b"\n") < 3:
        found += os.read(read, 100)
    pids = [os.getpid(), *map(int, found.split())]
    print(*pids, flush=True)
    if event == "exit":
        os._exit(1)
    if event == "timeout":
        time.sleep(600)
    return pids
"""

THIEF = """
import http.client
def handler(event, context):
    connection = http.client.HTTPConnection(event, timeout=5)
    try:
        connection.request("GET", "/2018-06-01/runtime/invocation/next")
        return connection.getresponse().read().decode()
    except (http.client.HTTPException, ConnectionError):
        return "turned away"
"""

DAEMON = """
import subprocess, sys
ASK = '''
import http.client, os
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
connection.request("GET", "/nothing")
print(connection.getresponse().status, flush=True)
'''
def handler(event, context):
    line = ["sh", "-c", 'setsid "$0" -c "$1" &', sys.executable, ASK]
    return subprocess.run(line, capture_output=True, text=True).stdout
"""


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


async def all_gone(pids: list[int]) -> None:
    """Wait until they have ended."""
    while not all(is_gone(pid) for pid in pids):
        turn = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, turn.set)
        await turn.wait()


@pytest.mark.parametrize("how", ["exit", "timeout", "shutdown", "killed"])
def test_who_hides_ends_with_its_function(run: Any, how: str) -> None:
    async def scenario(place: Place) -> int | None:
        function = await (await place.python(STRAYS)).ready()
        if not function.sandbox._places.mounted:
            return None
        bystander = await (await place.python(STRAYS)).ready()
        others = await bystander.call("go")
        function.give(how, seconds=1 if how == "timeout" else 20)
        if how in {"shutdown", "killed"}:
            await function.events.until("response")
            await function.ready()
            if how == "killed":
                os.kill(int(function.events.log.split()[0]), signal.SIGKILL)
            else:
                function.sandbox.shut_down("spindown")
        await function.events.until("exited")
        pids = [int(word) for word in function.events.log.split()]
        await all_gone(pids)
        assert not any(is_gone(pid) for pid in others)
        return len(pids)

    found = run(scenario)
    if found is None:
        pytest.skip("functions share the machine's mounts here")
    assert found == 4


def test_nobody_is_given_anothers_invocation(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        victim = await (await place.python("def handler(e, c): return 'mine'")).ready()
        thief = await (await place.python(THIEF)).ready()
        thief.give(victim.sandbox._address)
        # Were it let in, it would wait for what the victim is given now.
        stolen = asyncio.ensure_future(thief.events.until("response"))
        await asyncio.wait([stolen], timeout=2)
        victim.give("secret")
        mine = await victim.events.until("response")
        return json.loads((await stolen)[1]), json.loads(mine[1])

    assert run(scenario) == ("turned away", "mine")


@pytest.mark.parametrize("mounts", [True, False])
def test_a_daemon_of_its_own_is_answered(run: Any, mounts: bool) -> None:
    async def scenario(place: Place) -> Any:
        return await (await (await place.python(DAEMON)).ready()).call()

    assert run(scenario, mounts=mounts) == "404\n"


def test_a_response_that_is_too_large_to_be_read(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.sandboxes.runtime_api.READ_MAX", 8 * 1024 * 1024)

    async def scenario(place: Place) -> Any:
        function = await (await place.python("def handler(e, c): return 'x' * 9_000_000")).ready()
        function.give()
        return (await function.events.until("response"))[1]

    assert len(run(scenario)) > RESPONSE_MAX
