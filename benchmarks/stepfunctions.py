#!/usr/bin/env python3
"""Measures Step Functions on Undercast and on other local servers that run state machines, side by side."""

from __future__ import annotations

import sys

from bench import crowd_suites, stepfunctions_suites
from bench.program import Benchmark

BENCHMARK = Benchmark(
    program="stepfunctions.py",
    service="Step Functions",
    description=__doc__ or "",
    suites={
        "chain": stepfunctions_suites.chain,
        "burst": stepfunctions_suites.burst,
        "work": stepfunctions_suites.work,
        "sync": stepfunctions_suites.sync,
        "growth": stepfunctions_suites.growth,
        "crowd": crowd_suites.crowd,
        "memory": crowd_suites.memory,
        "interpreter": crowd_suites.interpreter,
    },
    need_wrk=("sync",),
    full=stepfunctions_suites.FULL,
    quick=stepfunctions_suites.QUICK,
    pinned=True,
    results="RESULTS-STEPFUNCTIONS.md",
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
