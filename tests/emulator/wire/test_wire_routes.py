"""Which service and operation a request is for."""

from __future__ import annotations

import pytest

from emulator.wire.exchange import Exchange
from emulator.wire.routes import Neighbour, Route, Router
from services.api import Call, Params, operation
from services.errors import NotImplementedByUndercast, ServiceError


class Stub:
    """A service with one operation of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def reset(self) -> None:
        """Nothing to forget."""

    @operation
    def send_message(self, call: Call, params: Params) -> Params:
        return {"MessageId": params["MessageBody"]}


@pytest.fixture(scope="module")
def router() -> Router:
    return Router({name: Stub(name) for name in ("sqs", "sns", "stepfunctions", "lambda")})


def request(method: str = "POST", path: str = "/", query: str = "", body: str = "", **headers: str) -> Exchange:
    given = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    given.setdefault(b"host", b"localhost:4566")
    return Exchange(method.encode(), path.encode(), query.encode(), given, body.encode())


def signed(service: str) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )


FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/x-amz-json-1.0"
QUEUE = "/000000000000/a-queue"


@pytest.mark.parametrize(
    ("exchange", "service", "name"),
    [
        (request(x_amz_target="AmazonSQS.SendMessage", content_type=JSON), "sqs", "SendMessage"),
        (request(x_amz_target="AmazonSQS.SendMessage", content_type=JSON, path=QUEUE), "sqs", "SendMessage"),
        (request(x_amz_target="AWSStepFunctions.StartExecution", content_type=JSON), "stepfunctions", "StartExecution"),
        (request(body="Action=SendMessage&Version=2012-11-05", content_type=FORM), "sqs", "SendMessage"),
        (request(body="Action=SendMessage", content_type=FORM), "sqs", "SendMessage"),
        (request(body="Action=Publish&Version=2010-03-31", content_type=FORM), "sns", "Publish"),
        (request(body="Version=2010-03-31&Action=AddPermission", content_type=FORM), "sns", "AddPermission"),
        (request(body="Version=2012-11-05&Action=AddPermission", content_type=FORM), "sqs", "AddPermission"),
        (request(body="Action=AddPermission", content_type=FORM, authorization=signed("sns")), "sns", "AddPermission"),
        (request("GET", query="Action=ListQueues&Version=2012-11-05"), "sqs", "ListQueues"),
        (request("GET", query="Action=ConfirmSubscription&Token=t"), "sns", "ConfirmSubscription"),
        (request(x_amz_target="AmazonSimpleNotificationService.Publish", content_type=JSON), "sns", "Publish"),
        (request("GET", QUEUE, "Action=ReceiveMessage"), "sqs", "ReceiveMessage"),
        (request("POST", QUEUE, "Action=DeleteQueue", content_length="0"), "sqs", "DeleteQueue"),
        (request("GET", "/queue/eu-west-1" + QUEUE, "Action=TagQueue"), "sqs", "TagQueue"),
        (request("GET", query="Action=AddPermission", host="sqs.eu-west-1.localhost:4566"), "sqs", "AddPermission"),
        (request("GET", query="Action=AddPermission", host="eu-west-1.queue.localhost:4566"), "sqs", "AddPermission"),
        (request("GET", query="Action=AddPermission", host="queue.amazonaws.com"), "sqs", "AddPermission"),
        (request("GET", query="Action=AddPermission", host="sns.eu-west-1.amazonaws.com"), "sns", "AddPermission"),
        (request("GET", "/2015-03-31/functions"), "lambda", "ListFunctions"),
        (request("GET", "/2015-03-31/functions/"), "lambda", "ListFunctions"),
        (request("POST", "/2015-03-31/functions/f%3A1/invocations"), "lambda", "Invoke"),
        (request("GET", "/2015-03-31/functions/f", authorization=signed("lambda")), "lambda", "GetFunction"),
        (request("DELETE", "/2017-03-31/tags/arn%3Aaws%3Alambda"), "lambda", "UntagResource"),
    ],
)  # fmt: skip
def test_ours(router: Router, exchange: Exchange, service: str, name: str) -> None:
    found = router.find(exchange)
    assert isinstance(found, Route)
    assert (found.service, found.operation) == (service, name)


@pytest.mark.parametrize(
    ("exchange", "service"),
    [
        (request("GET", "/bucket/key", authorization=signed("s3")), "s3"),
        (request("GET", "/123456789012/key", authorization=signed("s3")), "s3"),
        (request("GET", "/bucket/key"), "s3"),
        (request("GET", "/bucket/key", "X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"), "s3"),
        (request("GET", "/key", host="bucket.s3.localhost:4566"), "s3"),
        (request("GET", "/key", host="a.b.s3.eu-west-1.amazonaws.com"), "s3"),
        (request("GET", "/key", host="bucket.s3-eu-west-1.amazonaws.com"), "s3"),
        (request(x_amz_target="DynamoDB_20120810.PutItem", content_type=JSON), "dynamodb"),
        (request(x_amz_target="Unheard_20300101.Of", content_type=JSON, authorization=signed("unheard")), "unheard"),
        (request(x_amz_target="AWSCognitoIdentityProviderService.InitiateAuth", content_type=JSON), "cognito-idp"),
        (request(body="Action=AssumeRoleWithWebIdentity&Version=2011-06-15", content_type=FORM), "sts"),
        (request(body="Action=GetCallerIdentity&Version=2011-06-15", content_type=FORM,
                 authorization=signed("sts")), "sts"),
        (request(path="/service/GraniteServiceVersion20100801/operation/PutMetricData",
                 smithy_protocol="rpc-v2-cbor", authorization=signed("monitoring")), "monitoring"),
        (request(path="/service/GraniteServiceVersion20100801/operation/PutMetricData",
                 smithy_protocol="rpc-v2-cbor"), "monitoring"),
        (request("GET", "/", host="abc123.execute-api.eu-west-1.localhost:4566"), "execute-api"),
        (request("GET", "/", host="abc123.lambda-url.eu-west-1.localhost:4566"), "lambda-url"),
        (request("GET", "/2020-05-31/distribution", authorization=signed("cloudfront")), "cloudfront"),
    ],
)  # fmt: skip
def test_neighbours(router: Router, exchange: Exchange, service: str) -> None:
    assert router.find(exchange) == Neighbour(service)


@pytest.mark.parametrize(
    ("exchange", "code", "status", "body"),
    [
        (request(x_amz_target="AmazonSQS.Foo", content_type=JSON), "UnknownOperationException", 400,
         b'{"__type":"com.amazon.coral.service#UnknownOperationException"}'),
        (request(content_type=JSON, authorization=signed("sqs")), "UnknownOperationException", 400,
         b'{"__type":"com.amazon.coral.service#UnknownOperationException"}'),
        (request(body="Action=FooBar&Version=2012-11-05", content_type=FORM), "InvalidAction", 400,
         b"<Message>The action FooBar is not valid for this endpoint.</Message>"),
        (request("GET", QUEUE), "UnknownOperationException", 404, b"<UnknownOperationException"),
        (request("GET", QUEUE, accept="application/json"), "UnknownOperationException", 404,
         b"<UnknownOperationException"),
        (request("GET", QUEUE, "Action=ListQueues", accept="application/json"), "InvalidAction", 400,
         (b'{"Error":{"Code":"InvalidAction","Detail":null,'
         b'"Message":"The action ListQueues is not valid for this endpoint.","Type":"Sender"}')),
        (request("GET", QUEUE, "Action=CreateQueue&QueueName=a"), "InvalidAction", 400,
         b"<Message>The action CreateQueue is not valid for this endpoint.</Message>"),
        (request("PATCH", "/2015-03-31/functions/f", authorization=signed("lambda")), "UnknownOperationException", 404,
         b"<UnknownOperationException"),
        (request("GET"), "UnknownOperationException", 404, b"<UnknownOperationException"),
        (request(x_amz_target="AWSStepFunctions.StartExecution", content_type="text/plain"),
         "UnknownOperationException", 404, b"<UnknownOperationException"),
        (request(path="/service/AmazonSQS/operation/SendMessage", smithy_protocol="rpc-v2-cbor"),
         "UnsupportedProtocol", 400, b"sqs does not speak rpc-v2-cbor here, it speaks json and query."),
    ],
)  # fmt: skip
def test_refused(router: Router, exchange: Exchange, code: str, status: int, body: bytes) -> None:
    found = router.find(exchange)
    assert isinstance(found, Route)
    with pytest.raises(ServiceError) as refused:
        found.parse(exchange)
    assert refused.value.code == code
    reply = found.fail(refused.value, "the-id")
    assert reply.status == status
    assert body in reply.body
    assert b"x-amzn-requestid: the-id\r\n" in reply.head


def test_the_table_of_targets(router: Router) -> None:
    assert router.by_target[b"AmazonSQS.SendMessage"].operation == "SendMessage"
    assert len([target for target in router.by_target if target.startswith(b"AmazonSQS.")]) == 23
    # One that is read when it is first asked for.
    first = router.find(request(x_amz_target="AWSStepFunctions.SendTaskSuccess", content_type=JSON))
    assert first is router.by_target[b"AWSStepFunctions.SendTaskSuccess"]
    assert router.by_target[b"AWSStepFunctions.SendTaskSuccess"].service == "stepfunctions"


def test_a_handler_is_found_and_a_missing_one_says_so(router: Router) -> None:
    call = Call.__new__(Call)
    assert router.by_target[b"AmazonSQS.SendMessage"].handler(call, {"MessageBody": "x"}) == {"MessageId": "x"}
    with pytest.raises(NotImplementedByUndercast, match=r"^PurgeQueue of sqs is not implemented by Undercast yet\.$"):
        router.by_target[b"AmazonSQS.PurgeQueue"].handler(call, {})


def test_limits(router: Router) -> None:
    head = request(content_type=FORM, content_length="5000000")
    found = router.find(head)
    assert isinstance(found, Route)
    assert found.limit == router.limit
    assert router.by_target[b"AmazonSQS.SendMessage"].limit == 8 * 1024 * 1024


def test_a_service_alone_leaves_the_others_to_neighbours() -> None:
    alone = Router({"sqs": Stub("sqs")})
    assert alone.find(
        request(body="Action=Publish&Version=2010-03-31", content_type=FORM, authorization=signed("sns"))
    ) == Neighbour("sns")
    target = request(x_amz_target="AWSStepFunctions.StartExecution", content_type=JSON)
    assert alone.find(target) == Neighbour("states")
    assert alone.find(request("GET", "/2015-03-31/functions/f", authorization=signed("lambda"))) == Neighbour("lambda")
