"""SMS attributes, opting in and out, and the sandbox."""

from __future__ import annotations

import pytest

from services.api import Call, operations
from services.scope import Scope
from services.sns.errors import SnsError
from services.sns.mobile.sms import SandboxApi, SmsApi
from services.sns.mobile.state import Mobile

SCOPE = Scope("000000000000", "us-east-1")
CALL = Call(SCOPE, "http://localhost:4566")
NUMBER = "+15551234567"
DAY = 86_400


class Clock:
    def __init__(self):
        self.at = 1_700_000_000.0

    def now(self):
        return self.at


class Entropy:
    def __init__(self):
        self.drawn = 0

    def uuid(self):
        return "00000000-0000-4000-8000-000000000000"

    def bits(self, n):
        self.drawn += 111_111
        return self.drawn


class Sms:
    def __init__(self):
        self.clock, self.mobile = Clock(), Mobile()
        self.state = self.mobile[SCOPE]
        self.handlers = operations(SmsApi(self.clock, self.mobile)) | operations(
            SandboxApi(self.clock, Entropy(), self.mobile)
        )

    def __call__(self, operation, **params):
        return self.handlers[operation](CALL, params)

    def refused(self, operation, **params):
        with pytest.raises(SnsError) as refusal:
            self(operation, **params)
        return refusal.value.code, refusal.value.message


@pytest.fixture
def sms():
    return Sms()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("InvalidAttribute", "invalid", "InvalidAttribute is not a valid attribute"),
        ("DefaultSendID", "a" * 12, "DefaultSendID is not a valid attribute"),
        ("DefaultSMSType", "invalid", "DefaultSMSType is invalid"),
        ("DefaultSenderID", "123456789", "DefaultSenderID is invalid"),
        ("DefaultSenderID", "a" * 12, "DefaultSenderID is invalid"),
        ("DeliveryStatusSuccessSamplingRate", "101", "DeliveryStatusSuccessSamplingRate is invalid"),
    ],
)
def test_attributes_that_are_refused(sms, name, value, message):
    assert sms.refused("SetSMSAttributes", attributes={name: value}) == ("InvalidParameter", message)


def test_attributes(sms):
    sms("SetSMSAttributes", attributes={"DefaultSMSType": "Transactional", "DefaultSenderID": "me"})

    everything = {"MonthlySpendLimit": "1", "DefaultSMSType": "Transactional", "DefaultSenderID": "me"}
    assert sms("GetSMSAttributes")["attributes"] == everything
    assert sms("GetSMSAttributes", attributes=["DefaultSenderID"])["attributes"] == {"DefaultSenderID": "me"}


def test_opting_out_and_in(sms):
    assert sms("CheckIfPhoneNumberIsOptedOut", phoneNumber=NUMBER) == {"isOptedOut": False}
    assert sms("OptInPhoneNumber", phoneNumber=NUMBER) == {}
    sms.state.opted_out[NUMBER] = sms.clock.now()
    assert sms("CheckIfPhoneNumberIsOptedOut", phoneNumber=NUMBER) == {"isOptedOut": True}
    assert sms("ListPhoneNumbersOptedOut") == {"phoneNumbers": [NUMBER]}
    sms("OptInPhoneNumber", phoneNumber=NUMBER)
    assert sms("ListPhoneNumbersOptedOut") == {"phoneNumbers": []}


def test_a_number_is_opted_in_once_in_thirty_days(sms):
    sms.state.opted_out[NUMBER] = sms.clock.now()
    sms("OptInPhoneNumber", phoneNumber=NUMBER)
    sms.state.opted_out[NUMBER] = sms.clock.now()
    sms.clock.at += 29 * DAY
    assert sms.refused("OptInPhoneNumber", phoneNumber=NUMBER)[0] == "InvalidParameter"
    sms.clock.at += DAY
    sms("OptInPhoneNumber", phoneNumber=NUMBER)


@pytest.mark.parametrize("number", ["", "phone", "+1", "+44742LALALA", "+1234567890123456"])
def test_what_is_no_number(sms, number):
    said = ("InvalidParameter", "Invalid parameter: PhoneNumber Reason: input incorrectly formatted")

    assert sms.refused("OptInPhoneNumber", phoneNumber=number) == said
    assert sms.refused("CheckIfPhoneNumberIsOptedOut", phoneNumber=number) == said


def test_the_sandbox_sends_a_password_that_verifies(sms):
    sms("CreateSMSSandboxPhoneNumber", PhoneNumber=NUMBER)
    assert sms("ListSMSSandboxPhoneNumbers") == {"PhoneNumbers": [{"PhoneNumber": NUMBER, "Status": "Pending"}]}
    [text] = sms.state.captured.texts
    assert text["PhoneNumber"] == NUMBER
    code, _ = sms.refused("VerifySMSSandboxPhoneNumber", PhoneNumber=NUMBER, OneTimePassword="000000")
    assert code == "VerificationException"
    sms("VerifySMSSandboxPhoneNumber", PhoneNumber=NUMBER, OneTimePassword=text["OneTimePassword"])
    assert sms("ListSMSSandboxPhoneNumbers")["PhoneNumbers"][0]["Status"] == "Verified"
    assert sms.refused("CreateSMSSandboxPhoneNumber", PhoneNumber=NUMBER)[0] == "UserError"


def test_a_number_leaves_the_sandbox_after_a_day_only(sms):
    sms("CreateSMSSandboxPhoneNumber", PhoneNumber=NUMBER)
    assert sms.refused("DeleteSMSSandboxPhoneNumber", PhoneNumber=NUMBER)[0] == "UserError"
    sms.clock.at += DAY
    sms("DeleteSMSSandboxPhoneNumber", PhoneNumber=NUMBER)
    assert sms.refused("DeleteSMSSandboxPhoneNumber", PhoneNumber=NUMBER)[0] == "ResourceNotFound"


def test_limits_of_the_sandbox(sms):
    for number in range(10):
        sms("CreateSMSSandboxPhoneNumber", PhoneNumber=f"+155512300{number:02}")
    assert sms.refused("CreateSMSSandboxPhoneNumber", PhoneNumber="+15551230099")[0] == "UserError"
    for _ in range(4):
        sms("CreateSMSSandboxPhoneNumber", PhoneNumber="+15551230000")
    assert sms.refused("CreateSMSSandboxPhoneNumber", PhoneNumber="+15551230000")[0] == "UserError"
    page = sms("ListSMSSandboxPhoneNumbers", MaxResults=4)
    assert len(page["PhoneNumbers"]) == 4
    assert len(sms("ListSMSSandboxPhoneNumbers", NextToken=page["NextToken"])["PhoneNumbers"]) == 6


def test_every_operation_has_awss_name(sms):
    assert {name for name in sms.handlers if "SMS" in name} == {
        "CreateSMSSandboxPhoneNumber",
        "DeleteSMSSandboxPhoneNumber",
        "GetSMSAttributes",
        "GetSMSSandboxAccountStatus",
        "ListSMSSandboxPhoneNumbers",
        "SetSMSAttributes",
        "VerifySMSSandboxPhoneNumber",
    }
