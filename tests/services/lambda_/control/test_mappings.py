"""Event source mappings: what may be said, what they show, when pollers hear of them. Texts as recorded from AWS."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.lambda_.limits import UPDATE_S

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2025-01-01T00:00:00.000"
GONE = "The resource you requested does not exist."


def create(aws, source, name="f", **more):
    return aws.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **more)


def test_a_queue_with_nothing_said(aws):
    aws.function()
    queue = aws.queue()
    made = create(aws, queue)
    uuid = made["UUID"]
    assert made == {
        "UUID": uuid,
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}",
        "EventSourceArn": queue,
        "FunctionArn": ARN,
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "LastModified": 1_700_000_000.0,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }
    aws.clock.advance(0)
    assert aws.get_event_source_mapping(UUID=uuid) == {**made, "State": "Enabled"}


def test_a_stream_with_nothing_said(aws):
    aws.function()
    aws.streams.known.add(STREAM)
    made = create(aws, STREAM, StartingPosition="LATEST", FilterCriteria={"Filters": []})
    assert {name: made[name] for name in made if name not in ("UUID", "EventSourceMappingArn", "LastModified")} == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": STREAM,
        "FunctionArn": ARN,
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "LATEST",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
    }
    aws.clock.advance(0)
    assert aws.runner.told == []


@pytest.mark.parametrize("named", ["f", "f:$LATEST", "f:1", "f:live", ARN, f"{ARN}:1", f"{ARN}:live"])
def test_the_function_is_shown_as_it_was_named(aws, named):
    function = aws.function()
    aws.alias(function, "live", aws.publish(function))
    qualifier = named.removeprefix("f").removeprefix("arn:aws:lambda:us-east-1:000000000000:function:f")
    assert create(aws, aws.queue(), name=named)["FunctionArn"] == ARN + qualifier


def test_refusals_in_their_order(aws, refused):
    with refused("InvalidParameterValueException", "Unrecognized event source."):
        aws.create_event_source_mapping(FunctionName="f")
    with refused("InvalidParameterValueException", "Unrecognized event source."):
        create(aws, "arn:aws:s3:::bucket")
    queue = "arn:aws:sqs:us-east-1:000000000000:q"
    text = "Unsupported DestinationConfig parameter for given event source mapping type."
    with refused("InvalidParameterValueException", text):
        create(aws, queue, DestinationConfig={"OnSuccess": {"Destination": queue}})
    with refused("InvalidParameterValueException", "Function does not exist"):
        create(aws, queue)
    aws.function(timeout_s=31)
    text = (
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist."
    )
    with refused("InvalidParameterValueException", text):
        create(aws, queue)
    aws.queue()
    text = "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
    with refused("InvalidParameterValueException", text):
        create(aws, queue)
    aws.queue(visibility_s=31)
    assert create(aws, queue)


def test_batches_of_queues(aws, refused):
    aws.function()
    queue = aws.queue()
    text = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    with refused("InvalidParameterValueException", text):
        create(aws, queue, BatchSize=11)
    made = create(aws, queue, BatchSize=11, MaximumBatchingWindowInSeconds=1)
    with refused("InvalidParameterValueException", text):
        aws.update_event_source_mapping(UUID=made["UUID"], MaximumBatchingWindowInSeconds=0)
    fifo = aws.queue("q.fifo")
    with refused("InvalidParameterValueException", "Batching window is not supported for FIFO queues"):
        create(aws, fifo, MaximumBatchingWindowInSeconds=1)
    with pytest.raises(Exception, match="between 1 and 10"):
        create(aws, fifo, BatchSize=11)


def test_positions_in_streams(aws, refused):
    text = (
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not "
        "be null."
    )
    with refused("InvalidParameterValueException", text):
        create(aws, STREAM)
    with refused("InvalidParameterValueException", f"Unsupported starting position for arn type: {TABLE}"):
        create(aws, TABLE, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1.0)
    aws.function()
    with refused("InvalidParameterValueException", f"Stream not found: {TABLE}"):
        create(aws, TABLE, StartingPosition="LATEST")


@pytest.mark.parametrize("pattern", ["null", "simple string", '{"a": "b"}', '{"a": []}', ""])
def test_patterns_that_are_none(aws, refused, pattern):
    aws.function()
    with refused("InvalidParameterValueException", "Invalid filter pattern definition."):
        create(aws, aws.queue(), FilterCriteria={"Filters": [{"Pattern": pattern}]})


def test_patterns_are_kept_and_taken_away(aws):
    aws.function()
    criteria = {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]}
    made = create(aws, aws.queue(), FilterCriteria=criteria, ScalingConfig={"MaximumConcurrency": 2})
    assert (made["FilterCriteria"], made["ScalingConfig"]) == (criteria, {"MaximumConcurrency": 2})
    mapping = aws.mappings.get(made["UUID"])
    assert (mapping.patterns, mapping.max_concurrency) == (('{"body": {"a": [1]}}',), 2)
    after = aws.update_event_source_mapping(UUID=made["UUID"], FilterCriteria={}, ScalingConfig={})
    assert not {"FilterCriteria", "ScalingConfig"} & set(after)


def test_one_source_and_one_function_once(aws, refused):
    function = aws.function()
    aws.alias(function, "live", aws.publish(function))
    aws.function("g")
    queue = aws.queue()
    uuid = create(aws, queue)["UUID"]
    text = (
        f'An event source mapping with SQS arn (" {queue} ") and function (" f ") already exists. Please update or '
        f"delete the existing mapping with UUID {uuid}"
    )
    with refused("ResourceConflictException", text):
        create(aws, queue)
    create(aws, queue, name="f:live")
    create(aws, queue, name="g")
    aws.streams.known.add(STREAM)
    uuid = create(aws, STREAM, StartingPosition="LATEST")["UUID"]
    text = (
        f'The event source arn (" {STREAM} ") and function (" f ") provided mapping already exists. Please update or '
        f"delete the existing mapping with UUID {uuid}"
    )
    with refused("ResourceConflictException", text):
        create(aws, STREAM, StartingPosition="LATEST")


def test_kafka_of_ones_own(aws, refused):
    aws.function()
    kafka = {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"]}}, "Topics": ["t"]}
    with refused("InvalidParameterValueException", "Required 'sourceAccessConfigurations' parameter is missing."):
        aws.create_event_source_mapping(FunctionName="f", **kafka)
    kafka["SourceAccessConfigurations"] = [{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:r:0:secret:s"}]
    made = aws.create_event_source_mapping(FunctionName="f", **kafka)
    assert made["SelfManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": made["UUID"]}
    assert (made["BatchSize"], made["StartingPosition"]) == (100, "TRIM_HORIZON")
    kafka["SelfManagedEventSource"]["Endpoints"]["KAFKA_BOOTSTRAP_SERVERS"] = ["kafka:1000", "kafka:2000"]
    text = (
        f'An event source mapping with event source ("kafka:1000,kafka:2000"), function ("{ARN}"), topics ("t") '
        f"already exists. Please update or delete the existing mapping with UUID {made['UUID']}"
    )
    with refused("ResourceConflictException", text):
        aws.create_event_source_mapping(FunctionName="f", **kafka)


def test_life_as_the_poller_sees_it(aws, refused):
    function = aws.function()
    number = aws.publish(function)
    uuid = create(aws, aws.queue())["UUID"]
    assert aws.runner.told == []
    aws.clock.advance(0)
    assert aws.runner.running[uuid].state == "Enabled"
    assert aws.update_event_source_mapping(UUID=uuid, FunctionName=f"f:{number}")["State"] == "Updating"
    aws.clock.advance(UPDATE_S)
    assert aws.runner.running[uuid].qualifier == number
    assert aws.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    assert aws.runner.running == {}
    aws.clock.advance(UPDATE_S)
    assert aws.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    assert aws.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabling"
    aws.clock.advance(UPDATE_S)
    aws.delete(function)
    assert aws.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"
    assert aws.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    assert aws.runner.running == {}
    aws.clock.advance(0)
    for method in (aws.get_event_source_mapping, aws.delete_event_source_mapping, aws.update_event_source_mapping):
        with refused("ResourceNotFoundException", GONE):
            method(UUID=uuid)
    assert not aws.mappings.busy()


def test_a_disabled_one_is_disabled_at_once(aws):
    aws.function()
    made = create(aws, aws.queue(), Enabled=False)
    assert made["State"] == "Disabled"
    aws.clock.advance(1)
    assert aws.runner.told == []


def test_lists(aws):
    function = aws.function()
    aws.alias(function, "live", aws.publish(function))
    queues = [aws.queue(f"q{number}") for number in range(2)]
    made = {(queue, name): create(aws, queue, name=name)["UUID"] for queue in queues for name in ("f", "f:live")}

    def listed(**filters):
        return {entry["UUID"] for entry in aws.list_event_source_mappings(**filters)["EventSourceMappings"]}

    assert listed() == set(made.values())
    assert listed(EventSourceArn=queues[0]) == {made[queues[0], "f"], made[queues[0], "f:live"]}
    assert listed(FunctionName="f:live") == {made[queue, "f:live"] for queue in queues}
    assert listed(FunctionName="f") == set(made.values())
    assert listed(FunctionName="doesnotexist") == listed(EventSourceArn="arn:aws:sqs:us-east-1:1:x") == set()


def test_tags_and_reset(aws):
    aws.function()
    made = create(aws, aws.queue(), Tags={"a": "b"})
    tags = aws.mappings.tags(made["EventSourceMappingArn"])
    assert tags == {"a": "b"}
    tags["c"] = "d"
    aws.clock.advance(0)
    assert aws.mappings.tags(made["EventSourceMappingArn"]) == {"a": "b", "c": "d"}
    assert aws.mappings.tags(made["EventSourceMappingArn"].replace("us-east-1", "eu-west-1")) is None
    assert aws.mappings.scopes() == [aws.scope]
    aws.mappings.forget(aws.scope)
    assert aws.runner.running == {}
    assert aws.mappings.scopes() == []


STEPS = st.lists(st.sampled_from(["enable", "disable", "update", "delete", "wait"]), max_size=12)


@settings(deadline=None, max_examples=60)
@given(steps=STEPS)
def test_the_poller_runs_when_the_mapping_is_enabled_and_never_else(aws_of, steps):
    """Whatever is asked, however quickly: once nothing is under way, who is Enabled is polled, and nobody else."""
    aws = aws_of()
    aws.function()
    uuid, deleted = create(aws, aws.queue())["UUID"], False
    for step in [*steps, "wait"]:
        if step == "wait":
            aws.clock.advance(1)
        elif not deleted and step == "delete":
            aws.delete_event_source_mapping(UUID=uuid)
            aws.clock.advance(0)
            deleted = True
        elif not deleted:
            more = {} if step == "update" else {"Enabled": step == "enable"}
            aws.update_event_source_mapping(UUID=uuid, **more)
    mapping = aws.mappings.get(uuid)
    assert (mapping is None) == deleted
    assert (uuid in aws.runner.running) == (mapping is not None and mapping.state == "Enabled")
    assert not aws.mappings.busy()
