"""Platform applications and their endpoints.

https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-application-as-subscriber.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from services import arn
from services.api import operation
from services.sns import instants
from services.sns.errors import InvalidParameter, ValidationError
from services.sns.mobile.pages import page
from services.sns.mobile.state import Application, Endpoint
from services.sns.names import scope_of
from services.sns.outside import status_logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.api import Call, Params
    from services.ports import Clock, Entropy
    from services.sns.mobile.state import Mobile

PLATFORMS: Final = frozenset({"ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "Baidu", "FCM", "GCM",
                              "MACOS", "MACOS_SANDBOX", "MPNS", "WNS"})  # fmt: skip
_WITHOUT_PRINCIPAL: Final = frozenset({"FCM", "GCM"})
NAME_MAX: Final = 256
USER_DATA_MAX: Final = 2_048
_PRINCIPAL, _CREDENTIAL = "PlatformPrincipal", "PlatformCredential"
_SECRET: Final = frozenset({_PRINCIPAL, _CREDENTIAL, "ApplePlatformTeamID", "ApplePlatformBundleID"})
_EVENTS: Final = frozenset({f"EventEndpoint{what}" for what in ("Created", "Deleted", "Updated")})
_APPLICATION_ATTRIBUTES: Final = _SECRET | _EVENTS | {
    "EventDeliveryFailure", "SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate", "Enabled",
}  # fmt: skip
_ENDPOINT_ATTRIBUTES: Final = frozenset({"CustomUserData", "Enabled", "Token", "ChannelId", "UserId"})

_name_characters = re.compile(r"[A-Za-z0-9._-]+\Z").match


class ApplicationsApi:
    """Operations on platform applications and platform endpoints."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        mobile: Mobile,
        publish: Callable[[str, str], None] | None = None,
    ) -> None:
        """`publish(topic_arn, text)` tells a topic of what happened to an endpoint; it never raises."""
        self._clock = clock
        self._entropy = entropy
        self._mobile = mobile
        self._publish = publish

    # -- applications

    @operation
    def create_platform_application(self, call: Call, params: Params) -> Params:
        name, platform = params["Name"], params["Platform"]
        attributes = _given(params)
        _check_name(name)
        if platform not in PLATFORMS:
            raise InvalidParameter.of("Platform", f"{platform} is not supported")
        _check_credentials(platform, attributes)
        _check_application(attributes)
        scope = call.scope
        application_arn = f"arn:{arn.partition(scope.region)}:sns:{scope.region}:{scope.account}:app/{platform}/{name}"
        shown = {"Enabled": "true"} | {key: value for key, value in attributes.items() if key not in _SECRET}
        known = self._mobile[scope].applications.get(application_arn)
        if known is None:
            self._mobile[scope].applications[application_arn] = Application(application_arn, name, platform, shown)
        else:
            known.attributes.update(shown)
        return {"PlatformApplicationArn": application_arn}

    @operation
    def delete_platform_application(self, call: Call, params: Params) -> Params:
        state = self._mobile[call.scope]
        application = state.applications.pop(params["PlatformApplicationArn"], None)
        for endpoint in [] if application is None else application.by_token.values():
            state.endpoints.pop(endpoint.arn, None)
        return {}

    @operation
    def get_platform_application_attributes(self, call: Call, params: Params) -> Params:
        return {"Attributes": dict(self._mobile.application(params["PlatformApplicationArn"]).attributes)}

    @operation
    def set_platform_application_attributes(self, call: Call, params: Params) -> Params:
        application_arn, attributes = params["PlatformApplicationArn"], _given(params)
        application = self._mobile.application(application_arn)
        _check_application(attributes)
        application.attributes.update({key: value for key, value in attributes.items() if key not in _SECRET})
        return {}

    @operation
    def list_platform_applications(self, call: Call, params: Params) -> Params:
        shown, token = page(self._mobile[call.scope].applications, params.get("NextToken"))
        found = [{"PlatformApplicationArn": one.arn, "Attributes": dict(one.attributes)} for one in shown]
        return {"PlatformApplications": found} | ({"NextToken": token} if token else {})

    # -- endpoints

    @operation
    def create_platform_endpoint(self, call: Call, params: Params) -> Params:
        application = self._mobile.application(params["PlatformApplicationArn"])
        token = params["Token"]
        attributes = dict(params.get("Attributes") or {})
        _check_endpoint(attributes)
        if params.get("CustomUserData"):
            attributes.setdefault("CustomUserData", params["CustomUserData"])
            _check_endpoint(attributes)
        attributes = {"Enabled": "true", "Token": token} | attributes
        known = application.by_token.get(token)
        if known is not None:
            if known.attributes != attributes:
                raise InvalidParameter.of(
                    "Token", f"Endpoint {known.arn} already exists with the same Token, but different attributes."
                )
            return {"EndpointArn": known.arn}
        endpoint_arn = f"{application.arn.replace(':app/', ':endpoint/', 1)}/{self._entropy.uuid()}"
        endpoint = Endpoint(endpoint_arn, application, attributes)
        application.by_token[attributes["Token"]] = endpoint
        self._mobile[scope_of(endpoint_arn)].endpoints[endpoint_arn] = endpoint
        self._tell(endpoint, "EndpointCreated")
        return {"EndpointArn": endpoint_arn}

    @operation
    def delete_endpoint(self, call: Call, params: Params) -> Params:
        endpoint = self._mobile[call.scope].endpoints.pop(params["EndpointArn"], None)
        if endpoint is not None:
            _drop_token(endpoint)
            self._tell(endpoint, "EndpointDeleted")
        return {}

    @operation
    def get_endpoint_attributes(self, call: Call, params: Params) -> Params:
        return {"Attributes": dict(self._mobile.endpoint(params["EndpointArn"]).attributes)}

    @operation
    def set_endpoint_attributes(self, call: Call, params: Params) -> Params:
        endpoint = self._mobile.endpoint(params["EndpointArn"])
        attributes = _given(params)
        _check_endpoint(attributes)
        before = dict(endpoint.attributes)
        _drop_token(endpoint)
        endpoint.attributes.update(attributes)
        endpoint.application.by_token[endpoint.attributes["Token"]] = endpoint
        if endpoint.attributes != before:
            self._tell(endpoint, "EndpointUpdated")
        return {}

    @operation
    def list_endpoints_by_platform_application(self, call: Call, params: Params) -> Params:
        application = self._mobile.application(params["PlatformApplicationArn"])
        endpoints = {endpoint.arn: endpoint for endpoint in application.by_token.values()}
        shown, token = page(endpoints, params.get("NextToken"))
        found = [{"EndpointArn": one.arn, "Attributes": dict(one.attributes)} for one in shown]
        return {"Endpoints": found} | ({"NextToken": token} if token else {})

    # -- events

    def _tell(self, endpoint: Endpoint, event: str) -> None:
        """https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html"""
        topic_arn = endpoint.application.attributes.get(f"Event{event}")
        if topic_arn and self._publish is not None:
            said = {
                "EndpointArn": endpoint.arn,
                "EventType": event,
                "Resource": endpoint.application.arn,
                "Service": "SNS",
                "Time": instants.shown(self._clock.now()),
            }
            self._publish(topic_arn, json.dumps(said, separators=(",", ":")))


