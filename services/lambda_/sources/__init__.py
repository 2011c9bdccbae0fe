"""Event sources: what polls a queue (later a stream) and invokes a function with what it finds.

A mapping is CRUD in `services.lambda_.mappings`; here is what makes it act. Each kind of source has a
`MappingRunner`; `SqsMappings` is the one for queues.
"""
