"""`undercast invoke` and `undercast logs`."""

from __future__ import annotations

import json
import sys
import time as real_time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from undercast import show
from undercast.durations import iso, seconds
from undercast.functions import FunctionsClient

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLLOW_S = 0.5
_SEEN_MAX = 10_000
_LAMBDAS_OWN = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START", "INIT_REPORT")


def _endpoint(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    from undercast.cli import _ENDPOINT

    return value or ctx.meta.get(_ENDPOINT)


def _with_client(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which function is meant, as every command here has them."""
    for option in (
        click.option(
            "--region", metavar="REGION", help="The function's region.  [default: AWS_REGION, else the server's]"
        ),
        click.option("--account", metavar="ID", help="The function's account.  [default: the server's]"),
        click.option("--endpoint", metavar="URL", callback=_endpoint, help="The server to talk to."),
    ):
        command = option(command)
    return command


def _payload(ctx: click.Context, param: click.Parameter, value: str) -> bytes:
    """What was typed, the content of `@file`, or what comes in by `-`; it has to be JSON."""
    try:
        if value == "-":
            found = sys.stdin.buffer.read()
        elif value.startswith("@"):
            found = Path(value[1:]).read_bytes()
        else:
            found = value.encode()
        json.loads(found)
    except OSError as error:
        raise click.BadParameter(f"{value[1:]}: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(f"it is no JSON ({error})") from None
    return found


@click.command()
@click.argument("function")
@click.option(
    "--payload", metavar="JSON|@FILE|-", default="{}", callback=_payload, help="The event.  [default: an empty object]"
)
@click.option("--qualifier", metavar="NAME", default="", help="A version or an alias.")
@click.option("--async", "later", is_flag=True, help="Do not wait for the answer.")
@click.option("--quiet", "-q", is_flag=True, help="Leave the log out.")
@_with_client
@click.pass_context
def invoke(
    ctx: click.Context,
    /,
    function: str,
    payload: bytes,
    qualifier: str,
    later: bool,
    quiet: bool,
    **where: Any,
) -> None:
    """Invoke FUNCTION.

    Prints its answer on stdout and the end of its log on stderr. Exit code 1 when the function failed.
    """
    client = FunctionsClient(**where)
    done = client.invoke(function, payload, qualifier=qualifier, later=later)
    if later:
        show.complain(f"Accepted, request id {done.request_id}")
        return
    if not quiet:
        for line in done.log.splitlines():
            click.echo(_styled(line), err=True)
    click.echo(done.payload.decode("utf-8", "replace"))
    if done.error:
        ctx.exit(1)


def _length(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("function")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--since", metavar="DURATION", callback=_length, help="Only the last such as 10m.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, for a program to read.")
@_with_client
def logs(function: str, follow: bool, since: float | None, as_json: bool, **where: Any) -> None:
    """Print the log of FUNCTION (a name, an ARN, or a log group such as /aws/lambda/name)."""
    client = FunctionsClient(**where)
    group = client.log_group(function)
    begin = 0.0 if since is None else max(0.0, client.now() - since)
    seen: dict[str, None] = {}
    while True:
        for event in client.log_events(group, begin):
            if event.event_id in seen:
                continue
            seen[event.event_id] = None
            # Events of one moment may come in two answers: ask from there again, and pass over what was shown.
            begin = max(begin, event.at)
            _print(event.at, event.message, as_json=as_json)
        if not follow:
            return
        while len(seen) > _SEEN_MAX:
            seen.pop(next(iter(seen)))
        real_time.sleep(_FOLLOW_S)


def _print(at: float, message: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"timestamp": iso(at), "message": message}))
        return
    for line in message.rstrip("\n").splitlines() or [""]:
        click.echo(f"{click.style(iso(at), dim=True)}  {_styled(line)}")


def _styled(line: str) -> str:
    """Lambda's own lines are paler than the function's."""
    return click.style(line, dim=True) if line.startswith(_LAMBDAS_OWN) else line


def add_to(group: Any) -> None:
    """Make these commands of `group`."""
    group.add_command(invoke)
    group.add_command(logs)
