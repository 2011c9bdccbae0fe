"""Pages of Lambda's lists: `Marker` in, `NextMarker` out.

AWS promises nothing about what a marker looks like. Here it is the key of the last item shown, so that what is created
or deleted between two pages neither repeats nor hides another item.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypeVar

from services.lambda_.limits import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.api import Params

T = TypeVar("T")


def page(items: Iterable[T], key: Callable[[T], str], params: Params, most: int = PAGE) -> tuple[list[T], Params]:
    """One page of `items` sorted by `key`, and the `NextMarker` to add to the answer (nothing when it was the last).

    `params` has the request's `MaxItems` (a page has never more than `most`) and `Marker`; a marker that is none begins
    anew.
    """
    ordered = sorted(items, key=key)
    after = _decoded(params.get("Marker") or "")
    if after:
        ordered = [item for item in ordered if key(item) > after]
    limit = min(params.get("MaxItems") or most, most)
    if len(ordered) <= limit:
        return ordered, {}
    return ordered[:limit], {"NextMarker": _encoded(key(ordered[limit - 1]))}


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(marker: str) -> str:
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode()
    except ValueError:
        return ""
