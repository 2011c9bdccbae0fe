"""Names and ARNs: how they are checked, split and made.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from services import arn as arns
from services.scope import Scope
from services.stepfunctions.errors import InvalidArn, InvalidName

_FORBIDDEN: Final = re.compile(r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\U0010ffff]')


def check_name(name: str) -> None:
    """Raises InvalidName for a name with white space, brackets, wildcards, special or control characters."""
    if _FORBIDDEN.search(name):
        raise InvalidName.of(name)


def check_role(arn: str) -> None:
    """Raises InvalidArn for what is no ARN of a role."""
    if not arn.startswith("arn:"):
        raise InvalidArn(f"Invalid Role Arn: '{arn}'")


class Named(NamedTuple):
    """What an ARN of Step Functions names."""

    scope: Scope
    kind: str
    """`stateMachine`, `execution`, `express`, `activity`, `mapRun`."""
    parts: tuple[str, ...]
    """What stands behind the kind, split at colons."""

    @property
    def name(self) -> str:
        """The first part: a state machine's or an activity's name, with a label if it has one (`machine/label`)."""
        return self.parts[0]

    @property
    def qualifier(self) -> str:
        """A state machine's version or alias, or an empty string."""
        return self.parts[1] if len(self.parts) > 1 else ""


def parse(text: str, *kinds: str) -> Named:
    """Takes an ARN apart.

    Raises:
        InvalidArn: `text` is no ARN of Step Functions, or names none of `kinds`.
    """
    if not text.startswith("arn:"):
        raise InvalidArn.of(f"Invalid ARN prefix: {text}")
    parsed = arns.parse(text)
    if parsed is None or parsed.service != "states" or ":" not in parsed.resource:
        raise InvalidArn.of(text)
    kind, *parts = parsed.resource.split(":")
    if kind not in kinds:
        raise InvalidArn.of(f"Resource type not valid in this context: {kind}")
    if not all(parts):
        raise InvalidArn.of(text)
    return Named(Scope(parsed.account, parsed.region), kind, tuple(parts))


def make(scope: Scope, kind: str, *parts: str) -> str:
    """The ARN of something in `scope`."""
    return f"arn:{arns.partition(scope.region)}:states:{scope.region}:{scope.account}:{kind}:{':'.join(parts)}"
