"""Event source mappings: made, shown, changed, deleted, and handed to the pollers that run them.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.api import operation
from services.lambda_ import mapping_settings, names
from services.lambda_.configuring import check_tags
from services.lambda_.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from services.lambda_.limits import UPDATE_S
from services.lambda_.mapping import KAFKA, SQS, STREAMS, EventSourceMapping, MappingRunner
from services.lambda_.paging import page

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from services.api import Call, Params
    from services.lambda_.names import Named
    from services.lambda_.state import Functions
    from services.ports import Clock, Entropy, QueueSource, Streams
    from services.scope import Scope

log = logging.getLogger("undercast.lambda")

_LISTED: Final = 100
"""Items of a page: https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html"""
_GONE: Final = "The resource you requested does not exist."


class EventSourceMappings:
    """The operations on event source mappings.

    Polling is done by `runners`, by kind of source; a mapping whose kind has none is kept and shown and never invokes.
    """

    def __init__(
        self,
        functions: Functions,
        clock: Clock,
        entropy: Entropy,
        queues: QueueSource,
        streams: Streams | None = None,
    ) -> None:
        self._functions = functions
        self._clock = clock
        self._entropy = entropy
        self._queues = queues
        self._streams = streams
        self.runners: dict[str, MappingRunner] = {}
        self._of: dict[str, EventSourceMapping] = {}
        """By UUID."""
        self._under_way = 0

    # For others.

    def get(self, uuid: str) -> EventSourceMapping | None:
        """A mapping as it is now."""
        return self._of.get(uuid)

    def tags(self, mapping_arn: str) -> dict[str, str] | None:
        """The tags of a mapping, to be changed in place; None without such a mapping."""
        found = self._of.get(mapping_arn.rpartition(":")[2])
        return None if found is None or found.arn != mapping_arn else found.tags

    def processed(self, uuid: str, result: str) -> None:
        """A runner tells how the last batch went: `OK`, `PROBLEM: Function call failed`, ..."""
        if uuid in self._of:
            self._of[uuid] = replace(self._of[uuid], last_result=result)

    def busy(self) -> bool:
        """Whether a mapping is on its way from one state to another."""
        return self._under_way > 0

    def scopes(self) -> list[Scope]:
        """Where there are mappings."""
        return [mapping.scope for mapping in self._of.values()]

    def forget(self, scope: Scope) -> None:
        """Stop and forget the mappings of a scope."""
        for mapping in [mapping for mapping in self._of.values() if mapping.scope == scope]:
            self._stop(mapping)
            del self._of[mapping.uuid]

    # The operations.

    @operation
    async def create_event_source_mapping(self, call: Call, params: Params) -> Params:
        kind = mapping_settings.kind_of(params)
        uuid = self._entropy.uuid()
        settings = mapping_settings.for_new(kind, params, uuid)
        check_tags(params.get("Tags") or {})
        named = self._function(call.scope, params["FunctionName"])
        source_arn = params.get("EventSourceArn") or ""
        self._check_queue(kind, source_arn, named)
        if kind in STREAMS and self._streams is not None and not await self._streams.exists(source_arn):
            raise InvalidParameterValue(f"Stream not found: {source_arn}")
        enabled = params.get("Enabled") is not False
        mapping = EventSourceMapping(
            uuid,
            call.scope,
            kind,
            source_arn,
            named.function,
            named.qualifier,
            settings,
            self._clock.now(),
            enabled=enabled,
            state="Creating" if enabled else "Disabled",
            tags=dict(params.get("Tags") or {}),
        )
        self._check_new(mapping)
        self._of[uuid] = mapping
        if enabled:
            self._later(0.0, uuid, self._arrived)
        return _shown(mapping)

    @operation
    def update_event_source_mapping(self, call: Call, params: Params) -> Params:
        former = self._found(call, params)
        settings = mapping_settings.updated(former.kind, former.settings, former.source_arn, params)
        named = names.Named(former.function, former.qualifier)
        if params.get("FunctionName"):
            named = self._function(call.scope, params["FunctionName"])
        enabled = former.enabled if params.get("Enabled") is None else bool(params["Enabled"])
        state = "Updating"
        if enabled != former.enabled:
            state = "Enabling" if enabled else "Disabling"
        mapping = replace(
            former,
            function=named.function,
            qualifier=named.qualifier,
            settings=settings,
            enabled=enabled,
            state=state,
            last_modified_at=self._clock.now(),
        )
        self._of[former.uuid] = mapping
        if not enabled:
            self._stop(mapping)
        self._later(UPDATE_S, mapping.uuid, self._arrived)
        return _shown(mapping)

    @operation
    def get_event_source_mapping(self, call: Call, params: Params) -> Params:
        return _shown(self._found(call, params))

    @operation
    def delete_event_source_mapping(self, call: Call, params: Params) -> Params:
        mapping = replace(self._found(call, params), state="Deleting", enabled=False)
        self._of[mapping.uuid] = mapping
        self._stop(mapping)
        self._later(0.0, mapping.uuid, self._deleted)
        return _shown(mapping)

    @operation
    def list_event_source_mappings(self, call: Call, params: Params) -> Params:
        # Neither the source nor the function has to exist.
        source_arn = params.get("EventSourceArn")
        named = names.split(call.scope, params["FunctionName"]) if params.get("FunctionName") else None
        found = [
            mapping
            for mapping in self._of.values()
            if mapping.scope == call.scope
            and (not source_arn or mapping.source_arn == source_arn)
            and (named is None or _invokes(mapping, named))
        ]
        shown, more = page(found, lambda mapping: mapping.uuid, params, _LISTED)
        return {"EventSourceMappings": [_shown(mapping) for mapping in shown], **more}

    # Checks.

    def _found(self, call: Call, params: Params) -> EventSourceMapping:
        mapping = self._of.get(params["UUID"])
        if mapping is None or mapping.scope != call.scope:
            raise ResourceNotFound(_GONE)
        return mapping

    def _function(self, scope: Scope, name_or_arn: str) -> Named:
        named = names.parse(scope, name_or_arn)
        function = self._functions.get(named.function)
        if function is None or not function.has(named.qualifier):
            raise InvalidParameterValue("Function does not exist")
        return named

    def _check_queue(self, kind: str, queue_arn: str, named: Named) -> None:
        if kind != SQS:
            return
        visibility_s = self._queues.visibility_s(queue_arn)
        if visibility_s is None:
            raise InvalidParameterValue(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist."
            )
        function = self._functions.get(named.function)
        version = None if function is None else function.version(named.qualifier)
        timeout_s = 0 if version is None else version.configuration.timeout_s
        # A message must not come back while the function still works on it.
        if visibility_s < timeout_s:
            raise InvalidParameterValue(
                f"Queue visibility timeout: {visibility_s} seconds is less than Function timeout: {timeout_s} seconds"
            )

    def _check_new(self, mapping: EventSourceMapping) -> None:
        """ResourceConflict when the same source is mapped to the same function already."""
        for other in self._of.values():
            if other.function_arn != mapping.function_arn or other.kind != mapping.kind:
                continue
            if not (set(_sources(other)) & set(_sources(mapping))) or not _same_topics(other, mapping):
                continue
            update_it = f"already exists. Please update or delete the existing mapping with UUID {other.uuid}"
            if mapping.kind == SQS:
                raise ResourceConflict(
                    f'An event source mapping with SQS arn (" {mapping.source_arn} ") and function '
                    f'(" {mapping.function.name} ") {update_it}'
                )
            if mapping.kind == KAFKA:
                raise ResourceConflict(
                    f'An event source mapping with event source ("{",".join(_sources(mapping))}"), function '
                    f'("{mapping.function_arn}"), topics ("{",".join(_topics(mapping))}") {update_it}'
                )
            raise ResourceConflict(
                f'The event source arn (" {mapping.source_arn} ") and function (" {mapping.function.name} ") '
                f"provided mapping {update_it}"
            )

    # From one state to the next.

    def _later(self, after_s: float, uuid: str, then: Callable[[EventSourceMapping], None]) -> None:
        """Go on with the mapping as it is by then; several changes may overtake each other, the last one counts."""
        self._under_way += 1
        begun = self._of[uuid]

        def go_on() -> None:
            self._under_way -= 1
            if self._of.get(uuid) is begun:
                then(begun)

        self._clock.at(self._clock.now() + after_s, go_on)

    def _arrived(self, mapping: EventSourceMapping) -> None:
        arrived = replace(mapping, state="Enabled" if mapping.enabled else "Disabled")
        self._of[mapping.uuid] = arrived
        if not arrived.enabled:
            return
        runner = self.runners.get(arrived.kind)
        if runner is None:
            log.warning("%s is kept, but nothing polls sources of the kind %s", arrived.arn, arrived.kind)
        else:
            runner.start(arrived)

    def _deleted(self, mapping: EventSourceMapping) -> None:
        del self._of[mapping.uuid]

    def _stop(self, mapping: EventSourceMapping) -> None:
        runner = self.runners.get(mapping.kind)
        if runner is not None:
            runner.stop(mapping)


def _invokes(mapping: EventSourceMapping, named: Named) -> bool:
    """Whether a mapping invokes what is named; a name without a qualifier means every version and alias."""
    return mapping.function == named.function and named.qualifier in ("", mapping.qualifier)


def _sources(mapping: EventSourceMapping) -> list[str]:
    if mapping.source_arn:
        return [mapping.source_arn]
    endpoints = (mapping.settings.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
    return [server for servers in endpoints.values() for server in servers]


def _topics(mapping: EventSourceMapping) -> list[str]:
    """What is read of a source that has several things to read."""
    return list(mapping.settings.get("Topics") or mapping.settings.get("Queues") or ())


def _same_topics(one: EventSourceMapping, other: EventSourceMapping) -> bool:
    return _topics(one) == _topics(other) or bool(set(_topics(one)) & set(_topics(other)))


def _shown(mapping: EventSourceMapping) -> Params:
    shown: dict[str, Any] = {
        "UUID": mapping.uuid,
        "EventSourceMappingArn": mapping.arn,
        "FunctionArn": mapping.function_arn,
        "LastModified": mapping.last_modified_at,
        "State": mapping.state,
        "StateTransitionReason": "User action" if mapping.kind in STREAMS else "USER_INITIATED",
        **mapping.settings,
    }
    if mapping.source_arn:
        shown["EventSourceArn"] = mapping.source_arn
    if mapping.kind != SQS:
        shown["LastProcessingResult"] = mapping.last_result
    return shown
