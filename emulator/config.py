"""Settings of one server: flags and `UNDERCAST_*` variables, checked once, here.

argparse and a dataclass, not pydantic: this runs before the first request can be answered, and pydantic alone takes
longer to import than everything below takes to run (`docs/decisions/`).
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION = "0.1.0"
"""The same as `undercast.__version__`, which this side does not import; a test compares them."""

PROG = "undercast start"
_FASTEST = 1_000_000.0
"""Times as fast as real time; at this speed the last year that can be written is reached within three days."""

LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class TimeMode:
    """How the server's clock moves."""

    mode: Literal["real", "manual", "scaled"] = "real"
    scale: float = 1.0
    """Seconds of the clock for each real second: 1 when real, 0 when manual."""
    start_at: float | None = None
    """Where the clock starts, epoch seconds; None is the present. Only given with `manual`."""

    @staticmethod
    def parse(text: str) -> TimeMode:
        """Read `real`, `manual`, `manual@<ISO instant>` or `xN`. Raises ValueError with a text for a person."""
        word, at, instant = text.strip().partition("@")
        if word == "real" and not at:
            return TimeMode()
        if word == "manual":
            return TimeMode("manual", 0.0, parse_instant(instant) if at else None)
        if word[:1] == "x" and not at:
            try:
                scale = float(word[1:])
            except ValueError:
                scale = math.nan
            if 0 < scale <= _FASTEST:
                return TimeMode("scaled", scale)
        raise ValueError(f"{text} is not a time mode (real, manual, manual@<ISO instant> or xN, such as x60)")

    def __str__(self) -> str:
        if self.mode == "scaled":
            return f"x{self.scale:g}"
        if self.start_at is None:
            return self.mode
        return f"{self.mode}@{datetime.fromtimestamp(self.start_at, UTC).isoformat().replace('+00:00', 'Z')}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What one server is told at start. Never changes afterwards (the clock's mode can, through the control API)."""

    host: str = "127.0.0.1"
    port: int = 4566
    """0 asks for a free port."""
    region: str = "us-east-1"
    """The region of a request that names none."""
    account: str = "000000000000"
    """The account of a request whose access key is not itself twelve digits."""
    time: TimeMode = TimeMode()
    seed: int | None = None
    """Seeds ids and chance; None draws them from the system."""
    log_level: LogLevel = "info"
    relax_cooldowns: bool = False
    """SQS: purge again within 60 s, create again within 60 s of deletion."""
    queue_url: str = "host"
    """The form of queue URLs: `host` (as the client addressed us), `standard`, `domain`, `path`, or a base address."""
    max_body: int = 512 * 1024 * 1024
    """The largest request body read, bytes. The services' own limits are below it."""
    debug: str = ""
    """Lambda: run functions under a debugger: `any` port, a port, either with `,wait`. Empty: only tagged ones."""
    sfn_mock_config: str = ""
    """Step Functions: a file that mocks integrations, as Step Functions Local takes it."""


