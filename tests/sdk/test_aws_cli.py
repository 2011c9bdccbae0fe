"""The AWS command line, as people type it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from undercast.server import Server


@pytest.fixture
def command(tool: Callable[[str, str], Path], run: Callable[..., Any], server: Server) -> Callable[..., Any]:
    """`command(*words)`: the process of `aws ...`, ended."""
    program = tool("awscli", "bin/aws")

    def command(*words: str, **more: str) -> Any:
        # For `aws sqs` version 1 passes AWS_ENDPOINT_URL over (aws/aws-cli issue 8737); the option it obeys.
        return run(program, "--endpoint-url", server.endpoint, *words, **more)

    return command


@pytest.fixture
def aws(command: Callable[..., Any]) -> Callable[..., Any]:
    """`aws(*words)`: what the command answered, read as JSON. It must succeed."""

    def aws(*words: str, **more: str) -> Any:
        done = command(*words, **more)
        assert done.code == 0, done.err
        return done.json

    return aws


@pytest.fixture
def refused(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that is refused: its exit code and stderr."""

    def refused(*words: str) -> tuple[int, str]:
        done = command(*words)
        assert done.out == ""
        return done.code, done.err.strip()

    return refused


def test_a_message_goes_through(aws: Callable[..., Any]) -> None:
    url = aws("sqs", "create-queue", "--queue-name", "letters")["QueueUrl"]
    sent = aws(
        *("sqs", "send-message", "--queue-url", url, "--message-body", "Grüße, 世界"),
        *("--message-attributes", json.dumps({"kind": {"DataType": "String", "StringValue": "greeting"}})),
    )
    received = aws(
        *("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "20"),
        *("--message-attribute-names", "All", "--attribute-names", "All"),
    )

    (message,) = received["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "Grüße, 世界"
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["MessageAttributes"] == {"kind": {"StringValue": "greeting", "DataType": "String"}}
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"

    aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    counts = aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All")["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_the_url_of_a_queue_is_where_the_cli_found_it(aws: Callable[..., Any], server: Server) -> None:
    aws("sqs", "create-queue", "--queue-name", "here")

    url = aws("sqs", "get-queue-url", "--queue-name", "here")["QueueUrl"]

    assert url == f"{server.endpoint}/000000000000/here"


def test_list_queues_in_pages(aws: Callable[..., Any], server: Server) -> None:
    sqs = server.boto3("sqs")
    urls = sorted(sqs.create_queue(QueueName=f"page-{letter}")["QueueUrl"] for letter in "abcde")
    sqs.close()

    assert sorted(aws("sqs", "list-queues", "--page-size", "2")["QueueUrls"]) == urls

    first = aws("sqs", "list-queues", "--max-items", "3")
    assert len(first["QueueUrls"]) == 3
    rest = aws("sqs", "list-queues", "--starting-token", first["NextToken"])
    assert sorted(first["QueueUrls"] + rest["QueueUrls"]) == urls
    assert "NextToken" not in rest

    assert aws("sqs", "list-queues", "--queue-name-prefix", "page-c")["QueueUrls"] == [urls[2]]
    assert not aws("sqs", "list-queues", "--queue-name-prefix", "none")


def test_an_error_reads_as_on_aws(refused: Callable[..., Any]) -> None:
    code, said = refused("sqs", "get-queue-url", "--queue-name", "nowhere")

    assert code != 0
    assert "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation" in said
    assert "The specified queue does not exist." in said


def test_a_batch_tells_success_and_failure_apart(aws: Callable[..., Any], tmp_path: Path) -> None:
    url = aws("sqs", "create-queue", "--queue-name", "batch")["QueueUrl"]
    entries = [
        {"Id": "good", "MessageBody": "fine"},
        {"Id": "bad", "MessageBody": "too late", "DelaySeconds": 901},
    ]
    (tmp_path / "entries.json").write_text(json.dumps(entries))

    answer = aws("sqs", "send-message-batch", "--queue-url", url, "--entries", "file://entries.json")

    assert [each["Id"] for each in answer["Successful"]] == ["good"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "InvalidParameterValue", True)


def test_a_delay_passes_when_the_clock_moves(aws: Callable[..., Any], server: Server) -> None:
    url = aws("sqs", "create-queue", "--queue-name", "later")["QueueUrl"]
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "good morning", "--delay-seconds", "900")

    assert not aws("sqs", "receive-message", "--queue-url", url)
    server.client.advance("15m")
    (message,) = aws("sqs", "receive-message", "--queue-url", url)["Messages"]

    assert message["Body"] == "good morning"


def test_who_am_i(aws: Callable[..., Any]) -> None:
    assert aws("sts", "get-caller-identity")["Account"] == "000000000000"
    assert aws("sts", "get-caller-identity", AWS_ACCESS_KEY_ID="123456789012")["Account"] == "123456789012"


def test_accounts_and_regions_are_apart(aws: Callable[..., Any]) -> None:
    aws("sqs", "create-queue", "--queue-name", "mine")

    assert not aws("sqs", "list-queues", AWS_ACCESS_KEY_ID="123456789012")
    assert not aws("sqs", "list-queues", "--region", "eu-central-1")
    assert len(aws("sqs", "list-queues")["QueueUrls"]) == 1


def test_s3_beside_it(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("kept by a neighbour")

    def s3(*words: str) -> str:
        done = command("s3", *words)
        assert done.code == 0, done.err
        return str(done.out)

    assert "make_bucket: cellar" in s3("mb", "s3://cellar")
    s3("cp", "note.txt", "s3://cellar/shelf/note.txt")
    assert "note.txt" in s3("ls", "s3://cellar/shelf/")
    s3("cp", "s3://cellar/shelf/note.txt", "back.txt")
    assert (tmp_path / "back.txt").read_text() == "kept by a neighbour"
