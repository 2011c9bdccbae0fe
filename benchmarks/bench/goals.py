"""The numbers Undercast sets out to reach, and whether a run reached them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bench.results import Results, Summary

Outcome = Literal["pass", "FAIL", "not measured"]

_UNDER_LOAD = (
    *("send_", "roundtrip_", "invoke_", "cold_", "drain_", "retired_", "fanout_", "filtered_"),
    *("chain_", "map_", "loop_", "sync_", "growth_", "interpreter_"),
)


@dataclass(frozen=True)
class Goal:
    """A bound on one metric, or on its ratio to a peer's. An aim is reported, and failing it is no failure."""

    metric: str
    bound: float
    at_least: bool
    peer: str = ""
    aim: bool = False

    @property
    def under_load(self) -> bool:
        """Whether the metric's title leaves to its table what was measured."""
        return self.metric.startswith(_UNDER_LOAD)


@dataclass(frozen=True)
class Verdict:
    """One goal, put into words, and what came of it."""

    title: str
    found: str
    wanted: str
    outcome: Outcome
    aim: bool


GOALS = (
    Goal("send_c16_per_s", 6.0, at_least=True, peer="ministack"),
    Goal("send_c16_per_s", 1.2, at_least=True, peer="fauxqs"),
    Goal("send_c16_per_s", 1.0, at_least=True, peer="goaws", aim=True),
    Goal("send_c16_p99_ms", 5.0, at_least=False),
    Goal("roundtrip_c16_per_s", 1.2, at_least=True, peer="fauxqs"),
    Goal("receive_deep_ratio", 1.2, at_least=False),
    Goal("delete_deep_ratio", 1.2, at_least=False),
    Goal("receive_flight_ratio", 1.2, at_least=False),
    Goal("delete_flight_ratio", 1.2, at_least=False),
    Goal("start_s", 0.35, at_least=False),
    Goal("idle_mb", 50.0, at_least=False),
    Goal("message_bytes", 1200.0, at_least=False),
    Goal("invoke_c1_p50_ms", 3.0, at_least=False),
    Goal("invoke_c8_per_s", 1500.0, at_least=True),
    Goal("cold_p50_ms", 150.0, at_least=False),
    Goal("drain_s", 2.0, at_least=False),
    Goal("drain_lost", 0.0, at_least=False),
    Goal("drain_twice", 0.0, at_least=False),
    Goal("retired_kb", 200.0, at_least=False),
    Goal("fanout_10_deliveries_per_s", 65_000.0, at_least=True),
    Goal("fanout_100_deliveries_per_s", 140_000.0, at_least=True),
    Goal("filtered_100_per_s", 8_600.0, at_least=True),
    Goal("filtered_100_per_s", 1.0, at_least=True, peer="fauxqs"),
    Goal("chain_p50_ms", 5.0, at_least=False),
    Goal("burst_per_s", 1_000.0, at_least=True),
    Goal("map_ms", 150.0, at_least=False),
    Goal("loop_ms", 100.0, at_least=False),
    Goal("sync_c16_per_s", 1_500.0, at_least=True),
    Goal("interpreter_pass_1000_per_s", 200_000.0, at_least=True),
    Goal("interpreter_loop_500_per_s", 200_000.0, at_least=True),
    Goal("interpreter_map_1000_per_s", 200_000.0, at_least=True),
    Goal("growth_states_ratio", 1.5, at_least=False),
    Goal("growth_items_ratio", 1.5, at_least=False),
    Goal("growth_turns_ratio", 1.5, at_least=False),
    Goal("growth_history_ratio", 1.5, at_least=False),
    Goal("crowd_10000_busy_p99_ms", 50.0, at_least=False),
)


def judge(results: Results) -> list[Verdict]:
    """A verdict on each goal whose metric was measured at all, by the median of the rounds."""
    return [_verdict(goal, results) for goal in GOALS if goal.metric in results.metrics]


def _verdict(goal: Goal, results: Results) -> Verdict:
    metric = results.metrics[goal.metric]
    against = f" x {goal.peer}" if goal.peer else ""
    found = results.ratio(goal.metric, goal.peer) if goal.peer else results.of(goal.metric)
    return Verdict(
        title=f"{metric.title}: {metric.group[0].lower()}{metric.group[1:]}" if goal.under_load else metric.title,
        found=_range(found, 2 if goal.peer else metric.digits) if found else "",
        wanted=f"{'>=' if goal.at_least else '<='} {goal.bound:,g}{against}" + (" (aim)" if goal.aim else ""),
        outcome=_outcome(goal, found),
        aim=goal.aim,
    )


def _outcome(goal: Goal, found: Summary | None) -> Outcome:
    if found is None:
        return "not measured"
    reached = found.median >= goal.bound if goal.at_least else found.median <= goal.bound
    return "pass" if reached else "FAIL"


def _range(found: Summary, digits: int) -> str:
    middle = f"{found.median:,.{digits}f}"
    return f"{middle} ({found.least:,.{digits}f} - {found.greatest:,.{digits}f})" if found.rounds > 1 else middle
