"""Which of moto's packages answers for a service, and under which host name. Knows names only: imports no moto.

A request names its service by botocore's name (`cloudwatch`), by its signing name (`monitoring`) or by its endpoint
(`streams.dynamodb`); several services share a signing name and are told apart by target or path. moto finds the region
in a host name as AWS has it, so each package also needs the first part of such a name.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.wire.exchange import Exchange


class Home(NamedTuple):
    """Where a service lives in moto."""

    name: str
    """botocore's name."""
    package: str
    """The module under `moto.`"""
    host: str
    """The host name that moto knows it by, with `{region}` and `{account}`."""


_ALIASES = {
    "aidevops": "devops-agent",
    "aoss": "opensearchserverless",
    "api.ecr": "ecr",
    "api.sagemaker": "sagemaker",
    "aps": "amp",
    "aws-marketplace": "meteringmarketplace",
    "cloudhsm": "cloudhsmv2",
    "connect-campaigns": "connectcampaigns",
    "controlplane.payment-cryptography": "payment-cryptography",
    "data-ats.iot": "iot-data",
    "data.iot": "iot-data",
    "data.mediastore": "mediastore-data",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "elasticmapreduce": "emr",
    "email": "ses",
    "eventbridge": "events",
    "execute-api": "apigatewaymanagementapi",
    "ingest.timestream": "timestream-write",
    "iotdata": "iot-data",
    "iotdevicegateway": "iot-data",
    "kinesisanalytics": "kinesisanalyticsv2",
    "lex": "lexv2-models",
    "memory-db": "memorydb",
    "metering.marketplace": "meteringmarketplace",
    "metrics.sagemaker": "sagemaker-metrics",
    "mobiletargeting": "pinpoint",
    "models-v2-lex": "lexv2-models",
    "monitoring": "cloudwatch",
    "query.timestream": "timestream-query",
    "runtime.sagemaker": "sagemaker-runtime",
    "s3-control": "s3control",
    "servicequotas": "service-quotas",
    "sso": "sso-admin",
    "states": "stepfunctions",
    "streams.dynamodb": "dynamodbstreams",
    "tagging": "resourcegroupstaggingapi",
}
"""Signing names, endpoint prefixes and old names to botocore's names."""

_PACKAGES = {"docdb": "rds", "lambda": "awslambda", "neptune": "rds"}
"""Packages that are not the name without its hyphens."""

_NOT_SERVICES = frozenset({"core", "utilities", "moto_api", "moto_proxy", "moto_server", "instance_metadata"})

_HOSTS = {
    "amp": "aps",
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "cloudwatch": "monitoring",
    "connectcampaigns": "connect-campaigns",
    "docdb": "rds",
    "dynamodbstreams": "streams.dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "iot-data": "data-ats.iot",
    "kinesis-video-archived-media": "data.kinesisvideo",
    "kinesisanalyticsv2": "kinesisanalytics",
    "lexv2-models": "models-v2-lex",
    "mediastore-data": "data.mediastore",
    "memorydb": "memory-db",
    "meteringmarketplace": "metering.marketplace",
    "neptune": "rds",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "payment-cryptography": "controlplane.payment-cryptography",
    "resourcegroupstaggingapi": "tagging",
    "s3control": "{account}.s3-control",
    "sagemaker": "api.sagemaker",
    "sagemaker-metrics": "metrics.sagemaker",
    "sagemaker-runtime": "runtime.sagemaker",
    "service-quotas": "servicequotas",
    "ses": "email",
    "sesv2": "email",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "timestream-query": "query.timestream",
    "timestream-write": "ingest.timestream",
}
"""First parts of host names that are not the service's name."""

_WHOLE_HOSTS = {
    "budgets": "budgets.amazonaws.com",
    "devops-agent": "aidevops.{region}.api.aws",
    "dsql": "dsql.{region}.api.aws",
    "s3vectors": "s3vectors.{region}.api.aws",
}

_TIMESTREAM_QUERY = frozenset(
    {
        "CancelQuery",
        "CreateScheduledQuery",
        "DeleteScheduledQuery",
        "DescribeAccountSettings",
        "DescribeScheduledQuery",
        "ExecuteScheduledQuery",
        "ListScheduledQueries",
        "PrepareQuery",
        "Query",
        "UpdateAccountSettings",
        "UpdateScheduledQuery",
    }
)


