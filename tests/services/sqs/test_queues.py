"""Queues, their names, URLs, attributes, tags, permissions and lists."""

from __future__ import annotations

import json

import pytest

from services.api import Call, operations
from services.scope import Scope
from services.sqs.errors import (
    InvalidAddress,
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    MissingParameter,
    OverLimit,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
)
from services.sqs.settings import SqsSettings


def test_all_23_operations_are_there(sqs):
    assert len(operations(sqs.api)) == 23


# Names and URLs.


def test_the_url_has_the_address_the_client_used(sqs):
    assert sqs.queue() == "http://localhost:4566/000000000000/q"
    other = Call(Scope("000000000000", "us-east-1"), "https://host.docker.internal:9")
    assert sqs.api.get_queue_url(other, {"QueueName": "q"}) == {
        "QueueUrl": "https://host.docker.internal:9/000000000000/q"
    }


@pytest.mark.parametrize(("style", "region", "url"), [
    ("standard", "us-east-1", "http://sqs.us-east-1.localhost:4566/000000000000/q"),
    ("domain", "us-east-1", "http://queue.localhost:4566/000000000000/q"),
    ("domain", "eu-central-1", "http://eu-central-1.queue.localhost:4566/000000000000/q"),
    ("path", "eu-central-1", "http://localhost:4566/queue/eu-central-1/000000000000/q"),
    ("http://sqs:1/", "us-east-1", "http://sqs:1/000000000000/q"),
])  # fmt: skip
def test_url_styles_lead_back_to_the_queue_from_any_region(make_sqs, style, region, url):
    sqs = make_sqs(SqsSettings(queue_url=style))
    call = Call(Scope("000000000000", region), "http://localhost:4566")
    assert sqs.api.create_queue(call, {"QueueName": "q"}) == {"QueueUrl": url}
    from_elsewhere = Call(Scope("000000000000", region if "sqs:1" in url else "sa-east-1"), url.rsplit("/", 2)[0])
    assert sqs.api.send_message(from_elsewhere, {"QueueUrl": url, "MessageBody": "b"})["MessageId"]
    assert sqs.api.depth(Scope("000000000000", region), "q").visible == 1
    if style != "path":
        assert sqs.api.get_queue_url(
            Call(Scope("000000000000", region), url.rsplit("/", 2)[0]), {"QueueName": "q"}
        ) == {"QueueUrl": url}


@pytest.mark.parametrize("url", ["q", "http://elsewhere/000000000000/q", "000000000000/q", "/000000000000/q/"])
def test_other_spellings_of_a_queue_url(sqs, url):
    sqs.queue()
    assert sqs.send(url)["MessageId"]


@pytest.mark.parametrize("url", ["http://localhost:4566/nonsense", "http://localhost/a/b/c", "http://localhost/x/q"])
def test_what_is_no_queue_url(sqs, url):
    sqs.queue()
    with pytest.raises(InvalidAddress):
        sqs.send(url)


def test_accounts_and_regions_are_apart_but_a_url_reaches_another_account(sqs):
    url = sqs.queue()
    other = Call(Scope("111111111111", "us-east-1"), "http://localhost:4566")
    assert sqs.api.list_queues(other, {}) == {}
    assert sqs.api.list_queues(Call(Scope("000000000000", "eu-west-1"), "http://l"), {}) == {}
    with pytest.raises(QueueDoesNotExist):
        sqs.api.get_queue_url(other, {"QueueName": "q"})
    assert sqs.api.get_queue_url(other, {"QueueName": "q", "QueueOwnerAWSAccountId": "000000000000"})["QueueUrl"] == url
    sqs.api.send_message(other, {"QueueUrl": url, "MessageBody": "b"})
    assert sqs.receive(url, AttributeNames=["SenderId"])[0]["Attributes"] == {"SenderId": "111111111111"}


