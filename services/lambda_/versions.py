"""Published versions.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.api import operation
from services.lambda_ import show
from services.lambda_.configuring import check
from services.lambda_.errors import InvalidParameterValue, PreconditionFailed
from services.lambda_.model import LATEST, Version
from services.lambda_.paging import page

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.changes import Changes
    from services.lambda_.model import Configuration
    from services.lambda_.state import Function, Functions
    from services.ports import Clock, Entropy


class VersionsApi:
    """PublishVersion and ListVersionsByFunction."""

    def __init__(self, clock: Clock, entropy: Entropy, functions: Functions, changes: Changes) -> None:
        self._clock = clock
        self._entropy = entropy
        self._functions = functions
        self._changes = changes

    @operation
    def publish_version(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        check(params, runtime=function.latest.configuration.runtime)
        check_revision(function.latest.revision_id, params)
        self._changes.check_none(function)
        current = function.latest.configuration.code.sha256
        wanted = params.get("CodeSha256")
        if wanted and wanted != current:
            raise InvalidParameterValue(
                f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({current}). Please try again "
                "with the CodeSHA256 in $LATEST."
            )
        version, new = self.publish(function, params.get("Description"))
        if new:
            function.latest.revision_id = self._entropy.uuid()
            self._functions.tell_changed(version)
        return show.configuration(version, version.version)

    def publish(self, function: Function, description: str | None = None) -> tuple[Version, bool]:
        """A new version of `$LATEST`, Active; or the last one, and False, when nothing has changed since."""
        latest = function.latest
        last = function.published.get(str(function.last_number))
        if last is not None and function.published_from == latest.configuration:
            return last, False
        function.last_number += 1
        version = Version(
            function=function.name,
            version=str(function.last_number),
            configuration=_described(latest.configuration, description),
            revision_id=self._entropy.uuid(),
            last_modified_at=self._clock.now(),
        )
        function.published[version.version] = version
        function.published_from = latest.configuration
        return version, True

    @operation
    def list_versions_by_function(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        found, more = page(function.versions(), in_order, params)
        return {"Versions": [show.listed(version, version.version) for version in found], **more}


def in_order(version: Version) -> str:
    """Sorts versions: by the function's name, `$LATEST` first, then by number."""
    number = "" if version.version == LATEST else f"{int(version.version):020}"
    return f"{version.function.name}:{number}"


def check_revision(current: str, params: Params) -> None:
    """PreconditionFailed when a RevisionId is given that is not the latest one."""
    if params.get("RevisionId") and params["RevisionId"] != current:
        raise PreconditionFailed.revision()


def _described(configuration: Configuration, description: str | None) -> Configuration:
    return configuration if not description else replace(configuration, description=description)
