"""The wheel, installed in a fresh environment, beside an application that uses our generic names itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAMES = ("emulator", "services", "statemachine")

# A program of the application's: its own three packages, our client, and a server started from within it.
APPLICATION = """
import json, sys
import emulator.models, services.models, statemachine.models
import undercast.server

with undercast.server.start() as server:
    sqs = server.boto3("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one book")
    found = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    health = server.client.health()
print(json.dumps({
    "found": found, "version": health.version,
    "whose": [emulator.models.WHOSE, services.models.WHOSE, statemachine.models.WHOSE],
}))
"""


class Installed(NamedTuple):
    wheel: Path
    python: Path
    site: Path


def run(*command: str | Path, cwd: Path | None = None, **environ: str) -> str:
    """What a command prints. Its complaints are part of a failure."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, built by way of the source distribution, alone in an environment that borrows our dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", wheel)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    assert sorted(entry.name for entry in site.iterdir()) == ["undercast", f"undercast-{version()}.dist-info"]
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # The .pth files of those folders, such as the checkout's own, are not followed from here.
    (site / "borrowed.pth").write_text("\n".join(sorted(paths)) + "\n")
    return Installed(wheel, python, site)


def version() -> str:
    return run(sys.executable, "-c", "import undercast; print(undercast.__version__)", cwd=ROOT).strip()


def make_packages(folder: Path, *, with_init: bool) -> list[Path]:
    """An application's own three packages in `folder`."""
    made = []
    for name in NAMES:
        package = folder / name
        package.mkdir(parents=True)
        (package / "models.py").write_text("WHOSE = 'theirs'\n")
        if with_init:
            (package / "__init__.py").touch()
        made.append(package)
    return made


def test_the_wheel_holds_every_module_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "undercast").rglob("*.py")}
    for name in NAMES:
        ours |= {f"undercast/_server/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / name).rglob("*.py")}
    assert ours == {name for name in names if name.endswith(".py")}
    assert "undercast/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_three_names_do_not_leak(installed: Installed) -> None:
    code = "import importlib.util as u; print([u.find_spec(name) for name in ('emulator', 'services', 'statemachine')])"
    assert run(installed.python, "-I", "-c", code) == "[None, None, None]\n"


def test_the_console_script_is_there(installed: Installed, tmp_path: Path) -> None:
    script = installed.python.with_name("undercast")
    assert run(script, "--version", cwd=tmp_path) == f"Undercast {version()}\n"
    assert run(script, "start", "--version", cwd=tmp_path) == f"Undercast {version()}\n"
    assert run(installed.python, "-m", "undercast", "--version", cwd=tmp_path) == f"Undercast {version()}\n"


@pytest.mark.parametrize("with_init", [True, False], ids=["packages", "namespaces"])
@pytest.mark.parametrize("place", ["cwd", "pythonpath", "site_packages"])
def test_the_server_and_such_an_application_run_side_by_side(
    installed: Installed, tmp_path: Path, place: str, with_init: bool
) -> None:
    application = tmp_path / "application"
    application.mkdir()
    (application / "run.py").write_text(APPLICATION)
    folder = {"cwd": application, "pythonpath": tmp_path / "path", "site_packages": installed.site}[place]
    made = make_packages(folder, with_init=with_init)
    try:
        environ = {"PYTHONPATH": str(folder)} if place == "pythonpath" else {}
        said = json.loads(run(installed.python, "run.py", cwd=application, **environ))
    finally:
        for package in made:
            for path in sorted(package.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            package.rmdir()
    assert said == {"found": "one book", "version": version(), "whose": ["theirs"] * 3}
