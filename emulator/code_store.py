"""Keeps functions' code: unpacks archives so that nothing in them can reach outside of its folder.

Each archive is one folder, named by its hash; two functions with the same archive share it. An archive is read twice:
first its directory, which is judged whole, then its content, which is counted as it is written, for a directory may
lie about sizes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import io
import os
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from emulator.sandboxes.folders import TemporaryFolder, remove
from services.ports import Code, CodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED_MAX: Final = 262_144_000
"""250 MB unpacked: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
MOST_ENTRIES: Final = 100_000
"""An emulator's own bound: so many files of no size at all are a bomb too."""
_LONGEST_LINK: Final = 4096
_PART: Final = 1024 * 1024

# RuntimeError: it is encrypted. NotImplementedError: a compression of another century.
_UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip

NOT_A_ZIP: Final = "Could not unzip uploaded file. Please check your file, then try to upload again."
_TOO_LARGE: Final = "Unzipped size must be smaller than {} bytes"


class _Entry(NamedTuple):
    info: zipfile.ZipInfo
    path: PurePosixPath
    kind: str
    """`folder`, `file` or `link`."""


class FolderCodeStore:
    """services.ports.CodeStore in one temporary folder."""

    def __init__(self, unpacked_max: int = UNPACKED_MAX) -> None:
        self._unpacked_max = unpacked_max
        self._root: TemporaryFolder | None = None
        self._uses: Counter[str] = Counter()
        """How many times a folder was given out."""
        self._unpacking: dict[str, asyncio.Lock] = {}

    async def store(self, archive: bytes) -> Code:
        """Unpack an archive.

        Raises:
            CodeError: not a zip, too large unpacked (250 MB), or a path in it leads out of its folder.
        """
        digest = await asyncio.to_thread(hashlib.sha256, archive)
        folder = self._folder() / digest.hexdigest()
        async with self._unpacking.setdefault(folder.name, asyncio.Lock()):
            if not folder.exists():
                await asyncio.to_thread(self._unpack, archive, folder)
        self._uses[folder.name] += 1
        return Code(str(folder / "code"), base64.b64encode(digest.digest()).decode(), len(archive))

    async def link(self, folder: str) -> Code:
        """Somebody's own folder, as it is and as it will be.

        Raises:
            CodeError: there is no such folder.
        """
        path = Path(folder)
        if not path.is_absolute() or not await asyncio.to_thread(path.is_dir):
            raise CodeError(f"{folder} is not the absolute path of a folder on the machine that runs the emulator")
        digest = hashlib.sha256(str(path).encode()).digest()
        return Code(str(path), base64.b64encode(digest).decode(), 0, live=True)

    def archive_of(self, code: Code) -> bytes:
        """The archive that was stored; of a live folder, one made now."""
        if code.live:
            return _pack(Path(code.folder))
        return (Path(code.folder).parent / "archive.zip").read_bytes()

    def fingerprint(self, code: Code) -> str:
        """Changes when a file of a live folder has changed. Only live folders are looked at."""
        if not code.live:
            return code.sha256
        seen = hashlib.sha256()
        for path, found in _files(Path(code.folder)):
            seen.update(
                f"{path}\0{found.st_mtime_ns}\0{found.st_size}\0{found.st_mode}\n".encode("utf-8", "surrogateescape")
            )
        return seen.hexdigest()

    def drop(self, code: Code) -> None:
        """Nobody needs it any more. Somebody's own folder is left alone."""
        if code.live:
            return
        folder = Path(code.folder).parent
        if self._root is None or folder.parent != self._root.path or folder.name not in self._uses:
            return
        self._uses[folder.name] -= 1
        if self._uses[folder.name] <= 0:
            del self._uses[folder.name]
            self._unpacking.pop(folder.name, None)
            remove(folder)

    def close(self) -> None:
        """Remove everything that was stored."""
        if self._root is not None:
            self._root.close()
            self._root = None

    def _folder(self) -> Path:
        if self._root is None:
            self._root = TemporaryFolder()
        return self._root.path

    def _unpack(self, archive: bytes, folder: Path) -> None:
        """All or nothing."""
        started = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            (started / "code").mkdir()
            unpack(archive, started / "code", self._unpacked_max)
            (started / "archive.zip").write_bytes(archive)
            started.chmod(0o755)
            started.rename(folder)
        except BaseException:
            remove(started)
            raise


