"""The folder that functions see as /var/runtime: links to AWS's packages for Python and our own small clients.

A function must find boto3 as on AWS and nothing else of the server's environment, so the packages are linked one by
one. https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emulator.sandboxes.nursery import GUEST

if TYPE_CHECKING:
    from emulator.sandboxes.interpreters import Python

# By module; the distribution's name where it differs.
PACKAGES: Final = {
    "awslambdaric": "awslambdaric",
    "simplejson": "simplejson",
    "snapshot_restore_py": "snapshot_restore_py",
    "boto3": "boto3",
    "botocore": "botocore",
    "s3transfer": "s3transfer",
    "jmespath": "jmespath",
    "dateutil": "python_dateutil",
    "urllib3": "urllib3",
    "six": "six",
}


def missing() -> str:
    """The first package without which no Python function can run; empty when all are there."""
    return next((name for name in PACKAGES if _origin(name) is None), "")


def build(folder: Path, python: Python) -> list[str]:
    """Fill `folder` for an interpreter. Gives the real folders that the links lead to."""
    folder.mkdir(parents=True)
    homes: set[str] = set()
    for module, distribution in PACKAGES.items():
        origin = _origin(module)
        if origin is None:
            continue
        homes.add(str(origin.parent))
        (folder / origin.name).symlink_to(origin)
        for metadata in origin.parent.glob(f"{distribution}-*.dist-info"):
            (folder / metadata.name).symlink_to(metadata)
    client = _origin("runtime_client")
    if client is not None and python.own:
        (folder / client.name).symlink_to(client)
    else:
        shutil.copyfile(GUEST / "runtime_client.py", folder / "runtime_client.py")
    copy_clients(folder)
    return sorted(homes)


def copy_clients(folder: Path) -> None:
    """Our own files. Copied: where they lie need not be within a function's sight."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("bootstrap.py", "index.mjs"):
        shutil.copyfile(GUEST / name, folder / name)


def _origin(module: str) -> Path | None:
    """A module's file, or its package's folder."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if found is None or found.origin is None:
        return None
    path = Path(os.path.realpath(found.origin))
    return path.parent if found.submodule_search_locations else path