@pytest.mark.parametrize("name", ["", "a" * 81, "/my/test", "a b", "ü", "q.fifo", "a.b"])
def test_names_of_standard_queues(sqs, name):
    with pytest.raises(InvalidParameterValue) as refused:
        sqs.create_queue(QueueName=name)
    assert refused.value.message == (
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    )
    sqs.create_queue(QueueName="a-Z_0" * 16)


@pytest.mark.parametrize("name", ["q", ".fifo", "a" * 76 + ".fifo", "a/b.fifo"])
def test_names_of_fifo_queues(sqs, name):
    with pytest.raises(InvalidParameterValue):
        sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})
    sqs.create_queue(QueueName="a" * 75 + ".fifo", Attributes={"FifoQueue": "True"})


# Creation and deletion.


def test_create_is_idempotent_for_the_same_values(sqs):
    url = sqs.queue(DelaySeconds=1, ReceiveMessageWaitTimeSeconds=1)
    sqs.send(url)
    assert sqs.queue() == url
    assert sqs.queue(DelaySeconds=1) == url
    assert sqs.queue(VisibilityTimeout=30) == url
    with pytest.raises(QueueNameExists) as refused:
        sqs.queue(ReceiveMessageWaitTimeSeconds=1, DelaySeconds=2)
    assert refused.value.message == (
        "A queue already exists with the same name and a different value for attribute DelaySeconds"
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "2"})
    assert sqs.queue(ReceiveMessageWaitTimeSeconds=1, DelaySeconds=2) == url


def test_a_deleted_queue_is_gone_and_may_come_back_after_a_minute(sqs):
    url = sqs.queue()
    sqs.send(url)
    sqs.delete_queue(QueueUrl=url)
    for call in (lambda: sqs.send(url), lambda: sqs.delete_queue(QueueUrl=url), lambda: sqs.attributes(url)):
        with pytest.raises(QueueDoesNotExist):
            call()
    sqs.clock.advance(59.9)
    with pytest.raises(QueueDeletedRecently):
        sqs.queue()
    sqs.clock.advance(0.1)
    assert sqs.queue() == url
    assert sqs.depth(url) == (0, 0, 0)


def test_cool_downs_may_be_relaxed(make_sqs):
    sqs = make_sqs(SqsSettings(relax_cooldowns=True))
    url = sqs.queue()
    for _ in range(2):
        sqs.purge_queue(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    assert sqs.queue() == url


def test_reset_forgets_everything(sqs):
    url = sqs.queue()
    sqs.delete_queue(QueueUrl=sqs.queue("other"))
    sqs.api.reset()
    assert sqs.list_queues() == {}
    with pytest.raises(QueueDoesNotExist):
        sqs.send(url)
    sqs.queue("other")


# Attributes.


def test_default_attributes(sqs):
    created = str(int(sqs.clock.now()))
    expected = {
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "CreatedTimestamp": created,
        "LastModifiedTimestamp": created,
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }
    assert sqs.attributes(sqs.queue()) == expected
    assert sqs.attributes(sqs.queue("q.fifo")) == {
        **expected,
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q.fifo",
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }


def test_selected_attributes(sqs):
    url = sqs.queue()
    assert sqs.attributes(url, "QueueArn", "VisibilityTimeout") == {
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
        "VisibilityTimeout": "30",
    }
    assert sqs.get_queue_attributes(QueueUrl=url) == {}
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]) == {}
    for name in ("Foobar", ""):
        with pytest.raises(InvalidAttributeName) as refused:
            sqs.attributes(url, "QueueArn", name)
        assert refused.value.message == f"Unknown Attribute {name}."


def test_set_attributes_changes_the_time_of_modification(sqs):
    url = sqs.queue()
    created = str(int(sqs.clock.now()))
    sqs.clock.advance(5)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "69", "MaximumMessageSize": "2048"})
    found = sqs.attributes(url, "VisibilityTimeout", "MaximumMessageSize", "CreatedTimestamp", "LastModifiedTimestamp")
    assert found == {
        "VisibilityTimeout": "69",
        "MaximumMessageSize": "2048",
        "CreatedTimestamp": created,
        "LastModifiedTimestamp": str(int(created) + 5),
    }


