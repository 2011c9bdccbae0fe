"""Jobs that a task waits for (`.sync`): Batch, ECS, Glue, CodeBuild, Athena, DataBrew, MediaConvert, SageMaker.

The job is started, then asked after on the clock until it has ended. Whether one ever ends is up to the neighbour that
runs it; where it can't be run, the task fails with what the neighbour says.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from emulator.integrations import failures, values
from services.errors import ServiceError
from statemachine.data import json_text
from statemachine.errors import TASK_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import Catalogue
    from emulator.integrations.optimised import OptimisedCalls
    from emulator.integrations.tasks import Work

    Params = dict[str, Any]

_FIRST_LOOK_S: Final = 1.0
_LAST_LOOK_S: Final = 30.0
"""Seconds between two looks, doubling from the first to the last."""


class Job(NamedTuple):
    """How one kind of job is asked after. Members are botocore's."""

    describe: str
    """The action."""
    named: Callable[[Params, Params], Params]
    """What to ask it with, of the parameters and the answer of what started the job."""
    found: Callable[[Params], Any]
    """The job, in the answer."""
    status: Callable[[Any], str]
    succeeded: frozenset[str]
    failed: frozenset[str]
    stop: str = ""
    stopped: Callable[[Params], Params] = lambda named: named
    """What to stop it with, of what it is asked after with."""
    whole: bool = False
    """The result is the whole answer, not the job in it."""


def _first(name: str) -> Callable[[Params], Any]:
    return lambda answer: (answer.get(name) or [{}])[0]


def _task_status(task: Params) -> str:
    """A task of ECS has no result of its own: its containers have exit codes."""
    if task.get("lastStatus") != "STOPPED":
        return "RUNNING"
    failed = any(container.get("exitCode") for container in task.get("containers", []))
    return "FAILED" if failed or task.get("stopCode") == "TaskFailedToStart" else "SUCCEEDED"


_ENDED_WELL = frozenset({"SUCCEEDED"})


def _sagemaker(kind: str, status: str = "") -> Job:
    name = f"{kind}JobName"
    key = status or f"{kind}JobStatus"
    return Job(
        f"describe{kind}Job",
        lambda params, answer: {name: params.get(name)},
        lambda answer: answer,
        lambda job: str(job.get(key, "")),
        frozenset({"Completed"}),
        frozenset({"Failed", "Stopped"}),
        stop=f"stop{kind}Job",
    )


JOBS: Final = {
    ("batch", "submitJob"): Job(
        "describeJobs",
        lambda params, answer: {"jobs": [answer["jobId"]]},
        _first("jobs"),
        lambda job: str(job.get("status", "")),
        _ENDED_WELL,
        frozenset({"FAILED"}),
        stop="terminateJob",
        stopped=lambda named: {"jobId": named["jobs"][0], "reason": "The task that waits for it was stopped."},
    ),
    ("ecs", "runTask"): Job(
        "describeTasks",
        lambda params, answer: {
            "cluster": params.get("cluster", "default"),
            "tasks": [task["taskArn"] for task in answer.get("tasks", [])],
        },
        _first("tasks"),
        _task_status,
        _ENDED_WELL,
        frozenset({"FAILED"}),
        stop="stopTask",
        stopped=lambda named: {"cluster": named["cluster"], "task": named["tasks"][0]},
    ),
    ("glue", "startJobRun"): Job(
        "getJobRun",
        lambda params, answer: {"JobName": params.get("JobName"), "RunId": answer["JobRunId"]},
        lambda answer: answer.get("JobRun", {}),
        lambda job: str(job.get("JobRunState", "")),
        _ENDED_WELL,
        frozenset({"FAILED", "STOPPED", "TIMEOUT", "ERROR"}),
        stop="batchStopJobRun",
        stopped=lambda named: {"JobName": named["JobName"], "JobRunIds": [named["RunId"]]},
    ),
    ("codebuild", "startBuild"): Job(
        "batchGetBuilds",
        lambda params, answer: {"ids": [answer["build"]["id"]]},
        _first("builds"),
        lambda job: str(job.get("buildStatus", "")),
        _ENDED_WELL,
        frozenset({"FAILED", "FAULT", "STOPPED", "TIMED_OUT"}),
        stop="stopBuild",
        stopped=lambda named: {"id": named["ids"][0]},
    ),
    ("athena", "startQueryExecution"): Job(
        "getQueryExecution",
        lambda params, answer: {"QueryExecutionId": answer["QueryExecutionId"]},
        lambda answer: answer.get("QueryExecution", {}),
        lambda job: str(job.get("Status", {}).get("State", "")),
        _ENDED_WELL,
        frozenset({"FAILED", "CANCELLED"}),
        stop="stopQueryExecution",
        whole=True,
    ),
    ("databrew", "startJobRun"): Job(
        "describeJobRun",
        lambda params, answer: {"Name": params.get("Name"), "RunId": answer["RunId"]},
        lambda answer: answer,
        lambda job: str(job.get("State", "")),
        _ENDED_WELL,
        frozenset({"FAILED", "STOPPED", "TIMEOUT"}),
        stop="stopJobRun",
    ),
    ("mediaconvert", "createJob"): Job(
        "getJob",
        lambda params, answer: {"Id": answer["Job"]["Id"]},
        lambda answer: answer.get("Job", {}),
        lambda job: str(job.get("Status", "")),
        frozenset({"COMPLETE"}),
        frozenset({"ERROR", "CANCELED"}),
        stop="cancelJob",
        whole=True,
    ),
    ("sagemaker", "createTrainingJob"): _sagemaker("Training"),
    ("sagemaker", "createTransformJob"): _sagemaker("Transform"),
    ("sagemaker", "createProcessingJob"): _sagemaker("Processing"),
    ("sagemaker", "createHyperParameterTuningJob"): _sagemaker("HyperParameterTuning"),
}


