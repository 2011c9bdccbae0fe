#!/usr/bin/env python3
"""Measures SNS on Undercast and on other local servers whose topics deliver to queues, side by side."""

from __future__ import annotations

import sys

from bench import sns_suites
from bench.program import Benchmark

BENCHMARK = Benchmark(
    program="sns.py",
    service="SNS",
    description=__doc__ or "",
    suites={"fanout": sns_suites.fanout, "filtered": sns_suites.filtered},
    need_wrk=("fanout", "filtered"),
    full=sns_suites.FULL,
    quick=sns_suites.QUICK,
    pinned=True,
    results="RESULTS-SNS.md",
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
