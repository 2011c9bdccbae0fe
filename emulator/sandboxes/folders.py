"""Folders of sandboxes, all below one temporary folder of the server's: merged layers, /tmp of each, runtime sites."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from services.ports import Code, SandboxSpec


class TemporaryFolder:
    """A folder of this server's, removed with it; what a killed server has left is removed by the next one.

    A lock tells a living server's folder from a dead one's, also where each sees other process ids (containers).
    """

    _PREFIX: Final = "undercast-lambda-"
    _LOCK: Final = "in-use"

    def __init__(self) -> None:
        self.path = Path(os.path.realpath(tempfile.mkdtemp(prefix=self._PREFIX)))
        # Locked before it has its name: nobody meets it unlocked.
        started = self.path / f"{self._LOCK}-soon"
        self._lock = os.open(started, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        started.rename(self.path / self._LOCK)
        self.sweeper = threading.Thread(target=self._remove_stale, name="stale folders", daemon=True)
        self.sweeper.start()

    def close(self) -> None:
        """Remove it."""
        remove(self.path)
        os.close(self._lock)

    def _remove_stale(self) -> None:
        for folder in self.path.parent.glob(f"{self._PREFIX}*"):
            with contextlib.suppress(OSError):
                if folder == self.path or folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                    continue
                # One that has no lock yet has just been made.
                lock = os.open(folder / self._LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove(folder)
                finally:
                    os.close(lock)


class Folders:
    """One server's."""

    def __init__(self) -> None:
        self._root: TemporaryFolder | None = None
        self._numbers = itertools.count(1)
        self._merged: dict[tuple[str, ...], Path] = {}
        self._left: dict[tuple[str, ...], Path] = {}
        """Of sandboxes whose process has died: the next one goes on with its files, as on AWS."""

    @property
    def root(self) -> Path:
        """Made when first needed; readable by nobody else."""
        if self._root is None:
            self._root = TemporaryFolder()
        return self._root.path

    def new(self, kind: str) -> Path:
        """A new place, which does not exist yet."""
        return self.root / f"{kind}-{next(self._numbers)}"

    # -- /tmp

    def take_tmp(self, spec: SandboxSpec) -> Path:
        """A sandbox's /tmp: left by one that was killed, or a new one."""
        left = self._left.pop(_key(spec), None)
        if left is not None:
            return left
        folder = self.new("tmp")
        folder.mkdir(mode=0o700)
        # As on AWS, whoever it is that runs; the folder above is closed to others.
        folder.chmod(0o1777)
        return folder

    def leave_tmp(self, spec: SandboxSpec, folder: Path) -> None:
        """A process was killed or died; its successor finds its files."""
        before = self._left.get(_key(spec))
        self._left[_key(spec)] = folder
        if before is not None:
            remove(before)

    # -- layers

    def merge(self, layers: tuple[Code, ...]) -> Path | None:
        """What is to be seen at /opt: later layers over earlier ones. None without layers.

        https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
        """
        if not layers:
            return None
        if len(layers) == 1:
            return Path(layers[0].folder)
        key = tuple(layer.folder for layer in layers)
        merged = self._merged.get(key)
        if merged is None or any(layer.live for layer in layers):
            merged = self.new("opt")
            for layer in layers:
                overlay(Path(layer.folder), merged)
            self._merged[key] = merged
        return merged

    def close(self) -> None:
        """Remove everything."""
        if self._root is not None:
            self._root.close()
            self._root = None


def overlay(source: Path, target: Path) -> None:
    """Lay one tree over another, by hard links where the two are on one disk."""
    for folder, names, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        if here.is_symlink() or here.is_file():
            here.unlink()
        here.mkdir(parents=True, exist_ok=True)
        links = [name for name in names if (Path(folder) / name).is_symlink()]
        for name in [*files, *links]:
            original, place = Path(folder) / name, here / name
            if place.is_dir() and not place.is_symlink():
                remove(place)
            place.unlink(missing_ok=True)
            try:
                os.link(original, place, follow_symlinks=False)
            except OSError:
                shutil.copy2(original, place, follow_symlinks=False)


def remove(folder: Path) -> None:
    """Remove a tree, also where a function took its own rights away."""
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for inner, names, _ in os.walk(folder):
        for name in names:
            path = Path(inner) / name
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _key(spec: SandboxSpec) -> tuple[str, ...]:
    return (spec.function_arn, spec.version, spec.code.folder, *(layer.folder for layer in spec.layers))
