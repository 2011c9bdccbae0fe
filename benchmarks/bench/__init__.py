"""The parts of the SQS benchmark. `benchmarks/sqs.py` is the program; `benchmarks/README.md` says what it measures."""
