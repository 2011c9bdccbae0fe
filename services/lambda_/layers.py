"""Layers: their versions, and the code of them for the functions that use them.

A version is immutable, its number is never given twice, and a function keeps the code of a version that was deleted.
https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from services import arn
from services.lambda_ import limits
from services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from services.scope import Scope, Scoped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.lambda_.policies import Policy
    from services.ports import Code

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-zA-Z-]*):lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[a-zA-Z0-9_-]+)"
    r"(?::(?P<version>\d+))?"
)


class LayerName(NamedTuple):
    """A layer in its scope."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """`arn:aws:lambda:<region>:<account>:layer:<name>`."""
        return f"arn:{arn.partition(self.region)}:lambda:{self.region}:{self.account}:layer:{self.name}"

    def version_arn(self, number: int) -> str:
        """The ARN of one version."""
        return f"{self.arn}:{number}"


@dataclass(slots=True)
class LayerVersion:
    """One version of a layer. Only its policy ever changes."""

    layer: LayerName
    number: int
    code: Code
    created_at: float
    description: str = ""
    license_info: str = ""
    runtimes: list[str] | None = None
    """None when not given, which is shown as nothing; an empty list is shown."""
    architectures: list[str] | None = None
    policy: Policy | None = None

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return self.layer.version_arn(self.number)

    def fits(self, runtime: str, architecture: str) -> bool:
        """Whether it is said to be for that runtime and architecture; empty asks nothing."""
        return (not runtime or runtime in (self.runtimes or ())) and (
            not architecture or architecture in (self.architectures or ())
        )


@dataclass(slots=True)
class Layer:
    """A layer's versions by number; it stays when all are deleted, so that numbers go on."""

    name: LayerName
    last_number: int = 0
    versions: dict[int, LayerVersion] = field(default_factory=dict)


class Layers:
    """All layers of every scope."""

    def __init__(self) -> None:
        self._of: Scoped[dict[str, Layer]] = Scoped(lambda scope: {})

    def in_scope(self, scope: Scope) -> list[Layer]:
        """The layers of an account and region."""
        return list((self._of.get(scope) or {}).values())

    def __iter__(self) -> Iterator[LayerVersion]:
        for _, layers in self._of:
            for layer in layers.values():
                yield from layer.versions.values()

    def code_size(self, scope: Scope) -> int:
        """Bytes of all layer archives of a scope: they count towards TotalCodeSize."""
        return sum(version.code.size for layer in self.in_scope(scope) for version in layer.versions.values())

    def scopes(self) -> list[Scope]:
        """Where there are layers, or were."""
        return [scope for scope, _ in self._of]

    def forget(self, scope: Scope) -> None:
        """Forget a scope's layers."""
        self._of.discard(scope)

    def named(self, scope: Scope, name_or_arn: str) -> LayerName:
        """The layer that a LayerName (a name, or a layer's ARN) means for a caller in `scope`."""
        found = _ARN.fullmatch(name_or_arn)
        if found is None:
            return LayerName(scope.account, scope.region, name_or_arn)
        return LayerName(found["account"], found["region"], found["name"])

    def make(self, name: LayerName) -> Layer:
        """The layer of that name, a new one if need be."""
        layers = self._of[Scope(name.account, name.region)]
        if name.name not in layers:
            layers[name.name] = Layer(name)
        return layers[name.name]

    def get(self, name: LayerName) -> Layer | None:
        """The layer of that name, if there is one (it may have no version left)."""
        return (self._of.get(Scope(name.account, name.region)) or {}).get(name.name)

    def version(self, name: LayerName, number: int) -> LayerVersion | None:
        """One version, if there is such a one."""
        layer = self.get(name)
        return None if layer is None else layer.versions.get(number)

    def find(self, version_arn: str) -> LayerVersion | None:
        """The version of an ARN; None without one, or when that is no layer version's ARN."""
        found = _ARN.fullmatch(version_arn)
        if found is None or found["version"] is None:
            return None
        return self.version(LayerName(found["account"], found["region"], found["name"]), int(found["version"]))

    def referenced(self, scope: Scope, version_arns: Sequence[str]) -> tuple[LayerVersion, ...]:
        """The versions that a function in `scope` is to use, in the order given.

        Raises:
            InvalidParameterValue: more than five, one that does not exist, one of another region, or two of one layer.
        """
        if len(version_arns) > limits.LAYERS_MAX:
            raise InvalidParameterValue(f"Cannot reference more than {limits.LAYERS_MAX} layers.")
        found: list[LayerVersion] = []
        for version_arn in version_arns:
            parsed = _ARN.fullmatch(version_arn)
            if parsed is not None and parsed["region"] != scope.region:
                raise InvalidParameterValue(
                    "Layers are not in the same region as the function. Layers are expected to be in region "
                    f"{scope.region}."
                )
            version = self.find(version_arn)
            if version is None:
                raise InvalidParameterValue(f"Layer version {version_arn} does not exist.")
            for other in found:
                if other.layer == version.layer:
                    raise InvalidParameterValue(
                        "Two different versions of the same layer are not allowed to be referenced in the same "
                        f"function. {other.arn} and {version.arn} are versions of the same layer."
                    )
            found.append(version)
        return tuple(found)

    def existing(self, name: LayerName, number: int) -> LayerVersion:
        """One version; ResourceNotFound, with its ARN in the text, without it."""
        version = self.version(name, number)
        if version is None:
            raise ResourceNotFound(f"Layer version {name.version_arn(number)} does not exist.")
        return version
