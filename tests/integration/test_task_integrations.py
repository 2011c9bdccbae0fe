"""Tasks against the emulator's services, by boto3."""

from __future__ import annotations

import http.server
import io
import json
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import undercast.server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from undercast.server import Server

ROLE = "arn:aws:iam::000000000000:role/machine"
CODE = """
def handler(event, context):
    if event.get("raise"):
        raise KeyError(event["raise"])
    return event
"""


class Machines:
    """Runs machines of one Task."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sfn: Any = server.boto3("stepfunctions")
        self.count = 0

    def create(self, resource: str, parameters: Any, **fields: Any) -> str:
        self.count += 1
        task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **fields}
        definition = json.dumps({"StartAt": "T", "States": {"T": task}})
        made = self.sfn.create_state_machine(name=f"task-{self.count}", definition=definition, roleArn=ROLE)
        return str(made["stateMachineArn"])

    def start(self, resource: str, parameters: Any, given: Any = None, **fields: Any) -> str:
        arn = self.create(resource, parameters, **fields)
        return str(self.sfn.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        self.server.client.advance(0)
        found: dict[str, Any] = self.sfn.describe_execution(executionArn=arn)
        return found

    def run(self, resource: str, parameters: Any, given: Any = None, **fields: Any) -> Any:
        found = self.ended(self.start(resource, parameters, given, **fields))
        assert found["status"] == "SUCCEEDED", found
        return json.loads(found["output"])

    def fail(self, resource: str, parameters: Any) -> tuple[str, str]:
        found = self.ended(self.start(resource, parameters))
        assert found["status"] == "FAILED"
        return found["error"], found["cause"]


@pytest.fixture
def machines(server: Server) -> Machines:
    return Machines(server)


@pytest.fixture
def function(server: Server) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as written:
        written.writestr("index.py", CODE)
    client: Any = server.boto3("lambda")
    made = client.create_function(
        FunctionName="echo",
        Runtime="python3.11",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="echo", WaiterConfig={"Delay": 1})
    return str(made["FunctionArn"])


def test_functions(machines: Machines, function: str) -> None:
    assert machines.run(function, {"a": [1]}) == {"a": [1]}
    found = machines.run("arn:aws:states:::lambda:invoke", {"FunctionName": "echo", "Payload": {"a": 1}})
    assert (found["Payload"], found["StatusCode"], found["ExecutedVersion"]) == ({"a": 1}, 200, "$LATEST")
    error, cause = machines.fail(function, {"raise": "key"})
    assert (error, json.loads(cause)["errorMessage"]) == ("KeyError", "'key'")
    error, cause = machines.fail("arn:aws:states:::lambda:invoke", {"FunctionName": "nobody"})
    assert error == "Lambda.ResourceNotFoundException"
    assert cause.startswith("Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody")
    assert "(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: " in cause


def test_topics(machines: Machines, server: Server) -> None:
    sns, sqs = server.boto3("sns"), server.boto3("sqs")
    topic = sns.create_topic(Name="news")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="readers")["QueueUrl"]
    queue_arn = "arn:aws:sqs:us-east-1:000000000000:readers"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    found = machines.run("arn:aws:states:::sns:publish", {"TopicArn": topic, "Message": {"a": 1}})
    assert found["SdkHttpMetadata"]["HttpHeaders"]["Content-Type"] == "text/xml"
    server.client.advance(0)
    (message,) = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=1)["Messages"]
    assert message["Body"] == '{"a":1}'


def test_tables(machines: Machines, server: Server) -> None:
    server.boto3("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "1"}, "paid": {"BOOL": True}}
    put = machines.run("arn:aws:states:::dynamodb:putItem", {"TableName": "orders", "Item": item})
    assert sorted(put) == ["SdkHttpMetadata", "SdkResponseMetadata"]
    asked = {"TableName": "orders", "Key": {"id": {"S": "1"}}}
    assert machines.run("arn:aws:states:::dynamodb:getItem", asked)["Item"] == item
    assert machines.run("arn:aws:states:::aws-sdk:dynamodb:getItem", asked) == {
        "Item": {"id": {"S": "1"}, "paid": {"Bool": True}}
    }
    error, cause = machines.fail("arn:aws:states:::dynamodb:getItem", {**asked, "TableName": "nothing"})
    assert error == "DynamoDB.ResourceNotFoundException"
    assert cause.startswith(
        "Requested resource not found (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: Res"
    )


def test_objects(machines: Machines, server: Server) -> None:
    server.boto3("s3").create_bucket(Bucket="papers")
    where = {"Bucket": "papers", "Key": "a"}
    put = machines.run("arn:aws:states:::aws-sdk:s3:putObject", {**where, "Body": {"x": 1}})
    assert "ETag" in put
    assert machines.run("arn:aws:states:::aws-sdk:s3:getObject", where)["Body"] == '{"x":1}'
    listed = machines.run("arn:aws:states:::aws-sdk:s3:listObjectsV2", {"Bucket": "papers"})
    assert (listed["KeyCount"], listed["Contents"][0]["Size"]) == (1, 7)
    error, _ = machines.fail("arn:aws:states:::aws-sdk:s3:getObject", {**where, "Key": "b"})
    assert error == "S3.NoSuchKeyException"


@pytest.mark.parametrize(
    ("resource", "parameters", "expected"),
    [
        ("secretsmanager:createSecret", {"Name": "s", "SecretString": "x"}, {"Name": "s"}),
        ("ssm:putParameter", {"Name": "/p", "Value": "1", "Type": "String"}, {"Version": 1}),
        (
            "eventbridge:createEventBus",
            {"Name": "bus"},
            {"EventBusArn": "arn:aws:events:us-east-1:000000000000:event-bus/bus"},
        ),
        ("cloudwatchlogs:describeLogGroups", {}, {"LogGroups": []}),
        ("sqs:createQueue", {"QueueName": "made"}, {}),
        ("sfn:listActivities", {}, {"Activities": []}),
    ],
)
def test_any_operation_of_any_service(machines: Machines, resource: str, parameters: Any, expected: Any) -> None:
    found = machines.run(f"arn:aws:states:::aws-sdk:{resource}", parameters)
    assert expected.items() <= found.items()


@pytest.mark.parametrize("pattern", ["sync", "sync:2"])
def test_an_execution_is_waited_for_for_days(machines: Machines, pattern: str) -> None:
    definition = {
        "StartAt": "W",
        "States": {
            "W": {"Type": "Wait", "Seconds": 259_200, "Next": "P"},
            "P": {"Type": "Pass", "Result": {"a": 1}, "End": True},
        },
    }
    inner = machines.sfn.create_state_machine(name="inner", definition=json.dumps(definition), roleArn=ROLE)
    arn = machines.start(
        f"arn:aws:states:::states:startExecution.{pattern}",
        {"StateMachineArn": inner["stateMachineArn"], "Input": {"x": 1}},
    )
    assert machines.ended(arn)["status"] == "RUNNING"
    machines.server.client.advance("3d")
    found = json.loads(machines.ended(arn)["output"])
    assert found["Status"] == "SUCCEEDED"
    assert found["Output"] == ('{"a":1}' if pattern == "sync" else {"a": 1})
    assert found["StopDate"] - found["StartDate"] == 259_200_000


def test_a_stopped_execution_stops_the_one_it_waits_for(machines: Machines) -> None:
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    inner = machines.sfn.create_state_machine(name="inner", definition=json.dumps(definition), roleArn=ROLE)
    arn = machines.start("arn:aws:states:::states:startExecution.sync", {"StateMachineArn": inner["stateMachineArn"]})
    machines.server.client.advance(0)
    machines.sfn.stop_execution(executionArn=arn)
    machines.server.client.advance(0)
    (listed,) = machines.sfn.list_executions(stateMachineArn=inner["stateMachineArn"])["executions"]
    assert listed["status"] == "ABORTED"


def test_a_task_token_goes_by_queue_and_comes_back(machines: Machines, server: Server) -> None:
    sqs = server.boto3("sqs")
    url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    arn = machines.start(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
    )
    assert machines.ended(arn)["status"] == "RUNNING"
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    machines.sfn.send_task_success(taskToken=json.loads(message["Body"])["token"], output='{"approved":true}')
    assert json.loads(machines.ended(arn)["output"]) == {"approved": True}


class _Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.dumps({"path": self.path, "auth": self.headers["Authorization"], "body": json.loads(body)}).encode()
        self.send_response(200 if "fine" in self.path else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def outside() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_http_task_with_a_connection(machines: Machines, server: Server, outside: str) -> None:
    made = server.boto3("events").create_connection(
        Name="outside",
        AuthorizationType="BASIC",
        AuthParameters={"BasicAuthParameters": {"Username": "u", "Password": "p"}},
    )
    asked = {
        "Method": "POST",
        "Authentication": {"ConnectionArn": made["ConnectionArn"]},
        "RequestBody": {"a": 1},
        "QueryParameters": {"q": "x y"},
    }
    found = machines.run("arn:aws:states:::http:invoke", {**asked, "ApiEndpoint": f"{outside}/fine"})
    assert (found["StatusCode"], found["StatusText"]) == (200, "OK")
    assert found["ResponseBody"] == {"path": "/fine?q=x+y", "auth": "Basic dTpw", "body": {"a": 1}}
    error, _ = machines.fail("arn:aws:states:::http:invoke", {**asked, "ApiEndpoint": f"{outside}/broken"})
    assert error == "States.Http.StatusCode.503"


def test_mocked_test_cases(tmp_path: Path) -> None:
    file = tmp_path / "MockConfigFile.json"
    responses = {"0": {"Throw": {"Error": "SQS.Broke", "Cause": "mocked"}}, "1-2": {"Return": {"MessageId": "m"}}}
    machine = {"TestCases": {"Retried": {"T": "Sent"}}}
    file.write_text(json.dumps({"StateMachines": {"task-1": machine}, "MockedResponses": {"Sent": responses}}))
    with undercast.server.start(time="manual", sfn_mock_config=str(file)) as server:
        machines = Machines(server)
        arn = machines.create(
            "arn:aws:states:::sqs:sendMessage",
            {"QueueUrl": "nowhere", "MessageBody": "x"},
            Retry=[{"ErrorEquals": ["SQS.Broke"], "IntervalSeconds": 60}],
        )
        started = machines.sfn.start_execution(stateMachineArn=f"{arn}#Retried")["executionArn"]
        server.client.advance(61)
        found = machines.ended(started)
        assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"MessageId": "m"})
        real = machines.sfn.start_execution(stateMachineArn=arn)["executionArn"]
        assert machines.ended(real)["status"] == "FAILED"
