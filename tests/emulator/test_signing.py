"""Signatures are verified with what a subscriber has: the certificate."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from emulator.entropy import RandomEntropy
from emulator.signing import CertifiedSigner


@pytest.fixture(scope="module")
def signer():
    return CertifiedSigner(RandomEntropy(1))


@pytest.mark.parametrize(("digest", "algorithm"), [("sha1", hashes.SHA1()), ("sha256", hashes.SHA256())])
def test_the_certificate_verifies_the_signature_and_only_this_one(signer, digest, algorithm):
    key = x509.load_pem_x509_certificate(signer.certificate()).public_key()
    signature = base64.b64decode(signer.sign(b"Message\nhello\n", digest))

    key.verify(signature, b"Message\nhello\n", PKCS1v15(), algorithm)
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"Message\nhallo\n", PKCS1v15(), algorithm)


def test_the_certificate_is_where_the_url_says(signer):
    assert signer.certificate_url("http://localhost:4566/") == f"http://localhost:4566{signer.path}"
    assert signer.path.startswith("/_aws/sns/SimpleNotificationService-")
    assert signer.path.endswith(".pem")


def test_an_unknown_digest_is_a_bug(signer):
    with pytest.raises(KeyError):
        signer.sign(b"", "md5")
