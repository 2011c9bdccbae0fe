"""From a request to its route.

AWS has a host for each service; here all share one port, so the service is found from what a request carries. The clues
are asked in the order of `Router.CLUES`, the first answer counts, and each is a look-up in a table.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from emulator.wire import hosts, sns_texts, sqs_query
from emulator.wire.compile import CODECS, Route, compile_routes, limit_of, refusal
from emulator.wire.credentials import credential_string, read_scope
from emulator.wire.errors import cbor_fail, query_fail
from emulator.wire.form import body_of, find
from emulator.wire.model import ServiceModel, load
from emulator.wire.refusals import InvalidAction, UnknownOperation, UnsupportedProtocol
from emulator.wire.uri import Template, Trie
from services.api import operations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.wire.exchange import Exchange
    from services.api import Service
    from services.errors import ServiceError

TARGETS = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
    "AWSEvents": "events",
    "AWSStepFunctions": "states",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "AmazonSSM": "ssm",
    "AmazonSimpleNotificationService": "sns",
    "DynamoDBStreams_20120810": "dynamodb",
    "DynamoDB_20120810": "dynamodb",
    "Firehose_20150804": "firehose",
    "GraniteServiceVersion20100801": "monitoring",
    "Kinesis_20131202": "kinesis",
    "Logs_20140328": "logs",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
}
"""Neighbours by X-Amz-Target's prefix, for requests that nobody signed (some operations never are)."""

VERSIONS = {
    "2010-05-08": "iam",
    "2010-05-15": "cloudformation",
    "2010-08-01": "monitoring",
    "2010-12-01": "email",
    "2011-01-01": "autoscaling",
    "2011-06-15": "sts",
    "2014-10-31": "rds",
    "2015-12-01": "elasticloadbalancing",
    "2016-11-15": "ec2",
}
"""Neighbours by the Query protocol's Version, for the same."""


class Later(NamedTuple):
    """What is known of a service before its model is read."""

    path: bytes = b""
    """What all its paths begin with (rest-json)."""
    version: str = ""
    """The Query protocol's Version."""
    alias: str = ""
    """Its endpoint prefix and signing name, where they are not botocore's name of it."""


LATER = {
    "lambda": Later(path=b"/20"),
    "sns": Later(version="2010-03-31"),
    "stepfunctions": Later(alias="states"),
}
"""Services whose model is read and whose routes are compiled when the first request for them comes: the server's start
must not wait for what many never use."""

EXTRA_PROTOCOLS = {"sns": {"json": sns_texts.json_model_of}, "sqs": {"sqs-query": sqs_query.model_of}}
"""Protocols that a service speaks although its model does not say so."""


class Neighbour(NamedTuple):
    """A service that is not ours."""

    service: str
    """The signing name if the request is signed, else an endpoint prefix (`s3`, `monitoring`, `cognito-idp`)."""


class _Owned:
    """One service of ours: its routes by protocol."""

    __slots__ = ("json", "limit", "model", "name", "paths", "queries", "refuse", "spoken")

    def __init__(self, name: str, service: Service, model: ServiceModel) -> None:
        self.name = name
        self.model = model
        self.limit = limit_of(name)
        self.json: dict[str, Route] = {}
        # By whether JSON is asked for, then by Action.
        self.queries: dict[bool, dict[str, Route]] = {}
        self.paths: Trie[Route] | None = None
        self.refuse: dict[str, Callable[[Callable[[], ServiceError]], Route]] = {}
        handlers = operations(service)
        spoken: list[str] = []
        models = {protocol: model for protocol in model.protocols if protocol in CODECS}
        models |= {protocol: change(model) for protocol, change in EXTRA_PROTOCOLS.get(name, {}).items()}
        for protocol, spoken_model in models.items():
            kind = protocol.removeprefix("sqs-")
            spoken.append(kind)
            self._remember_refusal(kind, protocol, spoken_model)
            routes = compile_routes(spoken_model, protocol, handlers)
            if kind == "json":
                self.json = routes
            elif kind == "rest-json":
                self.paths = Trie()
                for route in routes.values():
                    operation = spoken_model.operations[route.operation]
                    self.paths.add(operation.method, Template(operation.uri), route)
            else:
                self._remember_refusal("query+json", f"{protocol}+json", spoken_model)
                as_json = compile_routes(spoken_model, f"{protocol}+json", handlers)
                self.queries = {False: routes, True: as_json}
        self.spoken = tuple(spoken)

    def _remember_refusal(self, kind: str, protocol: str, model: ServiceModel) -> None:
        fail = CODECS[protocol].fail(model)
        self.refuse[kind] = lambda make: refusal(self.name, make, fail, self.limit)

    def find(self, exchange: Exchange) -> Route:
        """The route of a request for this service, if need be one that refuses."""
        headers = exchange.headers
        smithy = headers.get(b"smithy-protocol")
        if smithy is not None:
            protocol = smithy.decode("latin-1")[:40]
            make = partial(UnsupportedProtocol, self.name, protocol, self.spoken)
            return refusal(self.name, make, cbor_fail(self.model), self.limit)
        content_type = headers.get(b"content-type", b"").lower()
        target = headers.get(b"x-amz-target")
        if self.json and (
            content_type.startswith((b"application/x-amz-json", b"application/json"))
            or (target is not None and not content_type)
        ):
            operation = (target or b"").rpartition(b".")[2].decode("latin-1")
            return self.json.get(operation) or self.refuse["json"](UnknownOperation)
        if self.queries:
            return self._by_action(exchange)
        if self.paths is not None:
            found = self.paths.find(exchange.method.decode("latin-1"), exchange.path, exchange.query)
            return found or self.refuse["rest-json"](UnknownOperation)
        # Not JSON's media type: the framework does not get as far as the protocol.
        return refusal(self.name, UnknownOperation, query_fail(self.model), self.limit)

    def _by_action(self, exchange: Exchange) -> Route:
        wants_json = b"application/json" in exchange.headers.get(b"accept", b"")
        refuse = self.refuse["query+json" if wants_json else "query"]
        action = action_of(exchange)
        if action is None:
            return refuse(UnknownOperation)
        return self.queries[wants_json].get(action) or refuse(lambda: InvalidAction(action))


