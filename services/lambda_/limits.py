"""Every number Lambda documents, once, with the page it comes from.

Pages are of the AWS Lambda Developer Guide (`DG/`) and of the API Reference (`API/`):
https://docs.aws.amazon.com/lambda/latest/dg/ and https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

from typing import Final

# DG/gettingstarted-limits.html
CONCURRENCY: Final = 1_000
"""Concurrent executions of an account in a region."""
UNRESERVED_MIN: Final = 100
"""Of them, what no reservation can take."""
TOTAL_CODE_SIZE: Final = 80_530_636_800
"""75 GiB for all code of an account in a region."""
CODE_SIZE_ZIPPED: Final = 52_428_800
"""Of an archive in the request. One from S3 is limited unpacked only."""
CODE_SIZE_UNZIPPED: Final = 262_144_000
"""With all layers."""
CREATE_REQUEST_SIZE: Final = 70_167_211
"""Bytes of a whole CreateFunction request: fifty mebibytes in base64, and something for the rest."""
FUNCTION_NAME_MAX: Final = 64
MEMORY_MIN_MB: Final = 128
MEMORY_MAX_MB: Final = 10_240
"""The model allows more, for managed instances."""
TIMEOUT_MAX_S: Final = 900
"""The model allows more, for durable functions."""
EPHEMERAL_MAX_MB: Final = 10_240
LAYERS_MAX: Final = 5
ENVIRONMENT_MAX: Final = 4_096
"""Bytes of all variables, as JSON."""
TAGS_MAX: Final = 50
PAGE: Final = 50
"""Items of a page, whatever MaxItems says."""
SYNCHRONOUS_PAYLOAD_MAX: Final = 6_291_556
"""6 MB, each way: 6 MiB and a hundred bytes, as its error text says."""
ASYNCHRONOUS_PAYLOAD_MAX: Final = 1_048_576
STREAMED_RESPONSE_MAX: Final = 209_715_200
POLICY_MAX: Final = 20_480
LAYER_PAGE: Final = 50

# API/API_CreateAlias.html
ALIAS_WEIGHTS_MAX: Final = 1

# Not documented: how long a change takes here. AWS needs seconds; a blink is enough for an observer to see it.
UPDATE_S: Final = 0.05
"""From InProgress to Successful, and for provisioned concurrency from IN_PROGRESS to READY."""
