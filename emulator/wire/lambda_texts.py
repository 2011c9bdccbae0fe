"""What Lambda says of some members, where its answers are not what the model says.

The runtimes come in the order in which AWS was seen to list them; ListLayers knows more of them than functions do.
"""

from __future__ import annotations

from typing import Final

from emulator.wire.refusals import ValidationFailure
from emulator.wire.validate import constraints
from services.lambda_.runtimes import LISTED

_FILTERS: Final = (
    "ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7", "python2.7-greengrass",
    "dotnetcore2.0", "python3.8", "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10", "provided",
    "dotnetcore3.1", "dotnet8", "java25", "java17", "nodejs", "nodejs4.3", "java8.al2", "go1.x", "dotnet10",
    "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x", "python3.10", "java8", "nodejs12.x",
    "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9", "nodejs26.x", "python3.13",
    "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge", "nodejs18.x", "ruby3.2", "python3.4",
    "ruby3.3", "ruby3.4", "ruby2.5", "python3.6", "python2.7",
)  # fmt: skip
_REGION: Final = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
_LAYER: Final = (
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:{_REGION}:\d{{12}}:layer:[a-zA-Z0-9-_]+:[0-9]+)|"
    r"(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
)

TEXTS: Final = {
    # CreateFunction and UpdateFunctionConfiguration refuse with an error of their own.
    "runtime": "",
    "compatibleRuntime": f"Member must satisfy enum value set: [{', '.join(_FILTERS)}]",
    "compatibleRuntimes": f"Member must satisfy enum value set: [{', '.join(LISTED)}]",
    # The model has these in another order.
    "startingPosition": "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    "invokeMode": "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
    "recursiveLoop": "Member must satisfy enum value set: [Terminate, Allow]",
    "layers": (
        "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length "
        f"greater than or equal to 1, Member must satisfy regular expression pattern: {_LAYER}, "
        "Member must not be null]"
    ),
    "arn": f"Member must satisfy regular expression pattern: {_LAYER}",
    "resource": (
        rf"Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:{_REGION}:\d{{12}}:"
        r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
        r"code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-"
        r"[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)"
    ),
}

in_lambda = constraints(ValidationFailure, TEXTS)
