"""Redrive policies, dead letters, and moving them back."""

from __future__ import annotations

import base64
import json

import pytest

from services.api import Call
from services.scope import Scope
from services.sqs.errors import InvalidParameterValue, ResourceNotFound


def to(sqs, name, count=1):
    return json.dumps({"deadLetterTargetArn": sqs.arn(name), "maxReceiveCount": count})


@pytest.fixture
def pipe(sqs):
    """(queue, dead-letter queue): the second receive moves."""
    dead = sqs.queue("dead")
    return sqs.queue(RedrivePolicy=to(sqs, "dead")), dead


def kill(sqs, url, *bodies):
    for body in bodies:
        sqs.send(url, body)
        sqs.receive(url, 1, VisibilityTimeout=0)
        assert sqs.receive(url, 1, VisibilityTimeout=0) == []


def test_a_message_is_moved_by_the_receive_that_would_be_one_too_many(sqs):
    dead = sqs.queue("dead")
    url = sqs.queue(RedrivePolicy=to(sqs, "dead", 2), VisibilityTimeout=0)
    attributes = {"MyAttribute": {"StringValue": "foobar", "DataType": "String"}}
    sent = sqs.send(url, "m", MessageAttributes=attributes)
    first_sent = sqs.receive(url, AttributeNames=["SentTimestamp"])[0]["Attributes"]["SentTimestamp"]
    assert sqs.bodies(url) == ["m"]
    assert sqs.depth(dead) == (0, 0, 0)
    sqs.clock.advance(7)
    assert sqs.bodies(url) == []
    assert sqs.depth(url) == (0, 0, 0)
    (letter,) = sqs.receive(dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["MessageAttributes"] == attributes
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert letter["Attributes"]["SentTimestamp"] == first_sent
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == sqs.arn("q")


def test_one_receive_goes_on_to_the_next_message(sqs, pipe):
    url, dead = pipe
    sqs.send(url, "a")
    sqs.receive(url, VisibilityTimeout=0)
    sqs.send(url, "b")
    assert sqs.bodies(url) == ["b"]
    assert sqs.bodies(dead) == ["a"]


def test_a_chain_of_dead_letter_queues_counts_receives_of_each(sqs):
    last = sqs.queue("last")
    middle = sqs.queue("middle", VisibilityTimeout=0, RedrivePolicy=to(sqs, "last"))
    first = sqs.queue("first", VisibilityTimeout=0, RedrivePolicy=to(sqs, "middle"))
    sqs.send(first, "m")
    for url in (first, middle):
        assert sqs.bodies(url) == ["m"]
        assert sqs.bodies(url) == []
    assert sqs.bodies(last) == ["m"]


# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
@pytest.mark.parametrize(("suffix", "left_s"), [("", 30), (".fifo", 60)])
def test_the_age_of_a_dead_letter(sqs, suffix, left_s):
    dead = sqs.queue("dead" + suffix, MessageRetentionPeriod=60)
    url = sqs.queue("q" + suffix, RedrivePolicy=to(sqs, "dead" + suffix), VisibilityTimeout=0)
    group = {"MessageGroupId": "g", "MessageDeduplicationId": "d"} if suffix else {}
    sent = sqs.send(url, "m", **group)
    sqs.clock.advance(30)
    sqs.receive(url)
    assert sqs.receive(url) == []
    sqs.clock.advance(left_s - 1)
    (letter,) = sqs.receive(dead, VisibilityTimeout=0, AttributeNames=["All"])
    if suffix:
        assert letter["Attributes"]["MessageDeduplicationId"] == sent["MessageId"]
        assert letter["Attributes"]["MessageGroupId"] == "g"
    sqs.clock.advance(1)
    assert sqs.receive(dead) == []


def test_a_fifo_group_goes_on_behind_a_dead_letter(sqs):
    dead = sqs.queue("dead.fifo")
    url = sqs.queue("q.fifo", RedrivePolicy=to(sqs, "dead.fifo", 2), ContentBasedDeduplication="true")
    for body in ("a", "b"):
        sqs.send(url, body, MessageGroupId="g")
    for _ in range(2):
        assert sqs.bodies(url, 1, VisibilityTimeout=0) == ["a"]
    assert sqs.bodies(url) == ["b"]
    assert sqs.bodies(dead) == ["a"]


def test_without_its_dead_letter_queue_a_message_is_received_on(sqs, pipe):
    url, dead = pipe
    sqs.delete_queue(QueueUrl=dead)
    sqs.send(url, "m")
    for _ in range(3):
        assert sqs.bodies(url, VisibilityTimeout=0) == ["m"]


def test_a_queue_may_be_its_own_dead_letter_queue(sqs):
    url = sqs.queue(VisibilityTimeout=0)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": to(sqs, "q")})
    sqs.send(url, "m")
    for _ in range(3):
        assert sqs.bodies(url) == ["m"]
    assert sqs.depth(url) == (1, 0, 0)


@pytest.mark.parametrize(("text", "reason"), [
    ("nonsense", "Redrive policy is not a valid JSON map."),
    ("[]", "Redrive policy is not a valid JSON map."),
    ('{"maxReceiveCount":1}', "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
    ('{"deadLetterTargetArn":"ARN"}', "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
    *((f'{{"deadLetterTargetArn":"ARN","maxReceiveCount":{count}}}',
       f"Invalid value for maxReceiveCount: {shown}, valid values are from 1 to 1000 both inclusive.")
      for count, shown in (("0", 0), ("1001", 1001), ('"invalid"', "invalid"), ("-1", -1))),
    ('{"deadLetterTargetArn":"dummy","maxReceiveCount":1}', "Invalid value for deadLetterTargetArn: dummy."),
    ('{"deadLetterTargetArn":"ARNx","maxReceiveCount":1}', "Dead letter target does not exist."),
    ('{"deadLetterTargetArn":"ARN.fifo","maxReceiveCount":1}',
     "Dead-letter queue must be same type of queue as the source."),
    ('{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111111111111:dead","maxReceiveCount":1}',
     "Dead-letter target owner should be same as the source."),
])  # fmt: skip
def test_redrive_policies_that_are_refused(sqs, text, reason):
    sqs.queue("dead")
    sqs.queue("dead.fifo")
    url = sqs.queue()
    text = text.replace("ARN", sqs.arn("dead"))
    for attempt in (
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": text}),
        lambda: sqs.queue("new", RedrivePolicy=text),
    ):
        with pytest.raises(InvalidParameterValue) as refused:
            attempt()
        assert refused.value.message == f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
    assert "RedrivePolicy" not in sqs.attributes(url)


def test_a_redrive_policy_is_shown_as_it_was_given_and_may_be_emptied(sqs, pipe):
    url, _ = pipe
    text = f'{{"maxReceiveCount": "42", "deadLetterTargetArn": "{sqs.arn("dead")}"}}'
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": text})
    assert sqs.attributes(url, "RedrivePolicy") == {"RedrivePolicy": text}
    assert sqs.queue(RedrivePolicy=to(sqs, "dead", 42)) == url
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert sqs.attributes(url, "RedrivePolicy") == {}


@pytest.mark.parametrize(("allow", "allowed"), [
    ({"redrivePermission": "allowAll"}, True),
    ({"redrivePermission": "denyAll"}, False),
    ({"redrivePermission": "byQueue", "sourceQueueArns": ["q"]}, True),
    ({"redrivePermission": "byQueue", "sourceQueueArns": ["other"]}, False),
])  # fmt: skip
def test_redrive_allow_policies(sqs, allow, allowed):
    if "sourceQueueArns" in allow:
        allow = {**allow, "sourceQueueArns": [sqs.arn(name) for name in allow["sourceQueueArns"]]}
    sqs.queue("dead", RedriveAllowPolicy=json.dumps(allow))
    if allowed:
        sqs.queue(RedrivePolicy=to(sqs, "dead"))
    else:
        with pytest.raises(InvalidParameterValue):
            sqs.queue(RedrivePolicy=to(sqs, "dead"))


@pytest.mark.parametrize("bad", [
    "x", "{}", '{"redrivePermission":"some"}', '{"redrivePermission":"byQueue"}',
    '{"redrivePermission":"allowAll","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:q"]}',
    json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [f"arn:aws:sqs:r:a:q{i}" for i in range(11)]}),
])  # fmt: skip
def test_redrive_allow_policies_that_are_refused(sqs, bad):
    with pytest.raises(InvalidParameterValue):
        sqs.queue(RedriveAllowPolicy=bad)


def test_sources_of_a_dead_letter_queue(sqs, pipe):
    url, dead = pipe
    other = sqs.queue("r", RedrivePolicy=to(sqs, "dead"))
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead) == {"queueUrls": [url, other]}
    assert sqs.list_dead_letter_source_queues(QueueUrl=url) == {"queueUrls": []}
    page = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1)
    assert page["queueUrls"] == [url]
    page = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1, NextToken=page["NextToken"])
    assert page == {"queueUrls": [other]}


