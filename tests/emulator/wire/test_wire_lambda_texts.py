"""What Lambda says of members that do not meet its model, as it was recorded."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.wire import model
from emulator.wire.compile import CHECKS
from services.errors import ServiceError

LAMBDA = model.load("lambda")
ROLE = "arn:aws:iam::000000000000:role/r"
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:l"


def said(operation: str, params: dict[str, Any]) -> str:
    check = CHECKS["lambda"](LAMBDA.operations[operation])
    assert check is not None
    with pytest.raises(ServiceError) as refused:
        check(params)
    assert refused.value.code == "ValidationException"
    return refused.value.message


def of_function(**params: Any) -> str:
    message = said("CreateFunction", {"FunctionName": "f", "Role": ROLE, "Code": {}, **params})
    return message.removeprefix("1 validation error detected: ")


def test_a_list_of_simple_values_is_shown_whole(todays_model: None) -> None:
    assert of_function(VpcConfig={"SubnetIds": ["subnet-1", "net_2"]}) == (
        "Value '[subnet-1, net_2]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must have length less than or equal to 1024, Member must have length greater than or "
        "equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]"
    )
    assert of_function(Architectures=["X86_64"]) == (
        "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: "
        "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )
    assert of_function(Architectures=["x86_64", "arm64"]) == (
        "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or "
        "equal to 1"
    )


@pytest.mark.parametrize(
    ("weights", "shown", "demanded"),
    [
        ({"2": 2.0}, "{2=2.0}", ("Map value must satisfy constraint: [Member must have value less than or equal to 1.0,"
         " Member must have value greater than or equal to 0.0, Member must not be null]")),
        ({"$LATEST": 0.5}, "{$LATEST=0.5}", ("Map keys must satisfy constraint: [Member must have length less than or "
         "equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression "
         "pattern: [0-9]+]")),
    ],
)  # fmt: skip
def test_so_is_a_map(weights: dict[str, float], shown: str, demanded: str) -> None:
    params = {"FunctionName": "f", "Name": "n", "FunctionVersion": "1",
              "RoutingConfig": {"AdditionalVersionWeights": weights}}  # fmt: skip
    assert said("CreateAlias", params) == (
        f"1 validation error detected: Value '{shown}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        f"constraint: {demanded}"
    )


def test_layers_are_demanded_in_other_words_than_the_models() -> None:
    assert of_function(Layers=[LAYER]) == (
        f"Value '[{LAYER}]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must "
        "have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must "
        "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-"
        r"[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+), "
        "Member must not be null]"
    )


def test_runtimes_are_listed_in_aws_order() -> None:
    message = said("PublishLayerVersion", {"LayerName": "l", "Content": {}, "CompatibleRuntimes": ["no", "java21"],
                                           "CompatibleArchitectures": ["no"]})  # fmt: skip
    assert message.startswith(
        "2 validation errors detected: Value '[no, java21]' at 'compatibleRuntimes' failed to satisfy constraint: "
        "Member must satisfy enum value set: [nodejs20.x, python3.14, provided.al2023, "
    )
    assert "; Value '[no]' at 'compatibleArchitectures' failed" in message
    assert "[ruby3.5, ruby2.6, " in said("ListLayers", {"CompatibleRuntime": "no"})


def test_a_functions_runtime_is_left_to_lambda() -> None:
    check = CHECKS["lambda"](LAMBDA.operations["CreateFunction"])
    assert check is not None
    check({"FunctionName": "f", "Role": ROLE, "Code": {}, "Runtime": "no"})