def action_of(exchange: Exchange, name: bytes = b"Action") -> str | None:
    """The Query protocol's Action (or another field), from the body or the query string."""
    body = body_of(exchange)
    found = find(body, name) if body else None
    return found if found is not None else find(exchange.query, name)


class Router:
    """Finds the route of a request."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        """`services` by botocore's name (`sqs`, `stepfunctions`). Reads their models and compiles every route, but for
        those in `LATER`.
        """
        self._later = {name: services[name] for name in services if name in LATER}
        self._owned = {
            name: _Owned(name, service, load(name)) for name, service in services.items() if name not in LATER
        }
        self._later_names = {alias: name for name in self._later for alias in (name, LATER[name].alias) if alias}
        self.by_target: dict[bytes, Route] = {}
        """Routes by the X-Amz-Target header. Only for a content type of JSON (`application/x-amz-json-...`)."""
        self._names: dict[str, _Owned] = {}
        self._versions = VERSIONS | {LATER[name].version: name for name in self._later if LATER[name].version}
        self._targets = dict(TARGETS)
        self._actions: dict[str, set[str]] = {}
        """Who has an Action."""
        for name, owned in self._owned.items():
            self._know(name, owned)
        self.limit = max(map(limit_of, services), default=0)
        """The longest body that any service of ours takes, bytes."""
        self._nobody = refusal("", UnknownOperation, query_fail(None), self.limit)

    def find(self, exchange: Exchange) -> Route | Neighbour:
        """The route of a request or its neighbour. What is wrong or nobody's gets a route that refuses. Never raises.

        Good enough for the limit of a body that has not come yet: only an unsigned form at `/` names its service in
        the body, and such a request gets the largest limit of ours.
        """
        for clue in self.CLUES:
            name = clue(self, exchange)
            if name:
                owned = self._names.get(name)
                if owned is None and name in self._later_names:
                    owned = self._open(self._later_names[name])
                return Neighbour(name) if owned is None else owned.find(exchange)
        return self._nobody

    def _open(self, name: str) -> _Owned:
        """Read and compile a service that could wait until now."""
        # Still a service for later if anything here fails: the next request tries again.
        owned = self._owned[name] = _Owned(name, self._later[name], load(name))
        del self._later[name]
        self._know(name, owned)
        return owned

    def _know(self, name: str, owned: _Owned) -> None:
        """Enter a service in the tables by which it is found."""
        for alias in (owned.model.endpoint_prefix, owned.model.signing_name, name):
            self._names[alias] = owned
        if owned.model.target_prefix:
            self._targets[owned.model.target_prefix] = name
            for operation, route in owned.json.items():
                self.by_target[f"{owned.model.target_prefix}.{operation}".encode()] = route
        if owned.queries:
            self._versions[owned.model.api_version] = name
            for action in owned.queries[False]:
                self._actions.setdefault(action, set()).add(name)

    def _by_target_prefix(self, exchange: Exchange) -> str | None:
        target = exchange.headers.get(b"x-amz-target")
        if target is None and b"smithy-protocol" in exchange.headers:
            # /service/<Name>/operation/<Operation>
            parts = exchange.path.split(b"/")
            if len(parts) >= 5 and parts[-4] == b"service" and parts[-2] == b"operation":
                target = parts[-3] + b"."
        return None if target is None else self._targets.get(target.rpartition(b".")[0].decode("latin-1"))

    def _by_scope(self, exchange: Exchange) -> str | None:
        raw, _ = credential_string(exchange)
        return read_scope(raw).service if raw else None

    def _by_version(self, exchange: Exchange) -> str | None:
        action = action_of(exchange)
        if action is None:
            return None
        version = action_of(exchange, b"Version")
        name = self._versions.get(version or "")
        if name is None:
            # The link that confirms a subscription, or ends one, has an Action and nothing else.
            for later in [later for later in self._later if LATER[later].version]:
                self._open(later)
            having = self._actions.get(action, set())
            name = next(iter(having)) if len(having) == 1 else None
        return name

    def _by_host(self, exchange: Exchange) -> str | None:
        return hosts.read(exchange.headers.get(b"host", b"")).service

    def _by_path(self, exchange: Exchange) -> str | None:
        path = exchange.path
        if sqs_query.queue_path(path):
            return "sqs"
        method = exchange.method.decode("latin-1")
        for name in [name for name in self._later if LATER[name].path and path.startswith(LATER[name].path)]:
            self._open(name)
        for name, owned in self._owned.items():
            if owned.paths is not None and owned.paths.find(method, path, exchange.query) is not None:
                return name
        return None

    def _by_bucket(self, exchange: Exchange) -> str | None:
        """What nothing else claims is the path of a bucket that is open to all."""
        path = exchange.path
        known = exchange.method in (b"GET", b"HEAD", b"PUT", b"POST", b"DELETE", b"OPTIONS")
        return "s3" if known and len(path) > 1 and not path.startswith(b"/_") and path != b"/favicon.ico" else None

    CLUES: ClassVar[tuple[Callable[[Router, Exchange], str | None], ...]] = (
        _by_target_prefix,
        _by_scope,
        _by_version,
        _by_host,
        _by_path,
        _by_bucket,
    )
