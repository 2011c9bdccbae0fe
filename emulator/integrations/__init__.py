"""What a Task's Resource can name: the port `Integrations` (services.ports).

resources      the ARNs: parse, and what CreateStateMachine says against one
naming         names as AWS's Java SDKs spell them, which Step Functions shows to the world
catalogue      services and operations by those names, with botocore's shapes
values         arguments to parameters, results to JSON
calls          one call of a service: our own in process, any other by the neighbours
failures       refusals as a Task sees them
metadata       SdkHttpMetadata of the optimised integrations
tasks          what is common to running tasks: holding the clock, waiting on it, being cancelled
(one module each)  functions, sdk, optimised, executions, jobs, gateway, http_task, mocked
integrations   the port itself
"""
