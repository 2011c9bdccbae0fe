"""A request as moto's handlers want it.

moto takes a werkzeug request for one that came by HTTP when its class says so in its name, hence this module's.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request as WerkzeugRequest

from emulator.neighbours.taming import ACCOUNT_HEADER

moto_request: Any = None
# Before moto 5.2 handlers took werkzeug's own class.
if find_spec("moto.core.request") is not None:
    moto_request = import_module("moto.core.request")

if TYPE_CHECKING:
    from emulator.wire.exchange import Exchange

_KEEPS_NAMES = hasattr(moto_request, "should_preserve_original_header_name")
"""Since 5.2.5 it tells apart headers whose names differ in `-` and `_`."""

_Base: Any = moto_request.Request if moto_request else WerkzeugRequest


class NeighbourRequest(_Base):  # type: ignore[misc]
    """A request that is in memory already."""

    from_wsgi_server = True
    forms = True

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether the body may be taken for a form."""
        return self.forms and bool(self.environ.get("CONTENT_TYPE"))


_NOT_MOTOS_TO_SEE = frozenset({"host", "expect", "transfer-encoding", "connection", "content-length", ACCOUNT_HEADER})


def build_request(exchange: Exchange, url: str, account: str, region: str, *, forms: bool) -> Any:
    """The exchange as if sent to `url`, by `account`."""
    parts = urlsplit(url)
    given = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers.items()]
    headers = [(name, value) for name, value in given if name not in _NOT_MOTOS_TO_SEE]
    headers.append((ACCOUNT_HEADER, account))
    if b"authorization" not in exchange.headers and b"Signature=" not in exchange.query:
        # A request without any signature is its account's own here, not a stranger's whom S3 would turn away.
        scope = f"{account}/20000101/{region}/unsigned/aws4_request"
        headers.append(("authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
    request = NeighbourRequest.from_values(
        method=exchange.method.decode("latin-1"),
        base_url=f"https://{parts.netloc}",
        path=parts.path,
        query_string=parts.query,
        data=exchange.body,
        headers=headers,
    )
    request.environ["CONTENT_LENGTH"] = str(len(exchange.body))
    # The path as sent: werkzeug's own has lost the difference between `/` and `%2F`.
    request.environ["RAW_URI"] = request.environ["REQUEST_URI"] = parts.path
    if _KEEPS_NAMES:
        request.environ[moto_request.PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {
            moto_request.environ_key_for_header(name): name
            for name, _ in headers
            if moto_request.should_preserve_original_header_name(name)
        }
    # The body is in memory and its size was limited when it was read.
    request.max_form_memory_size = None
    request.forms = forms
    return request
