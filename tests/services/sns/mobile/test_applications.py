"""Platform applications and endpoints: AWS's refusals, and what is idempotent."""

from __future__ import annotations

import random  # noqa: TID251 (a fake Entropy)
import uuid  # noqa: TID251 (a fake Entropy)

import pytest

from services.api import Call
from services.scope import Scope
from services.sns.errors import SnsError
from services.sns.mobile.applications import ApplicationsApi
from services.sns.mobile.state import Mobile

CALL = Call(Scope("000000000000", "us-east-1"), "http://localhost:4566")
NO_ATTRIBUTES = (
    "1 validation error detected: Value null at 'attributes' failed to satisfy constraint: Member must not be null"
)
APP = "arn:aws:sns:us-east-1:000000000000:app/GCM/a"


class Clock:
    def now(self):
        return 1_700_000_000.0


class Entropy:
    def __init__(self):
        self._random = random.Random(1)

    def uuid(self):
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


class Apps:
    def __init__(self):
        self.told = []
        self.api = ApplicationsApi(Clock(), Entropy(), Mobile(), lambda topic, text: self.told.append((topic, text)))

    def __call__(self, operation, **params):
        return getattr(self.api, operation)(CALL, params)

    def refused(self, operation, **params):
        with pytest.raises(SnsError) as refusal:
            self(operation, **params)
        return refusal.value.code, refusal.value.message

    def create(self, name="a", platform="GCM", **attributes):
        given = {"PlatformCredential": "secret"} | attributes
        return self("create_platform_application", Name=name, Platform=platform, Attributes=given)

    def endpoint(self, token="t", **more):
        return self("create_platform_endpoint", PlatformApplicationArn=APP, Token=token, **more)["EndpointArn"]

    def attributes(self, endpoint):
        return self("get_endpoint_attributes", EndpointArn=endpoint)["Attributes"]


@pytest.fixture
def apps():
    made = Apps()
    made.create()
    return made


@pytest.mark.parametrize(
    ("attributes", "code", "message"),
    [
        (
            {},
            "ValidationError",
            NO_ATTRIBUTES,
        ),
        (
            {"PlatformPrincipal": "dummy"},
            "InvalidParameter",
            "Invalid parameter: Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential",
        ),
        (
            {"PlatformCredential": "dummy"},
            "InvalidParameter",
            "Invalid parameter: Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal",
        ),
    ],
)
def test_credentials_that_are_missing(apps, attributes, code, message):
    said = apps.refused("create_platform_application", Name="x", Platform="ADM", Attributes=attributes)

    assert said == (code, message)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "cannot be empty"),
        ("a" * 257, "must be at most 256 characters long"),
        ("a b", "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"),
    ],
)
def test_names(apps, name, reason):
    _, message = apps.refused(
        "create_platform_application", Name=name, Platform="GCM", Attributes={"PlatformCredential": "c"}
    )

    assert message == f"Invalid parameter: {name} Reason: {reason}"


def test_platforms(apps):
    said = apps.refused("create_platform_application", Name="a", Platform="X", Attributes={"PlatformCredential": "c"})

    assert said == ("InvalidParameter", "Invalid parameter: Platform Reason: X is not supported")


def test_credentials_are_never_shown(apps):
    shown = apps("get_platform_application_attributes", PlatformApplicationArn=APP)["Attributes"]
    listed = apps("list_platform_applications")["PlatformApplications"]

    assert shown == {"Enabled": "true"}
    assert listed == [{"PlatformApplicationArn": APP, "Attributes": shown}]


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (
            "invalid-arn",
            (
                "InvalidParameter",
                "Invalid parameter: PlatformApplicationArn Reason: An ARN must have at least 6 elements, not 1",
            ),
        ),
        (APP + "x", ("NotFound", "PlatformApplication does not exist")),
    ],
)
@pytest.mark.parametrize(
    "operation",
    [
        "get_platform_application_attributes",
        "set_platform_application_attributes",
        "create_platform_endpoint",
        "list_endpoints_by_platform_application",
    ],
)
def test_no_such_application(apps, operation, arn, said):
    more = {"Attributes": {"Enabled": "true"}, "Token": "t"}

    assert apps.refused(operation, PlatformApplicationArn=arn, **more) == said


def test_an_endpoint_is_made_once_for_the_same_token_and_attributes(apps):
    arn = apps.endpoint()

    assert arn.startswith("arn:aws:sns:us-east-1:000000000000:endpoint/GCM/a/")
    assert apps.endpoint() == arn
    assert apps.endpoint(Attributes={"Enabled": "true"}) == arn
    assert apps.attributes(arn) == {"Enabled": "true", "Token": "t"}
    _, message = apps.refused("create_platform_endpoint", PlatformApplicationArn=APP, Token="t", CustomUserData="d")
    assert message == (
        f"Invalid parameter: Token Reason: Endpoint {arn} already exists with the same Token, but different attributes."
    )


