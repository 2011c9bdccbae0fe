"""The command line: everything but `start`, which `__main__` turns into the server before this is imported."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
import time as real_time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from undercast import __version__, function_commands, launch, show
from undercast.client import ControlClient, endpoint_of
from undercast.durations import epoch, seconds
from undercast.errors import EndpointError, NoServerError, StartError, UndercastError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ENDPOINT = "undercast.endpoint"
_STOP_PATIENCE_S = 10.0


class Commands(click.Group):
    """The group of all commands. Says on one line what went wrong, instead of a usage block."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit: 0, 1 when the server is missing or says no, 2 for what was typed wrong."""
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "undercast"
            show.complain(f"{path}: {error.format_message()} (see {path} --help)")
            code = 2
        except click.ClickException as error:
            show.complain(error.format_message())
            code = error.exit_code
        except NoServerError as error:
            show.complain(f"{error}. Start one with: undercast start")
            code = 1
        except StartError as error:
            show.complain(error.stderr.strip() or str(error))
            code = error.exit_code or 1
        except UndercastError as error:
            show.complain(str(error))
            code = 2 if isinstance(error, EndpointError) else 1
        except (click.Abort, KeyboardInterrupt):
            code = 130
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else 0)


def length(text: str | float) -> float:
    """Seconds of a duration as typed: `90`, `90s`, `15m`, `12h`, `7d`, `1h30m`."""
    try:
        return seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def moment(text: str | float) -> float:
    """Epoch seconds of an ISO 8601 instant as typed."""
    try:
        return epoch(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[_ENDPOINT] = value


endpoint_option = click.option(
    "--endpoint",
    metavar="URL",
    expose_value=False,
    callback=_remember,
    help="The server to talk to. Else UNDERCAST_ENDPOINT, else AWS_ENDPOINT_URL, else http://localhost:4566.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for a program to read.")


def with_client(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the endpoint option, and a client of that server as its first argument."""

    @endpoint_option
    @functools.wraps(command)
    def with_option(*args: Any, **options: Any) -> None:
        command(ControlClient(click.get_current_context().meta.get(_ENDPOINT)), *args, **options)

    return with_option


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="Undercast %(version)s")
@endpoint_option
@click.pass_context
def undercast(ctx: click.Context) -> None:
    """Undercast, a local AWS-style serverless emulator that is in command of time."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@undercast.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.pass_context
def start(ctx: click.Context) -> None:
    """Start a server. `undercast start --help` tells its options."""
    arguments = [argument for argument in ctx.args if argument != "--detach"]
    if len(arguments) == len(ctx.args):
        launch.run(arguments)
    from undercast.server import start_detached

    with contextlib.ExitStack() as undone:
        log = undone.enter_context(tempfile.NamedTemporaryFile("w+", prefix="undercast-", suffix=".log", delete=False))
        undone.callback(Path(log.name).unlink)
        endpoint, pid = start_detached(arguments, log)
        undone.pop_all()
    log.close()
    show.detached(endpoint, pid, log.name)


@undercast.command()
@json_option
@with_client
def status(client: ControlClient, as_json: bool) -> None:
    """Tell whether a server runs, and how it stands."""
    health = client.health()
    if as_json:
        show.as_json(asdict(health))
    else:
        show.health(health, client.endpoint)


@undercast.command()
@with_client
def stop(client: ControlClient) -> None:
    """Stop the server."""
    client.shutdown()
    give_up_at = real_time.monotonic() + _STOP_PATIENCE_S
    try:
        while real_time.monotonic() < give_up_at:
            client.health()
            real_time.sleep(0.02)
    except UndercastError:
        show.say(f"Stopped the server at {client.endpoint}")
        return
    raise UndercastError(f"The server at {client.endpoint} agreed to stop, and still runs")


@undercast.command()
@click.option("--service", metavar="NAME", help="Only this service, such as sqs.")
@click.option("--account", metavar="ID", help="Only this account.")
@click.option("--region", metavar="REGION", help="Only this region.")
@with_client
def reset(client: ControlClient, service: str | None, account: str | None, region: str | None) -> None:
    """Forget all state, or that of one service, account or region."""
    show.forgotten(client.reset(service, account, region), account, region)


@undercast.command()
@click.option(
    "--shell",
    type=click.Choice(sorted(show.SHELLS)),
    default="sh",
    show_default=True,
    help="The form to print: sh fits bash and zsh too.",
)
@click.option("--account", metavar="ID", help="Work in this account (12 digits).")
@click.option("--region", metavar="REGION", help="Work in this region.  [default: the server's, else us-east-1]")
@click.pass_context
@endpoint_option
def env(ctx: click.Context, shell: str, account: str | None, region: str | None) -> None:
    """Print the variables that point AWS clients at the server.

    \b
    eval "$(undercast env)"                                       sh, bash, zsh
    undercast env --shell fish | source                           fish
    undercast env --shell powershell | Out-String | iex           PowerShell
    """  # noqa: D301 - click's mark for "leave these lines as they are"
    if account is not None and not (account.isascii() and account.isdigit() and len(account) == 12):
        raise click.BadParameter(f"{account} is not an account id (12 digits)", ctx, param_hint="--account")
    endpoint = endpoint_of(ctx.meta.get(_ENDPOINT))
    if region is None:
        # The variables can be set before a server runs, so its absence is no error here.
        try:
            region = ControlClient(endpoint).health().region
        except UndercastError:
            region = "us-east-1"
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account or "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        # boto3 and the AWS CLI read the one above, most other SDKs only this one.
        "AWS_REGION": region,
    }
    click.echo(show.SHELLS[shell](variables))


@undercast.group(invoke_without_command=True)
@json_option
@endpoint_option
@click.pass_context
def time(ctx: click.Context, as_json: bool) -> None:
    """Show the server's time, or move it."""
    if ctx.invoked_subcommand is None:
        found = ControlClient(ctx.meta.get(_ENDPOINT)).time()
        show.as_json(asdict(found)) if as_json else show.clock(found)


@time.command()
@click.argument("duration", type=length)
@json_option
@with_client
def advance(client: ControlClient, duration: float, as_json: bool) -> None:
    """Move the clock on by DURATION.

    DURATION is such as 90 (seconds), 90s, 15m, 12h, 7d or 1h30m.
    """
    moved = client.advance(duration)
    show.as_json(asdict(moved)) if as_json else show.moved(moved.now, moved.fired)


@time.command("advance-to")
@click.argument("instant", type=moment)
@json_option
@with_client
def advance_to(client: ControlClient, instant: float, as_json: bool) -> None:
    """Move the clock to INSTANT.

    INSTANT is such as 2027-01-01T00:00:00Z or 2027-01-01; UTC where it names no zone.
    """
    moved = client.advance_to(instant)
    show.as_json(asdict(moved)) if as_json else show.moved(moved.now, moved.fired)


@time.command()
@json_option
@with_client
def step(client: ControlClient, as_json: bool) -> None:
    """Let the clock's next timer fire."""
    stepped = client.step()
    show.as_json(asdict(stepped)) if as_json else show.moved(stepped.now, stepped.fired)


@time.command("run-until")
@click.option("--queue", metavar="NAME|URL", help="The queue to watch.")
@click.option("--visible", metavar="N", type=click.IntRange(0), help="At least N messages can be received.")
@click.option("--in-flight", metavar="N", type=click.IntRange(0), help="At least N messages are in flight.")
@click.option("--delayed", metavar="N", type=click.IntRange(0), help="At least N messages are delayed.")
@click.option("--total", metavar="N", type=click.IntRange(0), help="At least N messages are there at all.")
@click.option("--empty", is_flag=True, help="No message is left in the queue.")
@click.option("--execution", metavar="ARN", help="The execution of a state machine to watch: until it has ended, or")
@click.option("--status", metavar="STATUS", help="has that status (SUCCEEDED, FAILED, ...), or")
@click.option("--state", metavar="NAME", help="is in that state.")
@click.option("--idle", is_flag=True, help="Nothing is in flight, delayed or running in the whole server.")
@click.option("--at-most", metavar="DURATION", type=length, required=True, help="How far time may go, such as 2d.")
@json_option
@click.pass_context
@with_client
def run_until(
    client: ControlClient,
    ctx: click.Context,
    queue: str | None,
    empty: bool,
    execution: str | None,
    status: str | None,
    state: str | None,
    idle: bool,
    at_most: float,
    as_json: bool,
    **counts: int | None,
) -> None:
    """Move the clock until a condition holds.

    Timer by timer, and no further than needed. Exit code 1 when it does not hold within --at-most.
    """
    condition: dict[str, Any] = {name: {"at_least": n} for name, n in counts.items() if n is not None}
    if empty:
        condition["total"] = {"equals": 0}
    of_execution = {name: given for name, given in (("status", status), ("state", state)) if given is not None}
    watched = [thing for thing in (queue, execution) if thing is not None]
    if (
        len(watched) + idle != 1
        or bool(condition) != (queue is not None)
        or (empty and counts["total"] is not None)
        or (of_execution and execution is None)
    ):
        raise click.UsageError(
            "give --idle, or --execution, or --queue with what to wait for: --visible 3, --empty, ...", ctx
        )
    if execution is not None:
        condition = {"execution": execution, **of_execution}
    elif queue is not None:
        condition = {"queue": queue, **condition}
    ran = client.run_until(condition or {"idle": True}, at_most)
    show.as_json(asdict(ran)) if as_json else show.ran(ran)
    if not ran.met:
        ctx.exit(1)


@time.command()
@click.argument("mode", metavar="real|manual|xN")
@json_option
@with_client
def mode(client: ControlClient, mode: str, as_json: bool) -> None:
    """Set how the clock moves: real, manual or x60.

    From its present instant on: with real time, only when told, or N times as fast.
    """
    found = client.set_time_mode(mode)
    show.as_json(asdict(found)) if as_json else show.clock(found)


function_commands.add_to(undercast)
