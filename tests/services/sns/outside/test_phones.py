"""What goes to phones and mailboxes is captured; what must not go is not."""

from __future__ import annotations

import json

import pytest

from services.api import Call
from services.scope import Scope
from services.sns.errors import EndpointDisabled, InvalidParameter, PlatformApplicationDisabled
from services.sns.mobile.applications import ApplicationsApi
from services.sns.model import SUBSCRIPTION_CONFIRMATION
from services.sns.outside.emails import EmailChannel
from services.sns.outside.phones import ApplicationChannel, Phones, SmsChannel

NUMBER = "+15551234567"
DLQ = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}'
SCOPE = Scope("000000000000", "us-east-1")
CALL = Call(SCOPE, "http://localhost:4566")


class Apps:
    def __init__(self, world):
        self.told = []
        self.phones = Phones(world.clock, world.mobile, world.status_logs, lambda *what: self.told.append(what))
        self.api = ApplicationsApi(world.clock, world.entropy, world.mobile)
        attributes = {"PlatformCredential": "c", "EventDeliveryFailure": "arn:aws:sns:us-east-1:000000000000:events"}
        self.app = self.api.create_platform_application(
            CALL, {"Name": "app", "Platform": "GCM", "Attributes": attributes}
        )["PlatformApplicationArn"]
        self.endpoint = self.api.create_platform_endpoint(
            CALL, {"PlatformApplicationArn": self.app, "Token": "device"}
        )["EndpointArn"]

    def disable(self):
        self.api.set_endpoint_attributes(CALL, {"EndpointArn": self.endpoint, "Attributes": {"Enabled": "false"}})


@pytest.fixture
def apps(world):
    return Apps(world)


def captured(world):
    return world.mobile[SCOPE].captured


def test_a_push_has_the_text_for_its_platform(world, apps):
    message = world.message("d", bodies={"default": "d", "GCM": '{"notification":{}}'})
    ApplicationChannel(apps.phones, world.outcomes).deliver(world.subscribe("application", apps.endpoint), message)

    [push] = captured(world).pushes
    assert (push["TargetArn"], push["Message"], push["MessageStructure"]) == (
        apps.endpoint,
        '{"notification":{}}',
        "json",
    )
    assert push["TopicArn"] == world.topic.arn


def test_a_disabled_endpoint_gets_nothing_and_its_application_hears_of_it(world, apps):
    apps.disable()
    with pytest.raises(EndpointDisabled, match="Endpoint is disabled"):
        apps.phones.to_endpoint(apps.endpoint, world.message())
    assert not captured(world).pushes
    [(topic, text)] = apps.told
    assert topic.endswith(":events")
    assert json.loads(text)["FailureType"] == "EndpointDisabled"


def test_a_disabled_endpoint_of_a_subscription_is_a_dead_letter(world, apps):
    apps.disable()
    redrive = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}'
    subscription = world.subscribe("application", apps.endpoint, RedrivePolicy=redrive)
    ApplicationChannel(apps.phones, world.outcomes).deliver(subscription, world.message())

    assert len(world.queues.sent) == 1


def test_a_disabled_application_and_an_endpoint_that_does_not_exist(world, apps):
    apps.api.set_platform_application_attributes(
        CALL, {"PlatformApplicationArn": apps.app, "Attributes": {"Enabled": "false"}}
    )
    with pytest.raises(PlatformApplicationDisabled):
        apps.phones.to_endpoint(apps.endpoint, world.message())
    with pytest.raises(InvalidParameter, match="No endpoint found for the target arn specified"):
        apps.phones.to_endpoint(apps.endpoint + "x", world.message())


def test_an_sms_of_a_topic_and_one_without(world, apps):
    SmsChannel(apps.phones, world.outcomes).deliver(world.subscribe("sms", NUMBER), world.message("from topic"))
    apps.phones.to_phone(NUMBER, world.message("direct"))

    first, second = captured(world).texts
    assert (first["Message"], first["TopicArn"]) == ("from topic", world.topic.arn)
    assert (second["Message"], second["TopicArn"], second["PhoneNumber"]) == ("direct", None, NUMBER)


def test_who_has_opted_out_gets_nothing_and_the_log_says_so(world, apps):
    state = world.mobile[SCOPE]
    state.opted_out[NUMBER] = 0.0
    state.sms_attributes["DeliveryStatusIAMRole"] = "arn:aws:iam::000000000000:role/sms"
    apps.phones.to_phone(NUMBER, world.message())

    assert not state.captured.texts
    [(group, text)] = world.logs.written
    assert group == "sns/us-east-1/000000000000/DirectPublishToPhoneNumber/Failure"
    assert json.loads(text)["delivery"]["providerResponse"] == "Phone number is opted out"


@pytest.mark.parametrize("number", ["", "NAA+15551234567", "+0123", "+1" + "2" * 20])
def test_what_is_no_phone_number_is_refused(world, apps, number):
    with pytest.raises(InvalidParameter, match="is not valid to publish to"):
        apps.phones.to_phone(number, world.message())


def test_emails(world):
    channel = EmailChannel(world.clock, world.mobile, world.topics, world.envelopes, world.outcomes)
    plain, as_json = world.subscribe("email", "a@b.c"), world.subscribe("email-json", "a@b.c")
    channel.deliver(plain, world.message(type=SUBSCRIPTION_CONFIRMATION, token="abc"))
    channel.deliver(plain, world.message("text", subject="About"))
    channel.deliver(as_json, world.message("text"))

    confirmation, text, document = captured(world).emails
    assert "Action=ConfirmSubscription" in confirmation["Body"]
    assert confirmation["Subject"] == "AWS Notification - Subscription Confirmation"
    assert text["Subject"] == "About"
    assert text["Body"].startswith("text\n")
    assert f"SubscriptionArn={plain.arn}" in text["Body"]
    assert json.loads(document["Body"])["Message"] == "text"
    assert document["Subject"] == "AWS Notification Message"


def test_endpoints_of_a_deleted_application_get_nothing(world, apps):
    apps.api.delete_platform_application(CALL, {"PlatformApplicationArn": apps.app})
    subscription = world.subscribe("application", apps.endpoint, RedrivePolicy=DLQ)
    ApplicationChannel(apps.phones, world.outcomes).deliver(subscription, world.message())

    assert list(captured(world).pushes) == []
    assert len(world.queues.sent) == 1
    with pytest.raises(InvalidParameter):
        apps.phones.to_endpoint(apps.endpoint, world.message())


def test_an_sms_without_a_topic_has_1600_bytes_at_most(world, apps):
    apps.phones.to_phone(NUMBER, world.message("x" * 1600))
    with pytest.raises(InvalidParameter, match="too long"):
        apps.phones.to_phone(NUMBER, world.message("é" * 801))
