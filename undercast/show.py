"""What the command line prints: for people with rich, for programs as JSON."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

from undercast.durations import iso, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from undercast.client import Health, Ran, Time


def say(text: str) -> None:
    """One line on stdout."""
    print(text)


def complain(text: str) -> None:
    """One line (a server's own words may be more) on stderr."""
    print(text, file=sys.stderr)


def as_json(found: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(found, indent=2))


def health(found: Health, endpoint: str) -> None:
    """How a server stands."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in (
        ("time", _standing(found.time)),
        ("timers", _timers(found.time)),
        ("region", found.region),
        ("account", found.account),
        *(
            (state, _few(sorted(service for service, its in found.services.items() if its == state)))
            for state in sorted(set(found.services.values()), reverse=True)
        ),
    ):
        table.add_row(f"  {name}", Text(text))
    console = _console()
    console.print(
        Text.assemble(("● ", "green"), f"Undercast {found.version} is {found.status} at ", (endpoint, "bold")),
        soft_wrap=True,
    )
    console.print(table)


def clock(found: Time) -> None:
    """The server's clock."""
    say(f"{iso(found.now)}  {_standing(found, instant=False)}; {_timers(found)}")


def moved(now: float, fired: int) -> None:
    """Where a move of time led."""
    say(f"{iso(now)}  {_counted(fired, 'timer')} fired")


def ran(found: Ran) -> None:
    """How `run-until` ended."""
    outcome = "the condition holds" if found.met else "the condition does not hold"
    say(f"{iso(found.now)}  {_counted(found.fired, 'timer')} fired; {outcome}")


def forgotten(names: list[str], account: str | None, region: str | None) -> None:
    """What a reset took."""
    where = [f"account {account}"] if account else []
    where += [f"region {region}"] if region else []
    say(f"Forgot all state of {', '.join(names) or 'no service'}{' in ' + ', '.join(where) if where else ''}")


def detached(endpoint: str, pid: int, log: str) -> None:
    """Where a server of its own runs now."""
    stop = "undercast stop" if endpoint.endswith(":4566") else f"undercast stop --endpoint {endpoint}"
    say(f"Undercast runs at {endpoint} (pid {pid}, log {log}). Stop it with: {stop}")


def _few(names: list[str], most: int = 20) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return f"{len(names)} more services, each on its first call (undercast status --json lists them)"


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _standing(found: Time, *, instant: bool = True) -> str:
    how = {"scaled": f"{found.scale:g} times as fast as real", "manual": "manual, moves when told"}
    text = how.get(found.mode, found.mode)
    return f"{iso(found.now)}, {text}" if instant else text


def _timers(found: Time) -> str:
    text = _counted(found.timers, "timer")
    if found.next_at is not None:
        text += f", next in {spoken(max(0.0, found.next_at - found.now))}"
    if found.holds:
        text += f"; held by {_counted(found.holds, 'running thing')}"
    return text


def _counted(n: int, noun: str) -> str:
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"


def _sh(variables: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _fish(variables: Mapping[str, str]) -> str:
    # Between single quotes fish reads a backslash only before a quote or another backslash.
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in variables.items()}
    return "\n".join(f"set -gx {name} '{value}';" for name, value in quoted.items())


def _powershell(variables: Mapping[str, str]) -> str:
    quoted = {name: value.replace("'", "''") for name, value in variables.items()}
    return "\n".join(f"$env:{name} = '{value}'" for name, value in quoted.items())


def _json(variables: Mapping[str, str]) -> str:
    return json.dumps(variables, indent=2)


SHELLS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "json": _json,
}
