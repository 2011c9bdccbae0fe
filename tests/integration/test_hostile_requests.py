"""Real sockets, ill-meant requests: a refusal each time, and the server is as well as before."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

    from undercast.server import Server


def ask(server: Server, body: bytes, **headers: str) -> tuple[int, bytes]:
    address = urllib.parse.urlsplit(server.endpoint)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request("POST", "/", body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("policy", ["[" * 50_000, '{"redrivePermission":[]}', '{"redrivePermission":"\\ud800"}'])
def test_a_policy_that_is_none_is_a_client_s_fault(sqs: SQSClient, queue_url: str, policy: str) -> None:
    with pytest.raises(ClientError) as refused:
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"RedriveAllowPolicy": policy})
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_number_of_thousands_of_digits_is_a_client_s_fault(sqs: SQSClient) -> None:
    with pytest.raises(ClientError) as refused:
        sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "1" * 5_000})
    assert refused.value.response["Error"]["Code"] == "InvalidAttributeValue"


def test_half_a_surrogate_pair_in_a_policy_is_answered(server: Server, queue_url: str) -> None:
    policy = '{"deadLetterTargetArn":"\\ud800","maxReceiveCount":1}'
    body = json.dumps({"QueueUrl": queue_url, "Attributes": {"RedrivePolicy": policy}}).encode()
    target = "AmazonSQS.SetQueueAttributes"
    status, said = ask(server, body, Content_Type="application/x-amz-json-1.0", X_Amz_Target=target)
    assert status == 400
    assert json.loads(said)["__type"].endswith("#InvalidParameterValueException")


def test_a_form_of_millions_of_fields_is_not_read(server: Server) -> None:
    body = b"Action=ListQueues&Version=2012-11-05" + b"&a" * 1_000_000
    status, said = ask(server, body, Content_Type="application/x-www-form-urlencoded")
    assert (status, b"MalformedQueryString" in said) == (404, True)
