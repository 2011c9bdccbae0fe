"""SNS and real subscribers: HTTP servers of this process, real sockets, real boto3, and time moved by hand."""

from __future__ import annotations

import base64
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

    from undercast.server import Server


class Subscriber:
    """An HTTP server that keeps what it gets, and answers by script: the last status for ever."""

    def __init__(self) -> None:
        self.script = [200]
        self.got: list[tuple[dict[str, str], str]] = []
        self.arrived = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with outer.arrived:
                    status = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                    outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    outer.arrived.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def wait(self, count: int) -> list[tuple[dict[str, str], dict[str, Any]]]:
        """The first `count` requests, their bodies as JSON."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, timeout=20), self.got
            return [(headers, json.loads(body)) for headers, body in self.got[:count]]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    made = Subscriber()
    yield made
    made.close()


@pytest.fixture
def sns(server: Server) -> SNSClient:
    client: SNSClient = server.boto3("sns")
    return client


@pytest.fixture
def topic(sns: SNSClient) -> str:
    return sns.create_topic(Name="news")["TopicArn"]


def get(url: str) -> bytes:
    with urlopen(url, timeout=20) as answer:
        return answer.read()


def verify(message: dict[str, Any]) -> None:
    """As the guide says: the certificate's key over the members, each with its name."""
    certificate = x509.load_pem_x509_certificate(get(message["SigningCertURL"]))
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    digest = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()
    certificate.public_key().verify(base64.b64decode(message["Signature"]), text.encode(), PKCS1v15(), digest)


def confirmed(sns: SNSClient, topic: str, subscriber: Subscriber, **attributes: str) -> str:
    """A confirmed subscription, by the URL of the confirmation."""
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=subscriber.url, Attributes=attributes, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    [(_, confirmation)] = subscriber.wait(1)
    assert b"ConfirmSubscriptionResult" in get(confirmation["SubscribeURL"])
    subscriber.got.clear()
    return arn


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_subscriber_from_handshake_to_farewell(sns: SNSClient, subscriber: Subscriber, version: str) -> None:
    topic = sns.create_topic(Name="signed", Attributes={"SignatureVersion": version})["TopicArn"]
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=subscriber.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=topic, Message="to nobody yet")

    [(headers, confirmation)] = subscriber.wait(1)
    assert headers["x-amz-sns-message-type"] == confirmation["Type"] == "SubscriptionConfirmation"
    verify(confirmation)
    get(confirmation["SubscribeURL"])
    sns.publish(TopicArn=topic, Message='ä\n"quoted"', Subject="About")
    _, (headers, notification) = subscriber.wait(2)
    assert (notification["Message"], notification["Subject"]) == ('ä\n"quoted"', "About")
    assert headers["x-amz-sns-subscription-arn"].startswith(topic)
    assert notification["SignatureVersion"] == version
    verify(notification)

    assert b"UnsubscribeResponse" in get(notification["UnsubscribeURL"])
    *_, (headers, farewell) = subscriber.wait(3)
    assert headers["x-amz-sns-message-type"] == farewell["Type"] == "UnsubscribeConfirmation"
    verify(farewell)
    get(farewell["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="again")
    *_, (_, restored) = subscriber.wait(4)
    assert restored["Message"] == "again"


def test_retries_are_on_the_clock_and_end_in_the_dead_letter_queue(
    server: Server, sns: SNSClient, sqs: SQSClient, subscriber: Subscriber, topic: str
) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "minDelayTarget": 10,
        "maxDelayTarget": 30,
        "numRetries": 5,
        "numNoDelayRetries": 1,
        "numMinDelayRetries": 1,
        "numMaxDelayRetries": 1,
    }
    confirmed(
        sns,
        topic,
        subscriber,
        DeliveryPolicy=json.dumps({"healthyRetryPolicy": policy}),
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn}),
    )
    subscriber.script = [503]
    sns.publish(TopicArn=topic, Message="unlucky", MessageAttributes={"a": {"DataType": "Number", "StringValue": "1"}})
    server.client.advance(0)
    seen = [len(subscriber.got)]
    for seconds in (9, 1, 9, 1, 29, 1, 29, 1):
        server.client.advance(seconds)
        seen.append(len(subscriber.got))

    # At once and again, then after 10, 10 (the backoff begins), 30 (it ends) and 30 seconds.
    assert seen == [2, 2, 3, 3, 4, 4, 5, 5, 6]
    [letter] = sqs.receive_message(QueueUrl=dead)["Messages"]
    assert letter["Body"] == subscriber.got[-1][1]
    assert json.loads(letter["Body"])["MessageAttributes"] == {"a": {"Type": "Number", "Value": "1"}}


