"""Event streams, read back by botocore."""

from __future__ import annotations

import asyncio

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from emulator.wire import event_stream, model, rest_json
from emulator.wire.event_stream import CHUNK_MAX

LAMBDA = model.load("lambda")
OPERATION = LAMBDA.operations["InvokeWithResponseStream"]


def read(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(message.headers, message.payload) for message in buffer]


@given(st.lists(st.tuples(st.text("abc-:", min_size=1, max_size=20), st.text(max_size=50)), max_size=5), st.binary())
def test_a_frame_is_read_as_it_was_written(headers, payload):
    headers = list(dict(headers).items())
    assert read(event_stream.frame(headers, payload)) == [(dict(headers), payload)]


def test_a_blob_is_the_payload_itself_and_the_rest_is_json():
    output = OPERATION.output
    assert output is not None
    encode = event_stream.encoder(output.members["EventStream"].shape)
    (chunk,) = read(encode({"PayloadChunk": {"Payload": b"\x00\xff"}}))
    assert chunk == (
        {":event-type": "PayloadChunk", ":content-type": "application/octet-stream", ":message-type": "event"},
        b"\x00\xff",
    )
    (end,) = read(encode({"InvokeComplete": {"ErrorCode": "Unhandled", "ErrorDetails": None}}))
    assert end[0][":event-type"] == "InvokeComplete"
    assert end[1] == b'{"ErrorCode":"Unhandled"}'


@pytest.mark.parametrize("size", [0, 1, CHUNK_MAX, CHUNK_MAX + 1, 3 * CHUNK_MAX])
def test_a_long_part_is_cut(size):
    output = OPERATION.output
    assert output is not None
    encode = event_stream.encoder(output.members["EventStream"].shape)
    messages = read(encode({"PayloadChunk": {"Payload": bytes(size)}}))
    assert sum(len(payload) for _, payload in messages) == size
    assert len(messages) == max(1, -(-size // CHUNK_MAX))


def test_a_result_with_events_is_a_reply_that_streams():
    async def events():
        yield {"PayloadChunk": {"Payload": b"a"}}
        yield {"InvokeComplete": {}}

    async def main():
        result = {
            "StatusCode": 200,
            "ExecutedVersion": "7",
            "EventStream": events(),
            "ResponseMetadata": {"RequestId": "its-own"},
        }
        reply = rest_json.serializer(LAMBDA, OPERATION)(result, "another")
        assert b"x-amzn-requestid: its-own\r\n" in reply.head
        assert b"X-Amz-Executed-Version: 7\r\n" in reply.head
        assert b"content-type: application/vnd.amazon.eventstream\r\n" in reply.head
        assert reply.stream is not None
        data = b"".join([part async for part in reply.stream])
        assert [headers[":event-type"] for headers, _ in read(data)] == ["PayloadChunk", "InvokeComplete"]

    asyncio.run(main())


def test_the_services_own_request_id_is_no_part_of_the_body():
    serialize = rest_json.serializer(LAMBDA, LAMBDA.operations["InvokeAsync"])
    reply = serialize({"Status": 202, "ResponseMetadata": {"RequestId": "its-own"}}, "another")
    assert (reply.status, reply.body) == (202, b"{}")
    assert b"x-amzn-requestid: its-own\r\n" in reply.head
