"""Supplies sandboxes: processes of this machine (services.ports.Sandboxes)."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.sandboxes import interpreters, runtimes, site
from emulator.sandboxes.environment import Keys, keys_of_account
from emulator.sandboxes.folders import Folders, remove
from emulator.sandboxes.nursery import Nursery
from emulator.sandboxes.sandbox import ProcessSandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.ports import Clock, Code, Entropy, SandboxEvents, SandboxSpec

log = logging.getLogger("undercast.lambda")


class ProcessSandboxes:
    """Runs functions as processes. Lives on one event loop; `close` ends everything that it has started.

    For each Python version in use there is one nursery: a small process with AWS's runtime client imported, which forks
    (about 10 MB, once). All other runtimes are started by the nursery of the server's own Python.
    """

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        endpoint: Callable[[], str],
        *,
        identify: Callable[[SandboxSpec], Keys] = keys_of_account,
        mounts: bool = True,
    ) -> None:
        """`endpoint` tells the emulator's own address, `identify` issues a sandbox's credentials.

        Without `mounts`, functions see the real folders.
        """
        self.clock = clock
        self.endpoint = endpoint
        self.identify = identify
        self.new_id = entropy.uuid
        self.folders = Folders()
        self._mounts = mounts
        self._nurseries: dict[str, Nursery] = {}
        self._sites: dict[str, Path] = {}
        self._homes: dict[str, list[str]] = {}
        self._nothing: Path | None = None
        self._living: set[ProcessSandbox] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._someone_left = asyncio.Event()
        self._closed = False

    # -- services.ports.Sandboxes

    def why_not(self, runtime: str, code: Code) -> str:
        """Why this runtime can't run here; empty when it can. Whoever asks will start one soon."""
        why = runtimes.why_not(runtime, Path(code.folder))
        if not why and not self._closed:
            self.prepare(runtime)
        return why

    def start(self, spec: SandboxSpec, events: SandboxEvents) -> ProcessSandbox:
        """Start one."""
        sandbox = ProcessSandbox(self, spec, events)
        self._living.add(sandbox)
        return sandbox

    async def close(self) -> None:
        """Kill everything and remove every folder."""
        self._closed = True
        for sandbox in list(self._living):
            sandbox.abandon()
        nurseries, self._nurseries = self._nurseries, {}
        await asyncio.gather(*(nursery.close() for nursery in nurseries.values()))
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.folders.close)

    async def settled(self) -> None:
        """Wait until every sandbox that is ending has ended, its extensions too."""
        while any(sandbox.ending for sandbox in self._living):
            self._someone_left.clear()
            await self._someone_left.wait()

    # -- for sandboxes

    def prepare(self, runtime: str) -> None:
        """Have a nursery ready for a runtime. Needs a running loop; without one it is made later."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self.nursery(runtime)

    def nursery(self, runtime: str) -> Nursery:
        """The nursery for a runtime, started if need be."""
        python = self._python(runtime)
        found = self._nurseries.get(python.path)
        if found is None or not found.alive:
            place, kept = self._site_of(python)
            root = ""
            if self._mounts and not _hidden(kept):
                folder = self.folders.new("root")
                folder.mkdir()
                root = str(folder)
            found = self._nurseries[python.path] = Nursery(python.path, root, str(place), kept)
        return found

    def site(self, runtime: str) -> Path:
        """The folder that functions of a runtime see as /var/runtime."""
        return self._site_of(self._python(runtime))[0]

    @property
    def nothing(self) -> Path:
        """An empty folder: /opt without layers."""
        if self._nothing is None:
            self._nothing = self.folders.new("opt")
            self._nothing.mkdir()
        return self._nothing

    def forget(self, sandbox: ProcessSandbox) -> None:
        """It is gone."""
        self._living.discard(sandbox)
        self._someone_left.set()

    def tmp_is_free(self, spec: SandboxSpec, folder: Path, *, keep: bool) -> None:
        """A sandbox no longer uses its /tmp."""
        if self._closed:
            return
        if keep:
            self.folders.leave_tmp(spec, folder)
            return
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(remove, folder))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _python(self, runtime: str) -> interpreters.Python:
        if runtimes.family(runtime) == "python":
            return interpreters.python(runtime)
        return interpreters.own_python()

    def _site_of(self, python: interpreters.Python) -> tuple[Path, list[str]]:
        place = self._sites.get(python.path)
        if place is None:
            place = self._sites[python.path] = self.folders.new("runtime")
            self._homes[python.path] = site.build(place, python)
        return place, [*self._homes[python.path], python.path, os.path.realpath(interpreters.tool("node") or "/usr")]


def _hidden(kept: list[str]) -> bool:
    """Whether something that functions need lies where theirs would cover it."""
    return any(path.startswith(("/tmp/", "/var/task/", "/var/runtime/")) for path in kept)  # noqa: S108
