"""Which interpreters this machine has, without running any.

Version managers put scripts of theirs on the PATH under an interpreter's name ("shims"); those are passed over and the
places where they keep the real ones are looked at instead.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from pathlib import Path
from typing import Final, NamedTuple

OLDEST: Final = (3, 10)
"""awslambdaric and boto3 support no older Python; functions of older runtimes run on the server's own."""

_HOMES: Final = (
    "~/.pyenv/versions/{v}.*/bin/python{v}",
    "~/.local/share/uv/python/cpython-{v}.*/bin/python{v}",
    "~/.asdf/installs/python/{v}.*/bin/python{v}",
    "~/.local/share/mise/installs/python/{v}.*/bin/python{v}",
    "/opt/hostedtoolcache/Python/{v}.*/x64/bin/python{v}",
    "/opt/hostedtoolcache/Python/{v}.*/arm64/bin/python{v}",
    "/opt/homebrew/bin/python{v}",
    "/usr/local/bin/python{v}",
    "/usr/bin/python{v}",
    "/Library/Frameworks/Python.framework/Versions/{v}/bin/python{v}",
)


class Python(NamedTuple):
    """An interpreter."""

    path: str
    version: tuple[int, int]
    own: bool
    """Of the server's own version and build: C extensions installed for the server load in it."""


def own_python() -> Python:
    """The server's own interpreter, outside of any virtual environment."""
    base = getattr(sys, "_base_executable", "") or sys.executable
    return Python(os.path.realpath(base), sys.version_info[:2], own=True)


@functools.cache
def python(runtime: str) -> Python:
    """The interpreter for `python3.x`: of the exact version if there is one, else the server's own."""
    own = own_python()
    match = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    if match is None:
        return own
    version = (int(match[1]), int(match[2]))
    if version == own.version or version < OLDEST:
        return own
    return _find(version) or own


def _find(version: tuple[int, int]) -> Python | None:
    name = f"python{version[0]}.{version[1]}"
    on_path = [Path(folder) / name for folder in os.get_exec_path() if folder]
    for place in [*on_path, *_homes(f"{version[0]}.{version[1]}")]:
        if os.access(place, os.X_OK) and not is_script(place):
            return Python(os.path.realpath(place), version, own=False)
    return None


def _homes(version: str) -> list[Path]:
    found: list[Path] = []
    for pattern in _HOMES:
        path = Path(pattern.format(v=version)).expanduser()
        # The newest patch release first.
        found += sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))), key=_number, reverse=True)
    return found


def _number(path: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(path))]


def is_script(path: Path) -> bool:
    """Whether a program is a script, and so no interpreter."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


@functools.cache
def tool(name: str) -> str:
    """The real path of a program (`node`, `java`, `ruby`, `dotnet`) on the PATH or where its managers keep it."""
    places = [Path(folder) / name for folder in os.get_exec_path() if folder]
    places += [Path("/usr/local/bin") / name, Path("/usr/bin") / name, Path("/opt/homebrew/bin") / name]
    for home in (f"~/.nvm/versions/node/*/bin/{name}", f"~/.volta/tools/image/{name}/*/bin/{name}"):
        path = Path(home).expanduser()
        places += sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))), key=_number, reverse=True)
    return next((os.path.realpath(place) for place in places if os.access(place, os.X_OK) and not is_script(place)), "")
