"""Filter policies: which subscriptions a message goes to, and why not to the others.

`tokens` and `reading` refuse what SNS refuses, `rules` says what one value is asked, `policy` holds one policy
compiled, `index` those of a topic's subscriptions, `recipients` keeps an index for each topic and tells why.
"""

from services.sns.filters.policy import FilterPolicy, compile_policy
from services.sns.filters.recipients import Decided, Recipients
from services.sns.filters.tokens import FilterPolicyError

__all__ = ["Decided", "FilterPolicy", "FilterPolicyError", "Recipients", "compile_policy"]
