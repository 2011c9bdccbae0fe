"""Amazon SQS. Start at `api.py` (one method an operation), then `queue.py`, `standard.py` and `fifo.py`."""