def _given(params: Params) -> dict[str, str]:
    """The request's attributes; SDKs send none at all for an empty map."""
    attributes: dict[str, str] | None = params.get("Attributes")
    if not attributes:
        raise ValidationError(
            "1 validation error detected: Value null at 'attributes' failed to satisfy constraint: "
            "Member must not be null"
        )
    return attributes


def _check_name(name: str) -> None:
    reason = ""
    if not name:
        reason = "cannot be empty"
    elif len(name) > NAME_MAX:
        reason = f"must be at most {NAME_MAX} characters long"
    elif not _name_characters(name):
        reason = "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"
    if reason:
        raise InvalidParameter.of(name, reason)


def _check_credentials(platform: str, attributes: dict[str, str]) -> None:
    """What is in them is between the account and the platform; AWS would ask the platform."""
    principal, credential = _PRINCIPAL in attributes, _CREDENTIAL in attributes
    if principal and not credential:
        raise InvalidParameter.of("Attributes", f"{_PRINCIPAL} attribute provided without {_CREDENTIAL}")
    if platform in _WITHOUT_PRINCIPAL:
        principal = True
    if credential and not principal:
        raise InvalidParameter.of("Attributes", f"{_CREDENTIAL} attribute provided without {_PRINCIPAL}")
    if not credential:
        raise InvalidParameter.of("Attributes", f"{_CREDENTIAL} attribute is required")


def _check_application(attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        if name not in _APPLICATION_ATTRIBUTES:
            raise InvalidParameter.of("Attributes", f"Invalid attribute name: {name}")
        if name == "SuccessFeedbackSampleRate" and not status_logs.is_sample_rate(value):
            raise InvalidParameter.of("Attributes", f"Invalid value for attribute: {name}: must be between 0 and 100")


def _check_endpoint(attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        if name not in _ENDPOINT_ATTRIBUTES:
            raise InvalidParameter.of("Attributes", f"Invalid attribute name: {name}")
        if name == "Enabled" and value.lower() not in {"true", "false"}:
            raise InvalidParameter.of("Attributes", f"Invalid value for attribute: {name}: must be true or false")
    if len(attributes.get("CustomUserData", "").encode()) > USER_DATA_MAX:
        raise InvalidParameter.of(
            "Attributes",
            "Invalid value for attribute: CustomUserData: "
            f"must be at most {USER_DATA_MAX} bytes long in UTF-8 encoding",
        )


def _drop_token(endpoint: Endpoint) -> None:
    tokens, token = endpoint.application.by_token, endpoint.attributes["Token"]
    if tokens.get(token) is endpoint:
        del tokens[token]
