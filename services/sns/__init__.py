"""SNS: topics, subscriptions, and what becomes of a message."""
