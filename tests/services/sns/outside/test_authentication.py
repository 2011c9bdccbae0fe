"""Credentials in URLs, and answers to challenges (the examples of RFC 7616 and RFC 2617)."""

from __future__ import annotations

import pytest

from services.sns.outside.authentication import Credentials, answer, split

MUFASA = Credentials("Mufasa", "Circle of Life")


@pytest.mark.parametrize(
    ("url", "plain", "credentials"),
    [
        ("http://host/path", "http://host/path", None),
        ("https://a:b@host/p?q=@", "https://host/p?q=@", ("a", "b")),
        ("https://a%3Ab:c%2Fd@host", "https://host", ("a:b", "c/d")),
        ("http://host/a@b", "http://host/a@b", None),
        ("http://alone@host/", "http://host/", ("alone", "")),
    ],
)
def test_split(url, plain, credentials):
    assert split(url) == (plain, credentials)


def test_digest_by_the_rfc():
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    said = answer(challenge, Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html", "0a4f113b")

    assert 'response="6629fae49393a05397450978507c4ef1"' in said
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in said


def test_sha256_by_the_rfc():
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    said = answer(challenge, MUFASA, "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")

    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in said


@pytest.mark.parametrize(
    "challenge", ["", "Negotiate", "Bearer x", 'Digest realm="x"', 'Digest nonce="n", algorithm=X']
)
def test_what_cannot_be_answered_is_not(challenge):
    assert answer(challenge, MUFASA, "POST", "/", "n") == ""