def test_user_data_of_the_attributes_goes_first(apps):
    arn = apps.endpoint(CustomUserData="parameter", Attributes={"CustomUserData": "attribute"})

    assert apps.attributes(arn)["CustomUserData"] == "attribute"


def test_attributes_of_endpoints_that_are_refused(apps):
    arn = apps.endpoint()
    for attributes in ({"Unknown": "x"}, {"CustomUserData": "ä" * 1025}, {"Enabled": "maybe"}):
        code, _ = apps.refused("set_endpoint_attributes", EndpointArn=arn, Attributes=attributes)
        assert code == "InvalidParameter"
    apps("set_endpoint_attributes", EndpointArn=arn, Attributes={"CustomUserData": "ä" * 1024})


def test_no_such_endpoint(apps):
    arn = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/a/none"

    assert apps.refused("get_endpoint_attributes", EndpointArn=arn) == ("NotFound", "Endpoint does not exist")
    assert apps("delete_endpoint", EndpointArn=arn) == {}


def test_a_new_token_frees_the_old_one(apps):
    arn = apps.endpoint("old")
    apps("set_endpoint_attributes", EndpointArn=arn, Attributes={"Token": "new"})

    assert apps.endpoint("old") != arn
    assert apps.endpoint("new") == arn


def test_lists_have_pages(apps):
    made = [apps.endpoint(f"t{number}") for number in range(205)]
    found, token = [], None
    while True:
        more = {"NextToken": token} if token else {}
        answer = apps("list_endpoints_by_platform_application", PlatformApplicationArn=APP, **more)
        assert len(answer["Endpoints"]) <= 100
        found += [endpoint["EndpointArn"] for endpoint in answer["Endpoints"]]
        token = answer.get("NextToken")
        if not token:
            break

    assert found == made
    code, _ = apps.refused("list_platform_applications", NextToken="é")
    assert code == "InvalidParameter"


def test_deleted_endpoints_leave_no_trace(apps):
    arn = apps.endpoint()
    apps("delete_endpoint", EndpointArn=arn)

    assert apps("list_endpoints_by_platform_application", PlatformApplicationArn=APP)["Endpoints"] == []
    assert apps.endpoint() != arn


def test_events_are_told_where_a_topic_is_set(apps):
    topic = "arn:aws:sns:us-east-1:000000000000:events"
    events = {f"EventEndpoint{what}": topic for what in ("Created", "Updated", "Deleted")}
    apps("set_platform_application_attributes", PlatformApplicationArn=APP, Attributes=events)
    arn = apps.endpoint()
    apps("set_endpoint_attributes", EndpointArn=arn, Attributes={"Enabled": "false"})
    apps("set_endpoint_attributes", EndpointArn=arn, Attributes={"Enabled": "false"})
    apps("delete_endpoint", EndpointArn=arn)

    assert [topic for topic, _ in apps.told] == [topic] * 3
    assert ['"EventType":"EndpointCreated"' in apps.told[0][1], "EndpointDeleted" in apps.told[2][1]] == [True, True]


def test_with_an_application_go_its_endpoints(apps):
    arn = apps.endpoint()
    apps("delete_platform_application", PlatformApplicationArn=APP)

    assert apps.refused("get_endpoint_attributes", EndpointArn=arn) == ("NotFound", "Endpoint does not exist")
    apps("delete_endpoint", EndpointArn=arn)
    apps.create()
    assert apps("list_endpoints_by_platform_application", PlatformApplicationArn=APP)["Endpoints"] == []
    assert apps.endpoint() != arn


def test_an_endpoint_is_where_its_application_is(apps):
    other = Call(Scope("111111111111", "us-east-1"), CALL.origin)
    arn = apps.api.create_platform_endpoint(other, {"PlatformApplicationArn": APP, "Token": "t"})["EndpointArn"]

    assert apps.attributes(arn)["Token"] == "t"


@pytest.mark.parametrize("rate", ["101", "-1", "9" * 5000, "٣", ""])
def test_sample_rates_that_are_none(apps, rate):
    attributes = {"SuccessFeedbackSampleRate": rate}
    code, _ = apps.refused("set_platform_application_attributes", PlatformApplicationArn=APP, Attributes=attributes)
    assert code == "InvalidParameter"
