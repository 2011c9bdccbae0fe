"""Tags of functions, event source mappings and code signing configurations.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services import arn as arns
from services.api import operation
from services.lambda_ import names
from services.lambda_.configuring import check_tags
from services.lambda_.errors import InvalidParameterValue, ResourceNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.api import Call, Params
    from services.lambda_.state import Functions
    from services.ports import Entropy

    Holder = Callable[[str], dict[str, str] | None]
    """Gives the tags of what has this ARN, to be changed in place; None when nothing has it."""

_KINDS: Final = {
    "event-source-mapping": "Event source mapping not found: {}",
    "code-signing-config": "The code signing configuration cannot be found. Check that the provided configuration is "
    "not deleted: {}.",
    "capacity-provider": "Capacity provider not found: {}",
}


class TagsApi:
    """TagResource, UntagResource, ListTags."""

    def __init__(self, entropy: Entropy, functions: Functions, holders: Mapping[str, Holder]) -> None:
        self._entropy = entropy
        self._functions = functions
        self._holders = holders
        """By the first part of the ARN's resource: `event-source-mapping`, `code-signing-config`."""

    def _tags(self, resource: str) -> dict[str, str]:
        """The tags of a resource, to be changed in place."""
        parsed = arns.parse(resource)
        kind = "" if parsed is None else parsed.resource.split(":", 1)[0]
        if kind in _KINDS:
            found = self._holders[kind](resource) if kind in self._holders else None
            if found is None:
                raise ResourceNotFound(_KINDS[kind].format(resource))
            return found
        named = names.of_arn(resource)
        if named is None:
            raise ResourceNotFound(f"The resource you requested does not exist: {resource}")
        if named.qualifier:
            raise InvalidParameterValue(
                "Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        return self._functions.of(named).tags

    def _changed(self, resource: str) -> None:
        """A function's tags are part of its revision."""
        named = names.of_arn(resource)
        if named is not None:
            self._functions.of(named).latest.revision_id = self._entropy.uuid()

    @operation
    def tag_resource(self, call: Call, params: Params) -> Params:
        resource, added = params["Resource"], params["Tags"]
        if not added:
            raise InvalidParameterValue("An error occurred and the request cannot be processed.")
        tags = self._tags(resource)
        check_tags(tags | added)
        tags.update(added)
        self._changed(resource)
        return {}

    @operation
    def untag_resource(self, call: Call, params: Params) -> Params:
        resource = params["Resource"]
        tags = self._tags(resource)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        self._changed(resource)
        return {}

    @operation
    def list_tags(self, call: Call, params: Params) -> Params:
        return {"Tags": dict(self._tags(params["Resource"]))}
