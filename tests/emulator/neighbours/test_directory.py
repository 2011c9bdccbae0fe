"""Names of services to places in moto."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulator.neighbours import directory
from emulator.wire.exchange import Exchange


def names(service: str, path: str = "/", target: str = "") -> list[str]:
    headers = {b"x-amz-target": target.encode()} if target else {}
    return [home.name for home in directory.homes(service, Exchange(b"POST", path.encode(), b"", headers, b""))]


@pytest.mark.parametrize(
    ("service", "path", "target", "expected"),
    [
        ("s3", "/bucket/key", "", ["s3"]),
        ("s3", "/v20180820/configuration/publicAccessBlock", "", ["s3control"]),
        ("dynamodb", "/", "DynamoDB_20120810.GetItem", ["dynamodb"]),
        ("dynamodb", "/", "DynamoDBStreams_20120810.ListStreams", ["dynamodbstreams"]),
        ("monitoring", "/", "", ["cloudwatch"]),
        ("cloudwatch", "/", "", ["cloudwatch"]),
        ("email", "/", "", ["ses"]),
        ("ses", "/v2/email/identities", "", ["sesv2"]),
        ("apigateway", "/v2/apis", "", ["apigatewayv2"]),
        ("timestream", "/", "Timestream_20181101.Query", ["timestream-query"]),
        ("timestream", "/", "Timestream_20181101.CreateTable", ["timestream-write"]),
        ("sagemaker", "/endpoints/e/invocations", "", ["sagemaker-runtime"]),
        ("servicecatalog", "/applications", "", ["servicecatalog-appregistry"]),
        ("mediastore", "/object", "", ["mediastore-data"]),
        ("mediastore", "/", "MediaStore_20170901.ListContainers", ["mediastore"]),
        ("bedrock", "/agents", "", ["bedrock", "bedrock-agent", "bedrock-runtime"]),
        ("neptune", "/", "", ["neptune"]),
        ("nosuch", "/", "", []),
        ("core", "/", "", []),
        ("moto_api", "/moto-api/reset", "", []),
        ("../sqs", "/", "", []),
    ],
)
def test_names(service: str, path: str, target: str, expected: list[str], old_moto: bool) -> None:
    there = [name for name in expected if not old_moto or directory.home_of(name) is not None]
    assert names(service, path, target) == there


@pytest.mark.slow
def test_every_service_is_found_under_the_host_that_moto_expects(old_moto: bool) -> None:
    if old_moto:
        pytest.skip("it has services that AWS has ended")
    # In a process of its own: it imports all of moto, untamed.
    code = """
import importlib, re, sys
sys.path.insert(0, sys.argv[1])
from emulator.neighbours import directory
for name in directory.service_names():
    home = directory.home_of(name)
    urls = importlib.import_module(f"moto.{home.package}.urls")
    url = f"https://{home.host.format(region='eu-west-1', account='111122223333')}/"
    if not any(re.match(base, url) for base in urls.url_bases):
        print(name, url, urls.url_bases)
"""
    root = str(Path(directory.__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_every_package_of_moto_can_be_named(old_moto: bool) -> None:
    if old_moto:
        pytest.skip("it has services that AWS has ended")
    # Not services, or of another: old APIs, helpers, and what the main package picks by itself.
    never_named = {"dynamodb_v20111205", "s3bucket_path", "es"}
    named = {home.package for name in directory.service_names() if (home := directory.home_of(name)) is not None}
    assert directory.packages() - named - never_named == set()


def test_asking_for_names_imports_nothing_large() -> None:
    root = Path(directory.__file__).parents[2]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from emulator.neighbours.moto import Neighbours\n"
        "from emulator.clock import Clock\n"
        "names = Neighbours(Clock(), '0' * 12, 'us-east-1').service_names()\n"
        "assert {'s3', 'dynamodb', 'iam', 'sts', 'cloudwatch', 'application-autoscaling'} <= set(names), names\n"
        "print(sorted({'moto', 'botocore', 'boto3', 'werkzeug', 'fastapi', 'pydantic'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
