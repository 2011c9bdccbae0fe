"""Queue names and queue URLs.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from services.sqs.errors import InvalidAddress, InvalidParameterValue, QueueDoesNotExist
from services.sqs.limits import QUEUE_NAME_MAX

if TYPE_CHECKING:
    from services.scope import Scope

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z").match
_ACCOUNT = re.compile(r"[0-9]{12}\Z").match
_SUFFIX = ".fifo"


class Address(NamedTuple):
    """Where a queue URL points. An empty account or region: the caller's."""

    account: str
    region: str
    name: str


def check_name(name: str, *, fifo: bool) -> None:
    """InvalidParameterValue unless a new queue may have this name."""
    stem = name.removesuffix(_SUFFIX) if fifo else name
    if len(name) <= QUEUE_NAME_MAX and _NAME(stem) and (not fifo or stem != name):
        return
    if fifo and stem == name:
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
            f"{_SUFFIX} suffix and be 1 to {QUEUE_NAME_MAX} in length"
        )
    raise InvalidParameterValue(
        f"Can only include alphanumeric characters, hyphens, or underscores. 1 to {QUEUE_NAME_MAX} in length"
    )


def build(style: str, origin: str, scope: Scope, name: str) -> str:
    """The URL of a queue. `style` is `SqsSettings.queue_url`, `origin` how the client addressed us."""
    if not style:
        return f"{origin}/{scope.account}/{name}"
    scheme, _, host = origin.partition("://")
    host = _without_region(host)
    if style == "standard":
        return f"{scheme}://sqs.{scope.region}.{host}/{scope.account}/{name}"
    if style == "domain":
        # As AWS's old addresses: the first region is not named.
        prefix = "" if scope.region == "us-east-1" else f"{scope.region}."
        return f"{scheme}://{prefix}queue.{host}/{scope.account}/{name}"
    if style == "path":
        return f"{scheme}://{host}/queue/{scope.region}/{scope.account}/{name}"
    return f"{style.rstrip('/')}/{scope.account}/{name}"


def parse(url: str) -> Address:
    """Where a QueueUrl points: any host, the forms `build` makes, `/<account>/<name>`, or just a queue's name.

    InvalidAddress for a URL that has none of these forms.
    """
    if "/" not in url:
        if not url:
            raise QueueDoesNotExist
        return Address("", "", url)
    try:
        split = urlsplit(url)
    except ValueError:
        raise InvalidAddress(url) from None
    parts = [unquote(part) for part in split.path.split("/") if part]
    if len(parts) == 4 and parts[0] == "queue" and _ACCOUNT(parts[2]):
        return Address(parts[2], parts[1], parts[3])
    if len(parts) != 2 or not _ACCOUNT(parts[0]):
        raise InvalidAddress(url)
    return Address(parts[0], _region_of_host(split.netloc), parts[1])


def _region_of_host(host: str) -> str:
    labels = host.split(":", 1)[0].split(".")
    if len(labels) > 2 and labels[0] == "sqs":
        return labels[1]
    if len(labels) > 2 and labels[1] == "queue":
        return labels[0]
    return "us-east-1" if labels[0] == "queue" and len(labels) > 1 else ""


def _without_region(host: str) -> str:
    """`host` without the labels that this module puts before it (a client may use a queue's URL as its endpoint)."""
    labels = host.split(".")
    if len(labels) > 2 and labels[0] == "sqs":
        return ".".join(labels[2:])
    if len(labels) > 2 and labels[1] == "queue":
        return ".".join(labels[2:])
    if len(labels) > 1 and labels[0] == "queue":
        return ".".join(labels[1:])
    return host
