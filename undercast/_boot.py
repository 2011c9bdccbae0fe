"""First file of the server's process: `python -I _boot.py <server folder> ARGS...`. Standard library only.

It is run by path, never imported: here the server's side begins.
"""

from __future__ import annotations

import os
import sys

NAMES = ("emulator", "services", "statemachine")


def set_path(folder: str) -> None:
    """Make `folder` the first place for modules, and let the packages beside `undercast` be found at all."""
    sys.path.insert(0, folder)
    # A `pip install --user` or `--target` folder is not on an isolated Python's path, and our dependencies are there.
    beside = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if beside not in sys.path:
        sys.path.append(beside)
    # A .pth file of the environment may have imported an application's module of one of our names already.
    for name in list(sys.modules):
        if name.partition(".")[0] in NAMES:
            del sys.modules[name]


def hold_lifeline() -> None:
    """Where a parent asked for it, stop when the parent is gone, however it went: its end of our stdin closes."""
    if os.environ.pop("UNDERCAST_LIFELINE", "") != "stdin":
        return
    import signal
    import threading

    # A copy: functions that the server runs get no stdin of ours, and nothing else reads the lifeline.
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        while os.read(lifeline, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def main() -> None:
    """Run the server with the arguments of `undercast start`."""
    folder, arguments = sys.argv[1], sys.argv[2:]
    set_path(folder)
    hold_lifeline()
    try:
        import importlib

        # By name: the client's package never imports the server's, and here the client's side has ended.
        code = importlib.import_module("emulator.server").main(arguments)
    except KeyboardInterrupt:
        # Ctrl-C before the server has its own signal handlers. Nothing is open yet.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
