"""Where a distributed Map's items come from: files in S3 (JSON, JSON Lines, CSV), listings, and manifests of files.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.errors import ServiceError
from services.stepfunctions import limits
from services.stepfunctions.turns import in_turns
from statemachine.errors import ITEM_READER_FAILED, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from services.ports import ItemStore
    from services.scope import Scope

_DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_GZIP: Final = b"\x1f\x8b"
_LISTED: Final = {"ETag": "Etag", "Key": "Key", "LastModified": "LastModified", "Size": "Size"}
"""Members of a listed object by S3's names and by the reader's."""


class Item(NamedTuple):
    """One item, and where it is from."""

    value: Any
    source: str = "STATE_DATA"
    """Or the S3 URI of its file; `$$.Map.Item.Source`."""
    key: str | None = None
    """`$$.Map.Item.Key`: the key of an entry, where the items are an object's entries."""


class Wanted(NamedTuple):
    """What is to be read."""

    resource: str
    """`arn:aws:states:::s3:getObject` or `...:listObjectsV2`."""
    arguments: Any
    config: Mapping[str, Any]
    """ReaderConfig."""
    limit: int | None
    """Items at most; None: no limit."""


def item_limit(given: int | None) -> int | None:
    """What MaxItems comes to. Zero, like no MaxItems, is no limit.

    Raises:
        StateError: it is negative.
    """
    if given is None or given == 0:
        return None
    if given < 0:
        raise _failed("field MaxItems must be positive")
    return min(given, limits.MAP_ITEMS_MAX)


class ItemReader:
    """Reads items."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store

    async def read(self, wanted: Wanted, scope: Scope) -> list[Item]:
        """The items, in order.

        Raises:
            StateError: States.ItemReaderFailed, S3's own refusal among its causes.
        """
        arguments = wanted.arguments if isinstance(wanted.arguments, dict) else {}
        try:
            if wanted.resource.endswith(":listObjectsV2"):
                return await self._listed(wanted, arguments, scope)
            return await self._in_object(wanted, arguments, scope)
        except ServiceError as refused:
            raise _failed(f"{refusal_text(refused)}") from refused

    async def _in_object(self, wanted: Wanted, arguments: dict[str, Any], scope: Scope) -> list[Item]:
        body = await self._get(arguments, scope)
        source = f"s3://{arguments.get('Bucket')}/{arguments.get('Key')}"
        if wanted.config.get("InputType") == "MANIFEST" or wanted.config.get("ManifestType"):
            return await self._by_manifest(wanted, arguments, body, scope)
        return [item async for item in in_turns(islice(parse(body, wanted.config, source), wanted.limit))]

    async def _listed(self, wanted: Wanted, arguments: dict[str, Any], scope: Scope) -> list[Item]:
        """The objects of a listing; with LOAD_AND_FLATTEN what is in them."""
        loads = wanted.config.get("Transformation") == "LOAD_AND_FLATTEN"
        bucket = str(arguments.get("Bucket"))
        found: list[Item] = []
        token = None
        while wanted.limit is None or len(found) < wanted.limit:
            asked = {**arguments, **({"ContinuationToken": token} if token else {})}
            page = await self._store.read("ListObjectsV2", asked, account=scope.account, region=scope.region)
            for listed in page.get("Contents", ()):
                if loads:
                    key = listed["Key"]
                    body = await self._get({"Bucket": bucket, "Key": key}, scope)
                    found.extend(parse(body, wanted.config, f"s3://{bucket}/{key}"))
                else:
                    found.append(Item(_object(listed), f"s3://{bucket}"))
            token = page.get("NextContinuationToken")
            if not token:
                break
        return found[: wanted.limit]

    async def _by_manifest(self, wanted: Wanted, arguments: dict[str, Any], body: bytes, scope: Scope) -> list[Item]:
        """An S3 inventory's list of objects, or the files that an Athena manifest names."""
        if wanted.config.get("ManifestType") == "ATHENA_DATA":
            return await self._athena(wanted, body, scope)
        try:
            manifest = json.loads(body)
            names = [name.strip() for name in manifest["fileSchema"].split(",")]
            files = [entry["key"] for entry in manifest["files"]]
            bucket = manifest.get("destinationBucket", "").rpartition(":")[2] or arguments.get("Bucket")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _failed("The manifest file is not a valid S3 inventory manifest.") from error
        if manifest.get("fileFormat", "CSV") != "CSV":
            raise _failed(f"Undercast reads no inventory in the format {manifest['fileFormat']}.")
        found: list[Item] = []
        for key in files:
            text = _text(await self._get({"Bucket": bucket, "Key": key}, scope))
            source = f"s3://{bucket}/{key}"
            found.extend(
                Item(dict(zip(names, row, strict=False)), source) for row in csv.reader(io.StringIO(text)) if row
            )
            if wanted.limit is not None and len(found) >= wanted.limit:
                break
        return found[: wanted.limit]

    async def _athena(self, wanted: Wanted, body: bytes, scope: Scope) -> list[Item]:
        found: list[Item] = []
        for line in _text(body).splitlines():
            uri = line.strip().strip('"')
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            if not key or (wanted.limit is not None and len(found) >= wanted.limit):
                continue
            found.extend(parse(await self._get({"Bucket": bucket, "Key": key}, scope), wanted.config, uri))
        return found[: wanted.limit]

    async def _get(self, arguments: dict[str, Any], scope: Scope) -> bytes:
        body: bytes = await self._store.read("GetObject", arguments, account=scope.account, region=scope.region)
        return body