def test_raw_delivery(sns: SNSClient, subscriber: Subscriber, topic: str) -> None:
    confirmed(sns, topic, subscriber, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message='{"plain": true}')

    [(headers, body)] = subscriber.wait(1)
    assert body == {"plain": True}
    assert headers["x-amz-sns-rawdelivery"] == "true"


def test_deliveries_are_logged(server: Server, sns: SNSClient, subscriber: Subscriber, topic: str) -> None:
    role = "arn:aws:iam::000000000000:role/feedback"
    for name in ("HTTPSuccessFeedbackRoleArn", "HTTPFailureFeedbackRoleArn"):
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=role)
    confirmed(sns, topic, subscriber)
    subscriber.script = [200, 404]
    for text in ("good", "bad"):
        sns.publish(TopicArn=topic, Message=text)
        server.client.advance(0)
    logs = server.boto3("logs")
    group = "sns/us-east-1/000000000000/news"
    found = [
        json.loads(event["message"])
        for name in (group, f"{group}/Failure")
        for event in logs.filter_log_events(logGroupName=name)["events"]
    ]

    assert [one["status"] for one in found] == ["SUCCESS", "FAILURE"]
    assert [one["delivery"]["statusCode"] for one in found] == [200, 404]


def test_pages_of_what_was_captured(server: Server, sns: SNSClient, topic: str) -> None:
    number = "+15551234567"
    application = sns.create_platform_application(Name="a", Platform="GCM", Attributes={"PlatformCredential": "c"})
    endpoint = sns.create_platform_endpoint(
        PlatformApplicationArn=application["PlatformApplicationArn"], Token="device"
    )["EndpointArn"]
    for protocol, address in (("sms", number), ("application", endpoint)):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address)
    email = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@b.c", ReturnSubscriptionArn=True)
    sns.publish(TopicArn=topic, Message="to all")
    sns.publish(PhoneNumber=number, Message="direct")
    sns.publish(TargetArn=endpoint, Message="direct")
    base = f"{server.endpoint}/_aws/sns"

    texts = json.loads(get(f"{base}/sms-messages?phoneNumber={quote(number)}&accountId=000000000000"))
    assert [text["Message"] for text in texts["sms_messages"][number]] == ["to all", "direct"]
    assert texts["region"] == "us-east-1"
    pushes = json.loads(get(f"{base}/platform-endpoint-messages"))["platform_endpoint_messages"]
    assert [push["TopicArn"] for push in pushes[endpoint]] == [topic, ""]
    assert json.loads(get(f"{base}/sms-messages?region=eu-west-1"))["sms_messages"] == {}
    token = json.loads(get(f"{base}/subscription-tokens/{email['SubscriptionArn']}"))["subscription_token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    sns.publish(TopicArn=topic, Message="to all")
    emails = json.loads(get(f"{server.endpoint}/_undercast/sns/email-messages"))["email_messages"]["a@b.c"]
    assert [one["Type"] for one in emails] == ["SubscriptionConfirmation", "Notification"]

    with urlopen(Request(f"{base}/sms-messages", method="DELETE"), timeout=20) as answer:
        assert answer.status == 204
    assert json.loads(get(f"{base}/sms-messages"))["sms_messages"] == {}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "subscription-tokens/nonsense", 400),
        ("GET", "subscription-tokens/arn:aws:sns:us-east-1:000000000000:a:b", 404),
        ("PUT", "sms-messages", 405),
        ("GET", "SimpleNotificationService-00.pem", 404),
    ],
)
def test_pages_that_are_not_there(server: Server, method: str, path: str, status: int) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{server.endpoint}/_aws/sns/{path}", method=method), timeout=20)
    with refused.value as error:
        assert error.code == status


