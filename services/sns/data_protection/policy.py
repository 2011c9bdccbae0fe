"""The document of a data protection policy: read, or refused.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-policies.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-operations.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-custom-data-identifiers.html
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from services.sns.data_protection.detectors import Detector
from services.sns.data_protection.identifiers import DETECTORS, name_of
from services.sns.errors import InvalidParameter

# API/API_PutDataProtectionPolicy.html
SIZE_MAX: Final = 30_720
_VERSION: Final = "2021-06-01"
_CUSTOM_MAX: Final = 10
_REGEX_MAX: Final = 200
_SAMPLE_RATE_MAX: Final = 99
_MASK: Final = "#"
_DIGITS_MAX: Final = 10
"""Python reads no number of thousands of digits."""

_CUSTOM_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}\Z").match
_REGEX_CHARACTERS = re.compile(r"[A-Za-z0-9_#=@/;,\- ^$?\[\]{}|\\*+.]+\Z").match
_MASKS = re.compile(r"[A-Za-z0-9 !$%&()*+,\-./:;<=>?@\[\]^_`|~#]\Z").match
_PRINCIPAL = re.compile(r"\*\Z|arn:[a-z-]+:(?:iam|sts)::(\d{12}):.+\Z|(\d{12})\Z").match

AUDIT: Final = "Audit"
DENY: Final = "Deny"
MASK: Final = "Mask"
REDACT: Final = "Redact"
INBOUND: Final = "Inbound"
OUTBOUND: Final = "Outbound"


class Statement(NamedTuple):
    """One statement."""

    direction: str
    operation: str
    """AUDIT, DENY, MASK or REDACT."""
    identifiers: tuple[tuple[str, Detector], ...]
    """By name; those that nothing here looks for are left out."""
    accounts: frozenset[str] | None
    """Whose principals it is about; None is everybody's."""
    mask: str = ""
    sample_rate: int = 0
    findings_group: str = ""
    """CloudWatch log group for messages in which something was found, or empty."""
    no_findings_group: str = ""

    def concerns(self, direction: str, account: str) -> bool:
        """Whether it is about messages that this account publishes (Inbound) or is sent (Outbound)."""
        return self.direction == direction and (self.accounts is None or account in self.accounts)


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(text: str) -> tuple[Statement, ...]:
    """The statements of a policy.

    Raises:
        InvalidParameter: it is none. AWS's wording of the reasons is not documented.
    """
    try:
        return _read(text)
    except _Refused as refused:
        raise InvalidParameter.of("DataProtectionPolicy", refused.reason) from None


