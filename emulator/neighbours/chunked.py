"""Uploads in S3's `aws-chunked` coding, unpacked.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and .../sigv4-streaming-trailers.html: each chunk
is its length in hex, perhaps `;chunk-signature=...`, CRLF, the bytes, CRLF; a chunk of length 0 ends, and trailer
lines may follow. Signatures are not checked here, as nowhere else.
"""

from __future__ import annotations


class BadChunks(ValueError):
    """The body is not in the coding that its headers announce."""


def is_chunked(headers: dict[bytes, bytes]) -> bool:
    """Whether the body is in `aws-chunked` coding."""
    return headers.get(b"x-amz-content-sha256", b"").startswith(b"STREAMING-") or b"aws-chunked" in _codings(headers)


def unpack(headers: dict[bytes, bytes], body: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """The request as it would have been without the coding: trailers become headers."""
    plain, trailers = _chunks(body)
    unpacked = {name: value for name, value in headers.items() if name not in _OF_THE_CODING}
    unpacked[b"x-amz-content-sha256"] = b"UNSIGNED-PAYLOAD"
    unpacked[b"content-length"] = b"%d" % len(plain)
    kept = [coding for coding in _codings(headers) if coding != b"aws-chunked"]
    if kept:
        unpacked[b"content-encoding"] = b",".join(kept)
    announced = headers.get(b"x-amz-trailer", b"").lower()
    return unpacked | {name: value for name, value in trailers.items() if name in announced}, plain


_OF_THE_CODING = frozenset({b"content-encoding", b"x-amz-trailer", b"x-amz-decoded-content-length"})


def _codings(headers: dict[bytes, bytes]) -> list[bytes]:
    return [part.strip() for part in headers.get(b"content-encoding", b"").split(b",") if part.strip()]


def _chunks(body: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    parts: list[memoryview] = []
    whole = memoryview(body)
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        try:
            size = int(body[at:end].partition(b";")[0], 16) if end > at else -1
        except ValueError:
            size = -1
        if size < 0:
            raise BadChunks("The request's body is not in the aws-chunked coding that its headers announce.")
        at = end + 2
        if size == 0:
            return b"".join(parts), _trailers(body[at:])
        if len(body) < at + size + 2:
            raise BadChunks("The request's body ends before its last chunk.")
        parts.append(whole[at : at + size])
        at += size + 2


def _trailers(rest: bytes) -> dict[bytes, bytes]:
    found = {}
    for line in rest.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found
