"""Asks moto, in this process and without a server of its own. Synchronous: runs on a worker thread, in its turn.

A request goes to moto as if it had been sent to AWS: its URL is rewritten to the host name that AWS gives the service
in that region (moto takes the region from there) and matched against moto's own tables of paths, the same that its
decorators use in tests. The account goes in a header that moto knows.
"""

from __future__ import annotations

import importlib
import re
import zlib
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import OperationNotFoundError
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from werkzeug.exceptions import HTTPException

from emulator.neighbours import chunked, directory, rpc, s3, sts, taming
from emulator.neighbours.errors import NeighbourError
from emulator.neighbours.telling import Outbox
from emulator.neighbours.werkzeug_request import build_request
from emulator.wire.exchange import Exchange, Reply
from services.errors import NotImplementedByUndercast, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from botocore.awsrequest import AWSPreparedRequest

    from emulator.identities import Identities
    from emulator.neighbours.directory import Home
    from emulator.neighbours.turn import Turn
    from services.ports import Clock

    Handler = Callable[[Any, str, Any], Any]

_NOT_OURS_TO_SEND = frozenset({"status", "date", "content-length", "connection", "transfer-encoding", "keep-alive"})
_LINE_BREAKS = re.compile(r"[\r\n]+")


class MalformedRequest(ServiceError):
    """The request is not in the form that its own headers announce."""

    code = "SerializationException"


class Gateway:
    """moto, with its settings made and its services imported one by one as they are asked for."""

    def __init__(
        self,
        clock: Clock,
        default_account: str,
        seed: int | None,
        turn: Turn,
        identities: Identities | None = None,
    ) -> None:
        self._identities = identities
        taming.tame(clock, default_account, seed)
        self._outgoing = taming.OutgoingHttp(turn)
        self._outgoing.install()
        self.outbox = Outbox()
        self._handlers: dict[str, list[tuple[re.Pattern[str], Handler]]] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def close(self) -> None:
        """Leave `requests` as it was."""
        self._outgoing.remove()

    # -- requests from outside

    def answer(self, exchange: Exchange, service: str, account: str, region: str) -> Reply:
        """Moto's reply.

        Raises:
            NotImplementedByUndercast: nobody here answers for that service, or for that operation.
            MalformedRequest: the body is not in the coding that its headers announce.
        """
        asked = exchange
        cbor = rpc.speaks_cbor(exchange)
        try:
            if cbor:
                asked = rpc.to_json(exchange)
            elif chunked.is_chunked(exchange.headers):
                headers, body = chunked.unpack(exchange.headers, exchange.body)
                asked = Exchange(exchange.method, exchange.path, exchange.query, headers, body)
            elif _is_packed(exchange):
                headers = {name: value for name, value in exchange.headers.items() if name != b"content-encoding"}
                body = zlib.decompress(exchange.body, wbits=31)
                asked = Exchange(exchange.method, exchange.path, exchange.query, headers, body)
        except (rpc.BadRequest, chunked.BadChunks, zlib.error) as error:
            raise MalformedRequest(str(error)) from error
        candidates = directory.homes(service, asked)
        if not candidates:
            raise NotImplementedByUndercast(f"Undercast has no service {service}.")
        for home in candidates:
            reply = self._ask(asked, home, account, region)
            if reply is not None:
                return rpc.from_json(exchange, home.name, _operation(asked), reply) if cbor else reply
        raise NotImplementedByUndercast(f"Undercast's {candidates[0].name} has no operation {_operation(asked)}.")

    def _ask(self, exchange: Exchange, home: Home, account: str, region: str) -> Reply | None:
        """The reply of one package; None when it knows no such operation."""
        host = home.host.format(region=region, account=account)
        path = exchange.path
        if home.package == "sts" and self._identities is not None:
            sts.introduce(exchange, self._identities, region)
        if home.package == "s3":
            path = s3.path_style(path, exchange.headers.get(b"host", b""))
        url = f"https://{host}{path.decode('latin-1')}"
        handler = next((handler for pattern, handler in self._table(home.package) if pattern.match(url)), None)
        if handler is None:
            return None
        if exchange.query:
            url += "?" + exchange.query.decode("latin-1")
        # What a form means to S3 is only defined for POST; a PUT is an object whatever its content type.
        request = build_request(
            exchange, url, account, region, forms=home.package != "s3" or exchange.method == b"POST"
        )
        said: Any
        try:
            said = handler(request, url, dict(request.headers))
        except (NotImplementedError, OperationNotFoundError):
            return None
        except ClientError as error:
            said = 400, {}, error.response["Error"]["Message"]
        except HTTPException as error:
            said = error.code or 500, dict(error.get_headers()), error.get_body()
        status, headers, body = said if len(said) == 3 else (200, {}, said)
        if int(status) == 404 and not body and home.package != "s3" and exchange.method != b"HEAD":
            # What BaseResponse.call_action says of a path without an action.
            return None
        return _reply(exchange, int(status), headers, _bytes(body), home, account)

    def _table(self, package: str) -> list[tuple[re.Pattern[str], Handler]]:
        found = self._handlers.get(package)
        if found is None:
            try:
                urls = importlib.import_module(f"moto.{package}.urls")
            except ImportError as error:
                raise NotImplementedByUndercast(f"Undercast's {package} needs a package more: {error}") from error
            self.outbox.listen(package)
            found = self._handlers[package] = [
                (re.compile(path.format(base)), handler)
                for base in urls.url_bases
                for path, handler in urls.url_paths.items()
            ]
        return found

    # -- calls in process

    def call(self, service: str, operation: str, params: dict[str, Any], account: str, region: str) -> dict[str, Any]:
        """The output of one operation by botocore's member names; bodies are bytes.

        Raises:
            NeighbourError: the service refused.
        """
        key = (service, account, region)
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = self._client(service, account, region)
        method = next(name for name, known in client.meta.method_to_api_mapping.items() if known == operation)
        try:
            result: dict[str, Any] = getattr(client, method)(**params)
        except ClientError as error:
            refusal = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
            raise NeighbourError(refusal.get("Code", ""), refusal.get("Message", ""), status) from error
        result.pop("ResponseMetadata", None)
        return {name: value.read() if hasattr(value, "read") else value for name, value in result.items()}

    def _client(self, service: str, account: str, region: str) -> Any:
        def send(request: AWSPreparedRequest, **context: Any) -> AWSResponse:
            path, _, query = request.url.partition("//")[2].partition("/")[2].partition("?")
            headers = {name.lower().encode(): _latin(value) for name, value in request.headers.items()}
            given: Any = request.body
            body = given.read() if hasattr(given, "read") else given or b""
            body = body.encode() if isinstance(body, str) else bytes(body)
            method = request.method.encode()
            exchange = Exchange(method, b"/" + path.encode(), query.encode(), headers, body)
            try:
                reply = self.answer(exchange, service, account, region)
            except ServiceError as error:
                raise NeighbourError(error.code, error.message, error.status) from error
            said = HTTPHeaders()
            for line in reply.head.decode("latin-1").splitlines():
                header, _, value = line.partition(": ")
                said[header] = value
            return AWSResponse(request.url, reply.status, said, _Raw(reply.body))

        client = taming.bare_botocore().create_client(
            service,
            region_name=region,
            endpoint_url="http://neighbour.invalid",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )
        # First of all handlers: what answers here is never sent.
        client.meta.events.register_first("before-send", send)  # type: ignore[arg-type]
        return client

    # -- state

    def reset(self, package: str | None, account: str | None, region: str | None) -> list[str]:
        """Forget the state of one package, account or region, or of all; the services that had any."""
        touched = set()
        in_use: list[Any] = vars(BackendDict)["_instances"]
        for backends in list(in_use):
            module = backends.backend.__module__.split(".")[1]
            if package is not None and module != package:
                continue
            touched.add(module)
            for at_account, of_account in list(backends.items()):
                for at_region, backend in list(of_account.items()):
                    if account in {None, at_account} and region in {None, at_region}:
                        backend.reset()
        if package is account is region is None:
            BackendDict.reset()
            reset_model_data()
        return sorted({directory.name_of(module) for module in touched})


