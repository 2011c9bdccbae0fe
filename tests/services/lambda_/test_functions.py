"""Functions: made, shown, changed, deleted."""

from __future__ import annotations

import pytest

from services.lambda_ import limits

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
CREATING = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}


def test_a_new_function_is_pending_and_then_active(aws, clock) -> None:
    created = aws.create()
    assert CREATING.items() <= created.items()
    assert "LastUpdateStatus" not in created
    assert created["FunctionArn"] == FUNCTION_ARN
    assert created["LastModified"] == "2023-11-14T22:13:20.000+0000"
    clock.advance()
    shown = aws("GetFunctionConfiguration", FunctionName="f")
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in shown
    assert shown["RevisionId"] != created["RevisionId"]


def test_the_defaults(active) -> None:
    created = active()
    expected = {
        "Timeout": 3, "MemorySize": 128, "EphemeralStorage": {"Size": 512}, "Architectures": ["x86_64"],
        "PackageType": "Zip", "TracingConfig": {"Mode": "PassThrough"}, "Description": "", "Version": "$LATEST",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}, "CodeSize": 3,
    }  # fmt: skip
    assert expected.items() <= created.items()
    assert not {"Environment", "VpcConfig", "Layers", "DeadLetterConfig", "KMSKeyArn"} & created.keys()


def test_an_update_is_in_progress_for_a_blink(aws, active, clock) -> None:
    active()
    updated = aws("UpdateFunctionConfiguration", FunctionName="f", Description="new", MemorySize=256)
    assert (updated["State"], updated["LastUpdateStatus"], updated["LastUpdateStatusReasonCode"]) == (
        "Active", "InProgress", "Creating",
    )  # fmt: skip
    assert (updated["Description"], updated["MemorySize"], updated["Timeout"]) == ("new", 256, 3)
    refused = aws.refused("UpdateFunctionCode", FunctionName="f", ZipFile=b"other")
    assert refused.code == "ResourceConflictException"
    assert refused.message.endswith(f"An update is in progress for resource: {FUNCTION_ARN}")
    clock.advance(limits.UPDATE_S)
    shown = aws("GetFunction", FunctionName="f")["Configuration"]
    assert shown["LastUpdateStatus"] == "Successful"
    assert shown["RevisionId"] != updated["RevisionId"]
    assert "LastUpdateStatusReason" not in shown


def test_code_can_be_fetched_where_get_function_says(aws, active, lambda_) -> None:
    active()
    code = aws("GetFunction", FunctionName="f")["Code"]
    assert code["RepositoryType"] == "S3"
    address, _, name = code["Location"].rpartition("/")
    assert address == "http://localhost:4566/_aws/lambda/code"
    assert lambda_.code_archive(name) == b"zip"
    assert lambda_.code_archive("0" * 64) is None
    assert lambda_.code_archive("../../etc/passwd") is None


def test_code_from_s3(aws, objects, clock) -> None:
    objects.objects["bucket", "key.zip"] = b"from S3"
    assert aws.create(Code={"S3Bucket": "bucket", "S3Key": "key.zip"})["CodeSize"] == 7
    clock.advance()
    refused = aws.refused("UpdateFunctionCode", FunctionName="f", S3Bucket="bucket", S3Key="none")
    assert refused.message == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )


def test_hot_reload_is_somebodys_own_folder(aws, lambda_) -> None:
    aws.create(Code={"S3Bucket": "hot-reload", "S3Key": "/home/me/function"})
    (function,) = lambda_.functions
    assert function.latest.configuration.code.live
    assert function.latest.configuration.code.folder == "/home/me/function"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({"ZipFile": b"bad"}, "Could not unzip uploaded file. Please check your file, then try to upload again."),
        ({"ZipFile": b""}, "Uploaded file must be a non-empty zip"),
        ({}, "Please provide a source for function code."),
        ({"S3Bucket": "hot-reload", "S3Key": "relative"}, "There is no folder relative."),
    ],
)
def test_bad_code_makes_no_function(aws, code, message) -> None:
    refused = aws_refused_create(aws, Code=code)
    assert (refused.code, refused.message) == ("InvalidParameterValueException", message)
    assert aws("ListFunctions") == {"Functions": []}


