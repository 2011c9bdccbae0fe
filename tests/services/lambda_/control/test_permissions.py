"""AddPermission, RemovePermission, GetPolicy; texts as recorded from AWS."""

import json

import pytest

from services.errors import ServiceError

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def add(aws, name="f", sid="s3", principal="s3.amazonaws.com", **more):
    params = {"FunctionName": name, "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal}
    return json.loads(aws.add_permission(**{**params, **more})["Statement"])


def test_a_statement_says_what_was_given(aws):
    aws.function()
    given = {
        "SourceArn": "arn:aws:s3:::bucket",
        "SourceAccount": "111111111111",
        "PrincipalOrgID": "o-1234567890",
        "FunctionUrlAuthType": "NONE",
    }
    assert add(aws, principal="*", Action="lambda:InvokeFunctionUrl", **given) == {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:InvokeFunctionUrl",
        "Resource": ARN,
        "Condition": {
            "StringEquals": {
                "AWS:SourceAccount": "111111111111",
                "lambda:FunctionUrlAuthType": "NONE",
                "aws:PrincipalOrgID": "o-1234567890",
            },
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
        },
    }


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("alexa-appkit.amazon.com", {"Service": "alexa-appkit.amazon.com"}),
        ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:user/u", {"AWS": "arn:aws:iam::123456789012:user/u"}),
        ("*", "*"),
    ],
)
def test_principals(aws, principal, shown):
    aws.function()
    assert add(aws, principal=principal)["Principal"] == shown


def test_nobody_is_no_principal(aws, refused):
    aws.function()
    text = "The provided principal was invalid. Please check the principal and try again."
    with refused("InvalidParameterValueException", text):
        add(aws, principal="invalid.nonaws.com")


def test_a_policy_belongs_to_what_was_named(aws, refused):
    function = aws.function()
    number = aws.publish(function)
    aws.alias(function, "live", number)
    add(aws)
    with refused("ResourceNotFoundException", "The resource you requested does not exist."):
        aws.get_policy(FunctionName="f", Qualifier=number)
    assert add(aws, name=f"f:{number}", Qualifier=number)["Resource"] == f"{ARN}:{number}"
    assert add(aws, Qualifier="live")["Resource"] == f"{ARN}:live"
    assert len(json.loads(aws.get_policy(FunctionName="f")["Policy"])["Statement"]) == 1


def test_the_revision_is_shared_with_the_function(aws, refused):
    function = aws.function()
    before = function.latest.revision_id
    text = (
        "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest "
        "Revision Id"
    )
    with refused("PreconditionFailedException", text):
        add(aws, RevisionId="wrong")
    add(aws, RevisionId=before)
    policy = aws.get_policy(FunctionName="f")
    assert policy["RevisionId"] == function.latest.revision_id != before
    # A new version is published: the function's revision goes on, the policy's stays and still counts.
    function.latest.revision_id = "something else"
    add(aws, sid="s4", RevisionId=policy["RevisionId"])
    latest = aws.get_policy(FunctionName="f")["RevisionId"]
    with refused("PreconditionFailedException", text):
        aws.remove_permission(FunctionName="f", StatementId="s3", RevisionId="wrong")
    aws.remove_permission(FunctionName="f", StatementId="s3", RevisionId=latest)
    assert function.latest.revision_id not in {latest, "something else"}


def test_an_aliass_revision(aws):
    function = aws.function()
    aws.alias(function, "live", aws.publish(function))
    add(aws, Qualifier="live", RevisionId=function.aliases["live"].revision_id)
    assert aws.get_policy(FunctionName="f:live")["RevisionId"] == function.aliases["live"].revision_id


def test_what_is_not_there(aws, refused):
    with refused("ResourceNotFoundException", f"Function not found: {ARN}"):
        add(aws)
    with refused("ResourceNotFoundException", f"No policy found for: {ARN}"):
        aws.remove_permission(FunctionName="f", StatementId="s3")
    aws.function()
    with refused("ResourceNotFoundException", "No policy is associated with the given resource."):
        aws.remove_permission(FunctionName="f", StatementId="s3")
    with refused("ResourceNotFoundException", f"Function not found: {ARN}:42"):
        add(aws, Qualifier="42")
    with refused("ResourceNotFoundException", f"Function not found: {ARN}:with-$"):
        add(aws, Qualifier="with-$")
    with refused("ResourceNotFoundException", f"Cannot find alias arn: {ARN}:live"):
        add(aws, name="f:live")
    add(aws)
    with refused("ResourceNotFoundException", f"Cannot find alias arn: {ARN}:live"):
        aws.remove_permission(FunctionName="f", StatementId="s3", Qualifier="live")
    with refused("ResourceNotFoundException", "Statement other is not found in resource policy."):
        aws.remove_permission(FunctionName="f", StatementId="other")


def test_what_does_not_go_together(aws, refused):
    aws.function()
    with refused("InvalidParameterValueException", "We currently do not support adding policies for $LATEST."):
        add(aws, name="f:$LATEST", Qualifier="$LATEST")
    text = "The derived qualifier from the function name does not match the specified qualifier."
    with refused("InvalidParameterValueException", text):
        add(aws, name="f:live", Qualifier="42")
    add(aws)
    text = (
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing "
        "statement."
    )
    with refused("ResourceConflictException", text):
        add(aws)


def test_the_last_statement_takes_the_policy_with_it(aws, refused):
    aws.function()
    add(aws)
    aws.remove_permission(FunctionName="f", StatementId="s3")
    with refused("ResourceNotFoundException", "The resource you requested does not exist."):
        aws.get_policy(FunctionName="f")


def test_a_policy_has_a_ceiling(aws):
    aws.function()
    bucket = "arn:aws:s3:::" + "b" * 4_500
    for number in range(4):
        add(aws, sid=f"s{number}", SourceArn=bucket)
    with pytest.raises(ServiceError, match=r"The final policy size \(\d+\) is bigger than the limit \(20480\)\."):
        add(aws, sid="s4", SourceArn=bucket)
    assert len(aws.get_policy(FunctionName="f")["Policy"]) <= 20_480


def test_a_deleted_functions_policy_does_not_come_back(aws, refused):
    function = aws.function()
    add(aws)
    aws.delete(function)
    aws.function()
    with refused("ResourceNotFoundException", "The resource you requested does not exist."):
        aws.get_policy(FunctionName="f")


def test_a_whole_policy_replaces_the_statements(aws, refused):
    function = aws.function()
    add(aws)
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "x", "Effect": "Deny", "Principal": "*"}]}
    put = aws.put_resource_policy(ResourceArn=function.arn, Policy=json.dumps(document))
    assert aws.get_resource_policy(ResourceArn=function.arn)["RevisionId"] == put["RevisionId"]
    assert [entry["Sid"] for entry in json.loads(aws.get_policy(FunctionName="f")["Policy"])["Statement"]] == ["x"]
    aws.delete_resource_policy(ResourceArn=function.arn, RevisionId=put["RevisionId"])
    with refused("ResourceNotFoundException", "The resource you requested does not exist."):
        aws.get_resource_policy(ResourceArn=function.arn)
