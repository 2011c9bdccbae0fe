"""Event invoke, code signing, URL, recursion and runtime management configs; texts as recorded from AWS."""

import re

import pytest

from services.api import Call
from services.lambda_.model import AsyncPolicy

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
GONE = "The resource you requested does not exist."
MISMATCH = "The derived qualifier from the function name does not match the specified qualifier."


class TestEventInvoke:
    def test_put_replaces_update_adds(self, aws):
        aws.function()
        aws.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=2, MaximumEventAgeInSeconds=60)
        assert "MaximumEventAgeInSeconds" not in aws.put_function_event_invoke_config(
            FunctionName="f", MaximumRetryAttempts=0
        )
        shown = aws.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=60)
        assert shown == {
            "LastModified": 1_700_000_000.0,
            "FunctionArn": f"{ARN}:$LATEST",
            "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
            "MaximumRetryAttempts": 0,
            "MaximumEventAgeInSeconds": 60,
        }
        assert aws.get_function_event_invoke_config(FunctionName="f", Qualifier="$LATEST") == shown

    def test_what_the_invoker_reads(self, aws):
        function = aws.function()
        number = aws.publish(function)
        configs = aws.event_invoke
        assert configs.policy(function.name, "") == AsyncPolicy(2, 21_600)
        aws.put_function_event_invoke_config(
            FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": QUEUE}}
        )
        assert configs.policy(function.name, "") == AsyncPolicy(0, 21_600, on_failure=QUEUE)
        assert configs.policy(function.name, "$LATEST") == AsyncPolicy(0, 21_600, on_failure=QUEUE)
        assert configs.policy(function.name, number) == AsyncPolicy()
        aws.delete(function)
        assert configs.policy(function.name, "") == AsyncPolicy()

    def test_every_qualifier_has_its_own(self, aws, refused):
        function = aws.function()
        number = aws.publish(function)
        aws.alias(function, "live", number)
        for named in ("f", f"f:{number}", f"{ARN}:live"):
            aws.put_function_event_invoke_config(FunctionName=named, MaximumRetryAttempts=1)
        listed = aws.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]
        assert {entry["FunctionArn"] for entry in listed} == {f"{ARN}:$LATEST", f"{ARN}:1", f"{ARN}:live"}
        aws.delete_function_event_invoke_config(FunctionName="f", Qualifier="live")
        with refused("ResourceNotFoundException", f"The function {ARN}:live doesn't have an EventInvokeConfig"):
            aws.get_function_event_invoke_config(FunctionName=f"{ARN}:live")

    def test_what_is_not_there(self, aws, refused):
        text = "You must specify at least one of error handling or destination setting."
        with refused("InvalidParameterValueException", text):
            aws.put_function_event_invoke_config(FunctionName="f")
        for method in (aws.put_function_event_invoke_config, aws.update_function_event_invoke_config):
            with refused("ResourceNotFoundException", "The function doesn't exist."):
                method(FunctionName="f", MaximumRetryAttempts=1)
        with refused("ResourceNotFoundException", "The function doesn't exist."):
            aws.list_function_event_invoke_configs(FunctionName="f")
        missing = f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig"
        for method in (aws.get_function_event_invoke_config, aws.delete_function_event_invoke_config):
            with refused("ResourceNotFoundException", missing):
                method(FunctionName="f")
        aws.function()
        with refused("ResourceNotFoundException", missing):
            aws.update_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
        with refused("InvalidParameterValueException", MISMATCH):
            aws.put_function_event_invoke_config(FunctionName="f:1", Qualifier="$LATEST", MaximumRetryAttempts=1)

    def test_destinations(self, aws, refused):
        aws.function()
        other = aws.function("g")

        def put(side, target):
            return aws.put_function_event_invoke_config(
                FunctionName="f", DestinationConfig={side: {"Destination": target}}
            )

        assert put("OnSuccess", other.arn)["DestinationConfig"]["OnSuccess"] == {"Destination": other.arn}
        with refused("InvalidParameterValueException", "You can't specify the function as a destination for itself."):
            put("OnSuccess", ARN)
        with refused("InvalidParameterValueException", f"The destination ARN {ARN}x is invalid."):
            put("OnSuccess", f"{ARN}x")
        iam = ARN.replace(":lambda:", ":iam:")
        text = (
            f"The provided destination config DestinationConfig(onSuccess=OnSuccess(destination={iam}), "
            "onFailure=null) is invalid."
        )
        with refused("InvalidParameterValueException", text):
            put("OnSuccess", iam)
        assert put("OnFailure", "arn:aws:s3:::bucket")["DestinationConfig"]["OnFailure"]


