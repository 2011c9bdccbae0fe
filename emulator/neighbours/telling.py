"""What moto's services tell queues, topics and functions goes to ours: moto would tell its own, whom nobody can reach.

S3 tells of objects (and, once, that it will), SES of bounces and complaints. Other services of moto's tell nobody.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
https://docs.aws.amazon.com/ses/latest/dg/monitor-sending-activity-using-notifications-sns.html
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any, NamedTuple

from services import arn


class Letter(NamedTuple):
    """One thing to tell."""

    target_arn: str
    body: str
    account: str
    region: str


class Outbox:
    """Collects, in moto's turn, what is to be told once the call is over."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []

    def listen(self, package: str) -> None:
        """Stand in for whoever a package would tell. Harmless when repeated."""
        if package == "s3":
            notifications = vars(import_module("moto.s3.notifications"))
            notifications["_send_sqs_message"] = self._to_queue
            notifications["_send_sns_message"] = self._to_target
            notifications["_invoke_awslambda"] = self._to_target
        elif package == "ses":
            vars(import_module("moto.ses.models"))["sns_backends"] = _Backends(self)

    def take(self) -> list[Letter]:
        """What has come together, once."""
        letters, self._letters = self._letters, []
        return letters

    def add(self, target_arn: str, body: str, account: str, region: str) -> None:
        """One thing more."""
        self._letters.append(Letter(target_arn, body, account, region))

    def _to_queue(self, account: str, event: Any, name: str, region: str) -> None:
        queue = f"arn:{arn.partition(region)}:sqs:{region}:{account}:{name}"
        self.add(queue, json.dumps(event), account, region)

    def _to_target(self, account: str, event: Any, target_arn: str, region: str) -> None:
        self.add(target_arn, json.dumps(event), account, region)


class _Backends:
    """moto's SNS by account and region, as SES asks it."""

    def __init__(self, outbox: Outbox, account: str = "", region: str = "") -> None:
        self._outbox = outbox
        self._account = account
        self._region = region

    def __getitem__(self, name: str) -> _Backends:
        return _Backends(self._outbox, self._account or name, name if self._account else "")

    def publish(self, message: Any, arn: str, **_: Any) -> None:
        """Tell a topic; what is no text, as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._outbox.add(arn, text, self._account, self._region)
