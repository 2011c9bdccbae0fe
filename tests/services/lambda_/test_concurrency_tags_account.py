"""Concurrency, tags and the account."""

from __future__ import annotations

import pytest

from services.lambda_ import limits

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def reserve(aws, count, name="f"):
    return aws("PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=count)


def provision(aws, qualifier, count=1):
    return aws("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier=qualifier,
               ProvisionedConcurrentExecutions=count)  # fmt: skip


def unreserved(aws):
    return aws("GetAccountSettings")["AccountLimit"]["UnreservedConcurrentExecutions"]


def test_a_reservation(aws, active, lambda_) -> None:
    active()
    heard = []
    lambda_.functions.on_concurrency.append(lambda function: heard.append(function.reserved))
    assert aws("GetFunctionConcurrency", FunctionName="f") == {}
    assert reserve(aws, 0) == {"ReservedConcurrentExecutions": 0}
    assert reserve(aws, 900) == aws("GetFunctionConcurrency", FunctionName="f")
    assert aws("GetFunction", FunctionName="f")["Concurrency"] == {"ReservedConcurrentExecutions": 900}
    assert unreserved(aws) == 100
    aws("DeleteFunctionConcurrency", FunctionName="f")
    assert (aws("GetFunctionConcurrency", FunctionName="f"), unreserved(aws)) == ({}, 1000)
    assert heard == [0, 900, None]


def test_reservations_that_are_refused(aws, active) -> None:
    active("f")
    active("g")
    reserve(aws, 500, "g")
    refused = aws.refused("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=401)
    assert refused.message == (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [100]."
    )
    assert refused.members["Type"] is None
    reserve(aws, 400)
    missing = aws.refused("PutFunctionConcurrency", FunctionName="no", ReservedConcurrentExecutions=1)
    assert missing.message.endswith(":function:no:$LATEST")
    qualified = aws.refused("PutFunctionConcurrency", FunctionName="f:$LATEST", ReservedConcurrentExecutions=1)
    assert qualified.message.startswith("This operation is permitted on Lambda functions only.")


def test_provisioned_concurrency_becomes_ready(aws, active, clock, sandboxes) -> None:
    active(Publish=True)
    put = provision(aws, "1", 5)
    assert put == {
        "RequestedProvisionedConcurrentExecutions": 5, "AvailableProvisionedConcurrentExecutions": 0,
        "AllocatedProvisionedConcurrentExecutions": 0, "Status": "IN_PROGRESS",
        "LastModified": "2023-11-14T22:13:20+0000",
    }  # fmt: skip
    clock.advance(limits.UPDATE_S)
    for worker in sandboxes.events[:4]:
        worker.ready()
    assert aws("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1") == put
    sandboxes.events[4].ready()
    ready = aws("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    assert (ready["Status"], ready["AllocatedProvisionedConcurrentExecutions"]) == ("READY", 5)
    listed = aws("ListProvisionedConcurrencyConfigs", FunctionName="f")["ProvisionedConcurrencyConfigs"]
    assert listed == [{"FunctionArn": f"{ARN}:1", **ready}]
    assert unreserved(aws) == 995


def test_a_version_is_provisioned_once(aws, active, clock) -> None:
    active(Publish=True)
    aws("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    provision(aws, "1")
    refused = aws.refused("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live",
                          ProvisionedConcurrentExecutions=1)  # fmt: skip
    assert refused.message == (
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
    )
    for _ in range(2):
        aws("DeleteProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    assert aws.refused("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1").message == (
        "No Provisioned Concurrency Config found for this function"
    )
    provision(aws, "live")
    refused = aws.refused("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1",
                          ProvisionedConcurrentExecutions=1)  # fmt: skip
    assert refused.message == "Version is pointed by a Provisioned Concurrency alias"
    aws("DeleteAlias", FunctionName="f", Name="live")
    clock.advance(1)
    assert aws("ListProvisionedConcurrencyConfigs", FunctionName="f") == {"ProvisionedConcurrencyConfigs": []}


@pytest.mark.parametrize(
    ("operation", "name", "qualifier", "message"),
    [
        ("Get", "f", "no", f"Cannot find alias arn: {ARN}:no"),
        ("Get", "f", "10", f"Function not found: {ARN}:10"),
        ("Delete", "g", "1", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:1"),
        ("Put", "g", "no", "Cannot find alias arn: arn:aws:lambda:us-east-1:000000000000:function:g:no"),
        ("Get", "f", "$LATEST", "The function resource provided must be an alias or a published version."),
        ("Delete", "f", "$LATEST", "The function resource provided must be an alias or a published version."),
        ("Put", "f", "$LATEST",
         "Provisioned Concurrency Configs cannot be applied to unpublished function versions."),
    ],
)  # fmt: skip
def test_nothing_to_provision(aws, active, operation, name, qualifier, message) -> None:
    active(Publish=True)
    wanted = {"ProvisionedConcurrentExecutions": 1} if operation == "Put" else {}
    refused = aws.refused(f"{operation}ProvisionedConcurrencyConfig", FunctionName=name, Qualifier=qualifier, **wanted)
    assert refused.message == message


def test_there_is_only_so_much_to_provision(aws, active) -> None:
    active(Publish=True)

    def refusal(count):
        return aws.refused("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1",
                           ProvisionedConcurrentExecutions=count).message  # fmt: skip

    assert refusal(1001).endswith("greater than account's unreserved concurrency [1000].")
    assert refusal(1000).endswith("below its minimum value of [100].")
    reserve(aws, 10)
    assert refusal(11).startswith("Requested Provisioned Concurrency should not be greater than the reserved")
    provision(aws, "1", 10)
    refused = aws.refused("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=9)
    assert refused.message.endswith("should not be lower than function's total provisioned concurrency [10].")


def test_tags(aws, active) -> None:
    active(Tags={"a": "1"})
    before = aws("GetFunction", FunctionName="f")
    aws("TagResource", Resource=ARN, Tags={"b": "2", "a": "3"})
    after = aws("GetFunction", FunctionName="f")
    assert after["Tags"] == aws("ListTags", Resource=ARN)["Tags"] == {"a": "3", "b": "2"}
    assert after["Configuration"]["RevisionId"] != before["Configuration"]["RevisionId"]
    aws("UntagResource", Resource=ARN, TagKeys=["a", "b", "c"])
    assert aws("ListTags", Resource=ARN) == {"Tags": {}}
    assert "Tags" not in aws("GetFunction", FunctionName="f")


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (f"{ARN}:1", "Tags on function aliases and versions are not supported. Please specify a function ARN."),
        (f"{ARN}:$LATEST", "Tags on function aliases and versions are not supported. Please specify a function ARN."),
        (f"{ARN}x", f"Function not found: {ARN}x"),
        ("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-0000-0000-000000000000",
         ("Event source mapping not found: arn:aws:lambda:us-east-1:000000000000:event-source-mapping:"
         "00000000-0000-0000-0000-000000000000")),
        ("arn:aws:lambda:us-east-1:000000000000:capacity-provider:p",
         "Capacity provider not found: arn:aws:lambda:us-east-1:000000000000:capacity-provider:p"),
    ],
)  # fmt: skip
def test_what_cannot_be_tagged(aws, active, resource, message, todays_model) -> None:
    active()
    for operation, given in (("TagResource", {"Tags": {"a": "b"}}), ("UntagResource", {"TagKeys": ["a"]}),
                             ("ListTags", {})):  # fmt: skip
        assert aws.refused(operation, Resource=resource, **given).message == message


def test_too_many_tags(aws, active) -> None:
    active(Tags={str(number): "" for number in range(50)})
    aws("TagResource", Resource=ARN, Tags={"1": "changed"})
    refused = aws.refused("TagResource", Resource=ARN, Tags={"more": ""})
    assert refused.message == "Number of tags exceeds resource tag limit."
    assert len(aws("ListTags", Resource=ARN)["Tags"]) == 50
    assert aws.refused("TagResource", Resource=ARN, Tags={}).code == "InvalidParameterValueException"


def test_the_account_counts_each_version(aws, active, clock) -> None:
    active(Code={"ZipFile": b"12345"})
    assert aws("GetAccountSettings")["AccountUsage"] == {"TotalCodeSize": 5, "FunctionCount": 1}
    aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"12345", Publish=True)
    clock.advance(1)
    assert aws("GetAccountSettings")["AccountUsage"] == {"TotalCodeSize": 10, "FunctionCount": 1}