class TestCodeSigning:
    def create(self, aws):
        publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/test"]}
        policies = {"UntrustedArtifactOnDeployment": "Enforce"}
        made = aws.create_code_signing_config(
            Description="d", AllowedPublishers=publishers, CodeSigningPolicies=policies, Tags={"a": "b"}
        )
        return made["CodeSigningConfig"]

    def test_life(self, aws):
        aws.function()
        config = self.create(aws)
        arn = config["CodeSigningConfigArn"]
        assert arn == f"arn:aws:lambda:us-east-1:000000000000:code-signing-config:{config['CodeSigningConfigId']}"
        assert aws.update_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == config
        warn = {"UntrustedArtifactOnDeployment": "Warn"}
        aws.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=warn)
        assert aws.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]["CodeSigningPolicies"] == warn
        assert aws.get_function_code_signing_config(FunctionName="f") == {}
        used = {"CodeSigningConfigArn": arn, "FunctionName": "f"}
        assert aws.put_function_code_signing_config(**used) == used
        assert aws.get_function_code_signing_config(FunctionName="f") == used
        assert aws.list_functions_by_code_signing_config(CodeSigningConfigArn=arn) == {"FunctionArns": [ARN]}
        with pytest.raises(Exception, match="attached"):
            aws.delete_code_signing_config(CodeSigningConfigArn=arn)
        aws.delete_function_code_signing_config(FunctionName="f")
        assert aws.code_signing.tags(arn) == {"a": "b"}
        aws.delete_code_signing_config(CodeSigningConfigArn=arn)
        assert aws.list_code_signing_configs() == {"CodeSigningConfigs": []}

    def test_what_is_not_there(self, aws, refused):
        arn = self.create(aws)["CodeSigningConfigArn"]
        wrong = f"{arn[:-1]}x"
        for method in (
            aws.get_code_signing_config,
            aws.update_code_signing_config,
            aws.delete_code_signing_config,
            aws.list_functions_by_code_signing_config,
        ):
            text = f"The Lambda code signing configuration {wrong} can not be found."
            with refused("ResourceNotFoundException", text) as caught:
                method(CodeSigningConfigArn=wrong)
            assert caught.error.members == {"Type": None}
        text = (
            "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
            f"{wrong}."
        )
        with refused("CodeSigningConfigNotFoundException", text):
            aws.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=wrong)
        with refused("ResourceNotFoundException", f"Function not found: {ARN}"):
            aws.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=arn)

    def test_lists_in_order_of_creation(self, aws):
        made = [self.create(aws)["CodeSigningConfigArn"] for _ in range(3)]
        listed = aws.list_code_signing_configs()["CodeSigningConfigs"]
        assert [config["CodeSigningConfigArn"] for config in listed] == made


