#!/usr/bin/env python3
"""Measures Lambda on Undercast and on other local servers that run functions without Docker, side by side."""

from __future__ import annotations

import sys

from bench import lambda_suites
from bench.program import Benchmark

BENCHMARK = Benchmark(
    program="lambda.py",
    service="Lambda",
    description=__doc__ or "",
    suites={
        "warm": lambda_suites.warm,
        "cold": lambda_suites.cold,
        "drain": lambda_suites.drain,
        "memory": lambda_suites.memory,
    },
    need_wrk=("warm",),
    full=lambda_suites.FULL,
    quick=lambda_suites.QUICK,
    # What is measured is a server together with the processes of its functions: they have the whole machine.
    pinned=False,
    results="RESULTS-LAMBDA.md",
)

if __name__ == "__main__":
    sys.exit(BENCHMARK.main())
