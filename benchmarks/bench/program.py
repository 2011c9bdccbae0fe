"""The command line that the benchmarks share: what to measure, on which cores, and what comes of the result.

Exit codes: 0 measured; 1 Undercast could not be measured; 2 wrong usage or wrk missing; 3 a goal was missed or a server
failed, with --strict; 130 interrupted.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from bench import proc, report, server, wrk
from bench.goals import judge
from bench.results import Results
from bench.run import Run, Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_HERE = Path(__file__).resolve().parents[1]

S = TypeVar("S", bound=Sizes)


@dataclass(frozen=True)
class Benchmark(Generic[S]):
    """One program of this folder. `pinned`: the servers get one core and the load another, where there are two."""

    program: str
    service: str
    description: str
    suites: Mapping[str, Callable[[Run[S]], None]]
    need_wrk: Collection[str]
    full: S
    quick: S
    pinned: bool
    results: str
    """The page that --markdown writes."""

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run the program and return its exit code."""
        parser = self._parser()
        options = parser.parse_args(arguments)
        if options.replay:
            try:
                results = Results.from_json(json.loads(options.replay.read_text()))
            except (OSError, ValueError, KeyError, TypeError) as error:
                parser.error(f"{options.replay} is no result file: {error!r}")
            return self._report(results, options)
        suites = self._chosen_suites(parser, options.suite)
        if not wrk.available() and (needed := set(self.need_wrk).intersection(suites)):
            without = ",".join(name for name in self.suites if name not in self.need_wrk)
            print(
                f"{wrk.MISSING}; needed for {', '.join(sorted(needed))}.\nWithout it: --suite {without}",
                file=sys.stderr,
            )
            return 2
        try:
            specs = self._specs(options)
        except server.PeersError as error:
            parser.error(str(error))
        run = self._run(parser, options, specs)
        # A `kill` ends the servers the way Ctrl-C does.
        signal.signal(signal.SIGTERM, _interrupt)
        interrupted = False
        try:
            proc.pin(run.load_core)
            os.nice(run.nice)
            for name in suites:
                run.say(f"suite {name}")
                self.suites[name](run)
        except PermissionError as error:
            print(f"--nice {run.nice} is not allowed: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            interrupted = True
            run.note("interrupted: every server is ended")
        results = run.results
        if results.values:
            _save(results)
            code = self._report(results, options)
        else:
            print("nothing was measured", file=sys.stderr)
            code = 1
        return 130 if interrupted else code

    @property
    def _key(self) -> str:
        """The service as peers.toml and names of files have it."""
        return self.service.lower().replace(" ", "")

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(description=self.description, epilog=(__doc__ or "").partition("\n\n")[2])
        add, full, quick = parser.add_argument, self.full, self.quick
        add("--quick", action="store_true", help="a look, in one to three minutes, instead of a measurement")
        add("--suite", default=",".join(self.suites), help="of %(default)s, those to run (comma-separated)")
        add("--only", metavar="NAMES", help="of the peers, only these (comma-separated; '' for none)")
        add("--peers", type=Path, default=_HERE / "peers.toml", metavar="FILE", help="the peers (default: peers.toml)")
        add("--peers-dir", type=Path, action="append", default=[], metavar="DIR", help="a folder to find commands in")
        add("--undercast", metavar="COMMAND", help="start Undercast by this command, with {port} in it")
        add("--rounds", type=int, metavar="N", help=f"rounds of everything ({full.rounds}; quick: {quick.rounds})")
        add("--seconds", type=int, metavar="S", help=f"length of one load ({full.seconds}; quick: {quick.seconds})")
        if self.pinned:
            add("--server-core", type=int, metavar="N", help="core of the servers (default: the first)")
            add("--load-core", type=int, metavar="N", help="core of the load (default: the second)")
        add("--quiet-wait", type=float, default=0.0, metavar="S", help="before each load, wait this long for quiet")
        add("--nice", type=int, default=0, metavar="N", help="nice value of servers and load (below 0: as root only)")
        add("--label", help="names the result file (default: system and cores)")
        add(
            "--markdown",
            type=Path,
            nargs="?",
            const=_HERE / self.results,
            metavar="FILE",
            help="write the tables there too",
        )
        add("--from", dest="replay", type=Path, metavar="RESULT", help="report an earlier result file, and no more")
        add("--strict", action="store_true", help="exit with 3 when a goal is missed or a server failed")
        return parser

    def _chosen_suites(self, parser: argparse.ArgumentParser, text: str) -> list[str]:
        chosen = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in chosen if name not in self.suites]
        if unknown or not chosen:
            parser.error(f"--suite knows {', '.join(self.suites)}; not {', '.join(unknown) or 'nothing'}")
        return [name for name in self.suites if name in chosen]

    def _specs(self, options: argparse.Namespace) -> list[server.Spec]:
        found = server.peers(options.peers, options.peers_dir, self._key)
        if options.only is not None:
            wanted = {name.strip() for name in options.only.split(",") if name.strip()}
            if unknown := wanted - {spec.name for spec in found}:
                raise server.PeersError(f"{options.peers} has no {', '.join(sorted(unknown))} for {self.service}")
            found = [spec for spec in found if spec.name in wanted]
        return [server.undercast(options.undercast), *found]

    def _run(self, parser: argparse.ArgumentParser, options: argparse.Namespace, specs: list[server.Spec]) -> Run[S]:
        sizes = self.quick if options.quick else self.full
        for name in ("rounds", "seconds"):
            value = getattr(options, name)
            if value is not None:
                if value < 1:
                    parser.error(f"--{name} must be 1 or more")
                sizes = dataclasses.replace(sizes, **{name: value})
        server_core, load_core = _cores(parser, options) if self.pinned else (None, None)
        pinning = (
            "not pinned" if server_core is None else f"the servers on core {server_core}, the load on core {load_core}"
        )
        now, machine = datetime.now(UTC), proc.machine()
        label = options.label or f"{machine['system']}-{machine['architecture']}-{machine['cores']}-cores".lower()
        results = Results(
            date=f"{now:%Y-%m-%d %H:%M} UTC",
            # SQS's are the oldest, and its files have no word for it.
            label=label if self.service == "SQS" else f"{self._key}-{label}",
            machine=machine,
            options={"mode": "quick" if options.quick else "full", "pinning": pinning, **vars(sizes)},
            servers={spec.name: _about(spec) for spec in specs},
        )
        run = Run([spec for spec in specs if not spec.skipped], sizes, results, server_core, load_core)
        run.quiet_wait_s, run.nice = options.quiet_wait, options.nice
        for spec in specs:
            run.say(f"{spec.name}: " + (f"skipped, {spec.skipped}" if spec.skipped else " ".join(spec.command)))
        return run

    def _report(self, results: Results, options: argparse.Namespace) -> int:
        report.show(results)
        if options.markdown:
            options.markdown.write_text(report.markdown(results, self.service, self.program))
        if server.OURS not in results.measured():
            return 1
        missed = any(verdict.outcome == "FAIL" and not verdict.aim for verdict in judge(results))
        return 3 if options.strict and (missed or results.failures) else 0


def _about(spec: server.Spec) -> dict[str, str]:
    about = {"command": " ".join(spec.command)}
    if spec.skipped:
        return about | {"skipped": spec.skipped}
    version = spec.ask_version()
    return about | ({"version": version} if version else {})


def _cores(parser: argparse.ArgumentParser, options: argparse.Namespace) -> tuple[int | None, int | None]:
    usable = proc.usable_cores()
    if len(usable) < 2:
        return None, None
    server_core = usable[0] if options.server_core is None else options.server_core
    others = [core for core in usable if core != server_core]
    load_core = others[0] if options.load_core is None else options.load_core
    if server_core not in usable or load_core not in usable or server_core == load_core:
        parser.error(f"--server-core and --load-core must be two of {', '.join(map(str, usable))}")
    return server_core, load_core


def _interrupt(_signal: int, _frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def _save(results: Results) -> None:
    folder = _HERE / "results"
    folder.mkdir(exist_ok=True)
    day = results.date.replace(" UTC", "").replace(" ", "T").replace(":", "")
    file = folder / f"{day}-{results.label}.json"
    file.write_text(json.dumps(results.to_json(), indent=1) + "\n")
    print(f"kept in {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}", file=sys.stderr)
