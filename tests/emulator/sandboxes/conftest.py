"""Functions as real processes, and what happened to them in order."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from emulator.clock import Clock
from emulator.code_store import FolderCodeStore
from emulator.entropy import RandomEntropy
from emulator.sandboxes import interpreters
from emulator.sandboxes.supplier import ProcessSandboxes
from services.ports import Code, SandboxSpec, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:orders"


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    """An archive whose files are executable."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, text)
    return packed.getvalue()


class Events:
    """services.ports.SandboxEvents that remembers; `until` waits for one by name."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, tuple[Any, ...]]] = []
        self._queue: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)

        def record(*values: Any) -> None:
            self.seen.append((name, values))
            self._queue.put_nowait((name, values))

        return record

    async def until(self, *names: str) -> tuple[Any, ...]:
        """The values of the next event of these names. The end, if it was not asked for, is a failure."""
        while True:
            name, values = await self._queue.get()
            if name in names:
                return values
            assert name != "exited", (values, self.log)

    @property
    def names(self) -> list[str]:
        """What happened, without output."""
        return [name for name, _ in self.seen if name != "output"]

    @property
    def log(self) -> str:
        """All that was written."""
        return b"".join(values[0] for name, values in self.seen if name == "output").decode()


class Running:
    """One sandbox and its events."""

    def __init__(self, sandbox: Any, events: Events) -> None:
        self.sandbox = sandbox
        self.events = events
        self._number = 0

    async def ready(self) -> Running:
        await self.events.until("ready")
        return self

    def give(self, payload: Any = None, seconds: float = 20, **more: str) -> str:
        self._number += 1
        request_id = f"00000000-0000-4000-8000-{self._number:012}"
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.sandbox.give(Work(request_id, text, ARN, seconds, **more))
        return request_id

    async def call(self, payload: Any = None, **more: Any) -> Any:
        """Its answer. An error fails."""
        self.give(payload, **more)
        answer = await self.events.until("response")
        await self.ready()
        return json.loads(answer[1])

    async def error(self, payload: Any = None) -> Any:
        """Its error."""
        self.give(payload)
        answer = await self.events.until("error")
        return json.loads(answer[1])


class Place:
    """A supplier and a store."""

    def __init__(self, *, mounts: bool = True) -> None:
        self.clock = Clock()
        self.clock.start(asyncio.get_running_loop())
        self.sandboxes = ProcessSandboxes(self.clock, RandomEntropy(1), lambda: "http://127.0.0.1:4566", mounts=mounts)
        self.codes = FolderCodeStore()

    async def start(
        self,
        files: Mapping[str, str | bytes] | Code,
        runtime: str = "",
        handler: str = "index.handler",
        layers: tuple[Mapping[str, str | bytes], ...] = (),
        **more: Any,
    ) -> Running:
        code = files if isinstance(files, Code) else await self.codes.store(zip_of(files))
        layer_codes = tuple([await self.codes.store(zip_of(layer)) for layer in layers])
        events = Events()
        spec = SandboxSpec(
            function_arn=ARN,
            function_name="orders",
            version="$LATEST",
            account="111122223333",
            region="eu-west-1",
            runtime=runtime or own_runtime(),
            handler=handler,
            code=code,
            layers=layer_codes,
            **{
                "environment": {},
                "memory_mb": 256,
                "timeout_s": 20,
                "ephemeral_mb": 512,
                "architecture": "x86_64",
                "log_group": "/aws/lambda/orders",
                "log_stream": "2026/11/21/[$LATEST]abc",
                **more,
            },
        )
        return Running(self.sandboxes.start(spec, events), events)

    async def python(self, source: str, **more: Any) -> Running:
        return await self.start({"index.py": source}, **more)

    async def node(self, source: str, name: str = "index.js", **more: Any) -> Running:
        return await self.start({name: source}, runtime=more.pop("runtime", "nodejs20.x"), **more)

    async def custom(self, script: str, **more: Any) -> Running:
        return await self.start({"bootstrap": script}, runtime="provided.al2023", **more)


def own_runtime() -> str:
    """The runtime that the server's own interpreter is."""
    return "python{}.{}".format(*interpreters.own_python().version)


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run a scenario with a place of its own; afterwards nothing is left of it."""

    def start(scenario: Callable[[Place], Coroutine[Any, Any, Any]], *, mounts: bool = True) -> Any:
        async def main() -> Any:
            place = Place(mounts=mounts)
            try:
                return await scenario(place)
            finally:
                await place.sandboxes.close()
                place.codes.close()
                assert place.clock.holds == 0

        return asyncio.run(main())

    return start
