"""Starting and stopping: the handle, with small programs in the place of the server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from undercast import server
from undercast.errors import StartError, UndercastError

READY = 'print("Undercast 0.1.0 ready at http://127.0.0.1:1234 (time: real)", flush=True)'

Program = Callable[[str], Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Makes an executable of Python source, to be given as `executable`."""

    def make(source: str) -> Path:
        path = tmp_path / "undercast"
        path.write_text(f"#!{sys.executable} -I\nimport os, signal, sys\n{source}\n")
        path.chmod(0o755)
        return path

    return make


def test_a_started_server_tells_where_it_is_and_stops_with_its_block(program: Program) -> None:
    with server.start(executable=program(f"{READY}\nsignal.pause()")) as handle:
        assert handle.endpoint == handle.client.endpoint == "http://127.0.0.1:1234"
        assert handle.pid is not None
        os.kill(handle.pid, 0)
    assert handle.wait() == -15
    handle.stop()


def test_settings_become_options(program: Program) -> None:
    source = f"print(*sys.argv[1:], file=sys.stderr, flush=True)\n{READY}\nsignal.pause()"
    with server.start(
        time="manual", seed=7, executable=program(source), region="eu-west-1", relax_cooldowns=True, queue_url=None
    ) as handle:
        assert handle.log == "start --port=0 --time=manual --seed=7 --region=eu-west-1 --relax-cooldowns\n"
    assert handle.log == ""


def test_a_server_that_listens_everywhere_is_reached_on_the_loopback_address(program: Program) -> None:
    everywhere = READY.replace("127.0.0.1", "0.0.0.0")
    with server.start(executable=program(f"{everywhere}\nsignal.pause()")) as handle:
        assert handle.endpoint == "http://127.0.0.1:1234"
    assert server.reachable("http://[::]:4566") == "http://[::1]:4566"
    assert server.reachable("http://10.0.0.1:4566") == "http://10.0.0.1:4566"


def test_a_server_that_does_not_start_is_quoted(program: Program) -> None:
    with pytest.raises(StartError, match=r"exit code 2\):\nundercast start: port 4566") as failed:
        server.start(executable=program("sys.exit(print('undercast start: port 4566', file=sys.stderr) or 2)"))
    assert (failed.value.exit_code, failed.value.stderr) == (2, "undercast start: port 4566\n")


def test_a_server_that_never_gets_ready_is_given_up_and_ended(program: Program, tmp_path: Path) -> None:
    source = "print('half way', file=sys.stderr, flush=True)\nprint('not yet', flush=True)\nsignal.pause()"
    with pytest.raises(StartError, match=r"was not ready within 0.5 seconds:\nhalf way"):
        server.start(executable=program(source), timeout_s=0.5)


def test_a_server_that_will_not_stop_is_killed(program: Program) -> None:
    source = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{READY}\nwhile True: signal.pause()"
    handle = server.start(executable=program(source))
    handle.stop(grace_s=0.05)
    assert handle.wait() == -9


def test_a_server_still_running_is_not_waited_for_for_ever(program: Program) -> None:
    with (
        server.start(executable=program(f"{READY}\nsignal.pause()")) as handle,
        pytest.raises(TimeoutError, match=r"has not ended within 0.01 seconds"),
    ):
        handle.wait(0.01)


def test_a_command_that_is_not_there_is_said() -> None:
    with pytest.raises(StartError, match="There is no command no-such-undercast"):
        server.start(executable="no-such-undercast")


def test_a_chatty_server_never_blocks(program: Program) -> None:
    """More than a pipe holds goes to stderr, before it is ready and after."""
    source = f"sys.stderr.write('x' * 300_000)\n{READY}\nsys.stderr.write('y' * 300_000 + 'end')\n"
    with server.start(executable=program(source)) as handle:
        assert handle.wait(60) == 0
        assert handle.log.endswith("yend")


CHILD_OF_A_SHORT_LIFE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from undercast import launch, server
launch.server_folder = lambda: sys.argv[2]
handle = server.start()
print(handle.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_server_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    """The stub holds a FIFO open; its end of file is the stub's end."""
    emulator = tmp_path / "stub" / "emulator"
    emulator.mkdir(parents=True)
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    (emulator / "__init__.py").touch()
    (emulator / "server.py").write_text(
        f"import signal, sys\ndef main(argv):\n    held = open({str(fifo)!r}, 'w')\n    {READY}\n"
        "    assert sys.stdin.read() == ''\n    signal.pause()\n"
    )
    checkout = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD_OF_A_SHORT_LIFE, str(checkout), str(tmp_path / "stub")], stdout=subprocess.PIPE
    ) as parent:
        with fifo.open() as alive:
            assert alive.read() == ""
        assert parent.wait() == -9
        assert parent.stdout is not None
        assert int(parent.stdout.read()) > 0


def test_only_ones_own_server_can_be_waited_for() -> None:
    with pytest.raises(UndercastError, match="Only a server that this process started"):
        server.Server("http://127.0.0.1:1").wait()
