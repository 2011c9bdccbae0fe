"""Archives: what is taken, what is refused, and that nothing ever leaves the folder."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.code_store import FolderCodeStore, unpack
from emulator.sandboxes.folders import TemporaryFolder
from services.ports import CodeError


def zip_of(*entries: tuple[str, bytes, int]) -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, content, mode in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return packed.getvalue()


FILE = stat.S_IFREG | 0o644
LINK = stat.S_IFLNK | 0o777


def everything(folder: Path) -> set[str]:
    return {str(Path(here, name)) for here, names, files in os.walk(folder) for name in [*names, *files]}


@pytest.mark.parametrize(
    "entries",
    [
        [("/etc/x", b"", FILE)],
        [("../x", b"", FILE)],
        [("a/../../x", b"", FILE)],
        [("a\\..\\..\\x", b"", FILE)],
        [("C:\\x", b"", FILE)],
        [("link", b"/etc", LINK)],
        [("link", b"../x", LINK)],
        [("a/link", b"../../x", LINK)],
        [("link", b"..", LINK), ("link/x", b"", FILE)],
        [("a", b".", LINK), ("b", b"a/..", LINK)],
        [("a/b/c", b"", FILE), ("up", b"a/b", LINK), ("out", b"up/../../..", LINK)],
        [("pipe", b"", stat.S_IFIFO | 0o644)],
        [("x" * 300, b"", FILE)],
        [("a", b"", FILE), ("a/b", b"", FILE)],
    ],
)
def test_refused(tmp_path: Path, entries: list[tuple[str, bytes, int]]) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(CodeError):
        unpack(zip_of(*entries), inner)
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]
    for path in inner.rglob("*"):
        assert Path(os.path.realpath(path)).is_relative_to(os.path.realpath(tmp_path))


@pytest.mark.parametrize("archive", [b"", b"no zip", b"PK\x03\x04", b"PK\x05\x06" + bytes(17)])
def test_no_archive(tmp_path: Path, archive: bytes) -> None:
    with pytest.raises(CodeError) as refused:
        unpack(archive, tmp_path)
    assert refused.value.text == "Could not unzip uploaded file. Please check your file, then try to upload again."
    assert refused.value.kind == "InvalidParameterValueException"


def test_too_large(tmp_path: Path) -> None:
    with pytest.raises(CodeError) as refused:
        unpack(zip_of(("a", bytes(600), FILE), ("b", bytes(600), FILE)), tmp_path, 1000)
    assert refused.value.text == "Unzipped size must be smaller than 1000 bytes"
    assert not everything(tmp_path)


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    honest = zip_of(("a", bytes(5_000_000), FILE))
    lying = honest.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(CodeError):
        unpack(lying, tmp_path, 1_000_000)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) <= 1_000_000


def test_links_within_are_kept_and_modes(tmp_path: Path) -> None:
    archive = zip_of(
        ("bin/run", b"#!/bin/sh", stat.S_IFREG | 0o700),
        ("node_modules/.bin/run", b"../../bin/run", LINK),
        ("set", b"", stat.S_IFREG | 0o4777),
        ("empty/", b"", stat.S_IFDIR | 0o000),
        ("windows\\style", b"w", 0),
    )
    unpack(archive, tmp_path)
    assert (tmp_path / "node_modules/.bin/run").read_bytes() == b"#!/bin/sh"
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("bin/run", "set", "windows/style")}
    assert modes == {"bin/run": 0o755, "set": 0o755, "windows/style": 0o644}
    assert (tmp_path / "empty").is_dir()


NAMES = st.one_of(
    st.lists(st.sampled_from(["a", "b", "..", ".", "", "c.py", "~", "é"]), min_size=1, max_size=5).map("/".join),
    st.text(min_size=1, max_size=12).filter(lambda text: text.encode("utf-8", "ignore").decode() == text),
)
MODES = st.sampled_from([FILE, LINK, stat.S_IFDIR | 0o755, 0, stat.S_IFIFO, stat.S_IFREG | 0o7777])
AIMS = st.sampled_from([b"..", b"a", b"../a", b"b/../..", b"/etc/passwd", b".", b"a/b/../../..", b"\xff", b""])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, st.one_of(AIMS, st.binary(max_size=20)), MODES), max_size=6), st.data())
def test_nothing_leaves_the_folder(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, bytes, int]], data: st.DataObject
) -> None:
    archive = bytearray(zip_of(*entries))
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(archive) - 1), st.integers(0, 255)), max_size=3)
    ):
        archive[place] = value
    outer = tmp_path_factory.mktemp("zip")
    inner = outer / "one" / "two"
    inner.mkdir(parents=True)
    try:
        unpack(bytes(archive), inner, 10_000)
    except CodeError:
        return
    finally:
        assert everything(outer) - everything(inner) == {str(outer / "one"), str(inner)}
    for path in inner.rglob("*"):
        assert Path(os.path.realpath(path)).is_relative_to(os.path.realpath(inner))


def run(scenario: Any) -> Any:
    async def main() -> Any:
        store = FolderCodeStore()
        try:
            return await scenario(store)
        finally:
            root = store._root
            store.close()
            assert root is None or not root.path.exists()

    return asyncio.run(main())


def test_store_and_drop() -> None:
    archive = zip_of(("index.py", b"x", FILE))

    async def scenario(store: FolderCodeStore) -> None:
        first, second = await asyncio.gather(store.store(archive), store.store(archive))
        assert first == second
        assert first.size == len(archive)
        assert len(first.sha256) == 44
        assert store.archive_of(first) == archive
        assert store.fingerprint(first) == first.sha256
        store.drop(first)
        assert everything(Path(second.folder)) == {f"{second.folder}/index.py"}
        store.drop(second)
        assert not everything(Path(second.folder).parent)
        store.drop(second)
        again = await store.store(archive)
        assert everything(Path(again.folder)) == {f"{again.folder}/index.py"}

    run(scenario)


def test_a_refused_archive_leaves_nothing() -> None:
    async def scenario(store: FolderCodeStore) -> None:
        with pytest.raises(CodeError):
            await store.store(zip_of(("a", b"", FILE), ("../x", b"", FILE)))
        assert store._root is not None
        assert [path.name for path in store._root.path.iterdir()] == ["in-use"]

    run(scenario)


def test_what_a_killed_server_left_is_removed() -> None:
    living, killed = TemporaryFolder(), TemporaryFolder()
    os.close(killed._lock)
    following = TemporaryFolder()
    following.sweeper.join()
    assert (living.path.exists(), killed.path.exists()) == (True, False)
    living.close()
    following.close()


def test_a_live_folder(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("x")

    async def scenario(store: FolderCodeStore) -> None:
        code = await store.link(str(tmp_path))
        assert code.live
        before = store.fingerprint(code)
        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "__pycache__" / "x.pyc").write_text("x")
        assert store.fingerprint(code) == before
        (tmp_path / "index.py").write_text("xy")
        assert store.fingerprint(code) != before
        with zipfile.ZipFile(io.BytesIO(store.archive_of(code))) as archive:
            assert archive.namelist() == ["index.py"]
        store.drop(code)
        assert (tmp_path / "index.py").exists()
        for wrong in ("relative", str(tmp_path / "absent"), str(tmp_path / "index.py")):
            with pytest.raises(CodeError):
                await store.link(wrong)

    run(scenario)
