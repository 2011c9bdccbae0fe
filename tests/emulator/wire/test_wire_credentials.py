"""Who asks, in which account and region."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.wire.credentials import Caller, Credentials, caller
from emulator.wire.exchange import Exchange

ACCOUNT, REGION = "000000000000", "us-east-1"


def request(query: str = "", path: str = "/", host: str = "localhost:4566", body: str = "", **headers: str) -> Exchange:
    given_headers = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return Exchange(b"POST", path.encode(), query.encode(), given_headers | {b"host": host.encode()}, body.encode())


def v4(credential: str, algorithm: str = "AWS4-HMAC-SHA256") -> str:
    return f"{algorithm} Credential={credential}, SignedHeaders=host;x-amz-date, Signature=abc"


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (request(authorization=v4("test/20260101/eu-west-1/sqs/aws4_request")), ("test", ACCOUNT, "eu-west-1", "sqs")),
        (request(authorization=v4("123456789012/20260101/eu-west-1/sqs/aws4_request")),
         ("123456789012", "123456789012", "eu-west-1", "sqs")),
        (request(authorization=v4("AKIAIOSFODNN7EXAMPLE/20260101/us-gov-west-1/states/aws4_request")),
         ("AKIAIOSFODNN7EXAMPLE", ACCOUNT, "us-gov-west-1", "states")),
        (request(authorization=v4("1234567890123/20260101/eu-west-1/sqs/aws4_request")),
         ("1234567890123", ACCOUNT, "eu-west-1", "sqs")),
        (request(authorization=v4("a/b/20260101/eu-west-1/sqs/aws4_request")), ("a/b", ACCOUNT, "eu-west-1", "sqs")),
        (request(authorization="AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sqs/aws4_request,SignedHeaders=a"),
         ("test", ACCOUNT, "eu-west-1", "sqs")),
        (request("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=123456789012%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"),
         ("123456789012", "123456789012", "eu-west-1", "s3")),
        (request("X-Amz-Credential=test/20260101/eu-west-1/sqs/aws4_request&Action=x"),
         ("test", ACCOUNT, "eu-west-1", "sqs")),
        (request(authorization=v4("test/20260101/s3/aws4_request", "AWS4-ECDSA-P256-SHA256"),
                 x_amz_region_set="eu-west-1,us-west-2"), ("test", ACCOUNT, "eu-west-1", "s3")),
        (request(authorization=v4("test/20260101/s3/aws4_request", "AWS4-ECDSA-P256-SHA256"), x_amz_region_set="*"),
         ("test", ACCOUNT, REGION, "s3")),
        (request(), ("", ACCOUNT, REGION, None)),
        (request(host="sqs.eu-west-1.localhost:4566"), ("", ACCOUNT, "eu-west-1", None)),
        (request(host="eu-west-1.queue.localhost:4566"), ("", ACCOUNT, "eu-west-1", None)),
        (request(path="/queue/eu-west-1/000000000000/q"), ("", ACCOUNT, "eu-west-1", None)),
        (request(authorization=v4("test/20260101/eu-west-1/sqs/aws4_request"), host="sqs.us-west-2.localhost"),
         ("test", ACCOUNT, "eu-west-1", "sqs")),
        (request(authorization=v4("test/20260101//sqs/aws4_request")), ("test", ACCOUNT, REGION, "sqs")),
        (request(authorization=v4("test/20260101/No Such!/sqs/aws4_request")), ("test", ACCOUNT, REGION, "sqs")),
        (request(authorization="AWS 123456789012:c2ln"), ("123456789012", "123456789012", REGION, None)),
        (request("AWSAccessKeyId=123456789012&Signature=x"), ("123456789012", "123456789012", REGION, None)),
        (request(authorization="Bearer something"), ("", ACCOUNT, REGION, None)),
        (request(authorization=v4("")), ("", ACCOUNT, REGION, None)),
    ],
)  # fmt: skip
def test_caller(exchange: Exchange, expected: tuple[str, str, str, str | None]) -> None:
    assert caller(exchange, ACCOUNT, REGION) == Caller(*expected)


def test_the_scope_is_account_and_region() -> None:
    found = caller(request(authorization=v4("123456789012/20260101/eu-west-1/sqs/aws4_request")), ACCOUNT, REGION)
    assert found.scope == ("123456789012", "eu-west-1")


def test_what_is_remembered_is_the_credential_string_alone() -> None:
    credentials = Credentials(ACCOUNT, REGION)
    first = credentials.caller(request(authorization=v4("test/20260101/eu-west-1/sqs/aws4_request")))
    again = credentials.caller(request(authorization=v4("test/20260101/eu-west-1/sqs/aws4_request") + "0"))
    assert again is first
    assert (
        credentials.caller(request(authorization=v4("test/20260101/eu-west-2/sqs/aws4_request"))).region == "eu-west-2"
    )


def test_a_region_out_of_the_address_is_not_remembered() -> None:
    credentials = Credentials(ACCOUNT, REGION)
    four_a = v4("test/20260101/sqs/aws4_request", "AWS4-ECDSA-P256-SHA256")
    regions = [
        credentials.caller(request(authorization=four_a, x_amz_region_set=name)).region
        for name in ("eu-west-1", "eu-west-2")
    ]
    assert regions == ["eu-west-1", "eu-west-2"]
    nameless = v4("test/20260101/sqs/aws4_request")
    hosts = ("sqs.eu-west-1.localhost", "sqs.eu-west-2.localhost")
    assert [credentials.caller(request(authorization=nameless, host=host)).region for host in hosts] == [
        "eu-west-1",
        "eu-west-2",
    ]


def test_memory_is_bounded() -> None:
    credentials = Credentials(ACCOUNT, REGION, remembered=10)
    for number in range(1000):
        credentials.caller(request(authorization=v4(f"key{number}/20260101/eu-west-1/sqs/aws4_request")))
    assert len(credentials._known) <= 10


PIECES = st.lists(
    st.sampled_from(
        [b"AWS4-HMAC-SHA256 ", b"AWS4-ECDSA-P256-SHA256 ", b"Credential=", b"AWS ", b":", b"/", b"%2F", b"%", b",",
         b"%zz", b"aws4_request", b"20260101", b"us-east-1", b"sqs", b"123456789012",
         b"\xff", b"\x00", b" ", b"="]
    )
    | st.binary(max_size=5),
    max_size=12,
).map(b"".join)  # fmt: skip


@given(header=PIECES, query=PIECES, host=PIECES, path=PIECES, regions=PIECES)
def test_garbage_never_raises(header: bytes, query: bytes, host: bytes, path: bytes, regions: bytes) -> None:
    headers = {b"authorization": header, b"host": host, b"x-amz-region-set": regions}
    for name in (b"X-Amz-Credential=", b"AWSAccessKeyId=", b""):
        found = caller(Exchange(b"GET", path, name + query, headers, b""), ACCOUNT, REGION)
        assert len(found.account) == 12
        assert found.region
