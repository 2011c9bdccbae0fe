"""URI templates and hosts."""

from __future__ import annotations

import pytest

from emulator.wire import hosts
from emulator.wire.uri import Template, Trie

TEMPLATES = [
    "/a",
    "/a/{B}",
    "/a/{B}/c",
    "/a/b/c",
    "/{Bucket}/{Key+}",
    "/{Bucket}/{Key+}/tail",
    "/{Bucket}?list",
    "/q?x=1",
]


@pytest.fixture(scope="module")
def trie() -> Trie[str]:
    made: Trie[str] = Trie()
    for template in TEMPLATES:
        made.add("GET", Template(template), template)
    made.add("PUT", Template("/a"), "PUT /a")
    return made


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/a", "", "/a"),
        ("/a/", "", "/a"),
        ("/a/x", "", "/a/{B}"),
        ("/a/b/c", "", "/a/b/c"),
        ("/a/x/c", "", "/a/{B}/c"),
        ("/a/x/d", "", "/{Bucket}/{Key+}"),
        ("/x/y/z", "", "/{Bucket}/{Key+}"),
        ("/x/y/tail", "", "/{Bucket}/{Key+}/tail"),
        ("/x", "list", "/{Bucket}?list"),
        ("/x", "list=", "/{Bucket}?list"),
        ("/x", "", None),
        ("/q", "y=2&x=1", "/q?x=1"),
        ("/", "", None),
    ],
)
def test_find(trie: Trie[str], path: str, query: str, found: str | None) -> None:
    assert trie.find("GET", path.encode(), query.encode()) == found


def test_methods(trie: Trie[str]) -> None:
    assert trie.find("PUT", b"/a", b"") == "PUT /a"
    assert trie.find("DELETE", b"/a", b"") is None


def test_labels() -> None:
    assert Template("/f/{Name}/x").labels(b"/f/a%2Fb%3A%C3%A9/x") == {"Name": "a/b:é"}
    assert Template("/{Bucket}/{Key+}").labels(b"/b/x/y%20/z") == {"Bucket": "b", "Key": "x/y /z"}
    assert Template("/{Key+}/tail/{Last}").labels(b"/x/y/tail/l") == {"Key": "x/y", "Last": "l"}


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        ("localhost:4566", None, None),
        ("127.0.0.1:4566", None, None),
        ("[::1]:4566", None, None),
        ("undercast:4566", None, None),
        ("sqs.eu-west-1.localhost:4566", "sqs", "eu-west-1"),
        ("sqs.eu-west-1.localhost.localstack.cloud:4566", "sqs", "eu-west-1"),
        ("sqs.localhost:4566", "sqs", None),
        ("SQS.us-gov-west-1.amazonaws.com", "sqs", "us-gov-west-1"),
        ("eu-west-1.queue.localhost", "sqs", "eu-west-1"),
        ("eu-west-1.queue.amazonaws.com", "sqs", "eu-west-1"),
        ("queue.localhost", "sqs", None),
        ("queue.amazonaws.com", "sqs", None),
        ("sync-states.eu-west-1.localhost", "states", "eu-west-1"),
        ("bucket.s3.localhost", "s3", None),
        ("my.dotted.bucket.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
        ("s3.localhost:4566", "s3", None),
        ("bucket.s3-website-eu-west-1.amazonaws.com", "s3", "eu-west-1"),
        ("abc.lambda-url.eu-west-1.localhost", "lambda-url", "eu-west-1"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "bedrock-runtime", "us-east-1"),
        ("", None, None),
        ("....", None, None),
    ],
)
def test_hosts(host: str, service: str | None, region: str | None) -> None:
    assert hosts.read(host.encode()) == (service, region)