# Message move tasks.


def task(sqs, **parameters):
    return sqs.start_message_move_task(SourceArn=sqs.arn("dead"), **parameters)["TaskHandle"]


def listed(sqs, **parameters):
    return sqs.list_message_move_tasks(SourceArn=sqs.arn("dead"), **parameters)["Results"]


def test_dead_letters_go_back_to_where_each_came_from_as_new_messages(sqs, pipe):
    url, dead = pipe
    other = sqs.queue("other", RedrivePolicy=to(sqs, "dead"))
    kill(sqs, url, "a-1", "a-2")
    kill(sqs, other, "b-1")
    ids = {shown["MessageId"] for shown in sqs.api.peek(sqs.call.scope, "dead")}
    started = int(sqs.clock.now() * 1000)
    task_id = json.loads(base64.b64decode(task(sqs)))
    assert task_id["sourceArn"] == sqs.arn("dead")
    assert listed(sqs) == [{
        "Status": "COMPLETED",
        "SourceArn": sqs.arn("dead"),
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
        "StartedTimestamp": started,
    }]  # fmt: skip
    back = sqs.receive(url, AttributeNames=["All"])
    assert [message["Body"] for message in back] == ["a-1", "a-2"]
    assert not ids & {message["MessageId"] for message in back}
    assert back[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in back[0]["Attributes"]
    assert sqs.bodies(other) == ["b-1"]
    assert sqs.depth(dead) == (0, 0, 0)


def test_a_rate_is_kept_and_a_task_can_be_cancelled(sqs, pipe):
    url, dead = pipe
    destination = sqs.queue("destination")
    kill(sqs, url, *"abcdefgh")
    handle = task(sqs, DestinationArn=sqs.arn("destination"), MaxNumberOfMessagesPerSecond=2)
    assert sqs.depth(destination) == (1, 0, 0)
    sqs.clock.advance(0.5)
    assert sqs.depth(destination) == (2, 0, 0)
    sqs.clock.advance(1)
    (running,) = listed(sqs)
    assert running["Status"] == "RUNNING"
    assert running["TaskHandle"] == handle
    assert running["MaxNumberOfMessagesPerSecond"] == 2
    assert running["DestinationArn"] == sqs.arn("destination")
    with pytest.raises(InvalidParameterValue) as refused:
        task(sqs)
    assert refused.value.message == (
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
    )
    assert sqs.cancel_message_move_task(TaskHandle=handle) == {"ApproximateNumberOfMessagesMoved": 4}
    sqs.clock.advance(10)
    (cancelled,) = listed(sqs)
    assert cancelled["Status"] == "CANCELLED"
    assert "TaskHandle" not in cancelled
    assert sqs.depth(dead) == (4, 0, 0)
    with pytest.raises(InvalidParameterValue):
        sqs.cancel_message_move_task(TaskHandle=handle)
    task(sqs)
    assert [entry["Status"] for entry in listed(sqs, MaxResults=10)] == ["COMPLETED", "CANCELLED"]
    assert len(listed(sqs)) == 1


def test_without_a_rate_it_goes_by_500_a_second(sqs, pipe):
    url, _ = pipe
    kill(sqs, url, *(str(number) for number in range(220)))
    task(sqs)
    assert sqs.depth(url) == (50, 0, 0)
    sqs.clock.advance(1)
    assert sqs.depth(url) == (220, 0, 0)
    assert listed(sqs)[0]["Status"] == "COMPLETED"


@pytest.mark.parametrize("which", ["destination", "q"])
def test_a_task_fails_when_its_destination_goes(sqs, pipe, which):
    url, dead = pipe
    sqs.queue("destination")
    kill(sqs, url, *"abc")
    destination = {"DestinationArn": sqs.arn(which)} if which == "destination" else {}
    task(sqs, MaxNumberOfMessagesPerSecond=1, **destination)
    sqs.delete_queue(QueueUrl=which)
    sqs.clock.advance(1)
    (failed,) = listed(sqs)
    assert failed["Status"] == "FAILED"
    assert failed["FailureReason"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert failed["ApproximateNumberOfMessagesMoved"] == 1
    assert sqs.depth(dead) == (2, 0, 0)
    assert sqs.bodies(dead) == ["b", "c"]


def test_a_message_sent_to_the_dead_letter_queue_directly_has_no_way_back(sqs, pipe):
    _, dead = pipe
    sqs.send(dead, "m")
    task(sqs)
    assert listed(sqs)[0]["FailureReason"] == "CouldNotDetermineMessageSource"
    assert sqs.bodies(dead) == ["m"]


def test_fifo_dead_letters_go_back_in_order_and_are_not_deduplicated(sqs):
    dead = sqs.queue("dead.fifo")
    url = sqs.queue("q.fifo", RedrivePolicy=to(sqs, "dead.fifo"), ContentBasedDeduplication="true")
    for body in "abc":
        sqs.send(url, body, MessageGroupId="g")
    sqs.receive(url, VisibilityTimeout=0)
    assert sqs.receive(url) == []
    sqs.start_message_move_task(SourceArn=sqs.arn("dead.fifo"))
    assert sqs.depth(dead) == (0, 0, 0)
    assert sqs.bodies(url) == ["a", "b", "c"]


def test_tasks_that_are_refused(sqs, pipe):
    for parameters, error, text in (
        ({"SourceArn": "x"}, InvalidParameterValue, "You must use this format to specify the SourceArn"),
        ({"SourceArn": sqs.arn("none")}, ResourceNotFound,
         "The resource that you specified for the SourceArn parameter doesn't exist."),
        ({"SourceArn": sqs.arn("q")}, InvalidParameterValue,
         "Source queue must be configured as a Dead Letter Queue."),
        ({"SourceArn": sqs.arn("dead"), "DestinationArn": sqs.arn("none")}, ResourceNotFound,
         "The resource that you specified for the DestinationArn parameter doesn't exist."),
        ({"SourceArn": sqs.arn("dead"), "MaxNumberOfMessagesPerSecond": 501}, InvalidParameterValue,
         "Must be between 1 and 500"),
    ):  # fmt: skip
        with pytest.raises(error, match=text):
            sqs.start_message_move_task(**parameters)
    with pytest.raises(ResourceNotFound):
        sqs.list_message_move_tasks(SourceArn=sqs.arn("none"))
    with pytest.raises(InvalidParameterValue):
        listed(sqs, MaxResults=11)


@pytest.mark.parametrize(("name", "text"), [
    (None, "Value for parameter TaskHandle is invalid."),
    ("none", "The resource that you specified for the SourceArn parameter doesn't exist."),
    ("dead", "Task does not exist."),
])  # fmt: skip
def test_handles_of_no_task(sqs, pipe, name, text):
    document = json.dumps({"taskId": "10f57157-fc38-4da9-a113-4de7e12d05aa", "sourceArn": sqs.arn(name)})
    handle = base64.b64encode(document.encode()).decode() if name else "foobared"
    with pytest.raises((InvalidParameterValue, ResourceNotFound)) as refused:
        sqs.cancel_message_move_task(TaskHandle=handle)
    assert refused.value.message == text


def test_arns_have_the_regions_partition(sqs):
    call = Call(Scope("000000000000", "cn-north-1"), "http://localhost")
    url = sqs.api.create_queue(call, {"QueueName": "q"})["QueueUrl"]
    found = sqs.api.get_queue_attributes(call, {"QueueUrl": url, "AttributeNames": ["QueueArn"]})
    assert found == {"Attributes": {"QueueArn": "arn:aws-cn:sqs:cn-north-1:000000000000:q"}}
