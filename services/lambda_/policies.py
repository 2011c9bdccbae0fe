"""Resource policies of functions, versions, aliases and layer versions. They are kept and shown, not enforced.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.lambda_ import limits
from services.lambda_.errors import (
    InvalidParameterValue,
    PolicyLengthExceeded,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Statement = dict[str, Any]

_ACCOUNT: Final = re.compile(r"\d{12}")
_ARN: Final = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts):.+")
# Most are <service>.amazonaws.com; Alexa's are not. AWS knows which exist; here any name of that form does.
_SERVICE: Final = re.compile(r"[a-zA-Z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")


@dataclass(slots=True)
class Policy:
    """A policy document with its revision."""

    statements: list[Statement]
    revision_id: str
    version: str = "2012-10-17"

    def text(self) -> str:
        """The document, as GetPolicy shows it."""
        return dumps({"Version": self.version, "Id": "default", "Statement": self.statements})


def dumps(value: object) -> str:
    """JSON as in AWS's answers: no blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def check_revision(given: str | None, latest: str | None, kind: str) -> None:
    """PreconditionFailed when a RevisionId is given and is not the latest. `kind`: Policy, LayerPolicy."""
    if given and given != latest:
        raise PreconditionFailed.revision(kind)


def with_statement(policy: Policy | None, statement: Statement, revision_id: str) -> Policy:
    """The policy with one statement more.

    Raises:
        ResourceConflict: it has a statement of that Sid.
        PolicyLengthExceeded: it would be longer than 20 kB.
    """
    statements = [] if policy is None else policy.statements
    if any(other.get("Sid") == statement["Sid"] for other in statements):
        raise ResourceConflict(
            f"The statement id ({statement['Sid']}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        )
    made = Policy([*statements, statement], revision_id)
    check_length(made.text())
    return made


def without_statement(policy: Policy | None, sid: str, revision_id: str) -> Policy | None:
    """The policy without a statement; None when it was the last.

    Raises:
        ResourceNotFound: there is no policy, or no such statement in it.
    """
    if policy is None:
        raise ResourceNotFound("No policy is associated with the given resource.")
    kept = [statement for statement in policy.statements if statement.get("Sid") != sid]
    if len(kept) == len(policy.statements):
        raise ResourceNotFound(f"Statement {sid} is not found in resource policy.")
    return Policy(kept, revision_id) if kept else None


def check_length(text: str) -> None:
    """PolicyLengthExceeded for a document longer than 20 kB."""
    if len(text) > limits.POLICY_MAX:
        raise PolicyLengthExceeded(
            f"The final policy size ({len(text)}) is bigger than the limit ({limits.POLICY_MAX})."
        )


def parse(text: str, revision_id: str) -> Policy:
    """A whole policy as PutResourcePolicy takes it; InvalidParameterValue for anything else (text guessed)."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    statements = document.get("Statement") if isinstance(document, dict) else None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not all(isinstance(entry, dict) for entry in statements) or not statements:
        raise InvalidParameterValue("The provided policy document is invalid.")
    check_length(text)
    return Policy(statements, revision_id, str(document.get("Version", "2012-10-17")))


def for_function(params: Mapping[str, Any], resource: str, partition: str) -> Statement:
    """The statement that AddPermission's parameters make.

    Raises:
        InvalidParameterValue: the principal is none, or a URL's auth type is given for something else.
    """
    action = params["Action"]
    auth_type = params.get("FunctionUrlAuthType")
    if auth_type and action != "lambda:InvokeFunctionUrl":
        raise InvalidParameterValue("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    statement: Statement = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"], partition),
        "Action": action,
        "Resource": resource,
    }
    equals = {
        "AWS:SourceAccount": params.get("SourceAccount"),
        "lambda:FunctionUrlAuthType": auth_type,
        "aws:PrincipalOrgID": params.get("PrincipalOrgID"),
        "lambda:EventSourceToken": params.get("EventSourceToken"),
    }
    conditions: dict[str, dict[str, str]] = {
        "StringEquals": {key: value for key, value in equals.items() if value},
        "ArnLike": {"AWS:SourceArn": params["SourceArn"]} if params.get("SourceArn") else {},
    }
    if params.get("InvokedViaFunctionUrl") is not None:
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": str(params["InvokedViaFunctionUrl"]).lower()}
    if told := {operator: keys for operator, keys in conditions.items() if keys}:
        statement["Condition"] = told
    return statement


def for_layer(params: Mapping[str, Any], resource: str, partition: str) -> Statement:
    """The statement that AddLayerVersionPermission's parameters make."""
    statement: Statement = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"], partition),
        "Action": params["Action"],
        "Resource": resource,
    }
    if params.get("OrganizationId"):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": params["OrganizationId"]}}
    return statement


def _principal(principal: str, partition: str) -> str | dict[str, str]:
    if principal == "*":
        return principal
    if _ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:{partition}:iam::{principal}:root"}
    if _ARN.fullmatch(principal):
        return {"AWS": principal}
    if _SERVICE.fullmatch(principal):
        return {"Service": principal}
    raise InvalidParameterValue("The provided principal was invalid. Please check the principal and try again.")
