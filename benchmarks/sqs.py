#!/usr/bin/env python3
"""Measures SQS on Undercast and on any number of other local servers, side by side in one run."""

from __future__ import annotations

import sys

from bench import load_suites, state_suites
from bench.program import Benchmark
from bench.run import FULL, QUICK

BENCHMARK = Benchmark(
    program="sqs.py",
    service="SQS",
    description=__doc__ or "",
    suites={
        "send": load_suites.send,
        "roundtrip": load_suites.roundtrip,
        "depth": state_suites.depth,
        "startup": state_suites.startup,
        "memory": state_suites.memory,
    },
    need_wrk=("send", "roundtrip"),
    full=FULL,
    quick=QUICK,
    pinned=True,
    results="RESULTS.md",
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