def aws_refused_create(aws, **params):
    given = {
        "FunctionName": "f", "Runtime": "python3.12", "Handler": "h.h", "Code": {"ZipFile": b"zip"},
        "Role": "arn:aws:iam::000000000000:role/role",
    }  # fmt: skip
    return aws.refused("CreateFunction", **(given | params))


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"Role": "r1"}, "ValidationException", "Value 'r1' at 'role' failed"),
        ({"Runtime": "PYTHON3.9"}, "InvalidParameterValueException", ("Value PYTHON3.9 at 'runtime' failed to satisfy "
         "constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, ")),
        ({"Runtime": "python3.7"}, "InvalidParameterValueException", "The runtime parameter of python3.7 is no longer"),
        ({"Handler": None}, "InvalidParameterValueException", "Runtime and Handler are mandatory parameters"),
        ({"Architectures": ["X86_64"]}, "ValidationException", ("Value '[X86_64]' at 'architectures' failed to satisfy "
         "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member "
         "must not be null]")),
        ({"FunctionName": "a" * 65}, "InvalidParameterValueException", ("Member must have length less than or equal to "
         "64")),
        ({"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f"}, "AccessDeniedException", ""),
        ({"MemorySize": 10_241}, "InvalidParameterValueException", "'MemorySize' value failed"),
        ({"Timeout": 901}, "ValidationException", "Value '901' at 'timeout' failed"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "nodejs22.x"}, "InvalidParameterValueException",
         "nodejs22.x is not supported for SnapStart enabled functions."),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException",
         "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"A_": "x" * 4090}}}, "InvalidParameterValueException",
         'exceeded the 4KB limit. String measured: {"A_":"xxx'),
        ({"LoggingConfig": {"SystemLogLevel": "INFO"}}, "InvalidParameterValueException", "LogLevel is not supported"),
        ({"PackageType": "Image", "Code": {"ImageUri": "image"}}, "InvalidParameterValueException", "Docker engine"),
        ({"Tags": {f"k{number}": "v" for number in range(51)}}, "InvalidParameterValueException",
         "Number of tags exceeds resource tag limit."),
        ({"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"]}, "InvalidParameterValueException",
         "does not exist."),
        ({"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": {
            "CapacityProviderArn": "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p"}}},
         "NotImplemented", "CapacityProviderConfig is not implemented."),
        ({"Code": {"ZipFile": bytes(limits.CODE_SIZE_ZIPPED + 1)}}, "RequestEntityTooLargeException",
         "Zipped size must be smaller than 52428800 bytes"),
        ({"Code": {"ZipFile": bytes(limits.CODE_SIZE_ZIPPED)}, "Environment": {"Variables": {"LARGE": "x" * 400_000}}},
         "RequestEntityTooLargeException",
         "Request must be smaller than 70167211 bytes for the CreateFunction operation"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_create_refuses(aws, params, code, message, todays_model) -> None:
    refused = aws_refused_create(aws, **params)
    assert refused.code == code
    assert message in refused.message


def test_a_name_is_taken_once(aws, active) -> None:
    active()
    refused = aws_refused_create(aws)
    assert (refused.code, refused.message) == ("ResourceConflictException", "Function already exist: f")


def test_an_environment_of_exactly_4_kb_is_taken(aws) -> None:
    aws.create(Environment={"Variables": {"AB": "x" * (4096 - len('{"AB":""}'))}})


def test_logging_levels_come_and_go_with_json(aws, active, clock) -> None:
    active()

    def update(**logging):
        answer = aws("UpdateFunctionConfiguration", FunctionName="f", LoggingConfig=logging)
        clock.advance(1)
        return answer["LoggingConfig"]

    group = "/aws/lambda/f"
    assert update(LogFormat="JSON", ApplicationLogLevel="DEBUG") == {
        "LogFormat": "JSON", "LogGroup": group, "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "INFO",
    }  # fmt: skip
    assert update(LogGroup="mine")["ApplicationLogLevel"] == "DEBUG"
    assert update(LogFormat="Text") == {"LogFormat": "Text", "LogGroup": "mine"}


def test_what_is_given_empty_is_taken_away(aws, active, clock) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:q"
    created = active(DeadLetterConfig={"TargetArn": queue}, Environment={"Variables": {"AB": "1"}})
    assert created["DeadLetterConfig"] == {"TargetArn": queue}
    changed = aws("UpdateFunctionConfiguration", FunctionName="f", DeadLetterConfig={"TargetArn": ""}, Environment={})
    assert "DeadLetterConfig" not in changed
    assert changed["Environment"] == {"Variables": {}}


def test_a_dry_run_changes_nothing(aws, active, clock) -> None:
    created = active()
    tried = aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"other", DryRun=True)
    assert tried["CodeSha256"] != created["CodeSha256"]
    clock.advance(1)
    shown = aws("GetFunctionConfiguration", FunctionName="f")
    assert (shown["CodeSha256"], shown["LastUpdateStatus"]) == (created["CodeSha256"], "Successful")


