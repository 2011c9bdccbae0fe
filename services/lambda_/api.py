"""AWS Lambda, put together: the operations live in groups, each in the module of its subject.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.lambda_ import data_plane
from services.lambda_.account import AccountApi
from services.lambda_.aliases import AliasesApi
from services.lambda_.changes import Changes
from services.lambda_.code import CodeSource
from services.lambda_.code_signing import CodeSigningConfigs
from services.lambda_.concurrency import ConcurrencyApi
from services.lambda_.configuring import Configuring
from services.lambda_.event_invoke import EventInvokeConfigs
from services.lambda_.functions import FunctionsApi, Parts
from services.lambda_.layers import Layers
from services.lambda_.layers_api import LayersApi
from services.lambda_.mappings import EventSourceMappings
from services.lambda_.permissions import Permissions
from services.lambda_.recursion import RecursionConfigs
from services.lambda_.runtime_management import RuntimeManagementConfigs
from services.lambda_.sources.runner import SqsMappings
from services.lambda_.state import Functions
from services.lambda_.tags import TagsApi
from services.lambda_.urls import FunctionUrls
from services.lambda_.versions import VersionsApi

if TYPE_CHECKING:
    from services.lambda_.settings import LambdaSettings
    from services.ports import (
        Clock,
        CodeStore,
        Deliveries,
        Entropy,
        LogSink,
        Networks,
        Objects,
        QueueSource,
        Sandboxes,
        Streams,
    )


class LambdaApi:
    """AWS Lambda. Besides its operations: `functions`, and `code_archive` for the address that GetFunction gives."""

    name = "lambda"

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        settings: LambdaSettings,
        *,
        code: CodeStore,
        sandboxes: Sandboxes,
        logs: LogSink,
        queues: QueueSource,
        deliveries: Deliveries,
        objects: Objects,
        networks: Networks | None = None,
        streams: Streams | None = None,
    ) -> None:
        self.settings = settings
        self.functions = functions = Functions(entropy)
        self.layers = Layers()
        self.permissions = Permissions(functions, entropy)
        self.event_invoke = EventInvokeConfigs(functions, clock)
        self.code_signing = CodeSigningConfigs(functions, clock, entropy)
        self.urls = FunctionUrls(functions, clock, entropy)
        recursion, runtime_management = RecursionConfigs(functions), RuntimeManagementConfigs(functions)
        self._changes = Changes(clock, entropy, functions)
        self._code = CodeSource(clock, code, objects, functions, self.layers)
        versions = VersionsApi(clock, entropy, functions, self._changes)
        parts = Parts(
            clock=clock,
            entropy=entropy,
            functions=functions,
            changes=self._changes,
            code=self._code,
            configuring=Configuring(self.layers, networks),
            versions=versions,
            signing=self.code_signing,
        )
        self.data_plane = data_plane.build(
            functions,
            clock,
            entropy,
            sandboxes=sandboxes,
            code=code,
            logs=logs,
            deliveries=deliveries,
            policy_of=self.event_invoke.policy,
            loops_allowed=recursion.allows,
            idle_s=settings.idle_s,
            debug=settings.debug,
        )
        self.mappings = EventSourceMappings(functions, clock, entropy, queues, streams)
        self._queue_mappings = SqsMappings(clock, queues, self.data_plane)
        self.mappings.runners["sqs"] = self._queue_mappings
        tag_holders = {"code-signing-config": self.code_signing.tags, "event-source-mapping": self.mappings.tags}
        self.operation_groups: tuple[object, ...] = (
            FunctionsApi(parts),
            versions,
            AliasesApi(entropy, functions),
            ConcurrencyApi(clock, functions, self._changes),
            TagsApi(entropy, functions, tag_holders),
            AccountApi(functions, self.layers.code_size),
            LayersApi(self.layers, clock, entropy, self._code),
            self.permissions,
            self.event_invoke,
            self.code_signing,
            self.urls,
            recursion,
            runtime_management,
            self.mappings,
            self.data_plane.operations,
        )
        functions.on_deleted += [
            self._code.deleted,
            self.permissions.deleted,
            self.event_invoke.deleted,
            self.code_signing.deleted,
            self.urls.deleted,
            recursion.deleted,
            runtime_management.deleted,
        ]

    def reset(self) -> None:
        """Forget everything of every scope."""
        self.reset_scope(None, None)

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget what is of that account, or region, or both; None is any."""
        self.data_plane.reset_scope(account, region)
        holders = (self.mappings, self.functions, self.layers, self.code_signing)
        for scope in {scope for holder in holders for scope in holder.scopes()}:
            if account in {None, scope.account} and region in {None, scope.region}:
                for holder in holders:
                    holder.forget(scope)

    def busy(self) -> bool:
        """Whether something goes on by itself: a change of state, an invocation, a batch."""
        return any(part.busy() for part in (self._changes, self.mappings, self._queue_mappings, self.data_plane))

    async def close(self) -> None:
        """The server ends: stop whatever runs."""
        self._queue_mappings.close()
        await self.data_plane.close()

    def code_archive(self, name: str) -> bytes | None:
        """The archive behind `/_aws/lambda/code/<name>`; None when no function has it."""
        return self._code.archive(name)
