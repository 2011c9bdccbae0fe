"""The control API: FastAPI around `Control`. Imported when first asked for; it takes a fifth of a second."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr
from starlette.exceptions import HTTPException

from emulator.admin import docs, origin
from emulator.admin.control import ControlError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.admin.control import Control

Duration = StrictInt | StrictFloat | StrictStr
Instant = StrictInt | StrictFloat | StrictStr
_PREFIX = "/_undercast"


class _Given(BaseModel):
    """A request's body: a member that it does not know is a slip, and is refused."""

    model_config = ConfigDict(extra="forbid")


class ResetBody(_Given):
    """What to forget; everything when empty."""

    service: StrictStr | None = Field(None, examples=["sqs"])
    account: StrictStr | None = Field(None, examples=["000000000000"])
    region: StrictStr | None = Field(None, examples=["us-east-1"])


class AdvanceBody(_Given):
    """How far to move."""

    seconds: Duration = Field(description="Seconds, or a text such as `90s`, `12h`, `3d`, `1h30m`.", examples=["3d"])


class AdvanceToBody(_Given):
    """Where to move."""

    instant: Instant = Field(description="Epoch seconds or ISO 8601.", examples=["2027-01-31T12:00:00Z"])


class StepBody(_Given):
    """How far the next timer may be."""

    limit: Instant | None = Field(None, description="Epoch seconds or ISO 8601; none: wherever it is.")


class RunUntilBody(_Given):
    """What to wait for, and how long at most."""

    condition: dict[str, Any] = Field(
        description='A queue\'s counts (`visible`, `in_flight`, `delayed`, `total`) with `at_least`, `at_most` or `equals`; an `execution` that has ended, or has a `status`, or is in a `state`; or `{"idle": true}`: nothing is in flight, delayed or running.',  # noqa: E501
        examples=[{"queue": "orders", "visible": {"equals": 0}}],
    )
    at_most: Duration = Field(description="Seconds, or a text such as `7d`.", examples=["7d"])


class ModeBody(_Given):
    """How the clock shall go on."""

    mode: StrictStr = Field(description="`real`, `manual`, or `xN` for N times as fast.", examples=["manual", "x60"])


class ResetReply(BaseModel):
    """Which services forgot."""

    reset: list[str]


class TimeReply(BaseModel):
    """The clock. Instants are epoch seconds."""

    mode: str
    scale: float
    now: float
    now_iso: str
    timers: int
    next_at: float | None
    holds: int


class MovedReply(BaseModel):
    """Where the clock went, and how many timers fired on the way."""

    now: float
    now_iso: str
    fired: int


class SteppedReply(MovedReply):
    """The same, and when the next timer is due."""

    next_at: float | None


class RanReply(MovedReply):
    """The same, and whether the condition holds."""

    met: bool


class HealthReply(BaseModel):
    """That the server runs, and what it is."""

    status: str
    version: str
    endpoint: str
    region: str
    account: str
    services: dict[str, str]
    time: TimeReply


class StoppingReply(BaseModel):
    """The server has agreed."""

    status: str


class ErrorReply(BaseModel):
    """Why not, in one sentence."""

    error: str


def build(control: Control) -> FastAPI:
    """The ASGI application of one emulator's control API."""
    app = FastAPI(
        title="Undercast control API",
        summary="Health, reset, time.",
        version=control.health()["version"],
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{_PREFIX}/openapi.json",
        responses={400: {"model": ErrorReply, "description": "Bad input."}},
        redirect_slashes=False,
    )
    app.add_middleware(_Gate)
    _add_errors(app)
    _add_pages(app, control)
    _add_state(app, control)
    _add_time(app, control)
    for verbs in app.openapi()["paths"].values():
        for operation in verbs.values():
            # FastAPI takes it for granted; ours are 400.
            operation["responses"].pop("422", None)
    return app


