"""Amazon SNS, put together: the operations live in groups, each in the module of its subject.

https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from services.api import Call
from services.errors import ServiceError
from services.scope import Scope
from services.sns.archive import REPLAY, Archive
from services.sns.channels import FunctionChannel, QueueChannel
from services.sns.envelope import Envelopes
from services.sns.fanout import Fanout
from services.sns.filters.recipients import Recipients
from services.sns.mobile.applications import ApplicationsApi
from services.sns.mobile.sms import SandboxApi, SmsApi
from services.sns.mobile.state import Mobile
from services.sns.outside.emails import EmailChannel
from services.sns.outside.firehose import FirehoseChannel
from services.sns.outside.http import HttpChannel
from services.sns.outside.outcomes import DeliveryOutcomes
from services.sns.outside.phones import ApplicationChannel, Phones, SmsChannel
from services.sns.outside.status_logs import StatusLogs
from services.sns.policies import PermissionsApi
from services.sns.protection import ProtectionApi
from services.sns.publishing import PublishApi
from services.sns.state import Topics
from services.sns.subscriptions import SubscriptionsApi
from services.sns.tags import TagsApi
from services.sns.topics import TopicsApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Params
    from services.ports import Clock, Deliveries, Entropy, FunctionSink, HttpOut, LogSink, QueueSink, Signer
    from services.sns.model import Channel
    from services.sns.settings import SnsSettings

log = logging.getLogger("undercast.sns")


class _Holder(Protocol):
    def forget(self, scope: Scope) -> None: ...


class SnsApi:
    """Amazon SNS. Besides its operations: `topics`, `recipients` for what filters decided, `mobile` for what was
    captured, and `publish` for other services.
    """

    name = "sns"

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        settings: SnsSettings,
        *,
        queues: QueueSink,
        functions: FunctionSink,
        http: HttpOut,
        signer: Signer,
        logs: LogSink,
        deliveries: Deliveries,
    ) -> None:
        self._origin = settings.origin
        self.topics = topics = Topics()
        self.recipients = Recipients(topics)
        self.mobile = mobile = Mobile()
        protection = ProtectionApi(topics, clock, entropy, logs)
        texts = Envelopes(signer, settings.origin)
        self._status_logs = status_logs = StatusLogs(clock, entropy, logs)
        outcomes = DeliveryOutcomes(topics, texts, queues, status_logs)
        phones = Phones(clock, mobile, status_logs, self._tell)
        over_http = HttpChannel(clock, entropy, http, topics, texts, outcomes)
        emails = EmailChannel(clock, mobile, topics, texts, outcomes)
        to_queues = QueueChannel(clock, texts, outcomes, queues)
        firehose = FirehoseChannel(clock, deliveries, texts, outcomes)
        self._closing = (over_http, firehose)
        self.channels: dict[str, Channel] = {
            "sqs": to_queues,
            "lambda": FunctionChannel(clock, texts, outcomes, functions),
            "http": over_http,
            "https": over_http,
            "email": emails,
            "email-json": emails,
            "sms": SmsChannel(phones, outcomes),
            "application": ApplicationChannel(phones, outcomes),
            "firehose": firehose,
        }
        self.fanout = Fanout(self.recipients, self.channels, to_queues, protection)
        self.subscriptions = SubscriptionsApi(topics, clock, entropy, self.channels)
        self.publishing = PublishApi(topics, clock, entropy, fanout=self.fanout, targets=phones, protection=protection)
        topics_api = TopicsApi(topics, clock)
        topics_api.on_created.append(protection.created)
        self._archive = archive = Archive(clock, entropy, topics, self.fanout)
        topics_api.on_delete.append(archive.check_deletable)
        topics_api.shown.append(archive.of_topic)
        self.subscriptions.checks[REPLAY] = archive.check_replay
        self.subscriptions.shown.append(archive.of_subscription)
        self.operation_groups: tuple[object, ...] = (
            topics_api,
            self.subscriptions,
            self.publishing,
            PermissionsApi(topics),
            TagsApi(topics),
            protection,
            ApplicationsApi(clock, entropy, mobile, self._tell),
            SmsApi(clock, mobile),
            SandboxApi(clock, entropy, mobile, relax_cooldowns=settings.relax_cooldowns),
        )

    def publish(
        self,
        topic_arn: str,
        message: str,
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        trace_header: str = "",
        group_id: str = "",
        deduplication_id: str = "",
    ) -> Params:
        """Publish on behalf of another service; the result is Publish's.

        Raises:
            ServiceError: no such topic, or Publish would refuse the message.
        """
        params: dict[str, Any] = {"TopicArn": topic_arn, "Message": message}
        if attributes:
            params["MessageAttributes"] = {name: dict(given) for name, given in attributes.items()}
        if group_id:
            params["MessageGroupId"] = group_id
        if deduplication_id:
            params["MessageDeduplicationId"] = deduplication_id
        region = (topic_arn.split(":", 4) + [""] * 4)[3]
        call = Call(Scope(account, region), self._origin, trace_header=trace_header)
        return self.publishing.publish(call, params)

    def _tell(self, topic_arn: str, text: str) -> None:
        """Publish what SNS itself has to tell; nobody hears of it if that fails."""
        try:
            self.publish(topic_arn, text, {}, account=(topic_arn.split(":", 5) + [""] * 5)[4])
        except ServiceError as error:
            log.info("Nothing was told to %s: %s", topic_arn, error.message)

    def reset(self) -> None:
        """Forget everything of every scope."""
        self.reset_scope(None, None)

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget what is of that account, or region, or both; None is any."""
        holders: tuple[_Holder, ...] = (
            self.topics,
            self.subscriptions,
            self.mobile,
            self._status_logs,
            *self.channels.values(),
        )
        for scope in {*self.topics.scopes(), *(scope for scope, _ in self.mobile)}:
            if account in {None, scope.account} and region in {None, scope.region}:
                for holder in holders:
                    holder.forget(scope)

    def busy(self) -> bool:
        """Whether something goes on by itself: a request is out, a retry is due, a replay runs."""
        return self._archive.busy() or any(channel.busy() for channel in self.channels.values())

    async def close(self) -> None:
        """The server ends: stop whatever is under way."""
        for channel in self._closing:
            await channel.close()
