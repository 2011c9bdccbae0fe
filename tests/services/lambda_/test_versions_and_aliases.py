"""Published versions, aliases and what a name comes to."""

from __future__ import annotations

from collections import Counter

import pytest

from services.errors import ServiceError
from services.lambda_ import limits
from services.scope import Scope

HERE = Scope("000000000000", "us-east-1")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.fixture
def two_versions(aws, active, clock):
    active(Publish=True)
    aws("UpdateFunctionConfiguration", FunctionName="f", Description="second")
    clock.advance(1)
    aws("PublishVersion", FunctionName="f")


def test_published_at_creation(aws, clock) -> None:
    created = aws.create(Publish=True)
    assert (created["Version"], created["FunctionArn"], created["State"]) == ("1", ARN, "Pending")
    clock.advance()
    version = aws("GetFunction", FunctionName="f", Qualifier="1")["Configuration"]
    latest = aws("GetFunction", FunctionName="f")["Configuration"]
    assert (version["State"], version["FunctionArn"]) == ("Active", f"{ARN}:1")
    assert len({created["RevisionId"], version["RevisionId"], latest["RevisionId"]}) == 3
    assert aws("PublishVersion", FunctionName="f") == version | {"FunctionArn": f"{ARN}:1"}


def test_a_version_keeps_what_it_was(aws, active, clock) -> None:
    active()
    before = aws("GetFunctionConfiguration", FunctionName="f")
    published = aws("PublishVersion", FunctionName="f", Description="mine")
    assert (published["Version"], published["Description"], published["State"]) == ("1", "mine", "Active")
    assert aws("GetFunctionConfiguration", FunctionName="f")["RevisionId"] != before["RevisionId"]
    aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"other")
    clock.advance(1)
    assert aws("GetFunctionConfiguration", FunctionName="f:1")["CodeSha256"] == before["CodeSha256"]
    assert aws("PublishVersion", FunctionName="f")["Version"] == "2"


def test_nothing_new_is_published_twice(aws, active, clock) -> None:
    active()
    first = aws("PublishVersion", FunctionName="f")
    aws("UpdateFunctionConfiguration", FunctionName="f", Timeout=3)
    clock.advance(1)
    assert aws("PublishVersion", FunctionName="f") == first
    aws("DeleteFunction", FunctionName="f", Qualifier="1")
    assert aws("PublishVersion", FunctionName="f")["Version"] == "2"


def test_published_by_an_update(aws, active, clock) -> None:
    active()
    published = aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"other", Publish=True)
    assert (published["Version"], published["FunctionArn"], published["State"]) == ("1", f"{ARN}:1", "Pending")
    assert aws("GetFunctionConfiguration", FunctionName="f")["LastUpdateStatus"] == "InProgress"
    clock.advance(limits.UPDATE_S)
    assert aws("GetFunctionConfiguration", FunctionName="f:1")["State"] == "Active"


def test_a_wrong_hash_is_not_published(aws, active) -> None:
    sha256 = active()["CodeSha256"]
    assert aws.refused("PublishVersion", FunctionName="f", CodeSha256="no").message == (
        f"CodeSHA256 (no) is different from current CodeSHA256 in $LATEST ({sha256}). Please try again with the "
        "CodeSHA256 in $LATEST."
    )
    aws("PublishVersion", FunctionName="f", CodeSha256=sha256)


def test_versions_are_listed_in_order(aws, active, clock) -> None:
    active()
    for number in range(11):
        aws("UpdateFunctionConfiguration", FunctionName="f", Description=str(number))
        clock.advance(1)
        aws("PublishVersion", FunctionName="f")
    first = aws("ListVersionsByFunction", FunctionName="f", MaxItems=10)
    rest = aws("ListVersionsByFunction", FunctionName="f", MaxItems=10, Marker=first["NextMarker"])
    listed = [version["Version"] for version in first["Versions"] + rest["Versions"]]
    assert listed == ["$LATEST", *map(str, range(1, 12))]
    assert "NextMarker" not in rest


