"""The operations on layers, their versions, and who may use them.

https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services import arn
from services.api import operation
from services.lambda_ import policies, show
from services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from services.lambda_.layers import LayerVersion
from services.lambda_.limits import LAYER_PAGE
from services.lambda_.paging import page

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.code import CodeSource
    from services.lambda_.layers import Layer, Layers
    from services.ports import Clock, Entropy

_GONE: Final = "The resource you requested does not exist."


class LayersApi:
    """PublishLayerVersion, GetLayerVersion, ListLayers, AddLayerVersionPermission, ..."""

    def __init__(self, layers: Layers, clock: Clock, entropy: Entropy, code: CodeSource) -> None:
        self._layers = layers
        self._clock = clock
        self._entropy = entropy
        self._code = code

    @operation
    async def publish_layer_version(self, call: Call, params: Params) -> Params:
        name = self._layers.named(call.scope, params["LayerName"])
        if (name.account, name.region) != call.scope:
            # A layer is published where the caller is; what AWS says to another's ARN was never seen.
            raise InvalidParameterValue(f"Layer {name.arn} belongs to another account or region.")
        code = await self._code.fetch(call.scope, params["Content"])
        layer = self._layers.make(name)
        layer.last_number += 1
        version = LayerVersion(
            name,
            layer.last_number,
            code,
            self._clock.now(),
            params.get("Description") or "",
            params.get("LicenseInfo") or "",
            params.get("CompatibleRuntimes"),
            params.get("CompatibleArchitectures"),
        )
        layer.versions[version.number] = version
        return self._shown(call, version)

    @operation
    def get_layer_version(self, call: Call, params: Params) -> Params:
        name = self._layers.named(call.scope, params["LayerName"])
        version = self._layers.version(name, _number(params))
        if version is None:
            raise ResourceNotFound(_GONE)
        return self._shown(call, version)

    @operation
    def get_layer_version_by_arn(self, call: Call, params: Params) -> Params:
        version = self._layers.find(params["Arn"])
        if version is None:
            raise ResourceNotFound(_GONE)
        return self._shown(call, version)

    @operation
    def delete_layer_version(self, call: Call, params: Params) -> Params:
        # Whether there was such a version is not told.
        layer = self._layers.get(self._layers.named(call.scope, params["LayerName"]))
        number = _number(params)
        version = None if layer is None else layer.versions.pop(number, None)
        if version is not None:
            self._code.release(version.code)
        return {}

    @operation
    def list_layer_versions(self, call: Call, params: Params) -> Params:
        layer = self._layers.get(self._layers.named(call.scope, params["LayerName"]))
        versions = [] if layer is None else _fitting(layer, params)
        # Newest first.
        shown, more = page(versions, lambda version: f"{10**12 - version.number:012}", params, LAYER_PAGE)
        return {"LayerVersions": [_listed(version) for version in shown], **more}

    @operation
    def list_layers(self, call: Call, params: Params) -> Params:
        fitting = [(layer.name, _fitting(layer, params)) for layer in self._layers.in_scope(call.scope)]
        shown, more = page((item for item in fitting if item[1]), lambda item: item[0].name, params, LAYER_PAGE)
        layers = [
            {"LayerName": name.name, "LayerArn": name.arn, "LatestMatchingVersion": _listed(versions[0])}
            for name, versions in shown
        ]
        return {"Layers": layers, **more}

    @operation
    def add_layer_version_permission(self, call: Call, params: Params) -> Params:
        version = self._existing(call, params)
        policy = version.policy
        policies.check_revision(params.get("RevisionId"), policy.revision_id if policy else None, "LayerPolicy")
        statement = policies.for_layer(params, version.arn, arn.partition(version.layer.region))
        version.policy = policies.with_statement(policy, statement, self._entropy.uuid())
        return {"Statement": policies.dumps(statement), "RevisionId": version.policy.revision_id}

    @operation
    def remove_layer_version_permission(self, call: Call, params: Params) -> Params:
        version = self._existing(call, params)
        policy = version.policy
        if policy is not None:
            policies.check_revision(params.get("RevisionId"), policy.revision_id, "LayerPolicy")
        version.policy = policies.without_statement(policy, params["StatementId"], self._entropy.uuid())
        return {}

    @operation
    def get_layer_version_policy(self, call: Call, params: Params) -> Params:
        policy = self._existing(call, params).policy
        if policy is None:
            raise ResourceNotFound("No policy is associated with the given resource.")
        return {"Policy": policy.text(), "RevisionId": policy.revision_id}

    def _existing(self, call: Call, params: Params) -> LayerVersion:
        return self._layers.existing(self._layers.named(call.scope, params["LayerName"]), _number(params))

    def _shown(self, call: Call, version: LayerVersion) -> Params:
        shown = _listed(version)
        return shown | {
            "LayerArn": version.layer.arn,
            "Content": {
                "Location": self._code.location(call, version.code),
                "CodeSha256": version.code.sha256,
                "CodeSize": version.code.size,
            },
        }


def _number(params: Params) -> int:
    number = int(params["VersionNumber"])
    if number < 1:
        raise InvalidParameterValue("Layer Version Cannot be less than 1")
    return number


def _fitting(layer: Layer, params: Params) -> list[LayerVersion]:
    """The versions for the runtime and architecture asked for, newest first."""
    runtime, architecture = params.get("CompatibleRuntime") or "", params.get("CompatibleArchitecture") or ""
    return [version for version in reversed(layer.versions.values()) if version.fits(runtime, architecture)]


def _listed(version: LayerVersion) -> Params:
    shown: Params = {
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "Description": version.description,
        "CreatedDate": show.instant(version.created_at),
    }
    if version.runtimes is not None:
        shown["CompatibleRuntimes"] = version.runtimes
    if version.architectures is not None:
        shown["CompatibleArchitectures"] = version.architectures
    if version.license_info:
        shown["LicenseInfo"] = version.license_info
    return shown
