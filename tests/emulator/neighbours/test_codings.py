"""aws-chunked, CBOR, and buckets in host names: pure functions."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.neighbours import cbor, chunked, rpc, s3
from emulator.wire.exchange import Exchange, Reply

TRAILED = (
    b"5\r\nhello\r\n"
    b"a;chunk-signature=abc\r\n, world!!\n\r\n"
    b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:abc\r\n\r\n"
)
CHUNKED = {
    b"x-amz-content-sha256": b"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    b"content-encoding": b"aws-chunked, gzip",
    b"x-amz-trailer": b"x-amz-checksum-crc32",
    b"x-amz-decoded-content-length": b"15",
    b"content-length": b"99",
    b"content-type": b"text/plain",
}


def test_chunks_and_trailers() -> None:
    assert chunked.is_chunked(CHUNKED)
    headers, body = chunked.unpack(CHUNKED, TRAILED)
    assert body == b"hello, world!!\n"
    assert headers == {
        b"x-amz-content-sha256": b"UNSIGNED-PAYLOAD",
        b"content-encoding": b"gzip",
        b"content-length": b"15",
        b"content-type": b"text/plain",
        b"x-amz-checksum-crc32": b"AAAAAA==",
    }


def test_what_is_not_chunked() -> None:
    assert not chunked.is_chunked({b"content-encoding": b"gzip", b"x-amz-content-sha256": b"UNSIGNED-PAYLOAD"})
    assert chunked.is_chunked({b"content-encoding": b"gzip,aws-chunked"})


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8))
def test_chunks_add_up(parts: list[bytes]) -> None:
    coded = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    assert chunked.unpack(CHUNKED, coded)[1] == b"".join(parts)


@pytest.mark.parametrize(
    "body", [b"", b"5", b"5\r\nhel", b"5\r\nhello", b"zz\r\nhello\r\n", b"-1\r\n\r\n", b"5\r\nhello\r\n"]
)
def test_broken_chunks(body: bytes) -> None:
    with pytest.raises(chunked.BadChunks):
        chunked.unpack(CHUNKED, body)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(cbor.Instant, st.integers(0, 2**40) | st.floats(0, 2**40)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain)
def test_cbor_both_ways(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_cbor_or_not(data: bytes) -> None:
    try:
        cbor.decode(data)
    except cbor.BadCbor:
        pass


@pytest.mark.parametrize(
    ("data", "value"),
    [
        # From RFC 8949, appendix A.
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("fb7e37e43c8800759c", 1.0e300),
        ("c249010000000000000000", 2**64),
        ("c349010000000000000000", -(2**64) - 1),
        ("3bffffffffffffffff", -(2**64)),
        ("c11a514b67b0", cbor.Instant(1363896240)),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("f7", None),
        ("c48221196ab3", 273.15),
    ],
)
def test_forms_that_others_write(data: str, value: Any) -> None:
    assert cbor.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    "data", ["", "1c", "62", "5f41", "9f01", "a1", "ff", "f0", "81" * 500, "9a7fffffff", "a18001", "61ff"]
)
def test_what_is_no_cbor(data: str) -> None:
    with pytest.raises(cbor.BadCbor):
        cbor.decode(bytes.fromhex(data))


def test_no_number_is_written_as_rfc_says() -> None:
    assert cbor.encode(math.nan) == bytes.fromhex("f97e00")
    assert cbor.encode({"a": [1, -1, b"x"], "b": True}) == bytes.fromhex("a2616183012041786162f5")


def test_kinesis_in_the_old_cbor_has_milliseconds() -> None:
    headers = {b"content-type": b"application/x-amz-cbor-1.1", b"x-amz-target": b"Kinesis_20131202.GetShardIterator"}
    body = cbor.encode({"StreamName": "s", "Timestamp": cbor.Instant(1_700_000_000_500), "Data": b"\xff"})
    asked = Exchange(b"POST", b"/", b"", headers, body)
    assert rpc.speaks_cbor(asked)
    said = rpc.to_json(asked)
    assert said.body == b'{"StreamName": "s", "Timestamp": 1700000000.5, "Data": "/w=="}'
    assert said.headers[b"x-amz-target"] == b"Kinesis_20131202.GetShardIterator"
    answered = Reply(
        200,
        b"content-type: application/x-amz-json-1.1\r\nx-a: b\r\n",
        b'{"Records": [{"Data": "/w==", "ApproximateArrivalTimestamp": 1700000000.5}], "MillisBehindLatest": 0}',
    )
    reply = rpc.from_json(asked, "kinesis", "GetRecords", answered)
    assert reply.head == b"x-a: b\r\ncontent-type: application/x-amz-cbor-1.1\r\n"
    assert cbor.decode(reply.body) == {
        "Records": [{"Data": b"\xff", "ApproximateArrivalTimestamp": cbor.Instant(1_700_000_000_500)}],
        "MillisBehindLatest": 0,
    }


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        (b"/", {}, b"\xa0"),
        (b"/service/S/operation/O", {}, b"\xa1"),
        (b"/service/S/operation/O", {b"content-encoding": b"gzip"}, b"\xa0"),
    ],
)
def test_broken_requests(path: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
    asked = Exchange(b"POST", path, b"", {b"smithy-protocol": b"rpc-v2-cbor", **headers}, body)
    with pytest.raises(rpc.BadRequest):
        rpc.to_json(asked)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (b"localhost:4566", b"/k"),
        (b"127.0.0.1:4566", b"/k"),
        (b"[::1]:4566", b"/k"),
        (b"s3.localhost:4566", b"/k"),
        (b"s3.eu-west-1.amazonaws.com", b"/k"),
        (b"s3-eu-west-1.amazonaws.com", b"/k"),
        (b"undercast.example:4566", b"/k"),
        (b"", b"/k"),
        (b"crate.localhost:4566", b"/crate/k"),
        (b"crate.s3.localhost:4566", b"/crate/k"),
        (b"my.crate.s3.localhost", b"/my.crate/k"),
        (b"crate.s3.eu-west-1.localhost.localstack.cloud:4566", b"/crate/k"),
        (b"Crate.s3-eu-west-1.amazonaws.com", b"/crate/k"),
        (b"crate.s3.undercast:4566", b"/crate/k"),
    ],
)
def test_buckets_in_host_names(host: bytes, expected: bytes) -> None:
    assert s3.path_style(b"/k", host) == expected
