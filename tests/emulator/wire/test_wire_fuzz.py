"""Whatever bytes come, a request is parsed or refused: params or a ServiceError, never another exception."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.wire import model
from emulator.wire.compile import Route
from emulator.wire.exchange import Exchange
from emulator.wire.routes import Neighbour, Router
from services.errors import ServiceError


class Nothing:
    """A service without operations."""

    def __init__(self, name: str) -> None:
        self.name = name

    def reset(self) -> None:
        """Nothing to forget."""


ROUTER = Router({name: Nothing(name) for name in ("sqs", "sns", "stepfunctions", "lambda")})
MEMBERS = sorted(
    {name for shape in model.load("sqs").operations.values() for name in (shape.input.members if shape.input else ())}
)
WORDS = st.sampled_from(
    [*MEMBERS, "Attribute", "MessageAttribute", "Name", "Value", "SendMessageBatchRequestEntry", "StringValue",
     "BinaryValue", "DataType", "1", "2", "01", "-1", "999999999999999999999", "member", "entry", "key", "value", ""]
)  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=15,
)
FORMS = st.lists(
    st.tuples(st.lists(WORDS, min_size=1, max_size=6).map(".".join), st.text(max_size=8) | WORDS), max_size=8
).map(lambda fields: "&".join(f"{name}={value}" for name, value in fields).encode("utf-8", "replace"))
TARGETS = sorted(ROUTER.by_target)


SEGMENTS = st.sampled_from([b"2015-03-31", b"functions", b"f", b"versions", b"aliases", b"%", b"%ff", b""])


def answered(route: Route, exchange: Exchange) -> None:
    try:
        params = route.parse(exchange)
    except ServiceError as error:
        reply = route.fail(error, "the-id")
        assert 400 <= reply.status < 500
        assert reply.head.endswith(b"\r\n")
    else:
        assert type(params) is dict
        assert None not in params.values()


@given(target=st.sampled_from(TARGETS), body=st.binary(max_size=40) | JSONS.map(orjson.dumps))
@settings(max_examples=500, deadline=None)
def test_json(target: bytes, body: bytes) -> None:
    answered(ROUTER.by_target[target], Exchange(b"POST", b"/", b"", {}, body))


@given(
    action=st.sampled_from(sorted(ROUTER._owned["sqs"].queries[False])),
    body=st.binary(max_size=40) | FORMS,
    path=st.sampled_from([b"/", b"/000000000000/q", b"/queue/us-east-1/000000000000/\xff%"]),
)
@settings(max_examples=500, deadline=None)
def test_forms(action: str, body: bytes, path: bytes) -> None:
    headers = {b"content-type": b"application/x-www-form-urlencoded", b"host": b"x"}
    exchange = Exchange(b"POST", path, b"", headers, b"Action=" + action.encode() + b"&Version=2012-11-05&" + body)
    route = ROUTER.find(exchange)
    assert isinstance(route, Route)
    assert route.operation == action
    answered(route, exchange)


@given(
    method=st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE"]),
    path=st.lists(SEGMENTS | st.binary(max_size=4), max_size=5).map(b"/".join),
    query=st.binary(max_size=20) | FORMS | st.sampled_from([b"MaxItems=x", b"MaxItems=%ff", b"Qualifier"]),
    body=st.binary(max_size=40) | JSONS.map(orjson.dumps),
)  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_rest(method: bytes, path: bytes, query: bytes, body: bytes) -> None:
    authorization = b"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/lambda/aws4_request, Signature=x"
    exchange = Exchange(method, b"/" + path, query, {b"authorization": authorization}, body)
    route = ROUTER.find(exchange)
    assert isinstance(route, Route)
    answered(route, exchange)


NAMES = st.sampled_from(
    [b"x-amz-target", b"content-type", b"authorization", b"host", b"accept", b"smithy-protocol", b"x-amz-region-set"]
)
VALUES = st.binary(max_size=12) | st.sampled_from(
    [b"application/x-amz-json-1.0", b"application/x-www-form-urlencoded", b"AmazonSQS.SendMessage", b"AmazonSQS.",
     b"AWS4-HMAC-SHA256 Credential=a/b/c/sqs/aws4_request", b"sqs.us-east-1.localhost", b".", b"[::1]:4566", b"s3."]
)  # fmt: skip


@given(
    method=st.binary(max_size=6) | st.just(b"GET"),
    path=st.binary(max_size=20).map(lambda rest: b"/" + rest),
    query=st.binary(max_size=30),
    headers=st.dictionaries(NAMES, VALUES),
    body=st.binary(max_size=40),
)
@settings(max_examples=1000, deadline=None)
def test_any_request_has_an_answer(
    method: bytes, path: bytes, query: bytes, headers: dict[bytes, bytes], body: bytes
) -> None:
    exchange = Exchange(method, path, query, headers, body)
    found = ROUTER.find(exchange)
    if not isinstance(found, Neighbour):
        answered(found, exchange)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_deep_nesting(depth: int) -> None:
    for body in (b'{"a":' * depth, b"[" * depth, b'{"QueueUrl":' + b"[" * depth + b"]" * depth + b"}"):
        answered(ROUTER.by_target[b"AmazonSQS.SendMessage"], Exchange(b"POST", b"/", b"", {}, body))
    form = b"Action=SendMessage&Version=2012-11-05&" + b"MessageAttribute.1.Value." * depth + b"=x"
    exchange = Exchange(b"POST", b"/", b"", {b"content-type": b"application/x-www-form-urlencoded"}, form)
    route = ROUTER.find(exchange)
    assert isinstance(route, Route)
    answered(route, exchange)


def test_recursive_shapes_nest_no_deeper_than_the_stack() -> None:
    described = {
        "metadata": {"protocol": "json", "apiVersion": "1", "endpointPrefix": "x", "targetPrefix": "X"},
        "operations": {"Do": {"name": "Do", "http": {"method": "POST"}, "input": {"shape": "In"}}},
        "shapes": {"In": {"type": "structure", "members": {"Inner": {"shape": "In"}}}},
    }
    from emulator.wire.compile import CODECS

    parse = CODECS["json"].parser(model.build("x", described).operations["Do"], None)

    def nested(depth: int) -> dict[str, object]:
        body = b'{"Inner":' * depth + b"{}" + b"}" * depth
        return parse(Exchange(b"POST", b"/", b"", {}, body))

    assert "Inner" in nested(10)
    with pytest.raises(ServiceError) as refused:
        nested(1020)
    assert refused.value.code == "SerializationException"
