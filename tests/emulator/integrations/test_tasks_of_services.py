"""Tasks against services: what they come to, and what of it is told. The clock stands still."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.integrations.functions import error_of
from services.errors import ServiceError
from tests.emulator.integrations.world_of_tasks import ACCOUNT, REGION, Told, World, settled, within


class NotThere(ServiceError):
    code = "404"
    status = 404


def test_a_queue_gets_json_as_text_and_the_exchange_is_told() -> None:
    async def inside(world: World) -> None:
        heard = await world.run(
            "arn:aws:states:::sqs:sendMessage", {"QueueUrl": world.queue_url, "MessageBody": {"a": 1}}
        )
        assert heard[0] == ("started",)
        output = heard[1][1]
        assert list(output) == ["MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"]
        request_id = output["SdkResponseMetadata"]["RequestId"]
        assert output["SdkHttpMetadata"] == {
            "AllHttpHeaders": {
                "x-amzn-RequestId": [request_id],
                "connection": ["keep-alive"],
                "Content-Length": ["106"],
                "Date": ["Tue, 14 Nov 2023 22:13:20 GMT"],
                "Content-Type": ["application/x-amz-json-1.0"],
            },
            "HttpHeaders": {
                "connection": "keep-alive",
                "Content-Length": "106",
                "Content-Type": "application/x-amz-json-1.0",
                "Date": "Tue, 14 Nov 2023 22:13:20 GMT",
                "x-amzn-RequestId": request_id,
            },
            "HttpStatusCode": 200,
        }
        received = await world.run("arn:aws:states:::aws-sdk:sqs:receiveMessage", {"QueueUrl": world.queue_url})
        assert received[1][1]["Messages"][0]["Body"] == '{"a":1}'

    within(inside)


def test_with_a_task_token_the_answer_is_a_submission() -> None:
    async def inside(world: World) -> None:
        told = Told()
        arguments = {"QueueUrl": world.queue_url, "MessageBody": "x"}
        world.begin("arn:aws:states:::sqs:sendMessage.waitForTaskToken", arguments, told)
        await settled()
        assert [entry[0] for entry in told.heard] == ["started", "submitted"]
        # Nothing holds the clock while somebody else has the token.
        await world.clock.advance(86_400)

    within(inside)


def test_refusals_in_the_first_sdks_words() -> None:
    async def inside(world: World) -> None:
        _, failed = await world.run("arn:aws:states:::states:startExecution", {"StateMachineArn": "gone"})
        assert failed[1] == "StepFunctions.StateMachineDoesNotExistException"
        assert failed[2].startswith(
            "State Machine Does Not Exist: 'gone' (Service: AWSStepFunctions; Status Code: 400; Error Code: "
            "StateMachineDoesNotExist; Request ID: "
        )
        assert failed[2].endswith("; Proxy: null)")

    within(inside)


def test_refusals_in_the_second_sdks_words() -> None:
    async def inside(world: World) -> None:
        _, failed = await world.run("arn:aws:states:::aws-sdk:sfn:startExecution", {"StateMachineArn": "gone"})
        assert failed[1] == "Sfn.StateMachineDoesNotExistException"
        assert failed[2].startswith(
            "State Machine Does Not Exist: 'gone' (Service: Sfn, Status Code: 400, Request ID: "
        )

    within(inside)


def test_what_the_model_demands_is_asked_for_before_the_neighbour_is() -> None:
    async def inside(world: World) -> None:
        _, failed = await world.run("arn:aws:states:::dynamodb:putItem", {"TableName": "t", "Item": None})
        assert failed[1] == "DynamoDB.AmazonDynamoDBException"
        assert failed[2].startswith(
            "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null "
            "(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: "
        )
        _, failed = await world.run("arn:aws:states:::dynamodb:putItem", {"TableName": "/t", "Item": {}})
        assert failed[2].startswith(
            "1 validation error detected: Value '/t' at 'tableName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [a-zA-Z0-9_.-]+ (Service: AmazonDynamoDBv2; "
        )
        assert world.moto.asked == []

    within(inside)


def test_arguments_that_no_operation_takes_are_no_failure_of_the_task() -> None:
    async def inside(world: World) -> None:
        resource, arguments = "arn:aws:states:::aws-sdk:sqs:sendMessage", {"queueUrl": "u"}
        cause = (
            'The Parameters \'{"queueUrl":"u"}\' could not be used to start the Task: '
            '[The field "queueUrl" is not supported by Step Functions]'
        )
        assert (await world.run(resource, arguments))[-1] == ("failed", "States.Runtime", cause)
        assert world.integrations.why_not_start(resource, arguments) == cause
        assert world.integrations.why_not_start(resource, {"QueueUrl": "u", "MessageBody": "b"}) == ""

    within(inside)


def test_a_function_by_its_arn_gets_the_arguments_and_gives_the_result() -> None:
    async def inside(world: World) -> None:
        resource = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
        assert await world.run(resource, {"a": [1, None]}) == [("started",), ("succeeded", {"a": [1, None]})]
        assert world.functions.asked == [{"FunctionName": resource, "Payload": b'{"a":[1,null]}'}]

    within(inside)


def test_an_optimised_invocation_tells_of_the_exchange() -> None:
    async def inside(world: World) -> None:
        arguments = {"FunctionName": "f", "Payload": "hello"}
        _, (_, output) = await world.run("arn:aws:states:::lambda:invoke", arguments)
        assert (output["Payload"], output["StatusCode"], output["ExecutedVersion"]) == ("hello", 200, "$LATEST")
        assert output["SdkHttpMetadata"]["AllHttpHeaders"]["Content-Length"] == ["7"]
        assert output["SdkHttpMetadata"]["HttpHeaders"]["X-Amz-Executed-Version"] == "$LATEST"

    within(inside)


def test_a_function_that_raises() -> None:
    async def inside(world: World) -> None:
        world.functions.answer = {"FunctionError": "Unhandled", "Payload": b'{"errorMessage": "m", "errorType": "E"}'}
        heard = await world.run("arn:aws:states:::lambda:invoke", {"FunctionName": "f"})
        assert heard[-1] == ("failed", "E", '{"errorMessage":"m","errorType":"E"}')

    within(inside)


def test_a_function_that_says_no_type_of_error() -> None:
    assert error_of(b'{"errorMessage": "x"}') == (
        "Lambda.Unknown",
        (
            "The cause could not be determined because Lambda did not return an error type. "
            'Returned payload: {"errorMessage": "x"}'
        ),
    )


def test_a_result_that_is_too_large() -> None:
    async def inside(world: World) -> None:
        world.functions.answer = {"Payload": b'"' + b"x" * 262_143 + b'"'}
        _, failed = await world.run("arn:aws:states:::lambda:invoke", {"FunctionName": "f"})
        assert failed[1:] == (
            "States.DataLimitExceeded",
            (
                "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service "
                "limit."
            ),
        )

    within(inside)


@pytest.mark.parametrize(("pattern", "output"), [("sync", '{"a":1}'), ("sync:2", {"a": 1})])
def test_an_execution_is_waited_for(pattern: str, output: Any) -> None:
    async def inside(world: World) -> None:
        told = Told()
        world.begin(f"arn:aws:states:::states:startExecution.{pattern}", {"StateMachineArn": "m"}, told)
        await settled()
        assert [entry[0] for entry in told.heard] == ["started", "submitted"]
        # Days pass while it runs: nothing holds the clock.
        await world.clock.advance(86_400)
        world.machines.status = "SUCCEEDED"
        assert world.machines.ended is not None
        world.machines.ended()
        await told.over
        assert told.heard[-1][0] == "succeeded"
        assert told.heard[-1][1]["Output"] == output

    within(inside)


def test_an_execution_that_fails_fails_its_task() -> None:
    async def inside(world: World) -> None:
        told = Told()
        world.begin("arn:aws:states:::states:startExecution.sync", {"StateMachineArn": "m"}, told)
        await settled()
        world.machines.status = "TIMED_OUT"
        assert world.machines.ended is not None
        world.machines.ended()
        await told.over
        assert told.heard[-1][1] == "States.TaskFailed"
        assert '"Status":"TIMED_OUT"' in told.heard[-1][2]

    within(inside)


def test_a_cancelled_task_stops_its_execution_and_tells_no_more() -> None:
    async def inside(world: World) -> None:
        told = Told()
        work = world.begin("arn:aws:states:::states:startExecution.sync", {"StateMachineArn": "m"}, told)
        await settled()
        work.cancel()
        work.cancel()
        await settled()
        assert world.machines.stopped == [f"{ACCOUNT}:e"]
        assert [entry[0] for entry in told.heard] == ["started", "submitted"]
        await world.clock.advance(1)

    within(inside)


def test_a_role_of_another_account_acts_there() -> None:
    async def inside(world: World) -> None:
        told = Told()
        world.begin(
            "arn:aws:states:::states:startExecution", {"StateMachineArn": "m"}, told, "arn:aws:iam::111111111111:role/r"
        )
        await told.over
        assert told.heard[-1][1]["ExecutionArn"] == "111111111111:e"

    within(inside)


def test_a_job_is_asked_after_on_the_clock() -> None:
    async def inside(world: World) -> None:
        job = {"jobId": "j", "jobName": "n"}
        world.moto.answers = {
            "SubmitJob": {"jobId": "j", "jobName": "n"},
            "DescribeJobs": [{"jobs": [{**job, "status": "RUNNING"}]}, {"jobs": [{**job, "status": "SUCCEEDED"}]}],
        }
        told = Told()
        arguments = {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"}
        world.begin("arn:aws:states:::batch:submitJob.sync", arguments, told)
        await settled()
        assert [entry[0] for entry in told.heard] == ["started", "submitted"]
        await world.clock.advance(0.5)
        assert len(told.heard) == 2
        await world.clock.advance(10)
        assert told.heard[-1] == ("succeeded", {"JobId": "j", "JobName": "n", "Status": "SUCCEEDED"})

    within(inside)


def test_a_cancelled_job_is_stopped() -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {"SubmitJob": {"jobId": "j", "jobName": "n"}, "TerminateJob": {}}
        told = Told()
        arguments = {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"}
        work = world.begin("arn:aws:states:::batch:submitJob.sync", arguments, told)
        await settled()
        work.cancel()
        await settled()
        assert [name for _, name, _ in world.moto.asked] == ["SubmitJob", "TerminateJob"]

    within(inside)


@pytest.mark.parametrize(("exit_code", "kind"), [(0, "succeeded"), (1, "failed")])
def test_a_container_ends_by_its_exit_code(exit_code: int, kind: str) -> None:
    async def inside(world: World) -> None:
        task = {"taskArn": "t", "lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited"}
        world.moto.answers = {
            "RunTask": {"tasks": [{"taskArn": "t"}], "failures": []},
            "DescribeTasks": {"tasks": [{**task, "containers": [{"exitCode": exit_code}]}]},
        }
        told = Told()
        world.begin("arn:aws:states:::ecs:runTask.sync", {"TaskDefinition": "d"}, told)
        await settled()
        await world.clock.advance(1)
        assert told.heard[-1][0] == kind

    within(inside)


def test_what_nothing_here_runs_fails_clearly() -> None:
    async def inside(world: World) -> None:
        resource = "arn:aws:states:::elasticmapreduce:createCluster.sync"
        heard = await world.run(resource, {})
        cause = f"Undercast can't wait for {resource}: nothing here runs such jobs."
        assert heard == [("failed", "States.Runtime", cause)]

    within(inside)


def test_events_are_told_which_execution_put_them_and_failed_entries_fail_the_task() -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {
            "PutEvents": [
                {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
                {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X", "ErrorMessage": "m"}]},
            ]
        }
        resource = "arn:aws:states:::events:putEvents"
        arguments = {"Entries": [{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}]}
        _, (kind, output) = await world.run(resource, arguments)
        assert (kind, output["Entries"]) == ("succeeded", [{"EventId": "1"}])
        entry = world.moto.asked[0][2]["Entries"][0]
        assert entry["Detail"] == '{"a":1}'
        assert entry["Resources"] == [f"arn:aws:states:{REGION}:{ACCOUNT}:execution:m:e"]
        _, failed = await world.run(resource, arguments)
        assert failed[1] == "EventBridge.FailedEntry"

    within(inside)


GATEWAY = "arn:aws:states:::apigateway:invoke"


def test_an_api_with_a_function_behind_it() -> None:
    async def inside(world: World) -> None:
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
        world.moto.answers = {
            "GetResources": {"items": [{"id": "r", "path": "/orders/{id}", "resourceMethods": {"POST": {}}}]},
            "GetIntegration": {
                "type": "AWS",
                "uri": f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations",
            },
        }
        asked = {"ApiEndpoint": f"abc.execute-api.{REGION}.amazonaws.com", "Method": "POST", "Stage": "s"}
        heard = await world.run(GATEWAY, {**asked, "Path": "/orders/1", "RequestBody": "hello"})
        output = heard[-1][1]
        assert (output["StatusCode"], output["ResponseBody"]) == (200, "hello")
        assert output["Headers"]["Content-Length"] == ["7"]
        heard = await world.run(GATEWAY, {**asked, "Path": "nothing"})
        assert heard[-1] == ("failed", "ApiGateway.403", '{"message":"Missing Authentication Token"}')

    within(inside)


def test_an_express_execution_can_not_be_waited_for() -> None:
    async def inside(world: World) -> None:
        heard = await world.run("arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": "an express one"})
        assert heard[-1][1] == "StepFunctions.StateMachineTypeNotSupportedException"
        assert world.machines.ended is None

    within(inside)


@pytest.mark.parametrize(
    ("action", "arguments", "error"),
    [("headObject", {"Bucket": "b", "Key": "k"}, "NoSuchKey"), ("headBucket", {"Bucket": "b"}, "NoSuchBucket")],
)
def test_what_s3_says_without_a_body(action: str, arguments: dict[str, Any], error: str) -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {action[0].upper() + action[1:]: NotThere("Not Found")}
        heard = await world.run(f"arn:aws:states:::aws-sdk:s3:{action}", arguments)
        assert heard[-1][1] == f"S3.{error}Exception"
        assert heard[-1][2].startswith("null (Service: S3, Status Code: 404, Request ID: ")

    within(inside)
