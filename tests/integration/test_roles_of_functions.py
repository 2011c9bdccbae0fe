"""What a function's credentials say of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from undercast.server import Server

CODE = """
import os
import boto3

def handler(event, context):
    sts = boto3.client("sts")
    boto3.client("sqs").create_queue(QueueName="made-by-function")
    identity = sts.get_caller_identity()
    return {"arn": identity["Arn"], "account": identity["Account"], "key": os.environ["AWS_ACCESS_KEY_ID"]}
"""


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as written:
        written.writestr("index.py", CODE)
    return packed.getvalue()


def invoked(server: Server, account: str, name: str) -> dict[str, Any]:
    functions = server.boto3("lambda", aws_access_key_id=account)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=f"arn:aws:iam::{account}:role/worker",
        Handler="index.handler",
        Code={"ZipFile": archive()},
        Timeout=30,
    )
    answer = functions.invoke(FunctionName=name)
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


def test_a_function_is_its_role_in_its_account(server: Server) -> None:
    one = invoked(server, "111122223333", "who")
    assert one["arn"] == "arn:aws:sts::111122223333:assumed-role/worker/who"
    assert one["account"] == "111122223333"
    assert one["key"].startswith("ASIA")
    assert len(one["key"]) == 20
    there = server.boto3("sqs", aws_access_key_id="111122223333")
    assert [url.rpartition("/")[2] for url in there.list_queues()["QueueUrls"]] == ["made-by-function"]
    assert "QueueUrls" not in server.boto3("sqs").list_queues()


def test_a_short_name_is_made_longer_and_keys_differ(server: Server) -> None:
    one, two = invoked(server, "111122223333", "a"), invoked(server, "000000000000", "bb")
    assert one["arn"] == "arn:aws:sts::111122223333:assumed-role/worker/a@lambda_function"
    assert two["arn"] == "arn:aws:sts::000000000000:assumed-role/worker/bb"
    assert one["key"] != two["key"]