class _Gate:
    """Before everything: other sites' pages are refused, and every body is read as JSON (curl says it is a form)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            why = origin.refusal(scope["method"], headers)
            if why is not None:
                await JSONResponse({"error": why}, 403)(scope, receive, send)
                return
            scope = {**scope, "headers": [*(headers | {b"content-type": b"application/json"}).items()]}
        await self._app(scope, receive, send)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ControlError)
    async def refused(request: Request, error: ControlError) -> JSONResponse:
        return JSONResponse({"error": _sayable(error.text)}, error.status)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": _sayable(_sentence(error.errors()))}, 400)

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> JSONResponse:
        text = error.detail
        if error.status_code == 404:
            text = f"there is nothing at {request.url.path}; {_PREFIX}/docs lists what there is"
        elif error.status_code == 405:
            text = f"{request.url.path} is not asked with {request.method}"
        return JSONResponse({"error": text}, error.status_code, error.headers)


def _sayable(text: str) -> str:
    """Half of a surrogate pair, which JSON may hold and UTF-8 may not, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _sentence(problems: Any) -> str:
    """Pydantic's findings in one sentence: the first is the one to mend first."""
    first = problems[0]
    # A union reports each alternative by its type's name behind the member's.
    place = [str(part) for part in first["loc"] if part != "body"][:1]
    if first["type"] == "json_invalid":
        return "the body is not JSON"
    if first["type"] == "missing":
        return f"{place[0]} is missing" if place else "the body is missing"
    if first["type"] == "extra_forbidden":
        return f"there is no member {place[0]}"
    if not place:
        return "the body has to be a JSON object"
    return f"{place[0]} can't be {json.dumps(first.get('input'), default=str)[:80]}"


def _add_pages(app: FastAPI, control: Control) -> None:
    @app.get(_PREFIX, include_in_schema=False)
    async def index() -> HTMLResponse:
        return HTMLResponse(docs.index(control.health()))

    @app.get(f"{_PREFIX}/docs", include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return HTMLResponse(docs.operations(app.openapi()))


def _add_state(app: FastAPI, control: Control) -> None:
    @app.get(f"{_PREFIX}/health", tags=["state"], response_model=HealthReply)
    async def health() -> dict[str, Any]:
        """That the server runs, what it is, and which services it has. Also at `/_localstack/health`."""
        return control.health()

    @app.post(f"{_PREFIX}/reset", tags=["state"], response_model=ResetReply)
    async def reset(body: Annotated[ResetBody | None, Body()] = None) -> dict[str, Any]:
        """Forget all state, or that of one service, account or region. The body may be left out."""
        chosen = body or ResetBody(service=None, account=None, region=None)
        return await control.reset(chosen.service, chosen.account, chosen.region)

    @app.post(f"{_PREFIX}/shutdown", tags=["state"], response_model=StoppingReply)
    async def shutdown() -> dict[str, Any]:
        """Stop the server, once this has been answered."""
        return control.shutdown()


def _add_time(app: FastAPI, control: Control) -> None:
    @app.get(f"{_PREFIX}/time", tags=["time"], response_model=TimeReply)
    async def time() -> dict[str, Any]:
        """The clock: its mode, the present instant, how many timers are pending and when the first is due."""
        return control.time_status()

    @app.put(f"{_PREFIX}/time/mode", tags=["time"], response_model=TimeReply)
    async def mode(body: ModeBody) -> dict[str, Any]:
        """Let the clock follow real time, stand still, or run faster, from its present instant on."""
        return control.set_mode(body.mode)

    @app.post(f"{_PREFIX}/time/advance", tags=["time"], response_model=MovedReply)
    async def advance(body: AdvanceBody) -> dict[str, Any]:
        """Move ahead by a duration. Timers on the way fire one by one, each at its own instant."""
        return await control.advance(body.seconds)

    @app.post(f"{_PREFIX}/time/advance_to", tags=["time"], response_model=MovedReply)
    async def advance_to(body: AdvanceToBody) -> dict[str, Any]:
        """Move ahead to an instant."""
        return await control.advance_to(body.instant)

    @app.post(f"{_PREFIX}/time/step", tags=["time"], response_model=SteppedReply)
    async def step(body: Annotated[StepBody | None, Body()] = None) -> dict[str, Any]:
        """Move to the next timer and fire it; with none due by the limit, move to the limit."""
        return await control.step(body.limit if body is not None else None)

    @app.post(f"{_PREFIX}/time/run_until", tags=["time"], response_model=RanReply)
    async def run_until(body: RunUntilBody) -> dict[str, Any]:
        """Fire timer by timer until a condition holds or the time is up."""
        return await control.run_until(body.condition, body.at_most)
