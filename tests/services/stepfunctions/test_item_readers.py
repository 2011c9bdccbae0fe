"""Items of distributed Maps: files, listings, manifests."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.errors import ServiceError
from services.scope import Scope
from services.stepfunctions.item_readers import Item, ItemReader, Wanted, entries, item_limit, parse
from statemachine.errors import StateError

SCOPE = Scope("000000000000", "us-east-1")
GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"


class NoSuchKey(ServiceError):
    code = "NoSuchKey"
    status = 404


class Bucket:
    """S3 of a test: objects by key, listings two at a time."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {name.replace("__", "."): body for name, body in objects.items()}
        self.gets = 0

    async def read(self, operation: str, arguments: Any, *, account: str, region: str) -> Any:
        if operation == "GetObject":
            self.gets += 1
            if arguments["Key"] not in self.objects:
                raise NoSuchKey("The specified key does not exist.")
            return self.objects[arguments["Key"]]
        keys = sorted(self.objects)
        begin = int(arguments.get("ContinuationToken", "0"))
        page: dict[str, Any] = {
            "Contents": [
                {
                    "Key": key,
                    "ETag": f'"{key}"',
                    "Size": len(self.objects[key]),
                    "LastModified": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
                    "StorageClass": "STANDARD",
                }
                for key in keys[begin : begin + 2]
            ]
        }
        if begin + 2 < len(keys):
            page["NextContinuationToken"] = str(begin + 2)
        return page

    async def write(self, bucket: str, key: str, body: bytes, *, account: str, region: str) -> None:
        raise AssertionError


def read(
    bucket: Bucket, config: dict[str, Any], key: str = "", resource: str = GET, limit: int | None = None
) -> list[Item]:
    arguments = {"Bucket": "b", **({"Key": key} if key else {})}
    return asyncio.run(ItemReader(bucket).read(Wanted(resource, arguments, config, limit), SCOPE))


def values(text: str, **config: Any) -> list[Any]:
    return [item.value for item in parse(text.encode(), config, "s3://b/k")]


def refused(text: str, **config: Any) -> str:
    with pytest.raises(StateError) as error:
        list(parse(text.encode(), config, "s3://b/k"))
    assert error.value.error == "States.ItemReaderFailed"
    return error.value.cause or ""


# Rows as recorded from AWS.
def test_csv_with_headers_given() -> None:
    text = "Value1,Value2,Value3\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"
    assert values(text, InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["H1", "H2", "H3"]) == [
        {"H1": "Value1", "H2": "Value2", "H3": "Value3"},
        {"H1": "", "H2": "", "H3": ""},
        {"H1": "true", "H2": "1", "H3": "'HelloWorld'"},
        {"H1": "Null", "H2": "None", "H3": ""},
        {"H1": "   ", "H2": "", "H3": ""},
    ]


def test_csv_with_headers_in_the_first_row() -> None:
    text = "H1,\nValue4,Value5,Value6\nNull,None,\n"
    assert values(text, InputType="CSV", CSVHeaderLocation="FIRST_ROW") == [
        {"H1": "Value4", "": "Value5"},
        {"H1": "Null", "": "None"},
    ]


