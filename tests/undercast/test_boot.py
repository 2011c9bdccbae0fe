"""The server's process and what it imports, beside an application that has folders of our generic names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from undercast import launch

CHECKOUT = Path(__file__).parents[2]
NAMES = ("emulator", "services", "statemachine")

REPORT = """
import json, os, sys
import services, statemachine
def main(argv):
    print(json.dumps({
        "argv": argv, "path": sys.path, "services": services.WHOSE, "statemachine": statemachine.WHOSE,
        "lifeline": os.environ.get("UNDERCAST_LIFELINE"),
    }))
    return 7
"""


def make_packages(folder: Path, whose: str, *, with_init: bool) -> Path:
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        (folder / name / "models.py").write_text(f"WHOSE = {whose!r}\n")
        if with_init:
            (folder / name / "__init__.py").write_text(f"WHOSE = {whose!r}\n")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site-packages folder as the wheel fills it, with a server that only reports."""
    folder = tmp_path / "site"
    shutil.copytree(CHECKOUT / "undercast", folder / "undercast", ignore=shutil.ignore_patterns("__pycache__"))
    make_packages(folder / "undercast" / "_server", "ours", with_init=True)
    (folder / "undercast" / "_server" / "emulator" / "server.py").write_text(REPORT)
    return folder


def start(site: Path, cwd: Path, arguments: Sequence[str] = (), **environ: str) -> tuple[int, dict[str, Any]]:
    """What `undercast start` of `site` reports, run as its console script runs it."""
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); sys.argv[0] = 'undercast'\n"
        "from undercast.__main__ import main; main()"
    )
    command = [sys.executable, "-c", code, "start", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **environ}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        report = json.load(process.stdout)
    return process.returncode, report


@pytest.mark.parametrize("with_init", [True, False], ids=["packages", "namespaces"])
def test_an_applications_folders_stay_out_of_the_server(site: Path, tmp_path: Path, with_init: bool) -> None:
    application = make_packages(tmp_path / "application", "theirs", with_init=with_init)
    on_path = make_packages(tmp_path / "on_path", "theirs", with_init=with_init)
    make_packages(site, "theirs", with_init=with_init)
    code, report = start(site, application, PYTHONPATH=str(on_path))
    assert code == 7
    assert (report["services"], report["statemachine"]) == ("ours", "ours")
    assert report["path"][0] == str(site / "undercast" / "_server")
    assert not {"", str(application), str(on_path)} & set(report["path"])


def test_the_packages_beside_undercast_are_found(site: Path, tmp_path: Path) -> None:
    """As after `pip install --target` or `--user`, whose folder an isolated Python does not look into."""
    _, report = start(site, tmp_path)
    assert report["path"][-1] == str(site)


def test_arguments_reach_the_server_as_they_are(site: Path, tmp_path: Path) -> None:
    arguments = ["--port", "0", "--time=manual@2027-01-01", "a b", ""]
    assert start(site, tmp_path, arguments)[1]["argv"] == arguments


def test_a_module_that_the_environment_has_loaded_already_is_not_taken_for_ours(site: Path, tmp_path: Path) -> None:
    """A .pth file can import anything at all before the first line of ours runs."""
    theirs = make_packages(tmp_path / "theirs", "theirs", with_init=True)
    boot = site / "undercast" / "_boot.py"
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(theirs)!r}); import services.models; sys.path.pop(0)\n"
        f"sys.argv = ['_boot.py', {str(boot.parent / '_server')!r}]; runpy.run_path({str(boot)!r}, run_name='__main__')"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert json.loads(run.stdout)["services"] == "ours"


def test_a_function_that_the_server_runs_inherits_no_lifeline(site: Path, tmp_path: Path) -> None:
    assert start(site, tmp_path, UNDERCAST_LIFELINE="stdin")[1]["lifeline"] is None


def test_a_checkouts_server_is_at_its_root() -> None:
    assert launch.server_folder() == str(CHECKOUT)
    assert launch.command(["--port", "0"]) == [
        sys.executable, "-I", str(CHECKOUT / "undercast" / "_boot.py"), str(CHECKOUT), "--port", "0"
    ]  # fmt: skip


def test_an_installation_without_a_server_says_so(site: Path, tmp_path: Path) -> None:
    shutil.rmtree(site / "undercast" / "_server")
    run = subprocess.run(
        [sys.executable, "-m", "undercast", "start"], cwd=site, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "This installation of undercast has no server" in run.stderr
    assert run.stderr.count("\n") == 1


def test_the_road_to_the_server_imports_next_to_nothing() -> None:
    """Start-up has 0.35 s in all: neither click nor rich nor urllib may stand before the server."""
    code = (
        "import os, sys\nbefore = set(sys.modules)\n"
        "os.execv = lambda *_: sys.exit(print(*sorted(set(sys.modules) - before)))\n"
        f"sys.path.insert(0, {str(CHECKOUT)!r})\nsys.argv = ['undercast', 'start']\n"
        "from undercast.__main__ import main; main()"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "undercast" in loaded
    assert not {"click", "rich", "urllib", "pathlib", "subprocess", "argparse", "json"} & loaded
