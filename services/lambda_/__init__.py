"""AWS Lambda: functions and their configuration, the pool of workers, invocations, event sources."""
