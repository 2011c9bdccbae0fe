"""Every number SNS documents, once, with the page it comes from.

Pages are of the Amazon SNS Developer Guide (`DG/`), of the API Reference (`API/`) and of the General Reference (`GR/`):
https://docs.aws.amazon.com/sns/latest/dg/ , https://docs.aws.amazon.com/sns/latest/api/ ,
https://docs.aws.amazon.com/general/latest/gr/
"""

from __future__ import annotations

from typing import Final

# API/API_CreateTopic.html
TOPIC_NAME_MAX: Final = 256
DISPLAY_NAME_MAX: Final = 100

# GR/sns.html (quotas)
TOPICS_MAX_STANDARD: Final = 100_000
TOPICS_MAX_FIFO: Final = 1_000
SUBSCRIPTIONS_MAX_STANDARD: Final = 12_500_000
SUBSCRIPTIONS_MAX_FIFO: Final = 100

# API/API_Publish.html, API/API_PublishBatch.html
MESSAGE_MAX: Final = 262_144
"""Bytes of a message with its attributes, and of all messages of a batch, unless MaximumMessageSize says otherwise."""
MESSAGE_SIZE_MIN: Final = 1_024
MESSAGE_SIZE_MAX: Final = 1_048_576
LARGE_TOPIC_SUBSCRIPTIONS_MAX: Final = 100
"""Of a topic whose messages may be larger than MESSAGE_MAX."""
LARGE_PROTOCOLS: Final = frozenset({"firehose", "lambda", "sqs"})
"""Which protocols the subscriptions of such a topic may have."""
SMS_MAX: Final = 1_600
"""Bytes of one SMS that goes to a phone without a topic; more are not cut up."""
SUBJECT_MAX: Final = 100
BATCH_ENTRIES_MAX: Final = 10
BATCH_ID_MAX: Final = 80
GROUP_ID_MAX: Final = 128
"""Of a MessageGroupId and of a MessageDeduplicationId."""

# DG/fifo-message-dedup.html
DEDUPLICATION_S: Final = 300

# DG/sns-message-attributes.html
ATTRIBUTE_NAME_MAX: Final = 256
RAW_ATTRIBUTES_MAX: Final = 10
"""With raw delivery to SQS, a message with more is thrown away as a client-side error."""

# API/API_ListTopics.html, API/API_ListSubscriptions.html, API/API_ListPlatformApplications.html
PAGE: Final = 100

# DG/sns-tags.html, API/API_TagResource.html
TAGS_MAX: Final = 50

# DG/SendMessageToHttp.confirm.html: "Confirmation tokens are valid for two days."
TOKEN_S: Final = 2 * 86_400
# API/API_DeleteTopic.html, DG/sns-delete-subscription-topic.html: an unconfirmed subscription is deleted after that.
PENDING_S: Final = 2 * 86_400