class TestUrls:
    def test_life(self, aws, refused):
        aws.function()
        made = aws.create_function_url_config(FunctionName="f", AuthType="NONE")
        assert set(made) == {"FunctionUrl", "FunctionArn", "AuthType", "CreationTime"}
        text = (
            f"Failed to create function url config for [functionArn = {ARN}]. Error message:  FunctionUrlConfig exists "
            "for this Lambda function"
        )
        with refused("ResourceConflictException", text):
            aws.create_function_url_config(FunctionName="f", AuthType="NONE")
        assert aws.get_function_url_config(FunctionName="f")["InvokeMode"] == "BUFFERED"
        assert "InvokeMode" not in aws.update_function_url_config(FunctionName="f", AuthType="AWS_IAM")
        aws.update_function_url_config(FunctionName="f", InvokeMode="RESPONSE_STREAM", Cors={"MaxAge": 5})
        got = aws.update_function_url_config(FunctionName="f")
        assert (got["InvokeMode"], got["AuthType"], got["Cors"]) == ("RESPONSE_STREAM", "AWS_IAM", {"MaxAge": 5})
        aws.delete_function_url_config(FunctionName="f")
        with refused("ResourceNotFoundException", GONE):
            aws.get_function_url_config(FunctionName="f")

    def test_function_and_alias_have_their_own(self, aws):
        function = aws.function()
        aws.alias(function, "live", aws.publish(function))
        plain = aws.create_function_url_config(FunctionName="f", AuthType="NONE")
        live = aws.create_function_url_config(FunctionName="f:live", Qualifier="live", AuthType="NONE")
        assert live["FunctionArn"] == f"{ARN}:live"
        first = aws.list_function_url_configs(FunctionName="f", MaxItems=1)
        second = aws.list_function_url_configs(FunctionName="f", MaxItems=1, Marker=first["NextMarker"])
        urls = [entry["FunctionUrl"] for page in (first, second) for entry in page["FunctionUrlConfigs"]]
        assert urls == [plain["FunctionUrl"], live["FunctionUrl"]]
        assert "NextMarker" not in second
        aws.delete_function_url_config(FunctionName="f")
        assert aws.get_function_url_config(FunctionName="f", Qualifier="live")["FunctionUrl"] == live["FunctionUrl"]
        aws.functions.tell_deleted(function, "live")
        assert aws.urls.find(live["FunctionUrl"].split("/")[-2]) is None

    def test_what_is_not_there(self, aws, refused):
        aws.function()
        for method in (aws.create_function_url_config, aws.update_function_url_config):
            with refused("ResourceNotFoundException", "Function does not exist"):
                method(FunctionName="other", AuthType="NONE")
            with refused("ResourceNotFoundException", "Function does not exist"):
                method(FunctionName="f", Qualifier="live", AuthType="NONE")
        for method in (aws.get_function_url_config, aws.delete_function_url_config):
            for named in ("f", "other", "f:live"):
                with refused("ResourceNotFoundException", GONE):
                    method(FunctionName=named)
            with refused("InvalidParameterValueException", MISMATCH):
                method(FunctionName="f:live", Qualifier="other")
        with refused("ResourceNotFoundException", GONE):
            aws.update_function_url_config(FunctionName="f", AuthType="NONE")
        with refused("ResourceNotFoundException", "Function does not exist"):
            aws.list_function_url_configs(FunctionName="other")

    @pytest.mark.parametrize(
        ("origin", "url"),
        [
            ("http://localhost:4566", r"http://localhost:4566/_aws/lambda-url/[a-z2-7]{32}/$"),
            ("http://127.0.0.1:4566", r"http://127\.0\.0\.1:4566/_aws/lambda-url/[a-z2-7]{32}/$"),
            ("http://[::1]:4566", r"http://\[::1\]:4566/_aws/lambda-url/[a-z2-7]{32}/$"),
            ("https://emulator.test", r"https://[a-z2-7]{32}\.lambda-url\.us-east-1\.emulator\.test/$"),
            ("http://emulator.test:80", r"http://[a-z2-7]{32}\.lambda-url\.us-east-1\.emulator\.test:80/$"),
        ],
    )
    def test_an_address_that_can_be_reached(self, aws, origin, url):
        aws.function()
        aws.call = Call(aws.scope, origin)
        made = aws.create_function_url_config(FunctionName="f", AuthType="NONE")
        assert re.match(url, made["FunctionUrl"])

    def test_an_id_that_was_chosen(self, aws):
        function = aws.function(_custom_id_="Mine")
        aws.alias(function, "live", aws.publish(function))
        made = aws.create_function_url_config(FunctionName="f", AuthType="NONE")
        assert made["FunctionUrl"] == "http://Mine.lambda-url.us-east-1.localhost:4566/"
        live = aws.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")
        assert "://Mine-live.lambda-url." in live["FunctionUrl"]
        found = aws.urls.find("Mine-live", "us-east-1")
        assert found is not None
        assert (found.function, found.qualifier) == (function.name, "live")

    @pytest.mark.parametrize("chosen", ["_not_valid", "../etc", "a" * 64])
    def test_an_id_that_cannot_be(self, aws, chosen):
        aws.function(_custom_id_=chosen)
        assert chosen not in aws.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]


class TestRecursionAndRuntime:
    def test_recursion(self, aws, refused):
        function = aws.function()
        assert aws.get_function_recursion_config(FunctionName="f") == {"RecursiveLoop": "Terminate"}
        aws.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")
        assert aws.get_function_recursion_config(FunctionName=ARN) == {"RecursiveLoop": "Allow"}
        assert aws.recursion.allows(function.name)
        aws.delete(function)
        assert not aws.recursion.allows(function.name)
        with refused("ResourceNotFoundException", f"Function not found: {ARN}"):
            aws.get_function_recursion_config(FunctionName="f")

    def test_runtime_management(self, aws):
        function = aws.function()
        number = aws.publish(function)
        shown = {"UpdateRuntimeOn": "Auto", "FunctionArn": f"{ARN}:$LATEST"}
        assert aws.get_runtime_management_config(FunctionName="f") == shown
        runtime = "arn:aws:lambda:us-east-1::runtime:abc"
        aws.put_runtime_management_config(
            FunctionName="f", Qualifier=number, UpdateRuntimeOn="Manual", RuntimeVersionArn=runtime
        )
        assert aws.get_runtime_management_config(FunctionName="f:1")["RuntimeVersionArn"] == runtime
        assert aws.get_runtime_management_config(FunctionName="f") == shown
        with pytest.raises(Exception, match="RuntimeVersionArn"):
            aws.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="Manual")