def _target(exchange: Exchange) -> str:
    return exchange.headers.get(b"x-amz-target", b"").decode("latin-1")


def _bedrock_agentcore(exchange: Exchange) -> tuple[str, ...]:
    return "bedrock-agentcore-control", "bedrock-agentcore"


def _mediastore(exchange: Exchange) -> tuple[str, ...]:
    return ("mediastore" if _target(exchange) else "mediastore-data",)


def _s3(exchange: Exchange) -> tuple[str, ...]:
    return ("s3control" if exchange.path.startswith(b"/v20180820/") else "s3",)


def _sagemaker(exchange: Exchange) -> tuple[str, ...]:
    if b"/invocations" in exchange.path or b"/async-invocations" in exchange.path:
        return ("sagemaker-runtime",)
    return ("sagemaker-metrics" if exchange.path.endswith(b"/BatchPutMetrics") else "sagemaker",)


def _timestream(exchange: Exchange) -> tuple[str, ...]:
    action = _target(exchange).rpartition(".")[2]
    # DescribeEndpoints belongs to both and answers the same.
    return ("timestream-query" if action in _TIMESTREAM_QUERY else "timestream-write",)


_SHARED: dict[str, Callable[[Exchange], tuple[str, ...]]] = {
    "apigateway": lambda exchange: ("apigatewayv2" if exchange.path.startswith(b"/v2/") else "apigateway",),
    "bedrock": lambda exchange: ("bedrock", "bedrock-agent", "bedrock-runtime"),
    "bedrock-agentcore": _bedrock_agentcore,
    "dynamodb": lambda exchange: (
        "dynamodbstreams" if _target(exchange).startswith("DynamoDBStreams") else "dynamodb",
    ),
    "kinesisvideo": lambda exchange: ("kinesisvideo", "kinesis-video-archived-media"),
    "mediastore": _mediastore,
    "s3": _s3,
    "sagemaker": _sagemaker,
    "servicecatalog": lambda exchange: ("servicecatalog" if _target(exchange) else "servicecatalog-appregistry",),
    "ses": lambda exchange: ("sesv2" if exchange.path.startswith(b"/v2/") else "ses",),
    "timestream": _timestream,
}
"""Signing names that several services share: who may be meant, by target or path. More than one: ask in turn."""


@cache
def packages() -> frozenset[str]:
    """The services that the installed moto has, by package. Reads a folder, imports nothing."""
    spec = find_spec("moto")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    root = Path(spec.submodule_search_locations[0])
    return frozenset(entry.parent.name for entry in root.glob("*/urls.py")) - _NOT_SERVICES


@cache
def home_of(name: str) -> Home | None:
    """Where the service of botocore's `name` (or an alias of it) lives, if moto has it."""
    name = _ALIASES.get(name, name)
    package = _PACKAGES.get(name) or name.replace("-", "")
    if package not in packages():
        return None
    return Home(name, package, _WHOLE_HOSTS.get(name) or f"{_HOSTS.get(name, name)}.{{region}}.amazonaws.com")


def homes(service: str, exchange: Exchange) -> list[Home]:
    """Who may be meant by `service` (any of its names) in this request, to be asked in turn. Empty: nobody here."""
    service = service.lower()
    choose = _SHARED.get(_ALIASES.get(service, service))
    names = choose(exchange) if choose is not None else (service,)
    return [found for found in map(home_of, names) if found is not None]


def name_of(package: str) -> str:
    """Botocore's name of the service of a package; the package's own for one that has none."""
    return _names_by_package().get(package.removesuffix("_simple"), package)


@cache
def _names_by_package() -> dict[str, str]:
    found = {home.package: name for name in service_names() if (home := home_of(name)) is not None}
    # Where a package answers for several, it is the first among them.
    return found | {"rds": "rds"}


@cache
def service_names() -> tuple[str, ...]:
    """Botocore's names of the services that moto answers, sorted. Reads two folders, imports nothing."""
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        return ()
    data = Path(spec.submodule_search_locations[0]) / "data"
    known = (entry.name for entry in data.iterdir() if entry.is_dir())
    return tuple(sorted(name for name in known if name not in _ALIASES and home_of(name) is not None))
