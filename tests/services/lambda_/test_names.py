"""Function names in every form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import ServiceError
from services.lambda_ import names
from services.lambda_.model import LATEST, FunctionName
from services.scope import Scope

HERE = Scope("000000000000", "us-east-1")
FUNCTION = FunctionName("000000000000", "us-east-1", "my-function")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:my-function"

NAME = st.text("abcXYZ019_-", min_size=1, max_size=64).filter(lambda name: name != "function")
QUALIFIER = st.one_of(st.just(""), st.just(LATEST), st.integers(1, 999).map(str), st.text("abc-_1", min_size=1))


@pytest.mark.parametrize("text", ["my-function", "function:my-function", "000000000000:function:my-function", ARN])
@pytest.mark.parametrize("qualifier", ["", LATEST, "1", "live"])
def test_every_form_names_the_same(text: str, qualifier: str) -> None:
    expected = names.Named(FUNCTION, qualifier)
    assert names.parse(HERE, text, qualifier) == expected
    assert names.parse(HERE, f"{text}:{qualifier}" if qualifier else text) == expected
    assert names.parse(HERE, f"{text}:{qualifier}" if qualifier else text, qualifier) == expected


@given(NAME, QUALIFIER, st.sampled_from(["eu-central-1", "us-gov-west-1", "cn-north-1"]))
def test_an_arn_that_we_make_is_understood(name: str, qualifier: str, region: str) -> None:
    function = FunctionName("123456789012", region, name)
    assert names.of_arn(function.arn(qualifier)) == names.Named(function, qualifier)


@pytest.mark.parametrize(
    ("text", "qualifier", "code", "message"),
    [
        ("arn:aws:lambda:eu-west-1:000000000000:function:f", "", "ResourceNotFoundException",
         "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
        (f"{ARN}:1", "2", "InvalidParameterValueException",
         "The derived qualifier from the function name does not match the specified qualifier."),
        ("my-function!", "", "ValidationException",
         ("1 validation error detected: Value 'my-function!' at 'functionName' failed to satisfy constraint: Member "
         f"must satisfy regular expression pattern: {names.PATTERN}")),
        (f"{ARN}:1:2", "", "ValidationException", None),
        ("arn:aws:ec2:us-east-1:000000000000:instance:i-1", "", "ValidationException", None),
        ("arn:aws:lambda:us-east-1::function:f", "", "ValidationException", None),
    ],
)  # fmt: skip
def test_refusals(text: str, qualifier: str, code: str, message: str | None) -> None:
    with pytest.raises(ServiceError) as refusal:
        names.parse(HERE, text, qualifier)
    assert refusal.value.code == code
    assert message is None or refusal.value.message == message


def test_the_word_function_alone_is_a_name() -> None:
    named = names.parse(HERE, "arn:aws:lambda:us-east-1:000000000000:function")
    assert named.function.name == "function"


@pytest.mark.parametrize(
    "text", ["", "my-function", "arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:lambda:x:1:layer:l"]
)
def test_only_a_functions_whole_arn_is_one(text: str) -> None:
    assert names.of_arn(text) is None


def test_kinds_of_qualifiers() -> None:
    assert names.is_version("12")
    assert not names.is_version("v12")
    assert [names.is_alias(qualifier) for qualifier in ("", LATEST, "1", "2024-01-02")] == [False, False, False, True]