class _Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, amt: int | None = None, decode_content: bool | None = None) -> Iterable[bytes]:
        """All of it, once."""
        body, self._body = self._body, b""
        if body:
            yield body

    def read(self, amt: int | None = None) -> bytes:
        """The next `amt` bytes, or the rest."""
        size = len(self._body) if amt is None else amt
        taken, self._body = self._body[:size], self._body[size:]
        return taken


def _is_packed(exchange: Exchange) -> bool:
    """Whether an SDK packed the parameters (a large PutMetricData). An object that is a gzip file is left as it is."""
    if exchange.headers.get(b"content-encoding") != b"gzip" or exchange.method != b"POST":
        return False
    content_type = exchange.headers.get(b"content-type", b"")
    return content_type.startswith((b"application/x-amz-json", b"application/x-www-form-urlencoded"))


def _operation(exchange: Exchange) -> str:
    """What was asked, for a message."""
    target = exchange.headers.get(b"x-amz-target", b"").decode("latin-1")
    if target:
        return target.rpartition(".")[2]
    form = exchange.query + b"&" + (exchange.body if len(exchange.body) < 1 << 20 else b"")
    action = re.search(rb"(?:^|&)Action=(\w+)", form)
    return action[1].decode() if action else f"{exchange.method.decode()} {exchange.path.decode('latin-1')}"


def _latin(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if body is None:
        return b""
    return b"".join(part.encode() if isinstance(part, str) else part for part in body)


def _reply(exchange: Exchange, status: int, headers: Any, body: bytes, home: Home, account: str) -> Reply:
    lines = []
    size = None
    for name, value in headers.items():
        lower = name.lower()
        if lower == "content-length":
            size = value
        if lower in _NOT_OURS_TO_SEND:
            continue
        # A value may hold what the request asked for (response-content-disposition): it must not end its line.
        text = _LINE_BREAKS.sub(" ", str(value))
        lines.append(f"{lower}: {text}\r\n".encode("utf-8" if not text.isascii() else "ascii"))
    if exchange.method == b"HEAD":
        # The length of what GET would send.
        lines.append(f"content-length: {len(body) if size is None else size}\r\n".encode())
        body = b""
    elif status in {204, 304}:
        body = b""
    if home.package == "sts":
        body = _as_root(body, account)
    return Reply(status, b"".join(lines), body)


def _as_root(body: bytes, account: str) -> bytes:
    """GetCallerIdentity for a key that is no user's: the account's root, whose id is the account's.

    moto names a user that STS has no ARNs for. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    nobody = f":sts::{account}:user/moto".encode()
    if nobody not in body:
        return body
    root = f":iam::{account}:root".encode()
    return body.replace(nobody, root).replace(b"AKIAIOSFODNN7EXAMPLE", account.encode())