def test_a_number_opts_out_and_in(server: Server, sns: SNSClient) -> None:
    number = "+15551234567"
    body = json.dumps({"phoneNumber": number, "accountId": "000000000000"}).encode()
    with urlopen(Request(f"{server.endpoint}/_aws/sns/phone-opt-outs", data=body), timeout=20):
        pass
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"]
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == [number]
    sns.publish(PhoneNumber=number, Message="nobody gets it")
    assert json.loads(get(f"{server.endpoint}/_aws/sns/sms-messages"))["sms_messages"] == {}
    sns.opt_in_phone_number(phoneNumber=number)
    assert not sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"]


def test_a_replay_reaches_a_queue_that_was_subscribed_later(server: Server, sns: SNSClient, sqs: SQSClient) -> None:
    fifo: dict[str, str] = {
        "FifoTopic": "true",
        "ContentBasedDeduplication": "true",
        "ArchivePolicy": '{"MessageRetentionPeriod":"7"}',
    }
    topic = sns.create_topic(Name="news.fifo", Attributes=fifo)["TopicArn"]
    began = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["BeginningArchiveTime"]
    for number in range(15):
        sns.publish(TopicArn=topic, Message=str(number), MessageGroupId="g")
        server.client.advance(1)
    url = sqs.create_queue(QueueName="late.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"PointType": "Timestamp", "StartingPoint": began})
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"ReplayPolicy": policy}, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="15", MessageGroupId="g")

    got: list[str] = []
    replayed: list[str | None] = []
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            break
        got += [json.loads(message["Body"])["Message"] for message in messages]
        replayed += [json.loads(message["Body"]).get("Replayed") for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert got == [str(number) for number in range(16)]
    assert replayed == ["true"] * 15 + [None]
    shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert shown["ReplayStatus"] == "Completed"
    with pytest.raises(ClientError, match="InvalidState"):
        sns.delete_topic(TopicArn=topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="ArchivePolicy", AttributeValue="{}")
    sns.delete_topic(TopicArn=topic)


def test_one_endpoint_that_hangs_holds_up_nobody(server: Server, sns: SNSClient, subscriber: Subscriber) -> None:
    hanging = threading.Event()
    go = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hanging.set()
            go.wait(20)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    stuck = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stuck.daemon_threads = True
    thread = threading.Thread(target=stuck.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{stuck.server_port}/")
        assert hanging.wait(20)
        confirmed(sns, topic, subscriber)
        sns.publish(TopicArn=topic, Message="through")
        assert subscriber.wait(1)[0][1]["Message"] == "through"
    finally:
        go.set()
        stuck.shutdown()
        stuck.server_close()
        thread.join()


def test_a_page_of_another_site_deletes_nothing(server: Server, sns: SNSClient) -> None:
    sns.publish(PhoneNumber="+15551234567", Message="kept")
    page = f"{server.endpoint}/_aws/sns/sms-messages"
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(page, method="DELETE", headers={"Origin": "https://elsewhere.test"}), timeout=20)
    with refused.value as error:
        assert error.code == 403
    assert json.loads(get(page))["sms_messages"]["+15551234567"][0]["Message"] == "kept"


def test_fifty_failures_at_the_instants_of_all_four_phases(
    server: Server, sns: SNSClient, sqs: SQSClient, subscriber: Subscriber, topic: str
) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "minDelayTarget": 12,
        "maxDelayTarget": 84,
        "numRetries": 50,
        "numNoDelayRetries": 2,
        "numMinDelayRetries": 6,
        "numMaxDelayRetries": 5,
        "backoffFunction": "linear",
    }
    confirmed(
        sns,
        topic,
        subscriber,
        DeliveryPolicy=json.dumps({"healthyRetryPolicy": policy}),
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn}),
    )
    subscriber.script = [500]
    # The backoff's 37 delays rise from 12 to 84 seconds in 36 equal steps.
    delays = [12] * 6 + [12 + 2 * step for step in range(37)] + [84] * 5
    sns.publish(TopicArn=topic, Message="unlucky")
    server.client.advance(0)
    assert len(subscriber.got) == 3
    for number, delay in enumerate(delays):
        server.client.advance(delay - 0.01)
        assert len(subscriber.got) == 3 + number
        server.client.advance(0.01)
        assert len(subscriber.got) == 4 + number
    assert len(subscriber.got) == 51
    assert "Messages" in sqs.receive_message(QueueUrl=dead)
    server.client.advance(86_400)
    assert len(subscriber.got) == 51


