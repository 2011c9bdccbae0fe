"""Where services of ours send what they have to tell: queues, functions and topics here, all else with the neighbours.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from services import arn
from services.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from emulator.neighbours.moto import Neighbours
    from services.ports import Clock, Entropy
    from services.sqs.by_arn import QueuesByArn


class UnknownTarget(ServiceError):
    """Nothing is delivered to such an ARN."""

    code = "InvalidParameterValueException"


class Functions(Protocol):
    """Lambda, as far as deliveries need it."""

    def invoke_event(self, function_arn: str, payload: bytes, trace: str = "", /) -> str:
        """Accept an asynchronous invocation; its request id. Raises ServiceError."""


class Topics(Protocol):
    """SNS, as far as deliveries need it."""

    def publish(
        self,
        topic_arn: str,
        message: str,
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        trace_header: str = ...,
        group_id: str = ...,
        deduplication_id: str = ...,
    ) -> dict[str, Any]:
        """Publish on behalf of `account`. Raises ServiceError."""


class Deliveries:
    """The port `Deliveries`.

    Lambda and SNS themselves deliver by this, so both are looked up when there is something for them.
    """

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        queues: QueuesByArn,
        functions: Callable[[], Functions],
        topics: Callable[[], Topics],
        neighbours: Callable[[], Neighbours],
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._queues = queues
        self._neighbours = neighbours
        self._functions = functions
        self._topics = topics
        self._ways: dict[str, Callable[[_Parcel], Awaitable[None]]] = {
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "lambda": self._to_function,
            "events": self._to_bus,
            "s3": self._to_bucket,
            "firehose": self._to_stream,
        }

    async def send(
        self,
        target_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        region: str,
        trace: str = "",
        group_id: str = "",
        deduplication_id: str = "",
    ) -> None:
        """See `services.ports.Deliveries.send`."""
        target = arn.parse(target_arn)
        way = None if target is None else self._ways.get(target.service)
        if target is None or way is None:
            raise UnknownTarget(f"Undercast delivers nothing to {target_arn}.")
        parcel = _Parcel(target_arn, target, body, attributes, account, region, trace)
        parcel.group_id, parcel.deduplication_id = group_id, deduplication_id
        await way(parcel)

    async def _to_queue(self, parcel: _Parcel) -> None:
        self._queues.send(
            parcel.target_arn,
            parcel.body,
            parcel.attributes,
            account=parcel.account,
            trace_header=parcel.trace,
            group_id=parcel.group_id,
            deduplication_id=parcel.deduplication_id,
        )

    async def _to_function(self, parcel: _Parcel) -> None:
        self._functions().invoke_event(parcel.target_arn, parcel.body.encode(), parcel.trace)

    async def _to_topic(self, parcel: _Parcel) -> None:
        self._topics().publish(
            parcel.target_arn,
            parcel.body,
            parcel.attributes,
            account=parcel.account,
            trace_header=parcel.trace,
            group_id=parcel.group_id,
            deduplication_id=parcel.deduplication_id,
        )

    async def _to_bus(self, parcel: _Parcel) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations"""
        function_arn, outcome = _what_happened(parcel.body)
        entry = {
            "Time": datetime.fromtimestamp(self._clock.now(), UTC),
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {outcome}",
            "Detail": parcel.body,
            "EventBusName": parcel.target_arn,
            "Resources": [parcel.target_arn, *([function_arn] if function_arn else [])],
        }
        await self._neighbours().call(
            "events", "PutEvents", {"Entries": [entry]}, parcel.target.account, parcel.target.region
        )

    async def _to_stream(self, parcel: _Parcel) -> None:
        name = parcel.target.resource.removeprefix("deliverystream/")
        record = {"Data": parcel.body.encode("utf-8", "surrogatepass")}
        params = {"DeliveryStreamName": name, "Record": record}
        await self._neighbours().call("firehose", "PutRecord", params, parcel.target.account, parcel.target.region)

    async def _to_bucket(self, parcel: _Parcel) -> None:
        """`aws/lambda/async/<function>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random UUID>`."""
        function_arn, _ = _what_happened(parcel.body)
        name = (function_arn.split(":")[6:7] or ["unknown"])[0]
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        key = f"aws/lambda/async/{name}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{self._entropy.uuid()}"
        params = {"Bucket": parcel.target.resource, "Key": key, "Body": parcel.body.encode()}
        await self._neighbours().call("s3", "PutObject", params, parcel.account, parcel.region)


class _Parcel:
    """One thing to deliver."""

    __slots__ = (
        "account", "attributes", "body", "deduplication_id", "group_id", "region", "target", "target_arn", "trace",
    )  # fmt: skip

    def __init__(
        self,
        target_arn: str,
        target: arn.Arn,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        account: str,
        region: str,
        trace: str,
    ) -> None:
        self.trace = trace
        # For queues and topics.
        self.group_id = self.deduplication_id = ""
        self.target_arn = target_arn
        self.target = target
        self.body = body
        self.attributes = attributes
        self.account = account
        self.region = region


def _what_happened(record: str) -> tuple[str, str]:
    """The function and `Success` or `Failure`, by the record of an invocation."""
    try:
        context = json.loads(record)["requestContext"]
        return str(context["functionArn"]), "Success" if context["condition"] == "Success" else "Failure"
    except (ValueError, KeyError, TypeError):
        return "", "Failure"
