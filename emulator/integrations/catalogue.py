"""Services and operations by the names that Step Functions has for them, with botocore's shapes.

An SDK integration's service is the Java SDK's package: the service id of its model in lower case without blanks
(`cloudwatchlogs`, `cognitoidentityprovider`, `sfn`). Models are read when first asked for; there are four hundred.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Final

from emulator.integrations import naming
from emulator.wire import model

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.wire.model import Operation, ServiceModel

OPTIMISED_MODELS: Final = {
    "elasticmapreduce": "emr",
    "states": "stepfunctions",
}
"""botocore's names of optimised integrations that have another."""

_SERVICE_ID = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')
_BEGINNING = 8192
"""Bytes of a model in which its metadata is; it comes first or second."""
_GUESSES: Final = {
    "apigateway": "apigateway",
    "cloudwatchlogs": "logs",
    "cloudwatchevents": "events",
    "eventbridge": "events",
    "secretsmanager": "secretsmanager",
    "sfn": "stepfunctions",
}
"""The most used ones, so that not every model must be looked at for them."""


class KnownService:
    """One service as Step Functions sees it."""

    def __init__(self, name: str, described: ServiceModel, service_id: str) -> None:
        self.name = name
        """botocore's."""
        self.model = described
        self.display = naming.pascal(service_id)
        """`DynamoDb`, `Sfn`: the second SDK's, before an error's name."""
        self.actions: dict[str, Operation] = {naming.lower_first(name): op for name, op in described.operations.items()}


class Catalogue:
    """Looks services up, each model read once."""

    def __init__(self) -> None:
        self._by_package: dict[str, str] | None = None
        self._known: dict[str, KnownService | None] = {}
        self._found: dict[str, str | None] = {}

    def has(self, package: str, action: str) -> bool:
        """Whether an SDK integration of that name exists."""
        service = self.sdk(package)
        return service is not None and action in service.actions

    def sdk(self, package: str) -> KnownService | None:
        """The service of an SDK integration."""
        if package not in self._found:
            self._found[package] = self._name_of(package)
        name = self._found[package]
        return None if name is None else self.service(name)

    def optimised(self, service: str) -> KnownService | None:
        """The service of an optimised integration; None for those that are no AWS service (`http`)."""
        return self.service(OPTIMISED_MODELS.get(service, service))

    def service(self, name: str) -> KnownService | None:
        """A service by botocore's name."""
        if name not in self._known:
            try:
                self._known[name] = KnownService(
                    name, model.load(name), _service_id(model.data_folder() / name) or name
                )
            except model.UnknownService:
                self._known[name] = None
        return self._known[name]

    def _name_of(self, package: str) -> str | None:
        folder = model.data_folder()
        for guess in (_GUESSES.get(package, ""), package):
            if guess and _package(_service_id(folder / guess)) == package:
                return guess
        if self._by_package is None:
            self._by_package = {
                _package(found): entry.name
                for entry in sorted(folder.iterdir())
                if entry.is_dir() and (found := _service_id(entry))
            }
        return self._by_package.get(package)


def _package(service_id: str) -> str:
    return re.sub(r"[^a-z0-9]", "", service_id.lower())


def _service_id(folder: Path) -> str:
    """The service id in the newest model of `folder`; only the file's beginning is unpacked."""
    if not folder.is_dir():
        return ""
    for version in sorted((entry for entry in folder.iterdir() if entry.is_dir()), reverse=True):
        packed = version / "service-2.json.gz"
        if packed.exists():
            with gzip.open(packed) as file:
                found = _SERVICE_ID.search(file.read(_BEGINNING))
            return found[1].decode() if found else ""
    return ""
