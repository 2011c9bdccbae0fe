"""All mappings from queues, by their UUID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.lambda_.sources.sqs import SqsPoller

if TYPE_CHECKING:
    from services.lambda_.mapping import EventSourceMapping
    from services.lambda_.sources.sqs import Invocations
    from services.ports import Clock, QueueSource


class SqsMappings:
    """The `MappingRunner` of mappings whose source is a queue."""

    def __init__(self, clock: Clock, queues: QueueSource, invocations: Invocations) -> None:
        self._clock = clock
        self._queues = queues
        self._invocations = invocations
        self._pollers: dict[str, SqsPoller] = {}
        self._ending: list[SqsPoller] = []

    def start(self, mapping: EventSourceMapping) -> None:
        """Poll for this mapping; a former one of the same UUID takes no more."""
        self.stop(mapping)
        poller = SqsPoller(mapping, clock=self._clock, queues=self._queues, invocations=self._invocations)
        self._pollers[mapping.uuid] = poller
        poller.start()

    def stop(self, mapping: EventSourceMapping) -> None:
        """Take no more batches; what is under way is worked off."""
        poller = self._pollers.pop(mapping.uuid, None)
        if poller is not None:
            poller.stop()
            self._ending = [other for other in self._ending if other.busy]
            self._ending.append(poller)

    def busy(self) -> bool:
        """Whether a batch is being gathered or worked on."""
        return any(poller.busy for poller in (*self._pollers.values(), *self._ending))

    def close(self) -> None:
        """Stop everything, and wait for nothing."""
        for poller in (*self._pollers.values(), *self._ending):
            poller.abandon()
        self._pollers.clear()
        self._ending.clear()
