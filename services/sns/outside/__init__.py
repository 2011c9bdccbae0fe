"""SNS and the world outside: the roads to endpoints that are not queues or functions, and what becomes of a failure."""
