"""ResultWriter: what a Map Run's children came to, in files of S3 or as the state's result.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.errors import ServiceError
from services.stepfunctions import limits
from services.stepfunctions.item_readers import refusal_text
from services.stepfunctions.status import redrive_status
from statemachine.context import timestamp
from statemachine.data.json_text import dumps
from statemachine.errors import RESULT_WRITER_FAILED, StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.ports import ItemStore
    from services.scope import Scope
    from services.stepfunctions.batches import Input
    from services.stepfunctions.model import Run

_KINDS: Final = ("FAILED", "PENDING", "SUCCEEDED")


class Child(NamedTuple):
    """A child execution, or the input of one that was never started."""

    input: Input
    run: Run | None


def result(children: Iterable[Child], config: Mapping[str, Any], now: float) -> Any:
    """The state's own result, where nothing is exported."""
    given = [_shown(child, config.get("Transformation", "COMPACT"), now) for child in children]
    flat = list(_flattened(given, config))
    if config.get("OutputType") == "JSONL":
        return "\n".join(map(dumps, flat))
    return flat


def files(children: Iterable[Child], config: Mapping[str, Any], now: float) -> dict[str, list[bytes]]:
    """The files' contents by kind: SUCCEEDED, FAILED (and timed out and aborted), PENDING."""
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    for child in children:
        shown = _shown(child, config.get("Transformation", "NONE"), now)
        found[_kind(child)].append(shown)
    lines = config.get("OutputType") == "JSONL"
    return {kind: list(_parts(list(_flattened(shown, config)), lines=lines)) for kind, shown in found.items()}


class Export(NamedTuple):
    """Where results go."""

    store: ItemStore
    scope: Scope
    arguments: Any
    """Bucket and Prefix."""
    config: Mapping[str, Any]
    """WriterConfig."""
    map_run_arn: str


async def export(to: Export, children: Sequence[Child], now: float) -> dict[str, Any]:
    """Write the files and their manifest; the state's result says where it is.

    Raises:
        StateError: States.ResultWriterFailed.
    """
    given = to.arguments if isinstance(to.arguments, dict) else {}
    bucket, prefix = str(given.get("Bucket") or ""), str(given.get("Prefix") or "").rstrip("/")
    folder = "/".join(part for part in (prefix, to.map_run_arn.rpartition(":")[2]) if part)
    suffix = "jsonl" if to.config.get("OutputType") == "JSONL" else "json"
    written: dict[str, list[dict[str, Any]]] = {}
    try:
        for kind, contents in files(children, to.config, now).items():
            written[kind] = []
            for number, body in enumerate(contents):
                key = f"{folder}/{kind}_{number}.{suffix}"
                await to.store.write(bucket, key, body, account=to.scope.account, region=to.scope.region)
                written[kind].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": to.map_run_arn, "ResultFiles": written}
        key = f"{folder}/manifest.json"
        await to.store.write(bucket, key, dumps(manifest).encode(), account=to.scope.account, region=to.scope.region)
    except ServiceError as refused:
        raise StateError(RESULT_WRITER_FAILED, refusal_text(refused)) from refused
    return {"MapRunArn": to.map_run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}


def _kind(child: Child) -> str:
    if child.run is None:
        return "PENDING"
    return "SUCCEEDED" if child.run.status == "SUCCEEDED" else "FAILED"


def _shown(child: Child, transformation: str, now: float) -> Any:
    """An output, or all that is known of the execution; one that did not succeed has no output to give."""
    run = child.run
    if run is None:
        return {"Input": dumps(child.input.value), "InputDetails": {"Included": True}, "Status": "PENDING"}
    if transformation in {"COMPACT", "FLATTEN"} and run.status == "SUCCEEDED":
        return run.output
    return described(run, now)


def described(run: Run, now: float) -> dict[str, Any]:
    """A child execution with its metadata, members in alphabetical order."""
    status, reason = redrive_status(run, now)
    optional = {
        "Cause": run.cause,
        "Error": run.error,
        "Output": dumps(run.output) if run.status == "SUCCEEDED" else None,
        "OutputDetails": {"Included": True} if run.status == "SUCCEEDED" else None,
        "RedriveStatusReason": reason or None,
        "StopDate": None if run.stopped_at is None else timestamp(run.stopped_at),
    }
    shown = {
        "ExecutionArn": run.arn,
        "Input": run.input,
        "InputDetails": {"Included": True},
        "Name": run.name,
        "RedriveCount": run.redrive_count,
        "RedriveStatus": status,
        "StartDate": timestamp(run.started_at),
        "StateMachineArn": run.machine_arn,
        "Status": run.status,
    } | {name: value for name, value in optional.items() if value is not None}
    return {name: shown[name] for name in sorted(shown)}


def _flattened(given: list[Any], config: Mapping[str, Any]) -> Iterator[Any]:
    for value in given:
        if config.get("Transformation") == "FLATTEN" and isinstance(value, list):
            yield from value
        else:
            yield value


def _parts(values: list[Any], *, lines: bool) -> Iterator[bytes]:
    """The files that values go into, each of at most 5 GB, as documented: here, of a size that memory bears."""
    texts: list[str] = []
    size = 0
    for value in values:
        text = dumps(value)
        if texts and size + len(text) > limits.RESULT_FILE_MAX:
            yield _file(texts, lines=lines)
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    if texts:
        yield _file(texts, lines=lines)


def _file(texts: list[str], *, lines: bool) -> bytes:
    return ("\n".join(texts) if lines else f"[{','.join(texts)}]").encode()
