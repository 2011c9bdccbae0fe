"""Invocations of real functions through real boto3: errors, logs, streams, function URLs, retries on the clock."""

from __future__ import annotations

import base64
import io
import json
import shutil
import urllib.request
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from undercast.server import Server

ROLE = "arn:aws:iam::000000000000:role/r"
STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers: {'content-type': 'text/html'}});
    stream.write('Hello,');
    stream.write(' world!');
    stream.end();
});
"""


class Functions:
    """Makes and runs functions."""

    def __init__(self, server: Server) -> None:
        self.client: Any = server.boto3("lambda")

    def make(self, name: str, code: str, *, file: str = "handler.py", runtime: str = "python3.12", **more: Any) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(file, code)
        more = {"Handler": f"{file.partition('.')[0]}.handler", "Timeout": 10} | more
        self.client.create_function(
            FunctionName=name, Runtime=runtime, Role=ROLE, Code={"ZipFile": archive.getvalue()}, **more
        )
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)

    def invoke(self, name: str, event: object = None, **more: Any) -> tuple[Any, dict[str, Any]]:
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
        return json.loads(answer["Payload"].read() or b"null"), answer


@pytest.fixture
def functions(server: Server) -> Functions:
    return Functions(server)


def test_the_functions_id_is_the_answers(functions: Functions) -> None:
    functions.make("f", "def handler(event, context):\n    print('hi')\n    return context.aws_request_id")
    payload, answer = functions.invoke("f", LogType="Tail")
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert payload == request_id
    log = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert log[:3] == [f"START RequestId: {request_id} Version: $LATEST", "hi", f"END RequestId: {request_id}"]
    assert log[3].startswith(f"REPORT RequestId: {request_id}\tDuration: ")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("raise Exception('no start')", "Exception", "no start"),
        ("def handler(event, context):\n    raise KeyError('x')", "KeyError", "'x'"),
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'handler'"),
        (
            "import sys\ndef handler(event, context):\n    sys.exit(0)",
            "Runtime.ExitError",
            "RequestId: {} Error: Runtime exited without providing a reason",
        ),
        (
            "import os\ndef handler(event, context):\n    os._exit(3)",
            "Runtime.ExitError",
            "RequestId: {} Error: Runtime exited with error: exit status 3",
        ),
        (
            "import threading\ndef handler(event, context):\n    threading.Event().wait()",
            "Sandbox.Timedout",
            "RequestId: {} Error: Task timed out after 1.00 seconds",
        ),
    ],
    ids=["init", "handler", "no handler", "exit 0", "exit 3", "timeout"],
)
def test_how_functions_fail(functions: Functions, code: str, kind: str, message: str) -> None:
    functions.make("f", code, Timeout=1 if "Timed" in kind else 10)
    for _ in range(2):
        error, answer = functions.invoke("f")
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        assert error["errorType"] == kind
        assert error["errorMessage"] == message.format(answer["ResponseMetadata"]["RequestId"])


def test_a_payload_that_is_no_json_reaches_no_function(functions: Functions) -> None:
    functions.make("f", "")
    with pytest.raises(ClientError, match="Could not parse request body into json") as error:
        functions.client.invoke(FunctionName="f", Payload=b"{'a': 1}")
    assert error.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_reserved_concurrency_throttles(functions: Functions) -> None:
    functions.make("f", "def handler(event, context): return 1")
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as error:
        functions.invoke("f")
    assert error.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert error.value.response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}


def test_an_event_is_retried_when_time_moves(server: Server, functions: Functions, sqs: Any) -> None:
    queue_url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    functions.make("f", "def handler(event, context): raise Exception('intentional')")
    destination = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failed"}}
    functions.client.put_function_event_invoke_config(FunctionName="f", DestinationConfig=destination)
    answer = functions.client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 202
    server.client.advance(179)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)
    server.client.advance(1)
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorMessage"] == "intentional"


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


@needs_node
def test_a_response_stream(functions: Functions) -> None:
    functions.make("f", STREAM, file="index.js", runtime="nodejs22.x")
    answer = functions.client.invoke_with_response_stream(FunctionName="f", Payload=b"{}")
    *chunks, complete = answer["EventStream"]
    data = b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks)
    head, _, body = data.partition(bytes(8))
    assert (json.loads(head)["statusCode"], body) == (201, b"Hello, world!")
    assert complete == {"InvokeComplete": {}}


@needs_node
@pytest.mark.parametrize("mode", ["BUFFERED", "RESPONSE_STREAM"])
def test_a_function_url_of_a_function_that_streams(functions: Functions, mode: Any) -> None:
    functions.make("f", STREAM, file="index.js", runtime="nodejs22.x")
    url = functions.client.create_function_url_config(FunctionName="f", AuthType="NONE", InvokeMode=mode)
    with urllib.request.urlopen(url["FunctionUrl"]) as response:
        assert (response.status, response.read()) == (201, b"Hello, world!")
        assert response.headers["content-type"] == "text/html"
        assert (response.headers["transfer-encoding"] == "chunked") is (mode == "RESPONSE_STREAM")


def test_a_function_url_by_host_and_by_path(server: Server, functions: Functions) -> None:
    functions.make("f", "def handler(event, context): return {'statusCode': 200, 'body': event['rawPath']}")
    url = functions.client.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    url_id = url.rstrip("/").rpartition("/")[2]
    by_host = urllib.request.Request(
        f"{server.endpoint}/p/q", headers={"Host": f"{url_id}.lambda-url.us-east-1.localhost"}
    )
    for request in (url + "p/q", by_host):
        with urllib.request.urlopen(request) as response:
            assert response.read() == b"/p/q"
