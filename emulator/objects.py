"""S3 for services of ours, by way of the neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.neighbours.moto import Neighbours


class Objects:
    """The port `Objects`."""

    def __init__(self, neighbours: Callable[[], Neighbours]) -> None:
        self._neighbours = neighbours

    async def get(self, bucket: str, key: str, version: str, *, account: str, region: str) -> bytes:
        """An object's content.

        Raises:
            NeighbourError: S3's own refusal, NoSuchBucket or NoSuchKey among them.
        """
        params = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        found = await self._neighbours().call("s3", "GetObject", params, account, region)
        body: bytes = found["Body"]
        return body
