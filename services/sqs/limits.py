"""Every number SQS documents, once, with the page it comes from.

Pages are of the Amazon SQS Developer Guide (`DG/`) and of the API Reference (`API/`):
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/ and .../latest/APIReference/
"""

from __future__ import annotations

from typing import Final

# DG/quotas-queues.html, DG/quotas-fifo.html
QUEUE_NAME_MAX: Final = 80
LISTED_QUEUES_MAX: Final = 1000
LONG_POLL_MAX_S: Final = 20
IN_FLIGHT_MAX_STANDARD: Final = 120_000
"""Above it ReceiveMessage answers OverLimit, unless it may wait: then it does.
DG/troubleshooting-messages-not-returned-ReceiveMessage.html"""
IN_FLIGHT_MAX_FIFO: Final = 120_000
"""20,000 until November 2024. Above it ReceiveMessage answers no error and no message."""
TAGS_MAX: Final = 50
TAG_KEY_MAX: Final = 128
TAG_VALUE_MAX: Final = 256

# DG/quotas-messages.html, API/API_SetQueueAttributes.html
MESSAGE_SIZE_MIN: Final = 1024
MESSAGE_SIZE_MAX: Final = 1_048_576
BATCH_SIZE_MAX: Final = 1_048_576
BATCH_ENTRIES_MAX: Final = 10
BATCH_ID_MAX: Final = 80
RECEIVE_MAX: Final = 10
MESSAGE_ATTRIBUTES_MAX: Final = 10
DELAY_MAX_S: Final = 900
RETENTION_MIN_S: Final = 60
RETENTION_MAX_S: Final = 1_209_600
RETENTION_DEFAULT_S: Final = 345_600
VISIBILITY_MAX_S: Final = 43_200
VISIBILITY_DEFAULT_S: Final = 30
KMS_REUSE_MIN_S: Final = 60
KMS_REUSE_MAX_S: Final = 86_400
KMS_REUSE_DEFAULT_S: Final = 300

# DG/sqs-message-metadata.html
ATTRIBUTE_NAME_MAX: Final = 256
ATTRIBUTE_TYPE_MAX: Final = 256

# API/API_SendMessage.html
GROUP_ID_MAX: Final = 128
"""Of a MessageGroupId and of a MessageDeduplicationId."""
DEDUPLICATION_S: Final = 300
# API/API_ReceiveMessage.html
RECEIVE_ATTEMPT_S: Final = 300
# API/API_SetQueueAttributes.html: a change "can take up to 60 seconds". Only the deduplication scope shows it here:
# AWS's recorded answers go on deduplicating by the old scope right after a change.
PROPAGATION_S: Final = 60

# API/API_PurgeQueue.html, API/API_DeleteQueue.html
PURGE_COOLDOWN_S: Final = 60
DELETE_COOLDOWN_S: Final = 60

# DG/quotas-policies.html, API/API_AddPermission.html
PERMISSION_ACTIONS_MAX: Final = 7
LABEL_MAX: Final = 80
POLICY_STATEMENTS_MAX: Final = 20

# DG/sqs-dead-letter-queues.html, API/API_SetQueueAttributes.html
RECEIVE_COUNT_MAX: Final = 1000
REDRIVE_SOURCES_MAX: Final = 10
# API/API_StartMessageMoveTask.html, API/API_ListMessageMoveTasks.html, DG/sqs-configure-dead-letter-queue-redrive.html
MOVE_RATE_MAX: Final = 500
MOVE_TASKS_LISTED_MAX: Final = 10
MOVE_TASK_MAX_S: Final = 36 * 3600

# DG/sqs-fair-queues-detailed.html
FAIR_SHARE: Final = 0.10
"""A tenant with more than this share (of messages in flight, or of recent processing time) is noisy."""
FAIR_IN_FLIGHT_MIN: Final = 30
"""... by messages in flight only when it has at least so many."""
FAIR_QUIET_AFTER_S: Final = 300
"""A tenant that has sent nothing for so long is no longer noisy."""
FAIR_RECENT_S: Final = 300
"""What "recent" means for processing time; AWS gives no number. Older time fades exponentially."""
