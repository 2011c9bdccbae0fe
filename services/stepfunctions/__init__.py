"""AWS Step Functions: state machines, executions, activities. The language itself is `statemachine`."""
