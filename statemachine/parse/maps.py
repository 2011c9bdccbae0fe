"""Map, inline and distributed.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from statemachine.data.jsonata import is_jsonata
from statemachine.definition import ItemBatcher, ItemReader, Map, ResultWriter
from statemachine.limits import SECONDS_MAX
from statemachine.parse.limits import LABEL_MAX, MAX_CONCURRENCY_MAX, MAX_ITEMS_MAX
from statemachine.parse.states import common, producing, unrecognized

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.data.scope import Value
    from statemachine.definition import Flow
    from statemachine.parse.part import Part

INVALID_LABEL: Final = "INVALID_LABEL_NAME"

_LABEL_EXCLUDES: Final = frozenset(' ?*<>{}[]:;,\\|^~$#%&`"')
_DISTRIBUTED: Final = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")


def map_(state: Part, name: str, flow: Callable[[Part], Flow]) -> Map:
    """Map; `flow` reads the processor."""
    legacy = state.at_most_one("ItemProcessor", "Iterator") == "Iterator"
    if "ItemProcessor" not in state and "Iterator" not in state:
        state.require("ItemProcessor")
    if "Parameters" in state and "ItemSelector" in state:
        state.at_most_one("Parameters", "ItemSelector")
    distributed, execution_type = _mode(state)
    if not distributed:
        for field in _DISTRIBUTED:
            if field in state:
                state.report.unsupported(state.place, field)
    made = producing(state)
    # What is Parameters elsewhere was ItemSelector's name before: it is of items, not of the state.
    parameters, made["parameters"] = made["parameters"], None
    processor = state.part("Iterator" if legacy else "ItemProcessor")
    return Map(
        **common(state, name),
        **made,
        processor=flow(processor) if processor is not None else _NOTHING,
        distributed=distributed,
        execution_type=execution_type,
        items=_items(state),
        item_selector=state.template("ItemSelector") if "ItemSelector" in state else parameters,
        max_concurrency=_number(state, "MaxConcurrency", 0, MAX_CONCURRENCY_MAX),
        tolerated_failure_count=_number(state, "ToleratedFailureCount"),
        tolerated_failure_percentage=_number(state, "ToleratedFailurePercentage", 0.0, 100.0, whole=False),
        label=_label(state),
        item_reader=_reader(state),
        item_batcher=_batcher(state),
        result_writer=_writer(state),
        legacy=legacy,
    )


def _number(part: Part, field: str, least: float = 0, most: float = SECONDS_MAX, *, whole: bool = True) -> Value | None:
    # Of a Map's fields only ItemsPath may look into the context object.
    return part.quantity(field, least, most, whole=whole, to_context=False)


_NOTHING: Any = None
"""Stands for a processor that is missing, in a Map that is never run."""


def _mode(state: Part) -> tuple[bool, str]:
    processor = state.fields.get("ItemProcessor", state.fields.get("Iterator"))
    if not isinstance(processor, dict) or "ProcessorConfig" not in processor:
        return False, "STANDARD"
    part = state.part("ItemProcessor" if "ItemProcessor" in state else "Iterator")
    config = part.part("ProcessorConfig") if part is not None else None
    if config is None:
        return False, "STANDARD"
    config.only(frozenset(("Mode", "ExecutionType")))
    distributed = config.choice("Mode", ("INLINE", "DISTRIBUTED")) == "DISTRIBUTED"
    if distributed and state.report.express:
        config.fault("Express state machine does not support 'DISTRIBUTED' mode", "Mode")
    if distributed:
        config.require("ExecutionType")
    execution_type = config.choice("ExecutionType", ("STANDARD", "EXPRESS"))
    return distributed, execution_type or "STANDARD"


def _items(state: Part) -> Value | None:
    if state.language == "JSONPath":
        return state.reference("ItemsPath")
    given = state.fields.get("Items")
    if "Items" not in state:
        return None
    if isinstance(given, str) and is_jsonata(given):
        # An object is as good as an array: its entries are the items.
        return state.expression("Items")
    if isinstance(given, (list, dict)):
        return state.template("Items")
    state.fault("Expected value of type Array or JSONata expression", "Items")
    return None


def _label(state: Part) -> str:
    text = state.text("Label")
    if text is None:
        return ""
    if len(text) > LABEL_MAX:
        state.fault(f"Label cannot exceed {LABEL_MAX} characters", "Label", INVALID_LABEL)
    for char in text:
        if char in _LABEL_EXCLUDES or ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F:
            state.fault(f"Label contains invalid character: {char!r}", "Label", INVALID_LABEL)
            break
    return text


def _reader(state: Part) -> ItemReader | None:
    part = state.part("ItemReader")
    if part is None:
        return None
    arguments = _arguments(part)
    part.only(frozenset(("Resource", "ReaderConfig", arguments)))
    part.require("Resource")
    _known(part, ":states:::s3:getObject", ":states:::s3:listObjectsV2")
    config = part.part("ReaderConfig")
    most = _number(config, "MaxItems", 0, MAX_ITEMS_MAX) if config is not None else None
    if config is not None:
        config.choice("InputType", ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"))
        config.choice("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"))
        if config.fields.get("CSVHeaderLocation") == "GIVEN":
            config.require("CSVHeaders")
    return ItemReader(
        resource=part.text("Resource") or "",
        parameters=part.template(arguments),
        config={
            name: value
            for name, value in (config.fields if config is not None else {}).items()
            if name not in ("MaxItems", "MaxItemsPath")
        },
        max_items=most,
    )


def _known(part: Part, *resources: str) -> None:
    given = part.fields.get("Resource")
    # Any partition will do.
    if isinstance(given, str) and not given.endswith(resources):
        part.fault(unrecognized(given), "Resource")


def _arguments(part: Part) -> str:
    return "Arguments" if part.language == "JSONata" else "Parameters"


def _batcher(state: Part) -> ItemBatcher | None:
    part = state.part("ItemBatcher")
    if part is None:
        return None
    limits = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    names = frozenset((*limits, *(f"{field}Path" for field in limits), "BatchInput"))
    part.only(names)
    if not any(field.startswith(limits) for field in part.fields):
        part.fault(f"At least one of these fields is required: [{', '.join(limits)}]")
    return ItemBatcher(
        max_items=_number(part, "MaxItemsPerBatch", 1),
        # More than 262,144 could not be a child's input.
        max_bytes=_number(part, "MaxInputBytesPerBatch", 1, 262_144),
        batch_input=part.template("BatchInput"),
    )


def _writer(state: Part) -> ResultWriter | None:
    part = state.part("ResultWriter")
    if part is None:
        return None
    arguments = _arguments(part)
    part.only(frozenset(("Resource", "WriterConfig", arguments)))
    _known(part, ":states:::s3:putObject")
    config = part.part("WriterConfig")
    if config is not None:
        config.choice("Transformation", ("NONE", "COMPACT", "FLATTEN"))
        config.choice("OutputType", ("JSON", "JSONL"))
    return ResultWriter(
        resource=part.text("Resource") or "",
        parameters=part.template(arguments),
        config=dict(config.fields) if config is not None else {},
    )
