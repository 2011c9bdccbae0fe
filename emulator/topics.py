"""SNS with all that it needs of the world. Imported when the first request for it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.admin import decisions
from emulator.http_out import HttpClient
from emulator.signing import CertifiedSigner
from emulator.sns_pages import SnsPages
from services.sns.api import SnsApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.deliveries import Deliveries, Functions
    from emulator.entropy import RandomEntropy
    from emulator.log_sink import LogSink
    from emulator.wire.exchange import Exchange, Reply
    from services.ports import Clock
    from services.scope import Scope
    from services.sns.settings import SnsSettings
    from services.sqs.by_arn import QueuesByArn


class Topics:
    """SNS, its key and its requests to the world. As a service it is `SnsApi`."""

    name = "sns"

    def __init__(
        self,
        clock: Clock,
        entropy: RandomEntropy,
        settings: SnsSettings,
        *,
        queues: QueuesByArn,
        functions: Callable[[], Functions],
        logs: LogSink,
        deliveries: Deliveries,
        home: Scope,
    ) -> None:
        """`home` is the scope of who does not say his."""
        self.signer = CertifiedSigner(entropy.stream("signing"))
        self.api = SnsApi(
            clock,
            entropy.stream("sns"),
            settings,
            queues=queues,
            functions=_Functions(functions),
            http=HttpClient(clock),
            signer=self.signer,
            logs=logs,
            deliveries=deliveries,
        )
        self.operation_groups = self.api.operation_groups
        self._pages = SnsPages(clock, home, self.api.topics, self.api.mobile, self.signer)

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
        """The server ends: stop whatever is under way."""
        await self.api.close()

    def page(self, exchange: Exchange) -> Reply | None:
        """What is below `/_aws/sns/` and below `/_undercast/sns/`; None when there is no such page."""
        if exchange.path in decisions.PATHS:
            return decisions.answer(self.api.topics, self.api.recipients, exchange)
        return self._pages.answer(exchange)


class _Functions:
    """services.ports.FunctionSink: Lambda is looked up when there is a function to invoke."""

    def __init__(self, functions: Callable[[], Functions]) -> None:
        self._functions = functions

    def invoke_event(self, function_arn: str, payload: bytes, trace: str = "", /) -> str:
        """Accept an asynchronous invocation; its request id. Raises ServiceError."""
        return self._functions().invoke_event(function_arn, payload, trace)
