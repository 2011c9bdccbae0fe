"""The composition root: builds clock, ids, services and wiring from the settings. Only here do services meet."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING

from emulator import asgi
from emulator.clock import Clock
from emulator.config import VERSION
from emulator.door import FrontDoor
from emulator.entropy import RandomEntropy
from emulator.wire.credentials import Credentials
from emulator.wire.routes import Router
from services.scope import Scope
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.admin.control import Control
    from emulator.config import Settings
    from emulator.neighbours.moto import Neighbours
    from emulator.wire.exchange import Exchange, Reply
    from services.api import Service


class App:
    """One emulator, whole: its parts by name."""

    def __init__(self, settings: Settings, shut_down: Callable[[], None]) -> None:
        self.settings = settings
        self.shut_down = shut_down
        time = settings.time
        self.clock = Clock(time.mode, time.scale, time.start_at)
        self.entropy = RandomEntropy(settings.seed)
        self.sqs = SqsApi(
            self.clock,
            self.entropy.stream("sqs"),
            SqsSettings(
                relax_cooldowns=settings.relax_cooldowns,
                queue_url="" if settings.queue_url == "host" else settings.queue_url,
            ),
        )
        self.services: dict[str, Service] = {"sqs": self.sqs}
        self._neighbours: Neighbours | None = None
        self._control_app: asgi.Asgi | None = None
        self.own_address = f"http://{settings.host}:{settings.port}"

    def front_door(self, host: str, port: int) -> FrontDoor:
        """The door, once the address is known."""
        self.own_address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return FrontDoor(
            router=Router(self.services),
            credentials=Credentials(self.settings.account, self.settings.region),
            clock=self.clock,
            request_ids=self.entropy.stream("requests").request_ids(),
            neighbours=lambda: self.neighbours,
            pages={
                b"/_undercast": self._control_page,
                b"/_localstack": self._control_page,
                b"/_undercast/health": self._health_page,
                b"/_localstack/health": self._health_page,
                b"/_aws": self._peek_page,
            },
            own_address=self.own_address,
            max_body=self.settings.max_body,
        )

    # Imported when first asked for: they and what they import cost more than the whole start of the server.

    @property
    def neighbours(self) -> Neighbours:
        """The services we don't own."""
        if self._neighbours is None:
            from emulator.neighbours.moto import Neighbours

            settings = self.settings
            self._neighbours = Neighbours(self.clock, settings.account, settings.region, seed=settings.seed)
        return self._neighbours

    @functools.cached_property
    def control(self) -> Control:
        """What the control API does, without its HTTP."""
        from emulator.admin.control import Control

        return Control(self)

    async def _control_page(self, exchange: Exchange) -> Reply:
        if self._control_app is None:
            # FastAPI's import takes a fifth of a second: on a thread, so that nobody else waits for it.
            self._control_app = await asyncio.to_thread(_control_app, self.control)
        return await asgi.answer(self._control_app, exchange)

    def _health_page(self, exchange: Exchange) -> Reply:
        from emulator.admin.health import answer

        return answer(self.control, exchange)

    def _peek_page(self, exchange: Exchange) -> Reply:
        from emulator.admin.peek import answer

        return answer(self.sqs, exchange, Scope(self.settings.account, self.settings.region))

    @property
    def version(self) -> str:
        """Undercast's version."""
        return VERSION


def _control_app(control: Control) -> asgi.Asgi:
    from emulator.admin.app import build

    return build(control)