def _read(text: str) -> tuple[Statement, ...]:
    _require(len(text) <= SIZE_MAX, f"The policy is longer than {SIZE_MAX} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused("The policy is not valid JSON") from None
    _require(isinstance(document, dict), "The policy is not a JSON object")
    _only(document, {"Name", "Description", "Version", "Statement", "Configuration"}, "the policy")
    _require(isinstance(document.get("Name"), str) and bool(document["Name"]), "Name is required")
    _require(isinstance(document.get("Description", ""), str), "Description must be a string")
    _require(document.get("Version") == _VERSION, f"Version must be {_VERSION}")
    given = document.get("Statement")
    _require(isinstance(given, list) and bool(given), "Statement must be a list of at least one statement")
    custom = _custom(document.get("Configuration", {}))
    statements = tuple(_statement(one, custom) for one in given or ())
    audits = sum(statement.operation == AUDIT for statement in statements)
    _require(audits <= 1, "Only one statement may have the operation Audit")
    return statements


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise _Refused(reason)


def _only(given: dict[str, Any], known: set[str], where: str) -> None:
    for name in given:
        _require(name in known, f"Unknown property {name} in {where}")


def _custom(configuration: Any) -> dict[str, Detector]:
    _require(isinstance(configuration, dict), "Configuration must be an object")
    _only(configuration, {"CustomDataIdentifier"}, "Configuration")
    given = configuration.get("CustomDataIdentifier", [])
    _require(isinstance(given, list), "CustomDataIdentifier must be a list")
    _require(len(given) <= _CUSTOM_MAX, f"A policy may have at most {_CUSTOM_MAX} custom data identifiers")
    found: dict[str, Detector] = {}
    for one in given:
        _require(isinstance(one, dict), "A custom data identifier must be an object")
        name, regex = one.get("Name"), one.get("Regex")
        _require(isinstance(name, str) and bool(_CUSTOM_NAME(name)), "Invalid Name of a custom data identifier")
        _require(name not in DETECTORS, f"{name} is the name of a managed data identifier")
        _require(name not in found, f"There are several custom data identifiers named {name}")
        found[name] = Detector(_regex(regex))
    return found


def _regex(given: Any) -> re.Pattern[str]:
    _require(isinstance(given, str) and 0 < len(given) <= _REGEX_MAX, f"Regex must have 1 to {_REGEX_MAX} characters")
    # Without groups no repetition is nested in another.
    _require(bool(_REGEX_CHARACTERS(given)), "Regex has a character that is not supported")
    try:
        return re.compile(given)
    except (re.error, OverflowError):
        raise _Refused("Regex is not a valid regular expression") from None


def _statement(given: Any, custom: dict[str, Detector]) -> Statement:
    _require(isinstance(given, dict), "A statement must be an object")
    _only(given, {"Sid", "DataDirection", "Principal", "DataIdentifier", "Operation"}, "a statement")
    _require(isinstance(given.get("Sid", ""), str), "Sid must be a string")
    direction = given.get("DataDirection")
    _require(direction in (INBOUND, OUTBOUND), "DataDirection must be Inbound or Outbound")
    return _operation(
        given.get("Operation"),
        Statement(
            direction=str(direction),
            operation="",
            identifiers=_identifiers(given.get("DataIdentifier"), custom),
            accounts=_accounts(given.get("Principal")),
        ),
    )


def _identifiers(given: Any, custom: dict[str, Detector]) -> tuple[tuple[str, Detector], ...]:
    _require(isinstance(given, list) and bool(given), "DataIdentifier must be a list of at least one identifier")
    found = {}
    for one in given:
        _require(isinstance(one, str), "A data identifier must be a string")
        name = one if one in custom else name_of(one)
        if name is None:
            raise _Refused(f"Unknown data identifier {one}")
        detector = custom.get(name) or DETECTORS.get(name)
        if detector is not None:
            found[name] = detector
    return tuple(found.items())


def _accounts(given: Any) -> frozenset[str] | None:
    given = [given] if isinstance(given, str) else given
    _require(isinstance(given, list) and bool(given), "Principal must be a list of at least one principal")
    accounts = set()
    for one in given:
        found = _PRINCIPAL(one) if isinstance(one, str) else None
        if found is None:
            raise _Refused(f"Invalid principal {one}")
        if one == "*":
            return None
        accounts.add(found.group(1) or found.group(2))
    return frozenset(accounts)


def _operation(given: Any, statement: Statement) -> Statement:
    _require(isinstance(given, dict) and len(given) == 1, "Operation must be one of Audit, Deidentify and Deny")
    ((kind, what),) = given.items()
    _require(isinstance(what, dict), f"{kind} must be an object")
    if kind == "Deny":
        _only(what, set(), kind)
        return statement._replace(operation=DENY)
    if kind == "Deidentify":
        return _deidentify(what, statement)
    _require(kind == "Audit", "Operation must be one of Audit, Deidentify and Deny")
    _require(statement.direction == INBOUND, "The operation Audit is for the DataDirection Inbound only")
    _only(what, {"SampleRate", "FindingsDestination", "NoFindingsDestination"}, kind)
    rate = str(what.get("SampleRate", ""))
    _require(
        rate.isascii() and rate.isdecimal() and len(rate) < _DIGITS_MAX and int(rate) <= _SAMPLE_RATE_MAX,
        f"SampleRate must be an integer from 0 to {_SAMPLE_RATE_MAX}",
    )
    _require(
        "FindingsDestination" in what or "NoFindingsDestination" in what,
        "Audit needs a FindingsDestination or a NoFindingsDestination",
    )
    return statement._replace(
        operation=AUDIT,
        sample_rate=int(rate),
        findings_group=_group(what.get("FindingsDestination", {})),
        no_findings_group=_group(what.get("NoFindingsDestination", {})),
    )


def _deidentify(given: dict[str, Any], statement: Statement) -> Statement:
    _require(set(given) in ({"MaskConfig"}, {"RedactConfig"}), "Deidentify must have either MaskConfig or RedactConfig")
    if "RedactConfig" in given:
        _require(given["RedactConfig"] == {}, "RedactConfig must be an empty object")
        return statement._replace(operation=REDACT)
    settings = given["MaskConfig"]
    _require(isinstance(settings, dict), "MaskConfig must be an object")
    _only(settings, {"MaskWithCharacter"}, "MaskConfig")
    mask = settings.get("MaskWithCharacter", _MASK)
    _require(isinstance(mask, str) and bool(_MASKS(mask)), "MaskWithCharacter must be one character")
    return statement._replace(operation=MASK, mask=mask)


def _group(destination: Any) -> str:
    _require(isinstance(destination, dict), "A destination must be an object")
    _only(destination, {"CloudWatchLogs", "Firehose", "S3"}, "a destination")
    for kind, member in (("CloudWatchLogs", "LogGroup"), ("Firehose", "DeliveryStream"), ("S3", "Bucket")):
        if kind in destination:
            told = destination[kind]
            _require(isinstance(told, dict) and isinstance(told.get(member), str), f"{kind} needs a {member}")
    group = destination.get("CloudWatchLogs", {}).get("LogGroup", "")
    _require(not group or group.startswith("/aws/vendedlogs/"), "LogGroup must begin with /aws/vendedlogs/")
    return str(group)
