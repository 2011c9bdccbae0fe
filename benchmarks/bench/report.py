"""Tables of a run: for a terminal, and as Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.goals import judge
from bench.server import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.results import Results, Summary

_COLOURS = {"pass": "green", "FAIL": "bold red", "not measured": "dim"}
_NOISY_CORES = 0.05
_PIPE_WIDTH = 160


@dataclass(frozen=True)
class _Grid:
    """One table, before it has a form. The first `left` columns are words, the others numbers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


def show(results: Results) -> None:
    """Print all tables to standard output."""
    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width to keep within.
        console.width = _PIPE_WIDTH
    for grid in _grids(results):
        table = Table(box=SIMPLE_HEAD)
        for place, name in enumerate(grid.head):
            table.add_column(escape(name), justify="left" if place < grid.left else "right")
        for row in grid.rows:
            table.add_row(*[f"[{_COLOURS[cell]}]{cell}[/]" if cell in _COLOURS else escape(cell) for cell in row])
        console.print(f"[bold]{escape(grid.title)}[/]", highlight=False)
        console.print(table)
    for line in remarks(results):
        console.print(escape(line), highlight=False)


def markdown(results: Results, service: str, program: str) -> str:
    """The same tables as a page."""
    parts = [
        f"# {service} benchmark results",
        f"Made by `python benchmarks/{program} --markdown`; `benchmarks/README.md` says how each number is measured.",
    ]
    for grid in _grids(results):
        rule = ["---" if place < grid.left else "---:" for place in range(len(grid.head))]
        lines = ["| " + " | ".join(cells) + " |" for cells in (grid.head, rule, *grid.rows)]
        parts += [f"## {grid.title}", "\n".join(lines)]
    parts += ["## Remarks", "\n".join(f"- {' '.join(line.split())}" for line in remarks(results))]
    return "\n\n".join(parts) + "\n"


def remarks(results: Results) -> list[str]:
    """What the numbers have to be read with."""
    machine, options = results.machine, results.options
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    lines = [
        f"Measured at {results.date}: {where}.",
        f"Rounds: {options['rounds']} ({options['mode']} mode), loads of {options['seconds']} s, {options['pinning']}.",
    ]
    if results.others:
        middle, most = statistics.median(results.others), max(results.others)
        lines.append(
            f"Other processes took {middle:.2f} of the cores while load was measured (median; at most {most:.2f})"
            + (
                ": not quiet, so trust CPU a request before rates, and rates before latencies."
                if middle > _NOISY_CORES
                else "."
            )
        )
    lines += [f"{name}: skipped, {about['skipped']}." for name, about in results.servers.items() if "skipped" in about]
    lines += [f"Note: {text}." for text in results.notes]
    lines += [f"Failed: {text.splitlines()[0]}" for text in results.failures]
    return lines


def _grids(results: Results) -> list[_Grid]:
    groups: dict[str, list[str]] = {}
    for key, metric in results.metrics.items():
        groups.setdefault(metric.group, []).append(key)
    grids = [grid for group, keys in groups.items() for grid in _group(results, group, keys)]
    verdicts = [[one.title, one.outcome, one.wanted, one.found] for one in judge(results)]
    if verdicts:
        grids.append(_Grid("Goals, by the median of the rounds", ["", "", "Goal", "Found (range)"], verdicts, left=2))
    return grids


def _group(results: Results, group: str, keys: Sequence[str]) -> Iterator[_Grid]:
    metrics, names = results.metrics, results.measured()
    rows = [
        [metrics[key].title, *(_cell(results.of(key, name), metrics[key].digits) for name in names)] for key in keys
    ]
    yield _Grid(group, ["", *(_named(results, name) for name in names)], rows)
    peers = [name for name in names if name != OURS]
    better = {True: "more", False: "less", None: ""}[metrics[keys[0]].more_is_better]
    if better and peers and OURS in names:
        rows = [[metrics[key].title, *(_cell(results.ratio(key, name), 2) for name in peers)] for key in keys]
        title = f"{group}: Undercast's over a peer's in the same round ({better} is better)"
        yield _Grid(title, ["", *(f"over {name}" for name in peers)], rows)


def _named(results: Results, name: str) -> str:
    version = results.servers[name].get("version", "")
    return f"{name} {version}".strip()


def _cell(found: Summary | None, digits: int) -> str:
    if found is None:
        return "-"
    value = f"{found.median:,.{digits}f}"
    return f"{value} ±{found.spread:.0%}" if found.rounds > 1 else value
