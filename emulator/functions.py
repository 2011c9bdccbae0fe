"""Lambda with all that it needs of the world. Imported when the first request for it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.code_store import FolderCodeStore
from emulator.function_urls import FunctionUrls
from emulator.networks import Networks
from emulator.objects import Objects
from emulator.sandboxes.environment import Keys
from emulator.sandboxes.supplier import ProcessSandboxes
from emulator.streams import Streams
from emulator.wire.exchange import Reply
from services.lambda_.api import LambdaApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.deliveries import Deliveries
    from emulator.entropy import RandomEntropy
    from emulator.identities import Identities
    from emulator.log_sink import LogSink
    from emulator.neighbours.moto import Neighbours
    from emulator.wire.exchange import Exchange
    from services.lambda_.settings import LambdaSettings
    from services.ports import Clock, SandboxSpec
    from services.sqs.by_arn import QueuesByArn

CODE_PATH = b"/_aws/lambda/code/"
_NO_CODE = Reply(404, b"content-type: text/plain\r\n", b"No function has this code.\n")


class Functions:
    """Lambda, its processes and its pages. As a service it is `LambdaApi`."""

    name = "lambda"

    def __init__(
        self,
        clock: Clock,
        entropy: RandomEntropy,
        settings: LambdaSettings,
        *,
        endpoint: str,
        queues: QueuesByArn,
        logs: LogSink,
        deliveries: Deliveries,
        neighbours: Callable[[], Neighbours],
        identities: Identities,
    ) -> None:
        """`endpoint` is the emulator's own address, for functions to call back."""
        self._code = FolderCodeStore()
        self._identities = identities
        self._sandboxes = ProcessSandboxes(
            clock, entropy.stream("sandboxes"), lambda: endpoint, identify=self._credentials
        )
        self.api = LambdaApi(
            clock,
            entropy.stream("lambda"),
            settings,
            code=self._code,
            sandboxes=self._sandboxes,
            logs=logs,
            queues=queues,
            deliveries=deliveries,
            objects=Objects(neighbours),
            networks=Networks(neighbours),
            streams=Streams(neighbours),
        )
        self.operation_groups = self.api.operation_groups
        self.urls = FunctionUrls(self.api.urls, self.api.data_plane, clock, entropy.stream("function urls"))

    def reset(self) -> None:
        """Forget all state of every scope."""
        self.api.reset()

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the scopes of that account, or region, or both; None is any."""
        self.api.reset_scope(account, region)

    def busy(self) -> bool:
        """Whether something is under way that goes on by itself."""
        return self.api.busy()

    async def close(self) -> None:
        """End every process, and leave nothing behind."""
        await self.api.close()
        await self._sandboxes.close()
        await asyncio.to_thread(self._code.close)

    def _credentials(self, spec: SandboxSpec) -> Keys:
        """Credentials of a sandbox's role, of its own. A role's session has two characters at least."""
        session = spec.function_name if len(spec.function_name) > 1 else f"{spec.function_name}@lambda_function"
        identity = self._identities.issue(spec.account, spec.role, session)
        return Keys(identity.access_key, identity.secret, identity.token)

    def code_page(self, exchange: Exchange) -> Reply:
        """The archive that GetFunction's `Code.Location` leads to."""
        archive = self.api.code_archive(exchange.path[len(CODE_PATH) :].decode("latin-1"))
        return _NO_CODE if archive is None else Reply(200, b"content-type: application/zip\r\n", archive)