@pytest.mark.parametrize("operation", ["UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"])
def test_an_old_revision_is_refused(aws, active, operation) -> None:
    revision = active()["RevisionId"]
    given = {"ZipFile": b"other"} if operation == "UpdateFunctionCode" else {}
    refused = aws.refused(operation, FunctionName="f", RevisionId=revision, **given)
    assert (refused.code, refused.status) == ("PreconditionFailedException", 412)
    assert refused.message == (
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id"
    )
    aws(operation, FunctionName="f", RevisionId=aws("GetFunction", FunctionName="f")["Configuration"]["RevisionId"],
        **given)  # fmt: skip


def test_observers_hear_of_updates_and_of_the_end(aws, active, lambda_, clock) -> None:
    heard = []
    active()
    lambda_.functions.on_changed.append(lambda version: heard.append((version.version, version.last_update_status)))
    lambda_.functions.on_deleted.append(lambda function, qualifier: heard.append((function.name.name, qualifier)))
    aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"other")
    clock.advance(1)
    aws("DeleteFunction", FunctionName="f")
    assert heard == [("$LATEST", "InProgress"), ("$LATEST", "Successful"), ("f", "")]


def test_a_change_that_ends_after_its_function_tells_nobody(aws, active, lambda_, clock) -> None:
    active()
    aws("UpdateFunctionConfiguration", FunctionName="f", Description="new")
    aws("DeleteFunction", FunctionName="f")
    lambda_.functions.on_changed.append(lambda version: pytest.fail("told"))
    clock.advance(1)
    assert not lambda_.busy()


def test_code_goes_when_nobody_needs_it(aws, active, store, clock) -> None:
    active("f")
    active("g")
    aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"other")
    clock.advance(2_000)
    assert sorted(store.archives.values()) == [b"other", b"zip"]  # g has it still
    aws("DeleteFunction", FunctionName="g")
    clock.advance(1)
    assert len(store.archives) == 2  # an invocation of it may still run
    clock.advance(2_000)
    assert list(store.archives.values()) == [b"other"]


def test_code_that_came_to_nothing_goes_too(aws, active, store, clock) -> None:
    active()
    aws("UpdateFunctionCode", FunctionName="f", ZipFile=b"tried", DryRun=True)
    assert len(store.archives) == 2
    clock.advance(2_000)
    assert list(store.archives.values()) == [b"zip"]


def test_deleting(aws, active) -> None:
    active()
    assert aws.refused("DeleteFunction", FunctionName="f", Qualifier="$LATEST").message == (
        "$LATEST version cannot be deleted without deleting the function."
    )
    assert aws.refused("DeleteFunction", FunctionName="f", Qualifier="live").message == (
        "Deletion of aliases is not currently supported."
    )
    aws("DeleteFunction", FunctionName="f", Qualifier="1233")
    assert aws("DeleteFunction", FunctionName="f") == {"StatusCode": 204}
    for qualifier in ({}, {"Qualifier": "1233"}):
        refused = aws.refused("DeleteFunction", FunctionName="f", **qualifier)
        assert (refused.status, refused.message) == (404, f"Function not found: {FUNCTION_ARN}")


def test_missing_ones_are_named_as_they_were_asked_for(aws, active) -> None:
    active()
    for operation in ("GetFunction", "GetFunctionConfiguration"):
        assert aws.refused(operation, FunctionName="g").message.endswith(":function:g")
        assert (
            aws.refused(operation, FunctionName="f", Qualifier="7").message == f"Function not found: {FUNCTION_ARN}:7"
        )
        assert aws.refused(operation, FunctionName="g:$LATEST").message.endswith(":function:g:$LATEST")


def test_lists_have_pages_and_every_version_when_asked(aws, active) -> None:
    for name in ("b", "a", "c"):
        active(name, Publish=name == "a")

    def pages(**params):
        found, marker = [], None
        while True:
            answer = aws("ListFunctions", MaxItems=1, **({"Marker": marker} if marker else {}), **params)
            found += [shown["FunctionArn"].split(":function:")[1] for shown in answer["Functions"]]
            marker = answer.get("NextMarker")
            if not marker:
                return found

    assert pages() == ["a", "b", "c"]
    assert pages(FunctionVersion="ALL") == ["a:$LATEST", "a:1", "b:$LATEST", "c:$LATEST"]
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & aws("ListFunctions")["Functions"][0].keys()


def test_scopes_do_not_see_each_other(active, caller, lambda_) -> None:
    active()
    for other in (caller(region="eu-west-1"), caller(account="123456789012")):
        assert other("ListFunctions") == {"Functions": []}
        assert other.refused("GetFunction", FunctionName="f").status == 404
        other.create()
    lambda_.reset_scope("123456789012", None)
    assert caller(account="123456789012")("ListFunctions") == {"Functions": []}
    assert len(list(lambda_.functions)) == 2
    lambda_.reset()
    assert not list(lambda_.functions)
