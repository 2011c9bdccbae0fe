"""What may be said about an event source mapping, by the kind of its source, and what it is when nothing is said.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.lambda_.errors import InvalidParameterValue
from services.lambda_.mapping import DOCUMENTDB, DYNAMODB, KAFKA, KINESIS, MQ, SQS, STREAMS, UNBOUNDED
from services.patterns import PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Params

SETTINGS: Final = (
    "AmazonManagedKafkaEventSourceConfig",
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "DocumentDBEventSourceConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "LoggingConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Topics",
    "TumblingWindowInSeconds",
)
"""Members of requests that are kept and shown."""

_KINDS: Final = frozenset({SQS, KINESIS, DYNAMODB, KAFKA, MQ, DOCUMENTDB})
_OF_STREAMS: Final = (
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_UNWINDOWED_BATCH_MAX: Final = 10
_DROPPED_WHEN_EMPTY: Final = ("ScalingConfig", "ProvisionedPollerConfig", "MetricsConfig", "LoggingConfig")
"""Nothing in them: the setting is taken away."""


def kind_of(params: Params) -> str:
    """What kind of source a request names; InvalidParameterValue when none that Lambda knows."""
    if params.get("SelfManagedEventSource"):
        if not params.get("SourceAccessConfigurations"):
            raise InvalidParameterValue("Required 'sourceAccessConfigurations' parameter is missing.")
        return KAFKA
    parsed = arn.parse(params.get("EventSourceArn") or "")
    if parsed is None or parsed.service not in _KINDS:
        raise InvalidParameterValue("Unrecognized event source.")
    return parsed.service


def for_new(kind: str, params: Params, uuid: str) -> dict[str, Any]:
    """The settings of a new mapping, defaults included, checked.

    Raises:
        InvalidParameterValue: a setting that this kind of source does not have, or a value that it cannot have.
    """
    return _checked(kind, {**_defaults(kind, params, uuid), **_given(params)}, params)


def updated(kind: str, former: Mapping[str, Any], source_arn: str, params: Params) -> dict[str, Any]:
    """The settings after an update: what the request says takes the place of what was. Raises as `for_new`."""
    asked = {"EventSourceArn": source_arn, **params}
    return _checked(kind, {**former, **_given(params)}, asked)


def _given(params: Params) -> dict[str, Any]:
    return {name: params[name] for name in SETTINGS if params.get(name) is not None}


def _defaults(kind: str, params: Params, uuid: str) -> dict[str, Any]:
    if kind == SQS:
        return {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
    if kind in STREAMS:
        return {
            "BatchSize": 100,
            "BisectBatchOnFunctionError": False,
            "DestinationConfig": {"OnFailure": {}},
            "FunctionResponseTypes": [],
            "MaximumBatchingWindowInSeconds": 0,
            "MaximumRecordAgeInSeconds": UNBOUNDED,
            "MaximumRetryAttempts": UNBOUNDED,
            "ParallelizationFactor": 1,
            "TumblingWindowInSeconds": 0,
        }
    if kind != KAFKA:
        return {"BatchSize": 100}
    managed = "AmazonManagedKafkaEventSourceConfig" if params.get("EventSourceArn") else None
    config = managed or "SelfManagedKafkaEventSourceConfig"
    return {"BatchSize": 100, "StartingPosition": "TRIM_HORIZON", config: {"ConsumerGroupId": uuid}}


def _checked(kind: str, settings: dict[str, Any], asked: Params) -> dict[str, Any]:
    _check_supported(kind, asked)
    if kind in STREAMS:
        _check_position(kind, settings, asked)
    if kind == SQS:
        _check_batch(settings, fifo=asked["EventSourceArn"].endswith(".fifo"))
    filters = (settings.get("FilterCriteria") or {}).get("Filters") or []
    for entry in filters:
        _check_pattern(entry.get("Pattern"))
    dropped = {name for name in _DROPPED_WHEN_EMPTY if not settings.get(name)}
    if not filters:
        dropped.add("FilterCriteria")
    return {name: value for name, value in settings.items() if name not in dropped}


def _check_supported(kind: str, asked: Params) -> None:
    refused: list[str] = []
    if kind == SQS:
        refused += [name for name in ("DestinationConfig", *_OF_STREAMS) if asked.get(name) is not None]
    elif kind != MQ and (asked.get("DestinationConfig") or {}).get("OnSuccess") is not None:
        refused.append("DestinationConfig")
    if kind != SQS and asked.get("ScalingConfig"):
        refused.append("ScalingConfig")
    if refused:
        raise InvalidParameterValue(f"Unsupported {refused[0]} parameter for given event source mapping type.")


def _check_position(kind: str, settings: Mapping[str, Any], asked: Params) -> None:
    position = settings.get("StartingPosition")
    if not position:
        raise InvalidParameterValue(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must "
            "not be null."
        )
    if position == "AT_TIMESTAMP" and kind == DYNAMODB:
        raise InvalidParameterValue(f"Unsupported starting position for arn type: {asked['EventSourceArn']}")
    if position == "AT_TIMESTAMP" and settings.get("StartingPositionTimestamp") is None:
        # Documented as needed; the text was never seen.
        raise InvalidParameterValue("StartingPositionTimestamp must be provided when StartingPosition is AT_TIMESTAMP.")


def _check_batch(settings: Mapping[str, Any], *, fifo: bool) -> None:
    size, window = settings["BatchSize"], settings["MaximumBatchingWindowInSeconds"]
    if fifo and window:
        raise InvalidParameterValue("Batching window is not supported for FIFO queues")
    if fifo and size > _UNWINDOWED_BATCH_MAX:
        raise InvalidParameterValue(f"Maximum batch size must be between 1 and {_UNWINDOWED_BATCH_MAX} inclusive")
    if size > _UNWINDOWED_BATCH_MAX and not window:
        raise InvalidParameterValue(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{_UNWINDOWED_BATCH_MAX}"
        )


def _check_pattern(pattern: str | None) -> None:
    try:
        compile_pattern(pattern or "")
    except PatternError:
        raise InvalidParameterValue("Invalid filter pattern definition.") from None
