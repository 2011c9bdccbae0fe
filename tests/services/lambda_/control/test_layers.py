"""Layers; texts as recorded from AWS."""

import json

import pytest

from services.errors import ServiceError

ARN = "arn:aws:lambda:us-east-1:000000000000:layer:l"
GONE = "The resource you requested does not exist."


def publish(aws, name="l", archive=b"PK layer", **more):
    return aws.publish_layer_version(LayerName=name, Content={"ZipFile": archive}, **more)


def test_a_version_as_published(aws):
    made = publish(aws, Description="d", LicenseInfo="MIT", CompatibleRuntimes=["python3.12"])
    assert (made["Version"], made["LayerArn"], made["LayerVersionArn"]) == (1, ARN, f"{ARN}:1")
    assert made["CreatedDate"] == "2023-11-14T22:13:20.000+0000"
    assert made["Content"]["CodeSize"] == len(b"PK layer")
    assert "CompatibleArchitectures" not in made
    assert aws.get_layer_version(LayerName="l", VersionNumber=1) == made
    assert aws.get_layer_version(LayerName=ARN, VersionNumber=1) == made
    assert aws.get_layer_version_by_arn(Arn=f"{ARN}:1") == made


def test_empty_lists_are_shown(aws):
    made = publish(aws, CompatibleRuntimes=[], CompatibleArchitectures=[])
    assert (made["CompatibleRuntimes"], made["CompatibleArchitectures"]) == ([], [])
    assert "LicenseInfo" not in made


def test_numbers_are_never_given_twice(aws):
    assert [publish(aws)["Version"] for _ in range(2)] == [1, 2]
    assert [entry["Version"] for entry in aws.list_layer_versions(LayerName="l")["LayerVersions"]] == [2, 1]
    for number in (1, 2, 2):
        assert aws.delete_layer_version(LayerName="l", VersionNumber=number) == {}
    assert aws.list_layer_versions(LayerName="l") == {"LayerVersions": []}
    assert aws.list_layers() == {"Layers": []}
    assert publish(aws)["Version"] == 3


def test_code_is_dropped_with_the_last_who_needs_it(aws):
    publish(aws)
    publish(aws)
    aws.clock.advance(3600)
    aws.delete_layer_version(LayerName="l", VersionNumber=1)
    aws.clock.advance(3600)
    assert aws.store.dropped == []
    aws.delete_layer_version(LayerName="l", VersionNumber=2)
    aws.clock.advance(3600)
    assert len(aws.store.dropped) == 2  # once for each time it was stored


def test_what_is_not_there(aws, refused):
    publish(aws)
    with refused("ResourceNotFoundException", GONE):
        aws.get_layer_version(LayerName="l", VersionNumber=2)
    with refused("ResourceNotFoundException", GONE):
        aws.get_layer_version(LayerName="other", VersionNumber=1)
    with refused("ResourceNotFoundException", GONE):
        aws.get_layer_version_by_arn(Arn=f"{ARN}:2")
    for number in (0, -1):
        with refused("InvalidParameterValueException", "Layer Version Cannot be less than 1"):
            aws.get_layer_version(LayerName="l", VersionNumber=number)
        with refused("InvalidParameterValueException", "Layer Version Cannot be less than 1"):
            aws.delete_layer_version(LayerName="l", VersionNumber=number)
    assert aws.list_layer_versions(LayerName="other") == {"LayerVersions": []}


def test_lists_by_what_fits(aws):
    publish(aws, name="a", CompatibleRuntimes=["python3.12"])
    publish(aws, name="a", CompatibleRuntimes=["nodejs22.x"], CompatibleArchitectures=["arm64"])
    publish(aws, name="b")
    listed = aws.list_layers(CompatibleRuntime="python3.12")["Layers"]
    assert [(layer["LayerName"], layer["LatestMatchingVersion"]["Version"]) for layer in listed] == [("a", 1)]
    listed = aws.list_layer_versions(LayerName="a", CompatibleArchitecture="arm64")["LayerVersions"]
    assert [entry["Version"] for entry in listed] == [2]
    assert [layer["LayerName"] for layer in aws.list_layers()["Layers"]] == ["a", "b"]


def test_pages(aws):
    for number in range(5):
        publish(aws, name=f"l{number}")
    seen, more = [], {}
    for _ in range(9):
        answer = aws.list_layers(MaxItems=2, **more)
        seen += [layer["LayerName"] for layer in answer["Layers"]]
        if "NextMarker" not in answer:
            break
        more = {"Marker": answer["NextMarker"]}
    assert seen == ["l0", "l1", "l2", "l3", "l4"]


def test_functions_refer_to_versions(aws, refused):
    arns = [publish(aws, name=name)["LayerVersionArn"] for name in ("l", "l", "m")]
    assert len(aws.layers.referenced(aws.scope, [arns[0], arns[2]])) == 2
    for first, second in ((arns[0], arns[1]), (arns[0], arns[0])):
        text = (
            "Two different versions of the same layer are not allowed to be referenced in the same function. "
            f"{first} and {second} are versions of the same layer."
        )
        with refused("InvalidParameterValueException", text):
            aws.layers.referenced(aws.scope, [first, second])
    with refused("InvalidParameterValueException", f"Layer version {ARN}:9 does not exist."):
        aws.layers.referenced(aws.scope, [f"{ARN}:9"])
    with refused("InvalidParameterValueException", "Cannot reference more than 5 layers."):
        aws.layers.referenced(aws.scope, arns * 2)
    text = "Layers are not in the same region as the function. Layers are expected to be in region us-east-1."
    with refused("InvalidParameterValueException", text):
        aws.layers.referenced(aws.scope, [f"{ARN}:1".replace("us-east-1", "eu-west-1")])


def test_no_zip(aws):
    with pytest.raises(ServiceError, match="Could not unzip"):
        publish(aws, archive=b"text")
    assert aws.list_layers() == {"Layers": []}


def allow(aws, sid="s1", **more):
    return aws.add_layer_version_permission(
        **{
            "LayerName": "l",
            "VersionNumber": 1,
            "StatementId": sid,
            "Action": "lambda:GetLayerVersion",
            "Principal": "*",
            **more,
        }
    )


def test_who_may_use_a_version(aws, refused):
    publish(aws)
    with refused("ResourceNotFoundException", "No policy is associated with the given resource."):
        aws.get_layer_version_policy(LayerName="l", VersionNumber=1)
    first = allow(aws)
    assert json.loads(first["Statement"])["Resource"] == f"{ARN}:1"
    assert aws.get_layer_version_policy(LayerName="l", VersionNumber=1)["RevisionId"] == first["RevisionId"]
    stale = (
        "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the "
        "latest Revision Id"
    )
    with refused("PreconditionFailedException", stale):
        allow(aws, sid="s2", RevisionId="wrong")
    second = allow(
        aws, sid="s2", RevisionId=first["RevisionId"], Principal="123456789012", OrganizationId="o-1234567890"
    )
    assert json.loads(second["Statement"])["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
    with refused("PreconditionFailedException", stale):
        aws.remove_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s2", RevisionId="wrong")
    aws.remove_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s2")
    policy = json.loads(aws.get_layer_version_policy(LayerName="l", VersionNumber=1)["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["s1"]
    with refused("ResourceNotFoundException", "Statement s2 is not found in resource policy."):
        aws.remove_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s2")
    with refused("ResourceNotFoundException", f"Layer version {ARN}:2 does not exist."):
        allow(aws, VersionNumber=2)