@pytest.mark.parametrize("end", ["unsubscribe", "delete", "reset"])
def test_nothing_is_sent_again_once_the_subscription_is_gone(
    server: Server, sns: SNSClient, subscriber: Subscriber, topic: str, end: str
) -> None:
    subscription = confirmed(sns, topic, subscriber)
    subscriber.script = [500]
    sns.publish(TopicArn=topic, Message="unlucky")
    server.client.advance(25)
    assert len(subscriber.got) == 2
    subscriber.script = [200]
    if end == "unsubscribe":
        sns.unsubscribe(SubscriptionArn=subscription)
    elif end == "delete":
        sns.delete_topic(TopicArn=topic)
    else:
        server.client.reset()
    server.client.advance(7200)
    types = [headers["x-amz-sns-message-type"] for headers, _ in subscriber.got[2:]]
    assert types == (["UnsubscribeConfirmation"] if end == "unsubscribe" else [])
    assert server.client.health().time.timers == 0


def test_a_large_archive_is_replayed_while_others_are_served(server: Server, sns: SNSClient, sqs: SQSClient) -> None:
    fifo = {"FifoTopic": "true", "ArchivePolicy": '{"MessageRetentionPeriod":"7"}'}
    topic = sns.create_topic(Name="news.fifo", Attributes=fifo)["TopicArn"]
    began = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["BeginningArchiveTime"]
    for batch in range(200):
        entries: Any = [
            {"Id": str(n), "Message": str(n), "MessageGroupId": str(n), "MessageDeduplicationId": f"{batch}-{n}"}
            for n in range(10)
        ]
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    url = sqs.create_queue(QueueName="late.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"PointType": "Timestamp", "StartingPoint": began})
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"ReplayPolicy": policy})
    subscription: Any = {"SubscriptionArn": answer["SubscriptionArn"]}
    statuses = {sns.get_subscription_attributes(**subscription)["Attributes"]["ReplayStatus"]}
    # Time waits for a replay, so afterwards it is over.
    server.client.advance(1)
    shown = sns.get_subscription_attributes(**subscription)["Attributes"]["ReplayStatus"]
    assert shown == "Completed"
    assert statuses <= {"In progress", "Completed"}
    count = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert count == {"ApproximateNumberOfMessages": "2000"}


@pytest.mark.parametrize("end", ["unsubscribe", "delete", "reset"])
def test_a_request_that_hangs_ends_with_its_subscription(server: Server, sns: SNSClient, topic: str, end: str) -> None:
    arrived = threading.Event()
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as hanging:

        def accept() -> None:
            taken.append(hanging.accept()[0])
            taken[0].recv(1)
            arrived.set()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        endpoint = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
        subscription = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn=True)
        assert arrived.wait(20)
        thread.join()
        assert server.client.health().time.holds
        if end == "unsubscribe":
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        elif end == "delete":
            sns.delete_topic(TopicArn=topic)
        else:
            server.client.reset()
        time = server.client.health().time
        taken[0].close()
        assert (time.holds, time.timers) == (0, 0)