@pytest.mark.usefixtures("two_versions")
def test_an_alias_from_beginning_to_end(aws) -> None:
    made = aws("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1",
               RoutingConfig={"AdditionalVersionWeights": {"2": 0.2}})  # fmt: skip
    assert made == aws("GetAlias", FunctionName="f", Name="live")
    assert (made["AliasArn"], made["RoutingConfig"]) == (f"{ARN}:live", {"AdditionalVersionWeights": {"2": 0.2}})
    shown = aws("GetFunctionConfiguration", FunctionName="f:live")
    assert (shown["Version"], shown["FunctionArn"]) == ("1", f"{ARN}:live")
    changed = aws("UpdateAlias", FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in changed
    assert changed["RevisionId"] != made["RevisionId"]
    refused = aws.refused("UpdateAlias", FunctionName="f", Name="live", RevisionId=made["RevisionId"])
    assert refused.code == "PreconditionFailedException"
    assert aws("ListAliases", FunctionName="f", FunctionVersion="1")["Aliases"] == [changed]
    assert aws("ListAliases", FunctionName="f", FunctionVersion="2")["Aliases"] == []
    for _ in range(2):
        assert aws("DeleteAlias", FunctionName="f", Name="live") == {}
    assert aws.refused("GetAlias", FunctionName="f", Name="live").message == f"Cannot find alias arn: {ARN}:live"
    assert aws.refused("UpdateAlias", FunctionName="f", Name="live").message == f"Alias not found: {ARN}:live"


@pytest.mark.usefixtures("two_versions")
@pytest.mark.parametrize(
    ("version", "weights", "message", "kind"),
    [
        ("1", {"1": 0.8, "2": 0.2}, "Number of items in AdditionalVersionWeights cannot be greater than 1", "User"),
        ("1", {"1": 0.5},
         "Invalid function version 1. Function version 1 is already included in routing configuration.", "User"),
        ("10", {}, f"Function not found: {ARN}:10", "User"),
        ("1", {"10": 0.5}, f"Function not found: {ARN}:10", "User"),
        ("$LATEST", {"1": 0.5}, "$LATEST is not supported for an alias pointing to more than 1 version", None),
    ],
)  # fmt: skip
def test_aliases_that_cannot_be(aws, version, weights, message, kind) -> None:
    refused = aws.refused(
        "CreateAlias", FunctionName="f", Name="live", FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": weights},
    )  # fmt: skip
    assert (refused.message, refused.members["Type"]) == (message, kind)


@pytest.mark.usefixtures("two_versions")
def test_the_function_of_an_alias_is_named_with_its_version(aws) -> None:
    refused = aws.refused("CreateAlias", FunctionName="g", Name="live", FunctionVersion="1")
    assert refused.message == "Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:1"


@pytest.mark.usefixtures("two_versions")
def test_a_weighted_alias_really_routes(aws, lambda_) -> None:
    aws("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})  # fmt: skip
    drawn = Counter(lambda_.functions.resolve(HERE, "f", "live").version.version for _ in range(4_000))
    assert drawn.keys() == {"1", "2"}
    assert 850 < drawn["2"] < 1_150
    found = lambda_.functions.find(f"{ARN}:live")
    assert (found.qualifier, found.invoked_arn) == ("live", f"{ARN}:live")


@pytest.mark.usefixtures("two_versions")
@pytest.mark.parametrize(("weight", "version"), [(0.0, "1"), (1.0, "2")])
def test_the_ends_of_the_weights(aws, lambda_, weight, version) -> None:
    aws("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": weight}})  # fmt: skip
    assert {lambda_.functions.resolve(HERE, "f:live").version.version for _ in range(200)} == {version}


def test_what_invoke_says_of_a_missing_function(active, lambda_) -> None:
    active()
    for name, qualifier, named in (("g", "", "g:$LATEST"), ("f", "9", "f:9"), ("f", "live", "f:live")):
        with pytest.raises(ServiceError) as refusal:
            lambda_.functions.resolve(HERE, name, qualifier)
        assert refusal.value.message.endswith(f":function:{named}")
    assert lambda_.functions.find(f"{ARN}:9") is None


@pytest.mark.usefixtures("two_versions")
def test_a_version_that_an_alias_needs_stays(aws) -> None:
    aws("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    assert aws.refused("DeleteFunction", FunctionName="f", Qualifier="1").code == "ResourceConflictException"
    aws("DeleteFunction", FunctionName="f", Qualifier="2")
    listed = aws("ListVersionsByFunction", FunctionName="f")["Versions"]
    assert [version["Version"] for version in listed] == ["$LATEST", "1"]
