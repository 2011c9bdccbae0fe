"""The key that SNS signs with and its certificate: the port `Signer`.

Made on a thread when SNS is first used, so that neither the server's start nor its event loop pays for it; who signs
before it is ready waits for the rest. It lives as long as the server: nothing on disk, and no key in the source.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from services.ports import Entropy

FOLDER: Final = "/_aws/sns/"
KEY_BITS: Final = 2048
"""As AWS's own."""
# A clock may stand anywhere: the certificate holds for all of it.
_VALID: Final = (datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC))


class _Key(NamedTuple):
    private: RSAPrivateKey
    certificate: bytes
    """PEM."""
    padding: PKCS1v15
    digests: dict[str, HashAlgorithm]


class CertifiedSigner:
    """services.ports.Signer with a key of its own. Begins to make it at once."""

    def __init__(self, entropy: Entropy) -> None:
        self.path = f"{FOLDER}SimpleNotificationService-{entropy.bits(128):032x}.pem"
        """Where the certificate is served."""
        maker = ThreadPoolExecutor(1, thread_name_prefix="signing key")
        self._made: Future[_Key] = maker.submit(_make)
        maker.shutdown(wait=False)

    def sign(self, text: bytes, digest: str) -> str:
        """Base64 of the PKCS #1 v1.5 signature, `digest` being `sha1` or `sha256`. Most of a millisecond."""
        key = self._made.result()
        return b64encode(key.private.sign(text, key.padding, key.digests[digest])).decode()

    def certificate_url(self, origin: str) -> str:
        """Where the certificate is served, for a client that knows us as `origin`."""
        return origin.rstrip("/") + self.path

    def certificate(self) -> bytes:
        """The certificate, PEM."""
        return self._made.result().certificate


def _make() -> _Key:
    # Imported here: a tenth of a second that belongs to the thread.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    private = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com (Undercast)")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID[0])
        .not_valid_after(_VALID[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    return _Key(
        private,
        certificate.public_bytes(serialization.Encoding.PEM),
        padding.PKCS1v15(),
        # SHA-1 is what SignatureVersion 1 is.
        {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()},  # noqa: S303
    )
