"""What a function is, once. Shared by the API (which makes it), the pool and the invoker (which run it).

Shapes and limits: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.ports import Code

LATEST: Final = "$LATEST"


class FunctionName(NamedTuple):
    """A function in its scope; `arn` adds the version or alias."""

    account: str
    region: str
    name: str

    def arn(self, qualifier: str = "") -> str:
        """`arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`."""
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        partition = "aws-us-gov" if self.region.startswith("us-gov-") else partition
        plain = f"arn:{partition}:lambda:{self.region}:{self.account}:function:{self.name}"
        return f"{plain}:{qualifier}" if qualifier else plain


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that decides how a version runs. Immutable: an update makes another one, and so other workers.

    Members that are kept only to be shown again (`VpcConfig`, `SnapStart`, ...) are in `shown` by AWS's names.
    """

    runtime: str
    """Empty for container images."""
    handler: str
    role: str
    code: Code
    description: str = ""
    timeout_s: int = 3
    memory_mb: int = 128
    ephemeral_mb: int = 512
    architecture: str = "x86_64"
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    """ARNs of layer versions, lowest first."""
    layer_code: tuple[Code, ...] = ()
    """Their code, in the same order."""
    tracing: str = "PassThrough"
    dead_letter_arn: str = ""
    log_format: str = "Text"
    application_log_level: str = ""
    system_log_level: str = ""
    log_group: str = ""
    package_type: str = "Zip"
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Version:
    """One version of a function, `$LATEST` or published. `$LATEST` is replaced in place by updates."""

    function: FunctionName
    version: str
    configuration: Configuration
    revision_id: str
    last_modified_at: float
    """Epoch seconds."""
    state: str = "Active"
    state_reason: str = ""
    state_reason_code: str = ""
    last_update_status: str = "Successful"
    last_update_reason: str = ""
    last_update_reason_code: str = ""

    @property
    def arn(self) -> str:
        """The version's ARN, qualified."""
        return self.function.arn(self.version)


@dataclass(frozen=True, slots=True)
class Target:
    """What a name with a qualifier comes to: the version that is to run, and what was named.

    Weighted aliases are resolved anew for each invocation.
    """

    version: Version
    qualifier: str = ""
    """As given: empty, `$LATEST`, a version number or an alias."""

    @property
    def invoked_arn(self) -> str:
        """The ARN that the function's context shows: qualified as the caller qualified it."""
        return self.version.function.arn(self.qualifier)


@dataclass(frozen=True, slots=True)
class Destination:
    """OnSuccess or OnFailure of an event invoke config."""

    arn: str


@dataclass(frozen=True, slots=True)
class AsyncPolicy:
    """How asynchronous invocations of a qualifier are retried and where they end.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    max_attempts: int = 2
    """Retries after the first attempt."""
    max_age_s: int = 21_600
    on_success: str = ""
    on_failure: str = ""
