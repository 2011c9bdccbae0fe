"""What an event source mapping is, once: `mappings.py` makes and changes it, the pollers in `sources/` run it.

https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from services import arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.lambda_.model import FunctionName
    from services.scope import Scope

SQS: Final = "sqs"
KINESIS: Final = "kinesis"
DYNAMODB: Final = "dynamodb"
KAFKA: Final = "kafka"
MQ: Final = "mq"
DOCUMENTDB: Final = "rds"
"""DocumentDB's clusters have ARNs of RDS."""
STREAMS: Final = frozenset({KINESIS, DYNAMODB})

UNBOUNDED: Final = -1
"""MaximumRetryAttempts and MaximumRecordAgeInSeconds: until the source itself lets go of the record."""


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """One mapping as it is now. Immutable: an update makes another one with the same `uuid`."""

    uuid: str
    scope: Scope
    kind: str
    """What the source is: `sqs`, `kinesis`, `dynamodb`, `kafka`, `mq`, `rds`."""
    source_arn: str
    """Empty for self-managed Kafka."""
    function: FunctionName
    qualifier: str
    """Of the function, as it was named: empty, `$LATEST`, a version's number or an alias."""
    settings: Mapping[str, Any]
    """Everything else that the API shows, by AWS's names and with its defaults (`BatchSize`, `FilterCriteria`, ...)."""
    last_modified_at: float
    """Epoch seconds."""
    enabled: bool = True
    """What was asked for; `state` tells how far that is."""
    state: str = "Creating"
    """Creating, Enabling, Enabled, Disabling, Disabled, Updating or Deleting."""
    last_result: str = "No records processed"
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The mapping's own ARN."""
        partition = arn.partition(self.scope.region)
        return f"arn:{partition}:lambda:{self.scope.region}:{self.scope.account}:event-source-mapping:{self.uuid}"

    @property
    def function_arn(self) -> str:
        """What it invokes, qualified as it was named."""
        return self.function.arn(self.qualifier)

    @property
    def fifo(self) -> bool:
        """Whether the source is a FIFO queue."""
        return self.kind == SQS and self.source_arn.endswith(".fifo")

    @property
    def batch_size(self) -> int:
        """The most records of one invocation."""
        return int(self.settings["BatchSize"])

    @property
    def window_s(self) -> int:
        """How long a batch may be gathered; 0: not at all."""
        return int(self.settings.get("MaximumBatchingWindowInSeconds") or 0)

    @property
    def max_concurrency(self) -> int | None:
        """The most concurrent invocations that the source may cause; None: no limit of its own."""
        found = (self.settings.get("ScalingConfig") or {}).get("MaximumConcurrency")
        return None if found is None else int(found)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Filter patterns as JSON texts; a record passes when one of them matches, or when there are none."""
        filters = (self.settings.get("FilterCriteria") or {}).get("Filters") or ()
        return tuple(entry["Pattern"] for entry in filters)

    @property
    def reports_item_failures(self) -> bool:
        """Whether the function's answer names the records that failed (`ReportBatchItemFailures`)."""
        return "ReportBatchItemFailures" in (self.settings.get("FunctionResponseTypes") or ())


class MappingRunner(Protocol):
    """Polls the sources of one kind. Called on the loop, must not wait."""

    def start(self, mapping: EventSourceMapping) -> None:
        """Begin to poll; also after an update, which stops the former mapping of that `uuid` first."""

    def stop(self, mapping: EventSourceMapping) -> None:
        """Take no more batches. What has been taken is still worked off."""