RANGES = {
    "VisibilityTimeout": (0, 43200),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges_of_attributes(sqs, name):
    url = sqs.queue()
    low, high = RANGES[name]
    for value in (low, high):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
    for value in (low - 1, high + 1, "", "x", "1.5", "٣"):
        with pytest.raises(InvalidAttributeValue) as refused:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
        assert refused.value.message == f"Invalid value for the parameter {name}."
        with pytest.raises(InvalidAttributeValue):
            sqs.create_queue(QueueName="new", Attributes={name: str(value)})


@pytest.mark.parametrize(("name", "value", "text"), [
    ("FifoQueue", "true", "Unknown Attribute FifoQueue."),
    ("FifoQueue", "false", "Unknown Attribute FifoQueue."),
    ("ContentBasedDeduplication", "false", "Unknown Attribute ContentBasedDeduplication."),
    ("DeduplicationScope", "queue", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
    ("FifoThroughputLimit", "perQueue", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."),
    ("QueueArn", "x", "Unknown Attribute QueueArn."),
    ("Foo", "x", "Unknown Attribute Foo."),
])  # fmt: skip
def test_attributes_a_standard_queue_has_not(sqs, name, value, text):
    url = sqs.queue()
    with pytest.raises(InvalidAttributeName) as refused:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: value})
    assert refused.value.message == text


def test_a_queue_stays_of_its_type(sqs):
    url = sqs.queue("q.fifo")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "true"})
    with pytest.raises(InvalidAttributeValue) as refused:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "false"})
    assert refused.value.message == (
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    )


def test_encryption_attributes(sqs):
    url = sqs.queue()
    names = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"KmsMasterKeyId": "testKeyId", "KmsDataKeyReusePeriodSeconds": "6000"}
    )
    assert sqs.attributes(url, *names) == {
        "KmsMasterKeyId": "testKeyId",
        "KmsDataKeyReusePeriodSeconds": "6000",
        "SqsManagedSseEnabled": "false",
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"})
    assert sqs.attributes(url, *names) == {"SqsManagedSseEnabled": "false"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert sqs.attributes(url, *names) == {"SqsManagedSseEnabled": "true"}
    with pytest.raises(InvalidAttributeName, match="You can use one type of server-side encryption"):
        sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"}
        )


def test_a_policy_is_json_and_may_be_emptied(sqs):
    url = sqs.queue()
    text = '{"Version":"2012-10-17","Statement":[]}'
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
    assert sqs.attributes(url, "Policy") == {"Policy": text}
    for bad in ("nonsense", "[]", '{"Statement": 1}'):
        with pytest.raises(InvalidAttributeValue, match=r"Invalid value for the parameter Policy\."):
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": bad})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert sqs.attributes(url, "Policy") == {}


# Permissions.


def test_permissions_edit_the_policy_as_aws_does(sqs):
    url = sqs.queue()
    arn = "arn:aws:sqs:us-east-1:000000000000:q"

    def add(label, accounts, actions):
        sqs.add_permission(QueueUrl=url, Label=label, AWSAccountIds=accounts, Actions=actions)

    def statement(label, principals, actions):
        return {"Sid": label, "Effect": "Allow", "Principal": {"AWS": principals}, "Action": actions, "Resource": arn}

    add("one", ["000000000000", "668614515564"], ["ReceiveMessage"])
    add("two", ["000000000000"], ["*", "SendMessage"])
    first = statement("one", ["arn:aws:iam::000000000000:root", "arn:aws:iam::668614515564:root"], "SQS:ReceiveMessage")
    second = statement("two", "arn:aws:iam::000000000000:root", ["SQS:*", "SQS:SendMessage"])
    assert json.loads(sqs.attributes(url, "Policy")["Policy"]) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [first, second],
    }
    with pytest.raises(
        InvalidParameterValue, match=r"Value two for parameter Label is invalid\. Reason: Already exists\."
    ):
        add("two", ["000000000000"], ["SendMessage"])
    sqs.remove_permission(QueueUrl=url, Label="one")
    assert json.loads(sqs.attributes(url, "Policy")["Policy"])["Statement"] == [second]
    sqs.remove_permission(QueueUrl=url, Label="two")
    assert sqs.attributes(url, "Policy") == {}
    with pytest.raises(InvalidParameterValue, match=r"parameter Label is invalid\. Reason: can't find label\."):
        sqs.remove_permission(QueueUrl=url, Label="two")


