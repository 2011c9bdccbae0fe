"""Where the server is and the command that runs it. Imports next to nothing: it stands before the server's start.

No pathlib either: it would be 5 ms of every start.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

PACKAGE = os.path.dirname(os.path.abspath(__file__))


def server_folder() -> str:
    """The folder that holds `emulator/`, `services/` and `statemachine/`: inside a wheel, or the checkout's root."""
    for folder in (os.path.join(PACKAGE, "_server"), os.path.dirname(PACKAGE)):
        if os.path.isfile(os.path.join(folder, "emulator", "server.py")):
            return folder
    raise FileNotFoundError(f"This installation of undercast has no server: {PACKAGE} lacks _server/emulator/server.py")


def command(arguments: list[str]) -> list[str]:
    """The command line of a server process with `arguments` of `undercast start`.

    `-I` keeps the current directory, PYTHONPATH and every PYTHON* variable out of it, so that an application's own
    `services/` never becomes ours, nor ours its.
    """
    if not sys.executable:
        raise FileNotFoundError("This Python does not know its own executable: cannot start a server with it")
    return [sys.executable, "-I", os.path.join(PACKAGE, "_boot.py"), server_folder(), *arguments]


def run(arguments: list[str]) -> NoReturn:
    """Become the server. Returns never: signals, exit code and terminal are the server's from here on."""
    try:
        line = command(arguments)
        os.execv(line[0], line)  # noqa: S606 - replaces this process on purpose
    except OSError as error:
        sys.exit(f"undercast start: {error}")