def parse(body: bytes, config: Mapping[str, Any], source: str) -> Iterable[Item]:
    """The items of one file, by its ReaderConfig. Raises StateError, at once or on the way."""
    kind = config.get("InputType", "JSON")
    reader = _KINDS.get(kind)
    if reader is None:
        raise _failed(f"Undercast reads no items of InputType {kind}.")
    if body.startswith(_GZIP):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise _failed(f"{source} is not a valid GZIP file.") from error
    return reader(_text(body), config, source)


def entries(value: Any, source: str = "STATE_DATA") -> list[Item]:
    """The items that a JSON value is: an array's elements, an object's entries. Raises StateError."""
    if isinstance(value, list):
        return [Item(item, source) for item in value]
    if isinstance(value, dict):
        return [Item({"Key": key, "Value": item}, source, key) for key, item in value.items()]
    raise _failed("Attempting to map over non-iterable node.")


def _json(text: str, config: Mapping[str, Any], source: str) -> list[Item]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _failed("Unable to parse the JSON file.") from error
    pointer = config.get("ItemsPointer")
    if isinstance(pointer, str) and pointer:
        value = _pointed(value, pointer)
    return entries(value, source)


def _pointed(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to. Raises StateError."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise _failed(f"The ItemsPointer {pointer} does not lead to a value in the file.")
    return value


def _json_lines(text: str, config: Mapping[str, Any], source: str) -> Iterator[Item]:
    try:
        for line in text.splitlines():
            if line.strip():
                yield Item(json.loads(line), source)
    except (ValueError, RecursionError) as error:
        raise _failed("Unable to parse the JSON Lines file.") from error


def _csv(text: str, config: Mapping[str, Any], source: str) -> Iterator[Item]:
    """Rows by their headers: fields that are missing are empty, those beyond the headers are left out."""
    delimiter = _DELIMITERS.get(str(config.get("CSVDelimiter", "COMMA")), ",")
    try:
        rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
        headers = config.get("CSVHeaders")
        if config.get("CSVHeaderLocation") != "GIVEN" or not isinstance(headers, list):
            headers = next(rows, [])
        if len(set(headers)) < len(headers):
            raise _failed("CSV headers cannot contain duplicates.")
        count, order = len(headers), hash_order(headers)
        for row in rows:
            cells = row[:count] + [""] * (count - len(row))
            yield Item({headers[at]: cells[at] for at in order}, source)
    except csv.Error as error:
        raise _failed(f"Unable to parse the CSV file: {error}") from error


def hash_order(names: list[str]) -> list[int]:
    """The indexes of `names` in the order in which a Java HashMap gives them: rows were recorded so."""
    capacity = 16
    while len(names) > capacity * 3 // 4:
        capacity *= 2
    return sorted(range(len(names)), key=lambda at: _java_hash(names[at]) & (capacity - 1))


def _java_hash(text: str) -> int:
    """String.hashCode, its upper half mixed in as HashMap does."""
    units = text.encode("utf-16-be", "surrogatepass")
    code = 0
    for at in range(0, len(units), 2):
        code = (31 * code + int.from_bytes(units[at : at + 2], "big")) & 0xFFFFFFFF
    return code ^ (code >> 16)


_KINDS: Final[Mapping[str, Callable[[str, Mapping[str, Any], str], Iterable[Item]]]] = {
    "CSV": _csv,
    "JSON": _json,
    "JSONL": _json_lines,
}


def _object(listed: dict[str, Any]) -> dict[str, Any]:
    """A listed object as an item: instants are whole seconds."""
    item = {shown: listed[name] for name, shown in _LISTED.items() if name in listed}
    modified = item.get("LastModified")
    if isinstance(modified, datetime):
        item["LastModified"] = int(modified.timestamp())
    item["StorageClass"] = listed.get("StorageClass", "STANDARD")
    return item


def _text(body: bytes) -> str:
    return body.decode("utf-8-sig", "replace")


def refusal_text(refused: ServiceError) -> str:
    """What S3 says, as its client puts it."""
    return f"{refused.message} (Service: S3, Status Code: {refused.status}, Error Code: {refused.code})"


def _failed(cause: str) -> StateError:
    return StateError(ITEM_READER_FAILED, cause)
