from __future__ import annotations

import pytest

from services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidParameterValue,
    MissingParameter,
    QueueDoesNotExist,
    TooManyEntriesInBatchRequest,
)

OPERATIONS = ["SendMessage", "DeleteMessage", "ChangeMessageVisibility"]


@pytest.fixture(params=OPERATIONS)
def batch(sqs, request):
    """`batch(*ids)` runs this operation's batch with entries of these ids."""
    url = sqs.queue()
    snake = {"SendMessage": "send_message", "DeleteMessage": "delete_message"}.get(
        request.param, "change_message_visibility"
    )
    extra = {"MessageBody": "b"} if request.param == "SendMessage" else {"ReceiptHandle": "x", "VisibilityTimeout": 1}

    def run(*ids, url=url):
        return getattr(sqs, f"{snake}_batch")(QueueUrl=url, Entries=[{"Id": entry_id, **extra} for entry_id in ids])

    run.operation = request.param
    return run


def test_an_empty_batch(batch):
    with pytest.raises(EmptyBatchRequest) as refused:
        batch()
    assert refused.value.message == (f"There should be at least one {batch.operation}BatchRequestEntry in the request.")


def test_a_batch_of_more_than_ten(batch):
    with pytest.raises(TooManyEntriesInBatchRequest) as refused:
        batch(*(str(number) for number in range(20)))
    assert refused.value.message == "Maximum number of entries per request are 10. You have sent 20."


@pytest.mark.parametrize("bad", ["", "i" * 81, "a:b", "a.b", "ä", "a\n"])
def test_ids_of_entries(batch, bad):
    with pytest.raises(InvalidBatchEntryId) as refused:
        batch("good", bad)
    assert refused.value.message == (
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
        "It can be at most 80 letters long."
    )
    batch("A-z_0" * 16)


def test_the_first_repeated_id_is_named(batch):
    with pytest.raises(BatchEntryIdsNotDistinct, match=r"Id id_2 repeated\."):
        batch("id_1", "id_2", "id_2", "id_1")


def test_a_queue_that_is_not_there(batch):
    with pytest.raises(QueueDoesNotExist):
        batch("a", url="http://localhost/000000000000/none")


def test_send_results_are_per_entry_and_in_order(sqs):
    url = sqs.queue(MaximumMessageSize=1024)
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": "good", "MessageBody": "a" * 1024},
        {"Id": "long", "MessageBody": "a" * 1025},
        {"Id": "control", "MessageBody": "\x01"},
        {"Id": "more", "MessageBody": "b", "MessageAttributes": {"k": {"DataType": "String", "StringValue": "x"}}},
    ])  # fmt: skip
    assert [set(entry) for entry in answer["Successful"]] == [
        {"Id", "MessageId", "MD5OfMessageBody"},
        {"Id", "MessageId", "MD5OfMessageBody", "MD5OfMessageAttributes"},
    ]
    assert answer["Successful"][0]["MD5OfMessageBody"] == "c9a34cfc85d982698c6ac89f76071abd"
    assert answer["Failed"][0] == {
        "Id": "long",
        "SenderFault": True,
        "Code": "InvalidParameterValue",
        "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
    }
    assert (answer["Failed"][1]["Id"], answer["Failed"][1]["Code"]) == ("control", "InvalidMessageContents")
    assert sqs.bodies(url) == ["a" * 1024, "b"]


def test_the_whole_batch_may_have_1_mib(sqs):
    url = sqs.queue()
    attributes = {"k": {"DataType": "String", "StringValue": "x"}}
    entries = [
        {"Id": "1", "MessageBody": "a" * (1_048_576 - 8), "MessageAttributes": attributes},
        {"Id": "2", "MessageBody": "a"},
    ]
    with pytest.raises(BatchRequestTooLong) as refused:
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert refused.value.message == ("Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
    assert sqs.depth(url) == (0, 0, 0)
    entries[0]["MessageBody"] = entries[0]["MessageBody"][1:]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 2


def test_what_a_fifo_queue_asks_of_every_entry(sqs):
    url = sqs.queue("q.fifo")
    good = {"Id": "1", "MessageBody": "b", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    for missing, text in (
        ("MessageDeduplicationId", "The queue should either have ContentBasedDeduplication enabled or"),
        ("MessageGroupId", "The request must contain the parameter MessageGroupId."),
    ):
        bad = {**good, "Id": "2"}
        del bad[missing]
        with pytest.raises(InvalidParameterValue, match=text):
            sqs.send_message_batch(QueueUrl=url, Entries=[good, bad])
    assert sqs.depth(url) == (0, 0, 0)
    (sent,) = sqs.send_message_batch(QueueUrl=url, Entries=[good])["Successful"]
    assert len(sent["SequenceNumber"]) == 20


def test_an_entry_without_a_body_or_receipt(sqs):
    url = sqs.queue()
    with pytest.raises(MissingParameter, match=r"parameter SendMessageBatchRequestEntry\.1\.MessageBody\."):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": ""}])
    with pytest.raises(MissingParameter, match=r"parameter DeleteMessageBatchRequestEntry\.1\.ReceiptHandle\."):
        sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1"}])


def test_delete_and_change_results_are_per_entry(sqs):
    url = sqs.queue()
    sqs.send(url, "a")
    sqs.send(url, "b")
    first, second = (message["ReceiptHandle"] for message in sqs.receive(url))
    bad = {"SenderFault": True, "Code": "ReceiptHandleIsInvalid"}
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "1", "ReceiptHandle": first, "VisibilityTimeout": 0},
        {"Id": "2", "ReceiptHandle": "fake", "VisibilityTimeout": 0},
        {"Id": "3", "ReceiptHandle": second, "VisibilityTimeout": 43201},
    ])  # fmt: skip
    assert answer["Successful"] == [{"Id": "1"}]
    assert answer["Failed"][0] == {
        "Id": "2", "Message": 'The input receipt handle "fake" is not a valid receipt handle.', **bad,
    }  # fmt: skip
    assert answer["Failed"][1]["Code"] == "InvalidParameterValue"
    assert sqs.depth(url) == (1, 1, 0)
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": "1", "ReceiptHandle": "fake"}, {"Id": "2", "ReceiptHandle": second},
    ])  # fmt: skip
    assert answer["Successful"] == [{"Id": "2"}]
    assert [entry["Id"] for entry in answer["Failed"]] == ["1"]
    assert sqs.bodies(url) == ["a"]
