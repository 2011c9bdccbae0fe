"""The runtimes, as AWS lists them.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from services.arn import partition
from services.lambda_.errors import InvalidParameterValue

LISTED: Final = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25",
    "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17",
    "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
)  # fmt: skip
"""What can be created and updated, in the order of AWS's refusal."""

_NEWER: Final = frozenset(
    {"nodejs26.x", "python3.15", "ruby4.0", "java8.al2023", "java11.al2023", "java17.al2023"},
)
"""In the model, and not in the list that the refusal was last seen with."""

_DEPRECATED: Final = frozenset({
    "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
    "java8", "python2.7", "python3.6", "python3.7", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1",
    "dotnetcore3.1", "go1.x", "ruby2.5", "ruby2.7", "provided",
})  # fmt: skip

SNAP_START: Final = frozenset({
    "java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "python3.15", "dotnet8",
    "dotnet10", "java11.al2023", "java17.al2023",
})  # fmt: skip
"""https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes"""


def check(runtime: str) -> None:
    """InvalidParameterValue unless functions of this runtime can be created."""
    if runtime in _DEPRECATED:
        raise InvalidParameterValue(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in LISTED and runtime not in _NEWER:
        raise InvalidParameterValue(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(LISTED)}] or be a valid ARN"
        )


def version_arn(runtime: str, region: str) -> str:
    """The ARN of the one version that this emulator has of a runtime."""
    digest = sha256(f"undercast {runtime}".encode()).hexdigest()
    return f"arn:{partition(region)}:lambda:{region}::runtime:{digest}"
