"""SQS in the Query protocol: the forms as the API reference's examples have them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from emulator.wire import model, sqs_query
from emulator.wire.compile import CHECKS, CODECS
from emulator.wire.exchange import Exchange, Reply

MODEL = sqs_query.model_of(model.load("sqs"))
QUEUE = "/000000000000/q"


def parse(operation: str, form: str, *, method: str = "POST", path: str = "/", query: str = "") -> dict[str, Any]:
    compiled = MODEL.operations[operation]
    headers = {b"host": b"localhost:4566", b"content-type": b"application/x-www-form-urlencoded"}
    exchange = Exchange(method.encode(), path.encode(), query.encode(), headers, form.encode())
    return CODECS["sqs-query"].parser(compiled, CHECKS["sqs"](compiled))(exchange)


def serialize(operation: str, result: dict[str, Any], protocol: str = "sqs-query") -> Reply:
    return CODECS[protocol].serializer(MODEL, MODEL.operations[operation])(result, "the-id")


@pytest.mark.parametrize(
    ("operation", "form", "params"),
    [
        ("CreateQueue", "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=a&Tag.1.Value=b",
         {"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"a": "b"}}),
        ("SetQueueAttributes", "QueueUrl=q&Attribute.Name=VisibilityTimeout&Attribute.Value=35",
         {"QueueUrl": "q", "Attributes": {"VisibilityTimeout": "35"}}),
        ("TagQueue", "QueueUrl=q&Tag.Key=QueueType&Tag.Value=Production",
         {"QueueUrl": "q", "Tags": {"QueueType": "Production"}}),
        ("UntagQueue", "QueueUrl=q&TagKey=QueueType", {"QueueUrl": "q", "TagKeys": ["QueueType"]}),
        ("UntagQueue", "QueueUrl=q&TagKey.2=b&TagKey.10=c&TagKey.1=a", {"QueueUrl": "q", "TagKeys": ["a", "b", "c"]}),
        ("GetQueueAttributes", "QueueUrl=q&AttributeName.1=All", {"QueueUrl": "q", "AttributeNames": ["All"]}),
        ("AddPermission",
         "QueueUrl=q&Label=l&AWSAccountId.1=125074342641&ActionName.1=SendMessage&ActionName.2=ReceiveMessage",
         {"QueueUrl": "q", "Label": "l", "AWSAccountIds": ["125074342641"],
          "Actions": ["SendMessage", "ReceiveMessage"]}),
        ("SendMessage",
         ("QueueUrl=q&MessageBody=This+is+a%20test%2B&DelaySeconds=45"
         "&MessageAttribute.1.Name=n&MessageAttribute.1.Value.StringValue=v&MessageAttribute.1.Value.DataType=String"
         "&MessageAttribute.2.Name=b&MessageAttribute.2.Value.BinaryValue=AP8%3D&MessageAttribute.2.Value.DataType=Binary"
         "&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.StringValue=Root"
         "&MessageSystemAttribute.1.Value.DataType=String"),
         {"QueueUrl": "q", "MessageBody": "This is a test+", "DelaySeconds": 45,
          "MessageAttributes": {"n": {"StringValue": "v", "DataType": "String"},
                                "b": {"BinaryValue": b"\x00\xff", "DataType": "Binary"}},
          "MessageSystemAttributes": {"AWSTraceHeader": {"StringValue": "Root", "DataType": "String"}}}),
        ("ReceiveMessage",
         ("QueueUrl=q&MaxNumberOfMessages=5&AttributeName.1=All&MessageAttributeName.1=All"
         "&MessageSystemAttributeName.1=SenderId"),
         {"QueueUrl": "q", "MaxNumberOfMessages": 5, "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
          "MessageSystemAttributeNames": ["SenderId"]}),
        ("SendMessageBatch",
         ("QueueUrl=q&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x"
         "&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=y"
         "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=n"
         "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.StringValue=1"
         "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.DataType=Number"),
         {"QueueUrl": "q", "Entries": [
             {"Id": "a", "MessageBody": "x"},
             {"Id": "b", "MessageBody": "y",
              "MessageAttributes": {"n": {"StringValue": "1", "DataType": "Number"}}}]}),
        ("DeleteMessageBatch",
         "QueueUrl=q&DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=r",
         {"QueueUrl": "q", "Entries": [{"Id": "a", "ReceiptHandle": "r"}]}),
        ("ChangeMessageVisibilityBatch",
         ("QueueUrl=q&ChangeMessageVisibilityBatchRequestEntry.1.Id=a"
         "&ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=r"
         "&ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=45"),
         {"QueueUrl": "q", "Entries": [{"Id": "a", "ReceiptHandle": "r", "VisibilityTimeout": 45}]}),
    ],
)  # fmt: skip
def test_forms(operation: str, form: str, params: dict[str, Any]) -> None:
    assert parse(operation, f"Action={operation}&Version=2012-11-05&{form}") == params
    assert parse(operation, "", method="GET", query=f"Action={operation}&{form}") == params


def test_at_a_queue_that_queue_is_meant() -> None:
    own = {"QueueUrl": f"http://localhost:4566{QUEUE}"}
    assert parse("PurgeQueue", "", path=QUEUE) == own
    region = f"/queue/eu-west-1{QUEUE}"
    assert parse("PurgeQueue", "", path=region) == {"QueueUrl": f"http://localhost:4566{region}"}


def test_a_queue_in_the_request_wins_over_the_address() -> None:
    assert parse("PurgeQueue", "QueueUrl=other", path=QUEUE) == {"QueueUrl": "other"}


def test_get_queue_url_works_at_any_queue() -> None:
    assert parse("GetQueueUrl", "QueueName=other", path=QUEUE) == {"QueueName": "other"}


def test_results() -> None:
    message = {
        "MessageId": "i",
        "Body": 'a<b>&"\r\n',
        "Attributes": {"SenderId": "s"},
        "MessageAttributes": {"n": {"BinaryValue": b"\x00", "DataType": "Binary"}},
    }
    assert serialize("ReceiveMessage", {"Messages": [message]}).body.decode() == (
        '<?xml version="1.0"?><ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        "<ReceiveMessageResult><Message><MessageId>i</MessageId><Body>a&lt;b&gt;&amp;&quot;&#xD;\n</Body>"
        "<Attribute><Name>SenderId</Name><Value>s</Value></Attribute>"
        "<MessageAttribute><Name>n</Name><Value><BinaryValue>AA==</BinaryValue><DataType>Binary</DataType></Value>"
        "</MessageAttribute></Message></ReceiveMessageResult>"
        "<ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></ReceiveMessageResponse>"
    )
    assert b"<ReceiveMessageResult/>" in serialize("ReceiveMessage", {}).body
    assert b"Result" not in serialize("DeleteQueue", {}).body
    failed = {"Id": "a", "SenderFault": True, "Code": "c"}
    assert (
        b"<DeleteMessageBatchResult><DeleteMessageBatchResultEntry><Id>b</Id></DeleteMessageBatchResultEntry>"
        b"<BatchResultErrorEntry><Id>a</Id><SenderFault>true</SenderFault><Code>c</Code></BatchResultErrorEntry>"
        b"</DeleteMessageBatchResult>"
    ) in serialize("DeleteMessageBatch", {"Successful": [{"Id": "b"}], "Failed": [failed]}).body


def test_results_for_those_who_accept_json() -> None:
    said = orjson.loads(serialize("GetQueueAttributes", {"Attributes": {"QueueArn": "arn"}}, "sqs-query+json").body)
    assert said == {
        "GetQueueAttributesResponse": {
            "GetQueueAttributesResult": {"Attributes": [{"Name": "QueueArn", "Value": "arn"}]},
            "ResponseMetadata": {"RequestId": "the-id"},
        }
    }
    said = orjson.loads(serialize("SendMessage", {"MessageId": "i"}, "sqs-query+json").body)
    assert said["SendMessageResponse"]["SendMessageResult"]["SequenceNumber"] is None


def test_queue_paths() -> None:
    assert sqs_query.queue_path(b"/000000000000/q.fifo")
    assert sqs_query.queue_path(b"/queue/eu-west-1/000000000000/q")
    for path in (b"/", b"/bucket/key", b"/00000000000/q", b"/000000000000/", b"/000000000000/q/x", b"/queue/x/q"):
        assert not sqs_query.queue_path(path), path