class Jobs:
    """Runs jobs for tasks."""

    def __init__(self, optimised: OptimisedCalls, services: Services, catalogue: Catalogue) -> None:
        self._optimised = optimised
        self._services = services
        self._catalogue = catalogue
        self._stopping: set[asyncio.Task[None]] = set()

    async def run(self, work: Work) -> None:
        """Start a job, wait for its end, and give what the service says of it."""
        job = JOBS.get((work.resource.service, work.resource.action))
        if job is None:
            work.fail("States.Runtime", f"Undercast can't wait for {work.call.resource}: nothing here runs such jobs.")
            return
        work.events.started()
        answered = await self._optimised.call(work, work.call.arguments)
        if answered is None:
            return
        result, output = answered
        known, operation = self._optimised.known(work)
        params = values.to_params(operation.input, work.call.arguments, values.Sdk.FIRST)
        refused = result.get("failures")
        if refused:
            work.fail("ECS.AmazonECSException", json_text.dumps(output), "submit")
            return
        work.submitted(output)
        named = job.named(params, result)
        work.on_cancel.append(lambda: self._stop(work, job, named))
        try:
            answer = await self._ended(work, job, named)
        except ServiceError as error:
            work.fail(*failures.in_first_sdk(work.resource.service, known, error, "-"))
            return
        shape = known.actions[job.describe].output
        shown = values.to_json(shape, answer, values.Sdk.FIRST)
        if not job.whole:
            shown = _only(shown)
        if job.status(job.found(answer)) in job.succeeded:
            work.succeed(shown)
        else:
            work.fail(TASK_FAILED, json_text.dumps(shown))

    async def _ended(self, work: Work, job: Job, named: Params) -> Params:
        wait_s = _FIRST_LOOK_S
        while True:
            await work.pause(wait_s)
            wait_s = min(wait_s * 2, _LAST_LOOK_S)
            answer = await self._ask(work, job.describe, named)
            if job.status(job.found(answer)) in job.succeeded | job.failed:
                return answer

    async def _ask(self, work: Work, action: str, params: Params) -> Params:
        known, _ = self._optimised.known(work)
        return await self._services.call(
            known, known.actions[action], params, account=work.account, region=work.call.region
        )

    def _stop(self, work: Work, job: Job, named: Params) -> None:
        """The task is wanted no more: neither is its job, as far as the service can stop it."""

        async def stop() -> None:
            # Without this time might pass before it is stopped.
            with work.clock.hold(), contextlib.suppress(ServiceError):
                await self._ask(work, job.stop, job.stopped(named))

        task = asyncio.get_running_loop().create_task(stop(), name=f"stop {work.call.resource}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _only(shown: Params) -> Any:
    """The job itself, where the answer is one list of jobs or one member around it."""
    for name in ("Jobs", "Tasks"):
        if shown.get(name):
            return shown[name][0]
    if shown.get("Builds"):
        return {"Build": shown["Builds"][0]}
    return shown.get("JobRun", shown)