def parse_instant(text: str) -> float:
    """Epoch seconds of an ISO 8601 date or instant; UTC where it names no zone. ValueError with a text for a person."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text} is not an instant (ISO 8601, such as 2027-01-31T12:00:00Z)") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    at = found.timestamp()
    if at < 0:
        raise ValueError(f"{text} is before 1970")
    return at


def _host(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    address = re.fullmatch(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%\w+)?", bare)
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", bare) and not (address and bare.count(":") > 1):
        raise ValueError(f"{text} is not a host name or address (the port has its own option, --port)")
    return bare


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ValueError(f"{text} is not a port (0..65535)")
    return int(text)


def _region(text: str) -> str:
    if len(text) > 63 or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", text):
        raise ValueError(f"{text} is not a region (such as us-east-1)")
    return text


def _account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", text):
        raise ValueError(f"{text} is not an account id (12 digits)")
    return text


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,40}", text):
        raise ValueError(f"{text} is not a whole number")
    return int(text)


def _log_level(text: str) -> str:
    if text.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError(f"{text} is not a log level (debug, info, warning or error)")
    return text.lower()


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{text} is neither yes nor no (1, true, yes, on or 0, false, no, off)")


def _queue_url(text: str) -> str:
    if text in {"host", "standard", "domain", "path"} or re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        return text.rstrip("/")
    raise ValueError(f"{text} is not a queue URL form (host, standard, domain, path or a base such as http://sqs:4566)")


def _max_body(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,15})([kmg]?)(i?b)?", text.lower())
    size = int(found[1]) * 1024 ** " kmg".index(found[2] or " ") if found else 0
    if size <= 0:
        raise ValueError(f"{text} is not a size in bytes (such as 1048576, 512m or 2g)")
    return size


def _debug(text: str) -> str:
    word, comma, wait = text.lower().partition(",")
    if wait != ("wait" if comma else ""):
        raise ValueError(f"{text} is not a port (such as 5678), nor a port and wait (5678,wait), nor any")
    if word != "any":
        _port(word)
    return word + comma + wait


class _Option(NamedTuple):
    field: str
    metavar: str
    """Empty for a flag without a value."""
    read: Callable[[str], Any]
    help: str
    alias: str = ""
    """A variable of another tool that means the same; ours wins."""

    @property
    def flag(self) -> str:
        return "--" + self.field.replace("_", "-")

    @property
    def variable(self) -> str:
        return "UNDERCAST_" + self.field.upper()


OPTIONS = (
    _Option("host", "HOST", _host, "address to listen on; 0.0.0.0 for every one (default 127.0.0.1)"),
    _Option("port", "PORT", _port, "port to listen on; 0 picks a free one (default 4566)"),
    _Option("region", "REGION", _region, "region of requests that name none (default us-east-1)"),
    _Option("account", "ID", _account, "account of requests whose access key is not 12 digits (default 000000000000)"),
    _Option("time", "MODE", TimeMode.parse, "real (default), manual, manual@<ISO instant>, or xN for N times as fast"),
    _Option("seed", "N", _seed, "make ids and chance repeat themselves"),
    _Option("log_level", "LEVEL", _log_level, "debug, info, warning or error (default info)"),
    _Option("relax_cooldowns", "", _yes_or_no, "let a queue be purged again, and created again, within 60 seconds"),
    _Option(
        "queue_url",
        "FORM",
        _queue_url,
        "form of queue URLs: host (as the client addressed us, the default), standard, domain, path, or a base address",
    ),
    _Option("max_body", "BYTES", _max_body, "largest request body (default 512m)"),
    _Option(
        "debug", "PORT", _debug, "run functions under a debugger: on this port, `any` port, PORT,wait to wait for it"
    ),
    _Option(
        "sfn_mock_config",
        "FILE",
        str,
        "mocked integrations of Step Functions, as Step Functions Local takes them",
        alias="SFN_MOCK_CONFIG",
    ),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One line, not argparse's usage block: what is wrong stands where the eye is.
        refuse(message.removeprefix("argument "))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROG,
        description="Start the server and serve until Ctrl-C.",
        epilog="Each option can also be given as a variable: --log-level as UNDERCAST_LOG_LEVEL. An option wins.",
        allow_abbrev=False,
    )
    for option in OPTIONS:
        if option.metavar:
            parser.add_argument(option.flag, metavar=option.metavar, dest=option.field, help=option.help)
        else:
            parser.add_argument(
                option.flag, dest=option.field, action="store_const", const="yes", default=None, help=option.help
            )
    # Seen here only to be listed: the launcher takes it before this process exists.
    parser.add_argument("--detach", action="store_true", help="return as soon as the server answers, and leave it")
    parser.add_argument("--version", action="version", version=f"Undercast {VERSION}", help="show the version and exit")
    return parser


def refuse(message: str) -> NoReturn:
    """Say on one line of stderr why the server does not start, and exit with code 2."""
    print(f"{PROG}: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(2)


def parse(argv: list[str], environ: Mapping[str, str]) -> Settings:
    """The settings that `argv` (without the program's name) and `environ` give; a flag wins over its variable.

    A bad value prints one line that names the flag or variable and raises SystemExit(2). `--help` and `--version`
    print and raise SystemExit(0).
    """
    flags = vars(_parser().parse_args(argv))
    chosen: dict[str, Any] = {}
    for option in OPTIONS:
        given, origin = flags[option.field], option.flag
        if given is None:
            # An empty variable counts as unset, as in `UNDERCAST_SEED= undercast start`.
            given, origin = environ.get(option.variable) or None, option.variable
        if given is None and option.alias:
            given, origin = environ.get(option.alias) or None, option.alias
        if given is None:
            continue
        try:
            chosen[option.field] = option.read(given.strip())
        except (ValueError, OverflowError) as error:
            refuse(f"{origin}: {error}" if given.strip() else f"{origin}: a value is missing")
    return Settings(**chosen)
