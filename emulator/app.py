"""The composition root: builds clock, ids, services and wiring from the settings. Only here do services meet."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from emulator import asgi
from emulator.clock import Clock
from emulator.config import VERSION
from emulator.door import FrontDoor
from emulator.entropy import RandomEntropy
from emulator.identities import Identities
from emulator.log_sink import LogSink
from emulator.on_demand import OnDemand
from emulator.wire.credentials import Credentials
from emulator.wire.routes import Router
from services.scope import Scope
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from emulator.admin.control import Control
    from emulator.config import Settings
    from emulator.deliveries import Deliveries
    from emulator.functions import Functions
    from emulator.machines import Machines
    from emulator.neighbours.moto import Neighbours
    from emulator.topics import Topics
    from emulator.wire.exchange import Exchange, Reply
    from services.api import Service
    from services.stepfunctions.api import StepFunctionsApi


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
        self.logs = LogSink(self.clock, lambda: self.neighbours)
        self.functions = OnDemand("lambda", self._make_functions)
        self.topics = OnDemand("sns", self._make_topics)
        self.machines = OnDemand("stepfunctions", self._make_machines)
        self.services: dict[str, Service] = {
            "sqs": self.sqs,
            "sns": self.topics,
            "lambda": self.functions,
            "stepfunctions": self.machines,
        }
        self.identities = Identities(self.entropy.stream("identities"))
        self._neighbours: Neighbours | None = None
        self._control_app: asgi.Asgi | None = None
        self.own_address = f"http://{settings.host}:{settings.port}"

    def front_door(self, host: str, port: int) -> FrontDoor:
        """The door, once the address is known."""
        self.own_address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return FrontDoor(
            router=Router(self.services),
            credentials=Credentials(self.settings.account, self.settings.region, self._issued_account),
            clock=self.clock,
            request_ids=self.entropy.stream("requests").request_ids(),
            neighbours=lambda: self.neighbours,
            pages={
                b"/_undercast": self._control_page,
                b"/_localstack": self._control_page,
                b"/_undercast/health": self._health_page,
                b"/_localstack/health": self._health_page,
                b"/_aws": self._aws_page,
            },
            own_address=self.own_address,
            max_body=self.settings.max_body,
            function_urls=self._function_url,
        )

    @property
    def executions(self) -> StepFunctionsApi:
        """Step Functions, as the control API looks at it."""
        return self.machines.get().api

    # Imported when first asked for: they and what they import cost more than the whole start of the server.

    @property
    def neighbours(self) -> Neighbours:
        """The services we don't own."""
        if self._neighbours is None:
            from emulator.neighbours.moto import Neighbours

            settings = self.settings
            self._neighbours = Neighbours(
                self.clock,
                settings.account,
                settings.region,
                identities=self.identities,
                seed=settings.seed,
                backlogs={"logs": self.logs},
                deliver=self._deliver,
            )
        return self._neighbours

    def _make_functions(self) -> Functions:
        from emulator.functions import Functions
        from services.lambda_.settings import LambdaSettings

        return Functions(
            self.clock,
            self.entropy,
            LambdaSettings(debug=self.settings.debug),
            endpoint=self._address_for_functions(),
            queues=self.sqs.by_arn,
            logs=self.logs,
            deliveries=self._deliveries,
            neighbours=lambda: self.neighbours,
            identities=self.identities,
        )

    def _make_topics(self) -> Topics:
        from emulator.topics import Topics
        from services.sns.settings import SnsSettings

        return Topics(
            self.clock,
            self.entropy,
            SnsSettings(origin=self.own_address, relax_cooldowns=self.settings.relax_cooldowns),
            queues=self.sqs.by_arn,
            functions=lambda: self.functions.get().api.data_plane,
            logs=self.logs,
            deliveries=self._deliveries,
            home=Scope(self.settings.account, self.settings.region),
        )

    def _make_machines(self) -> Machines:
        from emulator.http_out import HttpClient
        from emulator.machines import Machines

        return Machines(
            self.clock,
            self.entropy,
            owned=self.services,
            neighbours=lambda: self.neighbours,
            logs=self.logs,
            http=HttpClient(self.clock),
            origin=lambda: self.own_address,
            mock_config=self.settings.sfn_mock_config,
        )

    @functools.cached_property
    def _deliveries(self) -> Deliveries:
        from emulator.deliveries import Deliveries

        return Deliveries(
            self.clock,
            self.entropy.stream("deliveries"),
            queues=self.sqs.by_arn,
            functions=lambda: self.functions.get().api.data_plane,
            topics=lambda: self.topics.get().api,
            neighbours=lambda: self.neighbours,
        )

    async def _deliver(
        self,
        target_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        /,
        *,
        account: str,
        region: str,
    ) -> None:
        await self._deliveries.send(target_arn, body, attributes, account=account, region=region)

    def _issued_account(self, access_key: str) -> str:
        identity = self.identities.find(access_key)
        return identity.account if identity is not None else ""

    @functools.cached_property
    def control(self) -> Control:
        """What the control API does, without its HTTP."""
        from emulator.admin.control import Control

        return Control(self)

    async def _control_page(self, exchange: Exchange) -> Reply:
        if exchange.path.startswith(b"/_undercast/sns/") and (page := self.topics.get().page(exchange)) is not None:
            return page
        if self._control_app is None:
            # FastAPI's import takes a fifth of a second: on a thread, so that nobody else waits for it.
            self._control_app = await asyncio.to_thread(_control_app, self.control)
        return await asgi.answer(self._control_app, exchange)

    def _health_page(self, exchange: Exchange) -> Reply:
        from emulator.admin.health import answer

        return answer(self.control, exchange)

    def _address_for_functions(self) -> str:
        """Our own address as a process of this machine reaches it: where we listen everywhere, by loopback."""
        return self.own_address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

    def _aws_page(self, exchange: Exchange) -> Reply:
        """Addresses that no SDK builds, but people and tools know."""
        if exchange.path.startswith(b"/_aws/lambda/code/"):
            return self.functions.get().code_page(exchange)
        if exchange.path.startswith(b"/_aws/sns/") and (page := self.topics.get().page(exchange)) is not None:
            return page
        from emulator.admin.peek import answer

        return answer(self.sqs, exchange, Scope(self.settings.account, self.settings.region))

    def _function_url(self, exchange: Exchange) -> Reply | Awaitable[Reply] | None:
        return self.functions.get().urls.answer(exchange)

    async def close(self) -> None:
        """The server ends: so does every process of ours."""
        if self.topics.made is not None:
            await self.topics.made.close()
        if self.functions.made is not None:
            await self.functions.made.close()
        if self._neighbours is not None:
            self._neighbours.close()

    @property
    def version(self) -> str:
        """Undercast's version."""
        return VERSION


def _control_app(control: Control) -> asgi.Asgi:
    from emulator.admin.app import build

    return build(control)
