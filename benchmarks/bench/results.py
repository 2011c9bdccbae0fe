"""What was measured: one number a round for each server and metric, and how they are summed up."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

from bench.server import OURS


@dataclass(frozen=True)
class Metric:
    """One row of the table `group`. `more_is_better`: which way a ratio to a peer is good; None where none is shown."""

    group: str
    title: str
    digits: int = 0
    more_is_better: bool | None = None


@dataclass(frozen=True)
class Summary:
    """Median, least and greatest of the rounds."""

    median: float
    least: float
    greatest: float
    rounds: int

    @property
    def spread(self) -> float:
        """Half the range, as a part of the median."""
        return (self.greatest - self.least) / 2 / self.median if self.median else 0.0


def summary(values: list[float]) -> Summary | None:
    """The summary of some values; none of no values."""
    return Summary(statistics.median(values), min(values), max(values), len(values)) if values else None


@dataclass
class Results:
    """Everything one run found out, and the whole of the result file."""

    date: str = ""
    label: str = ""
    machine: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, dict[str, str]] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    # metric -> server -> round -> value
    values: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)
    # What other processes took of the two cores during each run of wrk, in cores.
    others: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, key: str, metric: Metric, server: str, turn: int, value: float | None) -> None:
        """Keep the value of one round; None, for what this system cannot measure, is not kept."""
        if value is not None:
            self.metrics.setdefault(key, metric)
            self.values.setdefault(key, {}).setdefault(server, {})[turn] = value

    def of(self, key: str, server: str = OURS) -> Summary | None:
        """The summary of one metric of one server."""
        return summary(list(self.values.get(key, {}).get(server, {}).values()))

    def ratio(self, key: str, peer: str) -> Summary | None:
        """Undercast's value over the peer's, round by round: what disturbs a round disturbs both."""
        ours = self.values.get(key, {}).get(OURS, {})
        theirs = self.values.get(key, {}).get(peer, {})
        return summary([ours[turn] / theirs[turn] for turn in ours if theirs.get(turn)])

    def measured(self) -> list[str]:
        """The servers that have any value, Undercast first."""
        return [name for name in self.servers if any(name in found for found in self.values.values())]

    def to_json(self) -> dict[str, Any]:
        """The result file."""
        return {
            "schema": 1,
            "date": self.date,
            "label": self.label,
            "machine": self.machine,
            "options": self.options,
            "servers": self.servers,
            "metrics": {
                key: vars(metric)
                | {
                    "servers": {
                        name: vars(found) | {"values": {str(turn): value for turn, value in rounds.items()}}
                        for name, rounds in self.values[key].items()
                        if (found := self.of(key, name))
                    }
                }
                for key, metric in self.metrics.items()
            },
            "others": self.others,
            "notes": self.notes,
            "failures": self.failures,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Results:
        """The results of a file that `to_json` gave. KeyError or TypeError for anything else."""
        results = cls(**{name: document[name] for name in _PLAIN})
        for key, row in document["metrics"].items():
            results.metrics[key] = Metric(row["group"], row["title"], row["digits"], row["more_is_better"])
            results.values[key] = {
                name: {int(turn): value for turn, value in found["values"].items()}
                for name, found in row["servers"].items()
            }
        return results


_PLAIN = ("date", "label", "machine", "options", "servers", "others", "notes", "failures")
