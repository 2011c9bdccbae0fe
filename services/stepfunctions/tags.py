"""Tags of state machines and activities, and their encryption settings, which are only kept.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-tagging
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.api import operation
from services.stepfunctions import limits, names
from services.stepfunctions.errors import InvalidEncryptionConfiguration, ResourceNotFound, TooManyTags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.api import Call, Params
    from services.stepfunctions.state import State


class TagsApi:
    """TagResource, UntagResource, ListTagsForResource."""

    def __init__(self, state: State) -> None:
        self._state = state

    def _tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource, to be changed in place."""
        named = names.parse(arn, "stateMachine", "activity")
        if named.kind == "activity":
            activity = self._state.activity(arn)
            if activity is not None:
                return activity.tags
        elif len(named.parts) == 1 and "/" not in named.name:
            machine = self._state.state_machine(named)
            if machine is not None:
                return machine.tags
        raise ResourceNotFound.of(arn)

    @operation
    def tag_resource(self, call: Call, params: Params) -> Params:
        found = self._tags(params["resourceArn"])
        added = as_dict(params["tags"])
        if len(found | added) > limits.TAGS_MAX:
            raise TooManyTags.on(params["resourceArn"])
        found.update(added)
        return {}

    @operation
    def untag_resource(self, call: Call, params: Params) -> Params:
        found = self._tags(params["resourceArn"])
        for key in params["tagKeys"]:
            found.pop(key, None)
        return {}

    @operation
    def list_tags_for_resource(self, call: Call, params: Params) -> Params:
        return {"tags": [{"key": key, "value": value} for key, value in self._tags(params["resourceArn"]).items()]}


def as_dict(given: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """A list of tags by their keys."""
    return {tag.get("key") or "": tag.get("value") or "" for tag in given or ()}


def check(given: Sequence[Mapping[str, str]] | None, arn: str) -> None:
    """Raises TooManyTags for more than 50 tags."""
    if given is not None and len(given) > limits.TAGS_MAX:
        raise TooManyTags.on(arn)


def check_encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    """An EncryptionConfiguration as it is shown. Raises InvalidEncryptionConfiguration."""
    by_customer = given.get("type") == "CUSTOMER_MANAGED_KMS_KEY"
    if by_customer and not given.get("kmsKeyId"):
        raise InvalidEncryptionConfiguration(
            "Invalid Encryption Configuration: KmsKeyId must be specified for CUSTOMER_MANAGED_KMS_KEY"
        )
    if not by_customer and (given.get("kmsKeyId") or given.get("kmsDataKeyReusePeriodSeconds") is not None):
        raise InvalidEncryptionConfiguration(
            "Invalid Encryption Configuration: KmsKeyId and KmsDataKeyReusePeriodSeconds are only for "
            "CUSTOMER_MANAGED_KMS_KEY"
        )
    shown = {name: value for name, value in given.items() if value is not None}
    if by_customer:
        shown.setdefault("kmsDataKeyReusePeriodSeconds", 300)
    return shown
