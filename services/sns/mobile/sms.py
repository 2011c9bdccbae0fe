"""SMS: the account's settings, numbers that have opted out, and the sandbox.

https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-phone-number-as-subscriber.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from services.api import F, operation
from services.sns.errors import InvalidParameter, OptedOut, ResourceNotFound, UserError, VerificationException
from services.sns.mobile.pages import page
from services.sns.mobile.state import SandboxNumber
from services.sns.outside.status_logs import is_sample_rate

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.ports import Clock, Entropy
    from services.sns.mobile.state import Mobile

_ATTRIBUTES: Final = frozenset(
    {
        "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID",
        "DefaultSMSType", "UsageReportS3Bucket",
    }
)  # fmt: skip
_TYPES: Final = ("Promotional", "Transactional")

_e164 = re.compile(r"\+?[1-9][0-9]{1,14}\Z").match
_sender_id = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}\Z").match
_sandbox_form = re.compile(r"(\+[0-9]{8,}|[0-9]{0,9})\Z").match

OPT_IN_S: Final = 30 * 86_400
"""API/API_OptInPhoneNumber.html: a number can be opted in once in so many seconds."""
# https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html and the page on its quotas
SANDBOX_NUMBERS_MAX: Final = 10
SANDBOX_TRIES_MAX: Final = 5
"""One-time passwords for one number in 24 hours."""
SANDBOX_DAY_S: Final = 86_400
"""A number stays at least that long, and its password is good that long."""


def is_phone_number(text: str) -> bool:
    """Whether it has the form of E.164."""
    return _e164(text) is not None


def check_number(number: str, parameter: str = "PhoneNumber") -> None:
    """InvalidParameter for what is no phone number."""
    if not is_phone_number(number):
        raise InvalidParameter.of(parameter, "input incorrectly formatted")


def _operation(method: F) -> F:
    """An operation whose name has `SMS` in it, as AWS writes it."""
    marked = operation(method)
    marked.__dict__["aws_operation"] = marked.__dict__["aws_operation"].replace("Sms", "SMS")
    return marked


class SmsApi:
    """Settings of SMS, and who gets none."""

    def __init__(self, clock: Clock, mobile: Mobile) -> None:
        self._clock = clock
        self._mobile = mobile

    @_operation
    def set_sms_attributes(self, call: Call, params: Params) -> Params:
        attributes: dict[str, str] = params.get("attributes") or {}
        for name in attributes:
            if name not in _ATTRIBUTES:
                raise InvalidParameter(f"{name} is not a valid attribute")
        for name, value in attributes.items():
            if not _is_valid(name, value):
                raise InvalidParameter(f"{name} is invalid")
        self._mobile[call.scope].sms_attributes.update(attributes)
        return {}

    @_operation
    def get_sms_attributes(self, call: Call, params: Params) -> Params:
        wanted = params.get("attributes")
        attributes = self._mobile[call.scope].sms_attributes
        return {"attributes": {name: attributes[name] for name in attributes if not wanted or name in wanted}}

    @_operation
    def check_if_phone_number_is_opted_out(self, call: Call, params: Params) -> Params:
        number = params["phoneNumber"]
        check_number(number)
        return {"isOptedOut": number in self._mobile[call.scope].opted_out}

    @_operation
    def list_phone_numbers_opted_out(self, call: Call, params: Params) -> Params:
        numbers = {number: number for number in self._mobile[call.scope].opted_out}
        shown, token = page(numbers, params.get("nextToken"))
        return {"phoneNumbers": shown} | ({"nextToken": token} if token else {})

    @_operation
    def opt_in_phone_number(self, call: Call, params: Params) -> Params:
        number, now = params["phoneNumber"], self._clock.now()
        check_number(number)
        state = self._mobile[call.scope]
        if number not in state.opted_out:
            return {}
        if now - state.opted_in_at.get(number, float("-inf")) < OPT_IN_S:
            raise InvalidParameter.of("PhoneNumber", "a number can be opted in only once every 30 days")
        del state.opted_out[number]
        state.opted_in_at[number] = now
        return {}

    @_operation
    def list_origination_numbers(self, call: Call, params: Params) -> Params:
        # Numbers are bought elsewhere (AWS End User Messaging); here nobody has any.
        return {"PhoneNumbers": []}


class SandboxApi:
    """The SMS sandbox. One-time passwords are captured with the SMS messages."""

    def __init__(self, clock: Clock, entropy: Entropy, mobile: Mobile, *, relax_cooldowns: bool = False) -> None:
        """`relax_cooldowns`: a number may be deleted at once, and sent as many passwords as one likes."""
        self._clock = clock
        self._entropy = entropy
        self._mobile = mobile
        self._relaxed = relax_cooldowns

    @_operation
    def get_sms_sandbox_account_status(self, call: Call, params: Params) -> Params:
        return {"IsInSandbox": self._mobile[call.scope].in_sandbox}

    @_operation
    def create_sms_sandbox_phone_number(self, call: Call, params: Params) -> Params:
        number, now = params["PhoneNumber"], self._clock.now()
        state = self._mobile[call.scope]
        _check_sandbox_number(number)
        if number in state.opted_out:
            raise OptedOut("The phone number has opted out of receiving SMS messages.")
        known = state.sandbox.get(number)
        if known is not None and known.verified:
            raise UserError("The phone number is already verified.")
        if known is None and len(state.sandbox) >= SANDBOX_NUMBERS_MAX:
            raise UserError(f"The SMS sandbox can have at most {SANDBOX_NUMBERS_MAX} destination phone numbers.")
        sent = [] if known is None else [at for at in known.sent if now - at < SANDBOX_DAY_S]
        if len(sent) >= SANDBOX_TRIES_MAX and not self._relaxed:
            raise UserError("The maximum number of one-time passwords for this phone number was reached.")
        password = f"{self._entropy.bits(32) % 1_000_000:06d}"
        state.sandbox[number] = SandboxNumber(number, password, now, [*sent, now])
        self._mobile.capture_text(
            call.scope,
            {
                "PhoneNumber": number,
                "TopicArn": None,
                "SubscriptionArn": None,
                "MessageId": self._entropy.uuid(),
                "Message": f"{password} is your verification code.",
                "MessageAttributes": {},
                "MessageStructure": None,
                "Subject": None,
                "OneTimePassword": password,
            },
        )
        return {}

    @_operation
    def verify_sms_sandbox_phone_number(self, call: Call, params: Params) -> Params:
        found = self._number(call, params["PhoneNumber"])
        if self._clock.now() - found.sent_at >= SANDBOX_DAY_S and not found.verified:
            raise VerificationException("The one-time password has expired.")
        if params["OneTimePassword"] != found.password:
            raise VerificationException("The one-time password is incorrect.")
        found.verified = True
        return {}

    @_operation
    def delete_sms_sandbox_phone_number(self, call: Call, params: Params) -> Params:
        found = self._number(call, params["PhoneNumber"])
        if self._clock.now() - found.sent_at < SANDBOX_DAY_S and not self._relaxed:
            raise UserError("The phone number can be deleted 24 hours after it was added or verified.")
        del self._mobile[call.scope].sandbox[found.number]
        return {}

    @_operation
    def list_sms_sandbox_phone_numbers(self, call: Call, params: Params) -> Params:
        numbers = self._mobile[call.scope].sandbox
        shown, token = page(numbers, params.get("NextToken"), params.get("MaxResults") or 100)
        found = [{"PhoneNumber": one.number, "Status": "Verified" if one.verified else "Pending"} for one in shown]
        return {"PhoneNumbers": found} | ({"NextToken": token} if token else {})

    def _number(self, call: Call, number: str) -> SandboxNumber:
        _check_sandbox_number(number)
        found = self._mobile[call.scope].sandbox.get(number)
        if found is None:
            raise ResourceNotFound("The phone number does not exist in the SMS sandbox.")
        return found


def _is_valid(name: str, value: str) -> bool:
    if name == "DefaultSMSType":
        return value in _TYPES
    if name == "DefaultSenderID":
        return not value or _sender_id(value) is not None
    if name == "DeliveryStatusSuccessSamplingRate":
        return not value or is_sample_rate(value)
    if name == "MonthlySpendLimit":
        return value.isascii() and value.isdecimal()
    return True


def _check_sandbox_number(number: str) -> None:
    if not number or len(number) > 20 or not _sandbox_form(number):
        raise InvalidParameter.of("PhoneNumber", "input incorrectly formatted")
