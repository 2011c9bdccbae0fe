"""S3 for distributed Maps, by way of the neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.neighbours.moto import Neighbours


class ItemStore:
    """The port `ItemStore`."""

    def __init__(self, neighbours: Callable[[], Neighbours]) -> None:
        self._neighbours = neighbours

    async def read(self, operation: str, arguments: Any, *, account: str, region: str) -> Any:
        """`GetObject` (bytes) or one page of `ListObjectsV2` (its answer).

        Raises:
            NeighbourError: S3's own refusal, NoSuchBucket or NoSuchKey among them.
        """
        found = await self._neighbours().call("s3", operation, dict(arguments), account, region)
        return found["Body"] if operation == "GetObject" else found

    async def write(self, bucket: str, key: str, body: bytes, *, account: str, region: str) -> None:
        """Write an object.

        Raises:
            NeighbourError: S3's own refusal.
        """
        params = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": "application/json"}
        await self._neighbours().call("s3", "PutObject", params, account, region)
