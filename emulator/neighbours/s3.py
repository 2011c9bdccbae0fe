"""Buckets named by the host, turned into the path style that moto is asked in."""

from __future__ import annotations

import re

_BUCKET_BEFORE_S3 = re.compile(rb"(?P<bucket>.+)\.s3[.-]")
_BUCKET_BEFORE_LOCALHOST = re.compile(rb"(?P<bucket>.+)\.localhost$")


def path_style(path: bytes, host: bytes) -> bytes:
    """`path` with the bucket in front, where `host` names one.

    `bucket.s3.localhost`, `bucket.s3.eu-west-1.localhost`, `bucket.s3.amazonaws.com` and `bucket.localhost` do;
    `localhost`, `s3.localhost`, an address or any other name does not.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    name = host.lower()
    if not name.startswith(b"["):
        name = name.partition(b":")[0]
    if name.startswith((b"s3.", b"s3-")):
        return path
    found = _BUCKET_BEFORE_S3.match(name) or _BUCKET_BEFORE_LOCALHOST.match(name)
    return b"/" + found["bucket"] + path if found else path