@pytest.mark.parametrize(("accounts", "actions", "error", "text"), [
    (["111111111111"], [], MissingParameter, "The request must contain the parameter Actions."),
    ([], ["SendMessage"], InvalidParameterValue,
     "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify."),
    (["111111111111"], ["RemovePermission"], InvalidParameterValue,
     ("Value SQS:RemovePermission for parameter ActionName is invalid. "
      "Reason: Only the queue owner is allowed to invoke this action.")),
    (["111111111111"], ["Foo"], InvalidParameterValue,
     ("Value SQS:Foo for parameter ActionName is invalid. "
      "Reason: Please refer to the appropriate WSDL for a list of valid actions. ")),
    (["111111111111"], ["SendMessage"] * 8, OverLimit, "8 Actions were found, maximum allowed is 7."),
])  # fmt: skip
def test_permissions_that_are_refused(sqs, accounts, actions, error, text):
    url = sqs.queue()
    with pytest.raises(error) as refused:
        sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=accounts, Actions=actions)
    assert refused.value.message == text
    assert sqs.attributes(url, "Policy") == {}


# Tags.


def test_tags(sqs):
    url = sqs.create_queue(QueueName="q", tags={"a": "1"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"A": "2", "b": ""})
    sqs.tag_queue(QueueUrl=url, Tags={"a": "3"})
    assert sqs.list_queue_tags(QueueUrl=url) == {"Tags": {"a": "3", "A": "2", "b": ""}}
    sqs.untag_queue(QueueUrl=url, TagKeys=["A", "b", "none"])
    assert sqs.list_queue_tags(QueueUrl=url) == {"Tags": {"a": "3"}}
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=url) == {}


def test_tags_that_are_refused(sqs):
    url = sqs.queue()
    for tags, text in (
        ({}, "The request must contain the parameter Tags."),
        ({f"k{i}": "v" for i in range(51)}, "Too many tags added for queue q."),
        ({"": "v"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k" * 129: "v"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k": "v" * 257}, "Tag values must be between 0 and 256 characters in length."),
    ):
        with pytest.raises((InvalidParameterValue, MissingParameter)) as refused:
            sqs.tag_queue(QueueUrl=url, Tags=tags)
        assert refused.value.message == text
    with pytest.raises(InvalidParameterValue):
        sqs.untag_queue(QueueUrl=url, TagKeys=[])
    assert sqs.list_queue_tags(QueueUrl=url) == {}


# Lists.


def test_lists_have_pages(sqs):
    urls = [sqs.queue(f"a-{number}") for number in range(10)]
    sqs.queue("b")
    assert sqs.list_queues(QueueNamePrefix="a-") == {"QueueUrls": urls}
    assert sqs.list_queues(QueueNamePrefix="none") == {}
    first = sqs.list_queues(QueueNamePrefix="a-", MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    rest = sqs.list_queues(QueueNamePrefix="a-", MaxResults=8, NextToken=first["NextToken"])
    assert rest == {"QueueUrls": urls[2:]}
    assert sqs.list_queues(QueueNamePrefix="a-", MaxResults=10) == {"QueueUrls": urls}
    for bad in ({"MaxResults": 0}, {"MaxResults": 1001}, {"NextToken": "!"}):
        with pytest.raises(InvalidParameterValue):
            sqs.list_queues(**bad)


def test_a_list_without_max_results_ends_at_a_thousand(sqs):
    for number in range(1001):
        sqs.queue(f"q-{number:04}")
    answer = sqs.list_queues()
    assert len(answer["QueueUrls"]) == 1000
    assert "NextToken" not in answer
