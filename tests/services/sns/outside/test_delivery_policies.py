"""DeliveryPolicy: what is refused and why, what is in effect, what it means."""

from __future__ import annotations

import json

import pytest

from services.sns.outside import delivery_policies as policies
from services.sns.outside.documents import Refused

RETRIES = {"minDelayTarget": 1, "maxDelayTarget": 9, "numRetries": 5}


def subscription(**retries):
    return json.dumps({"healthyRetryPolicy": RETRIES | retries})


def refusal(check, text):
    with pytest.raises(Refused) as refused:
        check(text)
    return refused.value.text


def test_the_default_of_a_topic_is_awss_to_the_letter():
    assert policies.effective_topic("") == (
        '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,'
        '"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},'
        '"disableSubscriptionOverrides":false,'
        '"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}'
    )


def test_the_default_is_three_retries_twenty_seconds_apart():
    retries = policies.delivery("", "").retries

    assert [retries.delay_s(retry) for retry in range(1, 5)] == [20.0, 20.0, 20.0, None]


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"minDelayTarget": 0}, "healthyRetryPolicy.minDelayTarget must be greater than or equal to 1"),
        ({"maxDelayTarget": 3601}, "healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600"),
        ({"numRetries": -1}, "healthyRetryPolicy.numRetries must be greater than or equal to 0"),
        ({"numRetries": 101}, "healthyRetryPolicy.numRetries must be less than or equal to 100"),
        ({"numRetries": True}, "healthyRetryPolicy.numRetries must be a number"),
        ({"numRetries": None}, "healthyRetryPolicy.numRetries must be specified"),
        ({"minDelayTarget": 10}, "healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget"),
        ({"backoffFunction": "cubic"}, "healthyRetryPolicy.backoffFunction must be one of"),
        ({"backoffFunction": ["linear"]}, "healthyRetryPolicy.backoffFunction must be one of"),
        ({"numNoDelayRetries": 3, "numMaxDelayRetries": 3}, "healthyRetryPolicy.numRetries must be greater"),
        ({"minDelayTarget": 3600, "maxDelayTarget": 3600}, "healthyRetryPolicy must not take longer than 3600"),
    ],
)
def test_retries_that_are_refused(changed, text):
    assert refusal(policies.check_subscription, subscription(**changed)).startswith(f"DeliveryPolicy: {text}")


@pytest.mark.parametrize(
    "document",
    [
        "{invalid}",
        "[]",
        '{"throttlePolicy": {"maxReceivesPerSecond": 0}}',
        '{"throttlePolicy": {"maxReceivesPerSecond": 1e999}}',
        '{"throttlePolicy": {"maxReceivesPerSecond": NaN}}',
        '{"throttlePolicy": 1}',
        '{"requestPolicy": {"headerContentType": "text/plain; charset=x\\r\\nEvil: 1"}}',
        '{"requestPolicy": {"headerContentType": "\\ntext/plain"}}',
        '{"requestPolicy": {"headerContentType": "image/png"}}',
        '{"requestPolicy": {"headerContentType": "text/html; boundary=x"}}',
        '{"requestPolicy": {"headerContentType": 3}}',
    ],
)
def test_documents_that_are_refused(document):
    assert refusal(policies.check_subscription, document).startswith("DeliveryPolicy: ")


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{}",
        subscription(),
        subscription(numNoDelayRetries=2, numMinDelayRetries=1, numMaxDelayRetries=2),
        '{"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":null}}',
        '{"requestPolicy":{"headerContentType":"application/json"},"throttlePolicy":{"maxReceivesPerSecond":1000}}',
        '{"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}',
    ],
)
def test_documents_that_are_accepted(document):
    policies.check_subscription(document)
    policies.delivery("", document)


def test_a_topic_may_leave_out_what_has_a_default():
    text = '{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}'

    policies.check_topic(text)

    effective = json.loads(policies.effective_topic(text))["http"]["defaultHealthyRetryPolicy"]
    assert (effective["numRetries"], effective["minDelayTarget"]) == (5, 20)


def test_the_subscription_goes_before_the_topic_unless_the_topic_forbids():
    topic = {
        "defaultHealthyRetryPolicy": {"numRetries": 7, "minDelayTarget": 2, "maxDelayTarget": 2},
        "defaultThrottlePolicy": {"maxReceivesPerSecond": 3},
        "defaultRequestPolicy": {"headerContentType": "text/html"},
    }
    own = subscription()

    overridden = policies.delivery(json.dumps({"http": topic}), own)
    forbidden = policies.delivery(json.dumps({"http": topic | {"disableSubscriptionOverrides": True}}), own)

    assert (overridden.retries.retries, overridden.per_second, overridden.content_type) == (5, 3.0, "text/html")
    assert forbidden.retries.retries == 7


def test_phases():
    found = policies.delivery(
        "", subscription(numRetries=10, numNoDelayRetries=1, numMinDelayRetries=2, numMaxDelayRetries=3)
    )

    assert found.retries[:4] == (1, 2, 4, 3)
