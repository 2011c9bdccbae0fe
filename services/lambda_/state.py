"""The functions of every account and region, and the look-ups that everybody uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.lambda_ import names
from services.lambda_.errors import ResourceNotFound
from services.lambda_.model import LATEST, FunctionName, Target, Version
from services.scope import Scope, Scoped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.lambda_.model import Configuration
    from services.lambda_.names import Named
    from services.ports import Entropy


@dataclass(slots=True)
class Alias:
    """A name for a version, or for two with weights.

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """

    function: FunctionName
    name: str
    version: str
    description: str
    revision_id: str
    weights: dict[str, float] = field(default_factory=dict)
    """Additional versions and their share of invocations, 0 to 1."""

    @property
    def arn(self) -> str:
        """The alias's ARN."""
        return self.function.arn(self.name)


@dataclass(slots=True)
class Provisioned:
    """Provisioned concurrency of a version or alias."""

    requested: int
    last_modified_at: float
    allocated: int = 0
    """How many are told of: those of before, until all that were asked for are ready."""
    demand: int = 0
    """How many workers are kept."""
    status: str = "IN_PROGRESS"
    status_reason: str = ""
    """Why it has failed."""


@dataclass(slots=True)
class Function:
    """One function with all its versions and aliases."""

    name: FunctionName
    latest: Version
    created_at: float
    published: dict[str, Version] = field(default_factory=dict)
    """By number, oldest first."""
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    reserved: int | None = None
    provisioned: dict[str, Provisioned] = field(default_factory=dict)
    """By qualifier: a version's number or an alias."""
    last_number: int = 0
    """Of the version published last; numbers are never given twice."""
    published_from: Configuration | None = None
    """What `$LATEST` was when it was published last."""

    @property
    def arn(self) -> str:
        """Unqualified."""
        return self.name.arn()

    @property
    def scope(self) -> Scope:
        """Where it is."""
        return Scope(self.name.account, self.name.region)

    def versions(self) -> Iterator[Version]:
        """`$LATEST`, then every published version, oldest first."""
        yield self.latest
        yield from self.published.values()

    def version(self, qualifier: str) -> Version | None:
        """What an empty qualifier, `$LATEST`, a number or an alias stands for; of an alias, its first version."""
        if qualifier in {"", LATEST}:
            return self.latest
        alias = self.aliases.get(qualifier)
        return self.published.get(qualifier) if alias is None else self.at(alias.version)

    def at(self, version: str) -> Version | None:
        """`$LATEST` or a published version, by its number."""
        return self.latest if version == LATEST else self.published.get(version)

    def has(self, qualifier: str) -> bool:
        """Whether there is such a version or alias (an empty qualifier: yes)."""
        return self.version(qualifier) is not None


class Functions:
    """All functions. The one place where a name becomes a function."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._of: Scoped[dict[str, Function]] = Scoped(lambda scope: {})
        # Who keeps something about functions appends a callable. They are called on the loop, and must not wait.
        self.on_changed: list[Callable[[Version], None]] = []
        """A version's code or configuration was replaced, or it became Active."""
        self.on_concurrency: list[Callable[[Function], None]] = []
        """Reserved or provisioned concurrency was changed."""
        self.on_deleted: list[Callable[[Function, str], None]] = []
        """A version or alias is gone; with an empty qualifier the function with all it had."""

    def in_scope(self, scope: Scope) -> dict[str, Function]:
        """The functions of one account and region by name, oldest first. Only `functions.py` changes it."""
        return self._of[scope]

    def __iter__(self) -> Iterator[Function]:
        for _, functions in self._of:
            yield from list(functions.values())

    def get(self, name: FunctionName) -> Function | None:
        """The function of that name, if there is one."""
        functions = self._of.get(Scope(name.account, name.region))
        return None if functions is None else functions.get(name.name)

    def function(self, scope: Scope, name_or_arn: str, qualifier: str = "") -> tuple[Function, str]:
        """The function that is named, and the qualifier that was given with it in one way or the other.

        Whether there is such a version or alias is not asked: `version` and `resolve` do.

        Raises:
            ResourceNotFound: no such function, or it is in another region.
            InvalidParameterValue: name and qualifier contradict each other.
            ValidationException: the name has no known form.
        """
        named = names.parse(scope, name_or_arn, qualifier)
        return self.of(named), named.qualifier

    def of(self, named: Named) -> Function:
        """The function that is named; ResourceNotFound, with the qualifier in its text, without one."""
        function = self.get(named.function)
        if function is None:
            raise ResourceNotFound.function(named.arn)
        return function

    def version(self, scope: Scope, name_or_arn: str, qualifier: str = "") -> Version:
        """The version that is named, as the API shows it: an alias stands for its first version, no weights.

        Raises as `function`, and ResourceNotFound without such a version or alias.
        """
        function, named = self.function(scope, name_or_arn, qualifier)
        version = function.version(named)
        if version is None:
            raise ResourceNotFound.function(function.name.arn(named))
        return version

    def resolve(self, scope: Scope, name_or_arn: str, qualifier: str = "") -> Target:
        """What an invocation of that name is to run. A weighted alias draws, anew each time.

        Raises as `version`; without a qualifier the text of ResourceNotFound names `$LATEST`, as Invoke's does.
        """
        named = names.parse(scope, name_or_arn, qualifier)
        function = self.get(named.function)
        target = None if function is None else self._target(function, named.qualifier)
        if target is None:
            raise ResourceNotFound.function(named.function.arn(named.qualifier or LATEST))
        return target

    def find(self, arn: str) -> Target | None:
        """What an invocation of that ARN is to run, or None when there is nothing."""
        named = names.of_arn(arn)
        function = None if named is None else self.get(named.function)
        return None if named is None or function is None else self._target(function, named.qualifier)

    def _target(self, function: Function, qualifier: str) -> Target | None:
        alias = function.aliases.get(qualifier)
        version = function.version(qualifier) if alias is None else function.at(self._draw(alias))
        return None if version is None else Target(version, qualifier)

    def _draw(self, alias: Alias) -> str:
        if not alias.weights:
            return alias.version
        drawn = self._entropy.uniform()
        for version, weight in alias.weights.items():
            if drawn < weight:
                return version
            drawn -= weight
        return alias.version

    # Changes are told here, so that nobody is forgotten.

    def tell_changed(self, version: Version) -> None:
        """Tell everybody of `on_changed`."""
        for told in self.on_changed:
            told(version)

    def tell_concurrency(self, function: Function) -> None:
        """Tell everybody of `on_concurrency`."""
        for told in self.on_concurrency:
            told(function)

    def tell_deleted(self, function: Function, qualifier: str) -> None:
        """Tell everybody of `on_deleted`."""
        for told in self.on_deleted:
            told(function, qualifier)

    def forget(self, scope: Scope) -> None:
        """Forget all functions of a scope; `on_deleted` hears of each."""
        functions = self._of.get(scope) or {}
        self._of.discard(scope)
        for function in functions.values():
            self.tell_deleted(function, "")

    def scopes(self) -> list[Scope]:
        """Where there are functions, or were."""
        return [scope for scope, _ in self._of]
