"""Versions and aliases."""

from __future__ import annotations

import json
from collections import Counter

import pytest

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:m"


def definition(result: int) -> dict:
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": result, "End": True}}}


@pytest.fixture
def two(sfn):
    """A state machine with versions 1 and 2."""
    sfn.create(definition=definition(1), publish=True)
    sfn("UpdateStateMachine", stateMachineArn=ARN, definition=json.dumps(definition(2)), publish=True)
    return sfn


def route(*weights):
    return [{"stateMachineVersionArn": f"{ARN}:{number}", "weight": weight} for number, weight in enumerate(weights, 1)]


def alias(sfn, name="a", weights=(50, 50)):
    return sfn("CreateStateMachineAlias", name=name, routingConfiguration=route(*weights))["stateMachineAliasArn"]


def test_a_revision_is_published_once(sfn) -> None:
    sfn.create(definition=definition(1))
    first = sfn("PublishStateMachineVersion", stateMachineArn=ARN, description="one")
    sfn.advance(5)
    assert sfn("PublishStateMachineVersion", stateMachineArn=ARN) == first
    assert sfn("DescribeStateMachine", stateMachineArn=f"{ARN}:1")["description"] == "one"
    assert sfn.refused("PublishStateMachineVersion", stateMachineArn=ARN, revisionId="x")[0] == "ConflictException"
    assert sfn("PublishStateMachineVersion", stateMachineArn=ARN, revisionId="INITIAL") == first


def test_numbers_are_not_given_twice(two) -> None:
    two("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:2")
    assert two("PublishStateMachineVersion", stateMachineArn=ARN)["stateMachineVersionArn"] == f"{ARN}:3"
    listed = two("ListStateMachineVersions", stateMachineArn=ARN)["stateMachineVersions"]
    assert [version["stateMachineVersionArn"] for version in listed] == [f"{ARN}:3", f"{ARN}:1"]
    assert two("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:9") == {}


def test_executions_of_versions(two) -> None:
    old, new = two.start(f"{ARN}:1"), two.start(ARN)
    two.advance()
    assert [two.describe(arn)["output"] for arn in (old, new)] == ["1", "2"]
    assert two.describe(old)["stateMachineVersionArn"] == f"{ARN}:1"
    assert two.history(old)[0]["executionStartedEventDetails"]["stateMachineVersionArn"] == f"{ARN}:1"
    listed = two("ListExecutions", stateMachineArn=f"{ARN}:1")["executions"]
    assert [execution["executionArn"] for execution in listed] == [old]
    assert len(two("ListExecutions", stateMachineArn=ARN)["executions"]) == 2
    assert two.refused("StartExecution", stateMachineArn=f"{ARN}:7")[0] == "StateMachineDoesNotExist"


def test_an_alias_routes_by_weight(two) -> None:
    arn = alias(two, weights=(90, 10))
    outputs = Counter()
    for _ in range(300):
        execution = two.start(arn)
        two.advance()
        described = two.describe(execution)
        assert described["stateMachineAliasArn"] == arn
        assert described["stateMachineVersionArn"] == f"{ARN}:{described['output']}"
        outputs[described["output"]] += 1
    assert 10 <= outputs["2"] <= 60


def test_aliases_are_idempotent(two) -> None:
    arn = alias(two)
    two.advance(5)
    assert alias(two) == arn
    assert two.refused("CreateStateMachineAlias", name="a", routingConfiguration=route(100))[0] == "ConflictException"
    two("UpdateStateMachineAlias", stateMachineAliasArn=arn, description="d", routingConfiguration=route(100))
    described = two("DescribeStateMachineAlias", stateMachineAliasArn=arn)
    assert (described["description"], described["routingConfiguration"]) == ("d", route(100))
    assert described["updateDate"] > described["creationDate"]


def test_a_version_in_use_stays(two) -> None:
    arn = alias(two)
    assert two.refused("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:1") == (
        "ConflictException",
        (
            "Version to be deleted must not be referenced by an alias. "
            "Current list of aliases referencing this version: [a]"
        ),
    )
    two("DeleteStateMachineAlias", stateMachineAliasArn=arn)
    assert two("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:1") == {}
    assert two.refused("DescribeStateMachineAlias", stateMachineAliasArn=arn)[0] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("routes", "text"),
    [
        (route(70, 29), "Sum of routing configuration weights must equal 100. Received: [70, 29]"),
        ([*route(50), *route(50)],
         ("Routing configuration must contain distinct state machine version ARNs. "
          f"Received: [{ARN}:1, {ARN}:1]")),
        ([{"stateMachineVersionArn": ARN, "weight": 100}],
         f"Routing configuration must contain state machine version ARNs. Received: [{ARN}]"),
    ],
)  # fmt: skip
def test_routes(two, routes, text) -> None:
    refused = two.refused("CreateStateMachineAlias", name="a", routingConfiguration=routes)
    assert refused == ("ValidationException", text)


def test_aliases_by_version_and_pages(two) -> None:
    arns = [alias(two, f"a{n}", weights=(100,) if n % 2 else (50, 50)) for n in range(4)]

    def listed(arn, **params):
        answer = two("ListStateMachineAliases", stateMachineArn=arn, **params)
        return [item["stateMachineAliasArn"] for item in answer["stateMachineAliases"]], answer.get("nextToken")

    assert listed(ARN)[0] == arns
    assert listed(f"{ARN}:2")[0] == [arns[0], arns[2]]
    first, token = listed(ARN, maxResults=3)
    assert first + listed(ARN, nextToken=token)[0] == arns
