"""DeliveryPolicy of topics and of HTTP/S subscriptions: what may be set, what is in effect, what it means.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NamedTuple

from services.sns.outside.documents import Refused, read
from services.sns.outside.retries import FUNCTIONS, TOTAL_MAX_S, RetryPolicy

ATTRIBUTE: Final = "DeliveryPolicy"
TEXT_PLAIN: Final = "text/plain; charset=UTF-8"
"""What notifications are said to be, unless a policy says otherwise."""
CONTENT_TYPES: Final = frozenset(
    {
        "application/atom+xml", "application/json", "application/octet-stream", "application/soap+xml",
        "application/x-www-form-urlencoded", "application/xhtml+xml", "application/xml", "text/css", "text/csv",
        "text/html", "text/plain", "text/xml",
    }
)  # fmt: skip
"""What `headerContentType` may be, each also with a charset."""
_CHARSET = re.compile(r" *charset=[\w.:+-]+\Z", re.ASCII | re.IGNORECASE).match
RETRIES_MAX: Final = 100
DELAY_MAX_S: Final = 3_600

_RETRY_DEFAULTS: Final[dict[str, Any]] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
"""In the order in which AWS shows them."""
_REQUIRED: Final = ("minDelayTarget", "maxDelayTarget", "numRetries")


class Delivery(NamedTuple):
    """What a policy means."""

    retries: RetryPolicy
    per_second: float | None
    """`maxReceivesPerSecond`."""
    content_type: str


# -- as it is set


def check_topic(text: str) -> None:
    """A topic's DeliveryPolicy.

    Raises:
        Refused: it is not one.
    """
    if not text:
        return
    http = _map(read(ATTRIBUTE, text).get("http"), "http")
    _check_retries(http.get("defaultHealthyRetryPolicy"), "http.defaultHealthyRetryPolicy")
    _check_retries(http.get("defaultSicklyRetryPolicy"), "http.defaultSicklyRetryPolicy")
    _check_throttle(http.get("defaultThrottlePolicy"), "http.defaultThrottlePolicy")
    _check_request(http.get("defaultRequestPolicy"), "http.defaultRequestPolicy")
    if not isinstance(http.get("disableSubscriptionOverrides", False), bool | None):
        raise Refused(ATTRIBUTE, "http.disableSubscriptionOverrides must be true or false")


def check_subscription(text: str) -> None:
    """An HTTP/S subscription's DeliveryPolicy.

    Raises:
        Refused: it is not one.
    """
    if not text:
        return
    document = read(ATTRIBUTE, text)
    retries = document.get("healthyRetryPolicy")
    if isinstance(retries, dict):
        # The guide gives defaults for these; the service wants them nonetheless.
        for name in _REQUIRED:
            if retries.get(name) is None:
                raise Refused(ATTRIBUTE, f"healthyRetryPolicy.{name} must be specified")
    _check_retries(retries, "healthyRetryPolicy")
    _check_retries(document.get("sicklyRetryPolicy"), "sicklyRetryPolicy")
    _check_throttle(document.get("throttlePolicy"), "throttlePolicy")
    _check_request(document.get("requestPolicy"), "requestPolicy")


def _map(given: Any, where: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Refused(ATTRIBUTE, f"{where} must be a JSON object")
    return given


def _number(given: dict[str, Any], name: str, where: str, least: float, most: float) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(ATTRIBUTE, f"{where}.{name} must be a number")
    if not value >= least:
        raise Refused(ATTRIBUTE, f"{where}.{name} must be greater than or equal to {least:g}")
    if not value <= most:
        raise Refused(ATTRIBUTE, f"{where}.{name} must be less than or equal to {most:g}")
    return value


def _check_retries(given: Any, where: str) -> None:
    policy = _map(given, where)
    if not policy:
        return
    for name, least, most in (
        ("minDelayTarget", 1, DELAY_MAX_S),
        ("maxDelayTarget", 1, DELAY_MAX_S),
        ("numRetries", 0, RETRIES_MAX),
        ("numNoDelayRetries", 0, RETRIES_MAX),
        ("numMinDelayRetries", 0, RETRIES_MAX),
        ("numMaxDelayRetries", 0, RETRIES_MAX),
    ):
        _number(policy, name, where, least, most)
    function = policy.get("backoffFunction")
    if function is not None and not (isinstance(function, str) and function in FUNCTIONS):
        raise Refused(ATTRIBUTE, f"{where}.backoffFunction must be one of: {', '.join(sorted(FUNCTIONS))}")
    full = _with_defaults(policy)
    if full["maxDelayTarget"] < full["minDelayTarget"]:
        raise Refused(ATTRIBUTE, f"{where}.maxDelayTarget must be greater than or equal to minDelayTarget")
    of_phases = full["numNoDelayRetries"] + full["numMinDelayRetries"] + full["numMaxDelayRetries"]
    if of_phases > full["numRetries"]:
        raise Refused(
            ATTRIBUTE,
            f"{where}.numRetries must be greater than or equal to the sum of numMinDelayRetries, numNoDelayRetries "
            "and numMaxDelayRetries",
        )
    if _retry_policy(policy).total_s() > TOTAL_MAX_S:
        raise Refused(ATTRIBUTE, f"{where} must not take longer than {TOTAL_MAX_S} seconds in total")


def _check_throttle(given: Any, where: str) -> None:
    _number(_map(given, where), "maxReceivesPerSecond", where, 1, float("inf"))


def _check_request(given: Any, where: str) -> None:
    said = _map(given, where).get("headerContentType")
    if said is None:
        return
    kind, _, parameter = said.partition(";") if isinstance(said, str) else ("", "", "")
    if kind not in CONTENT_TYPES or (parameter and not _CHARSET(parameter)):
        raise Refused(ATTRIBUTE, f"{where}.headerContentType is not a supported content type")


# -- as it is in effect


def _with_defaults(policy: dict[str, Any]) -> dict[str, Any]:
    """Delays that were not set follow each other: a least delay above 20 seconds moves the greatest along."""
    full = {name: default if policy.get(name) is None else policy[name] for name, default in _RETRY_DEFAULTS.items()}
    if policy.get("maxDelayTarget") is None:
        full["maxDelayTarget"] = max(full["maxDelayTarget"], full["minDelayTarget"])
    elif policy.get("minDelayTarget") is None:
        full["minDelayTarget"] = min(full["maxDelayTarget"], full["minDelayTarget"])
    return full


def _read(text: str) -> dict[str, Any]:
    return read(ATTRIBUTE, text) if text else {}


def effective_topic(text: str) -> str:
    """`EffectiveDeliveryPolicy` of a topic with this DeliveryPolicy (it was checked, or is empty)."""
    http = _map(_read(text).get("http"), "http")
    shown: dict[str, Any] = {
        "defaultHealthyRetryPolicy": _with_defaults(_map(http.get("defaultHealthyRetryPolicy"), "")),
        "disableSubscriptionOverrides": bool(http.get("disableSubscriptionOverrides")),
    }
    if http.get("defaultThrottlePolicy"):
        shown["defaultThrottlePolicy"] = http["defaultThrottlePolicy"]
    content_type = _map(http.get("defaultRequestPolicy"), "").get("headerContentType") or TEXT_PLAIN
    shown["defaultRequestPolicy"] = {"headerContentType": content_type}
    return json.dumps({"http": shown}, separators=(",", ":"))


def _effective(topic_text: str, subscription_text: str) -> dict[str, Any]:
    """The subscription's own policy over the topic's, as a subscription shows it."""
    http = json.loads(effective_topic(topic_text))["http"]
    own = {} if http["disableSubscriptionOverrides"] else _read(subscription_text)
    retries = own.get("healthyRetryPolicy")
    content_type = _map(own.get("requestPolicy"), "").get("headerContentType")
    return {
        "healthyRetryPolicy": _with_defaults(retries) if retries else http["defaultHealthyRetryPolicy"],
        "sicklyRetryPolicy": None,
        "throttlePolicy": own.get("throttlePolicy") or http.get("defaultThrottlePolicy"),
        "requestPolicy": {"headerContentType": content_type} if content_type else http["defaultRequestPolicy"],
        "guaranteed": False,
    }


def effective_subscription(topic_text: str, subscription_text: str) -> str:
    """`EffectiveDeliveryPolicy` of an HTTP/S subscription, by its own DeliveryPolicy and its topic's."""
    return json.dumps(_effective(topic_text, subscription_text), separators=(",", ":"))


def _retry_policy(policy: dict[str, Any]) -> RetryPolicy:
    full = _with_defaults(policy)
    immediate, pre, post = (int(full[f"num{kind}DelayRetries"]) for kind in ("No", "Min", "Max"))
    return RetryPolicy(
        immediate,
        pre,
        max(0, int(full["numRetries"]) - immediate - pre - post),
        post,
        float(full["minDelayTarget"]),
        float(full["maxDelayTarget"]),
        full["backoffFunction"],
    )


def delivery(topic_text: str, subscription_text: str) -> Delivery:
    """What holds for deliveries to an HTTP/S subscription."""
    shown = _effective(topic_text, subscription_text)
    throttle = _map(shown["throttlePolicy"], "").get("maxReceivesPerSecond")
    return Delivery(
        _retry_policy(shown["healthyRetryPolicy"]),
        None if throttle is None else float(throttle),
        shown["requestPolicy"]["headerContentType"],
    )
