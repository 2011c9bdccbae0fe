"""Function names, ARNs, partial ARNs and qualifiers, in every form that AWS takes.

`name`, `name:qualifier`, `function:name`, `<account>:function:name`, the whole ARN, each with a qualifier or without:
https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_RequestSyntax
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from services import arn
from services.lambda_.errors import InvalidParameterValue, ResourceNotFound, ValidationException
from services.lambda_.model import LATEST, FunctionName
from services.scope import Scope

PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
"""The model's NamespacedFunctionName, for those who come by another way than the wire."""

_SPLIT: Final = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9_.-]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?"
)
_VERSION: Final = re.compile(r"[0-9]+")


class Named(NamedTuple):
    """What was named: a function and, as it was written, a version or alias of it."""

    function: FunctionName
    qualifier: str = ""
    """Empty, `$LATEST`, a version's number or an alias."""

    @property
    def arn(self) -> str:
        """Qualified as it was written."""
        return self.function.arn(self.qualifier)

    @property
    def scope(self) -> Scope:
        """Where the function is."""
        return Scope(self.function.account, self.function.region)


def split(scope: Scope, text: str) -> Named | None:
    """What `text` names, seen from `scope`; None when it names no function. Nothing is checked against the scope."""
    found = _SPLIT.fullmatch(text)
    if found is None:
        return None
    function = FunctionName(found["account"] or scope.account, found["region"] or scope.region, found["name"])
    return Named(function, found["qualifier"] or "")


def parse(scope: Scope, text: str, qualifier: str = "") -> Named:
    """What a FunctionName and a Qualifier name, for a caller in `scope`.

    Raises:
        ValidationException: the text has no known form.
        ResourceNotFound: it names another region.
        InvalidParameterValue: name and Qualifier name different versions.
    """
    named = split(scope, text)
    if named is None:
        raise ValidationException.of(text, "functionName", f"Member must satisfy regular expression pattern: {PATTERN}")
    if named.function.region != scope.region:
        raise ResourceNotFound(
            f"Functions from '{named.function.region}' are not reachable in this region ('{scope.region}')"
        )
    if not qualifier:
        return named
    if named.qualifier and named.qualifier != qualifier:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return Named(named.function, qualifier)


def of_arn(text: str) -> Named | None:
    """What a function's whole ARN names; None for anything else."""
    parsed = arn.parse(text)
    if parsed is None or parsed.service != "lambda" or not parsed.resource.startswith("function:"):
        return None
    return split(Scope(parsed.account, parsed.region), text)


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a published version's number."""
    return _VERSION.fullmatch(qualifier) is not None


def is_alias(qualifier: str) -> bool:
    """Whether a qualifier can only be an alias."""
    return bool(qualifier) and qualifier != LATEST and not is_version(qualifier)
