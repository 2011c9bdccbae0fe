"""Numbers of the language.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from typing import Final

DEFINITION_BYTES_MAX: Final = 1_048_576
"""Size of a definition (service quotas, "Maximum state machine definition size": 1 MB)."""

NAME_MAX: Final = 80
"""Characters of a state's name (API reference, TestState's `stateName`; states-language.net)."""

LABEL_MAX: Final = 40
"""Characters of a Map's Label (Map state in Distributed mode)."""

MAX_DELAY_MAX: Final = 31_622_400
"""A retrier's MaxDelaySeconds: less than a leap year's seconds (error handling)."""

MAX_CONCURRENCY_MAX: Final = 100_000_000
"""Nothing is documented above the 10,000 that a Map run uses at once; this keeps numbers sane."""

MAX_ITEMS_MAX: Final = 100_000_000
"""ReaderConfig's MaxItems ("Maximum value is 100000000")."""

NESTING_MAX: Final = 200
"""How deep a definition's JSON may be. AWS documents TOO_DEEPLY_NESTED, but no number."""