def unpack(archive: bytes, folder: Path, unpacked_max: int = UNPACKED_MAX) -> None:
    """Unpack a zip into an empty folder.

    Raises:
        CodeError: it is none, it is too large, or something in it does not stay within the folder.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as source:
            entries = _judge(source.infolist(), unpacked_max)
            _write(source, entries, folder, unpacked_max)
    except _UNREADABLE as error:
        raise CodeError(NOT_A_ZIP) from error
    except OSError as error:
        # Names that this machine's disk does not take: too long, or a file where a folder is meant.
        raise CodeError(f"{NOT_A_ZIP} ({error.strerror})") from error


def _judge(infos: list[zipfile.ZipInfo], unpacked_max: int) -> list[_Entry]:
    """What the directory says, before anything is written."""
    if len(infos) > MOST_ENTRIES:
        raise CodeError(f"{NOT_A_ZIP} (more than {MOST_ENTRIES} entries)")
    if sum(info.file_size for info in infos) > unpacked_max:
        raise CodeError(_TOO_LARGE.format(unpacked_max))
    return [entry for info in infos if (entry := _entry(info)) is not None]


def _entry(info: zipfile.ZipInfo) -> _Entry | None:
    """An entry, its path made plain; None for the folder itself."""
    # Made on Windows, some archives have its separators.
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or "\0" in name or (len(name) > 1 and name[1] == ":"):
        raise CodeError(f"{NOT_A_ZIP} (the archive contains an absolute path)")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise CodeError(f"{NOT_A_ZIP} (a path in the archive leads out of it)")
    if not parts:
        return None
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.endswith("/") or kind == stat.S_IFDIR:
        return _Entry(info, PurePosixPath(*parts), "folder")
    if kind == stat.S_IFLNK:
        return _Entry(info, PurePosixPath(*parts), "link")
    if kind not in {0, stat.S_IFREG}:
        raise CodeError(f"{NOT_A_ZIP} (the archive contains a device or a pipe)")
    return _Entry(info, PurePosixPath(*parts), "file")


def _write(source: zipfile.ZipFile, entries: list[_Entry], folder: Path, unpacked_max: int) -> None:
    """Folders and files first, links last: so that nothing is ever written through a link."""
    left = unpacked_max
    links: list[tuple[PurePosixPath, str]] = []
    for entry in entries:
        target = folder / entry.path
        if entry.kind == "link":
            with source.open(entry.info) as file:
                links.append((entry.path, file.read(_LONGEST_LINK).decode("utf-8", "surrogateescape")))
            continue
        if entry.kind == "folder":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        left = _write_file(source, entry.info, target, left)
        if left < 0:
            raise CodeError(_TOO_LARGE.format(unpacked_max))
    for path, aim in links:
        _check_link(path, aim)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        target.symlink_to(aim)
    for path, _ in links:
        # Two links, each within, can lead out together.
        real = Path(os.path.realpath(folder / path))
        if not real.is_relative_to(os.path.realpath(folder)):
            raise CodeError(f"{NOT_A_ZIP} (a link in the archive leads out of it)")


def _write_file(source: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Write one file; gives how many bytes may follow, less than none when it was too large."""
    mode = stat.S_IMODE(info.external_attr >> 16) & 0o777
    with source.open(info) as packed, target.open("wb") as file:
        while part := packed.read(_PART):
            left -= len(part)
            if left < 0:
                return left
            file.write(part)
    # As on AWS everybody may read; what was executable is.
    target.chmod(0o755 if mode & 0o111 else 0o644)
    return left


def _check_link(path: PurePosixPath, aim: str) -> None:
    if not aim or "\0" in aim or aim.startswith("/"):
        raise CodeError(f"{NOT_A_ZIP} (a link in the archive leads out of it)")
    depth = len(path.parts) - 1
    for part in aim.split("/"):
        if part == "..":
            depth -= 1
        elif part not in {"", "."}:
            depth += 1
        if depth < 0:
            raise CodeError(f"{NOT_A_ZIP} (a link in the archive leads out of it)")


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files of somebody's folder, in an order that stays; what tools put there by themselves is left out."""
    for here, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in {"__pycache__", ".git"})
        for name in sorted(files):
            path = Path(here) / name
            with contextlib.suppress(OSError):
                yield str(path), path.stat()


def _pack(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path, _ in _files(folder):
            archive.write(path, str(Path(path).relative_to(folder)))
    return packed.getvalue()