@pytest.mark.parametrize(
    ("name", "sign"), [("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("SPACE", " "), ("TAB", "\t")]
)
def test_csv_delimiters(name: str, sign: str) -> None:
    text = f'a{sign}b\r\n1{sign}"2{sign}3\n4"\r\n'
    assert values(text, InputType="CSV", CSVDelimiter=name) == [{"a": "1", "b": f"2{sign}3\n4"}]


def test_csv_headers_that_are_not_different() -> None:
    assert refused("1,2", InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["A", "A"]) == (
        "CSV headers cannot contain duplicates."
    )


def test_json_arrays_and_objects() -> None:
    assert values('[1, {"a": 2}]', InputType="JSON") == [1, {"a": 2}]
    assert entries({"x": 1}) == [Item({"Key": "x", "Value": 1}, "STATE_DATA", "x")]
    assert values('{"a": {"b/c": [[], [7]]}}', InputType="JSON", ItemsPointer="/a/b~1c/1") == [7]
    assert "does not lead" in refused('{"a": []}', InputType="JSON", ItemsPointer="/b")
    assert refused("3", InputType="JSON") == "Attempting to map over non-iterable node."
    assert refused("[", InputType="JSON") == "Unable to parse the JSON file."


def test_json_lines() -> None:
    assert values('{"a":1}\n\n2\n', InputType="JSONL") == [{"a": 1}, 2]


def test_a_packed_file() -> None:
    assert [item.value for item in parse(gzip.compress(b"[1]"), {"InputType": "JSON"}, "s")] == [1]


def test_what_is_not_read_says_so() -> None:
    assert "PARQUET" in refused("x", InputType="PARQUET")


def test_an_object_and_where_its_items_are_from() -> None:
    assert read(Bucket(k=b"[1,2,3]"), {"InputType": "JSON"}, "k", limit=2) == [Item(1, "s3://b/k"), Item(2, "s3://b/k")]


def test_an_object_that_is_not_there() -> None:
    with pytest.raises(StateError) as error:
        read(Bucket(), {"InputType": "JSON"}, "gone")
    assert error.value.error == "States.ItemReaderFailed"
    assert (error.value.cause or "").startswith("The specified key does not exist. (Service: S3, Status Code: 404")


def test_a_listing_page_by_page() -> None:
    bucket = Bucket(a=b"1", b=b"22", c=b"333")
    found = [item.value for item in read(bucket, {}, resource=LIST)]
    assert [item["Key"] for item in found] == ["a", "b", "c"]
    assert found[2] == {"Etag": '"c"', "Key": "c", "LastModified": 1704164645, "Size": 3, "StorageClass": "STANDARD"}
    assert len(read(bucket, {}, resource=LIST, limit=1)) == 1
    assert bucket.gets == 0


def test_a_listing_whose_objects_are_read() -> None:
    bucket = Bucket(a=b"[1]", b=b"[2,3]", c=b"[4]")
    config = {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}
    assert [item.value for item in read(bucket, config, resource=LIST)] == [1, 2, 3, 4]
    assert [item.value for item in read(bucket, config, resource=LIST, limit=2)] == [1, 2]


def test_an_inventory() -> None:
    manifest = {"fileSchema": "Bucket, Key, Size", "fileFormat": "CSV", "files": [{"key": "data"}]}
    bucket = Bucket(manifest=json.dumps(manifest).encode(), data=b'"b","x/1","5"\n"b","x/2","6"\n')
    assert [item.value for item in read(bucket, {"InputType": "MANIFEST"}, "manifest")] == [
        {"Bucket": "b", "Key": "x/1", "Size": "5"},
        {"Bucket": "b", "Key": "x/2", "Size": "6"},
    ]


def test_an_athena_manifest() -> None:
    bucket = Bucket(manifest=b"s3://b/one\ns3://b/two\n", one=b'{"a":1}', two=b'{"a":2}')
    config = {"InputType": "JSONL", "ManifestType": "ATHENA_DATA"}
    assert read(bucket, config, "manifest") == [Item({"a": 1}, "s3://b/one"), Item({"a": 2}, "s3://b/two")]


def test_limits_as_recorded() -> None:
    assert item_limit(None) is None
    assert item_limit(0) is None
    assert item_limit(2) == 2
    assert item_limit(100_000_001) == 100_000_000
    with pytest.raises(StateError) as error:
        item_limit(-1)
    assert (error.value.error, error.value.cause) == ("States.ItemReaderFailed", "field MaxItems must be positive")


@pytest.mark.parametrize(
    ("headers", "order"),
    [(["0", "True", "{}"], ["0", "{}", "True"]), (["H1", ""], ["", "H1"]), (["Col1", "Col2"], ["Col1", "Col2"])],
)
def test_columns_come_in_the_order_that_was_recorded(headers: list[str], order: list[str]) -> None:
    (row,) = values(",".join(headers) + "\n" + ",".join("x" * len(headers)) + "\n", InputType="CSV")
    assert list(row) == order
