"""Code signing configs and which functions use them. Kept and shown: nothing here checks a signature.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from services import arn
from services.api import operation
from services.lambda_ import show
from services.lambda_.errors import CodeSigningConfigNotFound, ResourceConflict, ResourceNotFound
from services.lambda_.paging import page
from services.scope import Scope

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.model import FunctionName
    from services.lambda_.state import Function, Functions
    from services.ports import Clock, Entropy

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID_LENGTH: Final = 17


@dataclass(frozen=True, slots=True)
class CodeSigningConfig:
    """One config."""

    config_id: str
    arn: str
    description: str
    publishers: tuple[str, ...]
    policy: str
    """What becomes of untrusted code: Warn or Enforce."""
    last_modified_at: float
    number: int
    """Of all configs, in the order of their creation."""
    tags: dict[str, str] = field(default_factory=dict)


class CodeSigningConfigs:
    """The operations on code signing configs; `attach` for CreateFunction."""

    def __init__(self, functions: Functions, clock: Clock, entropy: Entropy) -> None:
        self._functions = functions
        self._clock = clock
        self._entropy = entropy
        self._numbers = itertools.count(1)
        self._by_arn: dict[str, CodeSigningConfig] = {}
        self._of_function: dict[FunctionName, str] = {}

    def scopes(self) -> list[Scope]:
        """Where there are configs."""
        return [scope for scope in map(_scope_of, self._by_arn) if scope is not None]

    def forget(self, scope: Scope) -> None:
        """Forget the configs of a scope."""
        for config_arn in [found for found in self._by_arn if _scope_of(found) == scope]:
            del self._by_arn[config_arn]

    def deleted(self, function: Function, qualifier: str) -> None:
        """The function is gone."""
        if not qualifier:
            self._of_function.pop(function.name, None)

    def check(self, scope: Scope, code_signing_config_arn: str) -> None:
        """CodeSigningConfigNotFound unless there is such a config, and in that scope."""
        if code_signing_config_arn not in self._by_arn or _scope_of(code_signing_config_arn) != scope:
            raise CodeSigningConfigNotFound(
                "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
                f"{code_signing_config_arn}."
            )

    def attach(self, function: FunctionName, code_signing_config_arn: str) -> None:
        """Let a function use a config from now on."""
        self._of_function[function] = code_signing_config_arn

    def tags(self, config_arn: str) -> dict[str, str] | None:
        """The tags of a config, to be changed in place; None without such a config."""
        found = self._by_arn.get(config_arn)
        return None if found is None else found.tags

    @operation
    def create_code_signing_config(self, call: Call, params: Params) -> Params:
        config_id = "csc-" + "".join(_ALPHABET[self._entropy.bits(16) % 36] for _ in range(_ID_LENGTH))
        account, region = call.scope
        made = CodeSigningConfig(
            config_id,
            f"arn:{arn.partition(region)}:lambda:{region}:{account}:code-signing-config:{config_id}",
            params.get("Description") or "",
            tuple(params["AllowedPublishers"].get("SigningProfileVersionArns") or ()),
            (params.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment") or "Warn",
            self._clock.now(),
            next(self._numbers),
            dict(params.get("Tags") or {}),
        )
        self._by_arn[made.arn] = made
        return {"CodeSigningConfig": _shown(made)}

    @operation
    def update_code_signing_config(self, call: Call, params: Params) -> Params:
        config = self._found(params)
        if params.get("Description") is not None:
            config = replace(config, description=params["Description"])
        if params.get("AllowedPublishers") is not None:
            publishers = params["AllowedPublishers"].get("SigningProfileVersionArns") or ()
            config = replace(config, publishers=tuple(publishers))
        policy = (params.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment")
        config = replace(config, policy=policy or config.policy, last_modified_at=self._clock.now())
        self._by_arn[config.arn] = config
        return {"CodeSigningConfig": _shown(config)}

    @operation
    def get_code_signing_config(self, call: Call, params: Params) -> Params:
        return {"CodeSigningConfig": _shown(self._found(params))}

    @operation
    def delete_code_signing_config(self, call: Call, params: Params) -> Params:
        config = self._found(params)
        if config.arn in self._of_function.values():
            # That it is refused is documented; the text was never seen.
            raise ResourceConflict(
                f"The code signing configuration {config.arn} can not be deleted: it is attached to a function."
            )
        del self._by_arn[config.arn]
        return {}

    @operation
    def list_code_signing_configs(self, call: Call, params: Params) -> Params:
        here = [config for config in self._by_arn.values() if _scope_of(config.arn) == call.scope]
        shown, more = page(here, lambda config: f"{config.number:012}", params)
        return {"CodeSigningConfigs": [_shown(config) for config in shown], **more}

    @operation
    def list_functions_by_code_signing_config(self, call: Call, params: Params) -> Params:
        config = self._found(params)
        arns = [name.arn() for name, config_arn in self._of_function.items() if config_arn == config.arn]
        shown, more = page(arns, str, params)
        return {"FunctionArns": shown, **more}

    @operation
    def put_function_code_signing_config(self, call: Call, params: Params) -> Params:
        # AWS looks for the config first.
        self.check(call.scope, params["CodeSigningConfigArn"])
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        self.attach(function.name, params["CodeSigningConfigArn"])
        return {"CodeSigningConfigArn": params["CodeSigningConfigArn"], "FunctionName": function.name.name}

    @operation
    def get_function_code_signing_config(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        config_arn = self._of_function.get(function.name)
        # Without one the answer is empty, not even the function's name is in it.
        return {} if config_arn is None else {"CodeSigningConfigArn": config_arn, "FunctionName": function.name.name}

    @operation
    def delete_function_code_signing_config(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        self._of_function.pop(function.name, None)
        return {}

    def _found(self, params: Params) -> CodeSigningConfig:
        config = self._by_arn.get(params["CodeSigningConfigArn"])
        if config is None:
            # One of the few refusals without a Type.
            raise ResourceNotFound(
                f"The Lambda code signing configuration {params['CodeSigningConfigArn']} can not be found.", Type=None
            )
        return config


def _scope_of(config_arn: str) -> Scope | None:
    parsed = arn.parse(config_arn)
    return None if parsed is None else Scope(parsed.account, parsed.region)


def _shown(config: CodeSigningConfig) -> Params:
    return {
        "CodeSigningConfigId": config.config_id,
        "CodeSigningConfigArn": config.arn,
        "Description": config.description,
        "AllowedPublishers": {"SigningProfileVersionArns": list(config.publishers)},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": config.policy},
        "LastModified": show.instant(config.last_modified_at),
    }
