"""What is kept about functions, as one caller sees it: real groups, functions made by hand, a clock moved by hand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import heapq
import inspect
import itertools
import random  # noqa: TID251 (a fake Entropy)
import uuid  # noqa: TID251 (a fake Entropy)

import pytest

from services.api import Call, operations
from services.lambda_.code import CodeSource
from services.lambda_.code_signing import CodeSigningConfigs
from services.lambda_.event_invoke import EventInvokeConfigs
from services.lambda_.layers import Layers
from services.lambda_.layers_api import LayersApi
from services.lambda_.mappings import EventSourceMappings
from services.lambda_.model import LATEST, Configuration, FunctionName, Version
from services.lambda_.permissions import Permissions
from services.lambda_.recursion import RecursionConfigs
from services.lambda_.runtime_management import RuntimeManagementConfigs
from services.lambda_.state import Alias, Function, Functions
from services.lambda_.urls import FunctionUrls
from services.ports import Code, CodeError
from services.scope import Scope

ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/r"
START = 1_700_000_000.0


class FakeTimer:
    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        self.callback = None


class FakeClock:
    def __init__(self):
        self._now = START
        self._timers = []
        self._ticket = itertools.count()

    def now(self):
        return self._now

    def at(self, when, callback):
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when, next(self._ticket), timer))
        return timer

    def patience(self, seconds, callback):
        return self.at(self._now + seconds, callback)

    def advance(self, seconds):
        until = self._now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if timer.callback is not None:
                timer.callback()
        self._now = until


class FakeEntropy:
    def __init__(self):
        self._random = random.Random(1)

    def uuid(self):
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def bits(self, n):
        return self._random.getrandbits(n)

    def uniform(self):
        return self._random.random()


class FakeStore:
    def __init__(self):
        self.kept = {}
        self.dropped = []

    async def store(self, archive):
        if not archive.startswith(b"PK"):
            raise CodeError("Could not unzip uploaded file. Please check your file, then try to upload again.")
        digest = hashlib.sha256(archive).digest()
        code = Code(digest.hex(), base64.b64encode(digest).decode(), len(archive))
        self.kept[code.folder] = archive
        return code

    def archive_of(self, code):
        return self.kept[code.folder]

    def drop(self, code):
        self.dropped.append(code)


class FakeObjects:
    async def get(self, bucket, key, version, *, account, region):
        return b"PK from s3"


class FakeQueues:
    def __init__(self):
        self.visibility = {}

    def visibility_s(self, queue_arn):
        return self.visibility.get(queue_arn)


class FakeStreams:
    def __init__(self):
        self.known = set()

    async def exists(self, stream_arn):
        return stream_arn in self.known


class FakeRunner:
    """Remembers what it was told."""

    def __init__(self):
        self.running = {}
        self.told = []

    def start(self, mapping):
        self.told.append(("start", mapping.function_arn))
        self.running[mapping.uuid] = mapping

    def stop(self, mapping):
        self.told.append(("stop", mapping.function_arn))
        self.running.pop(mapping.uuid, None)


class Lambda:
    """`aws.get_policy(FunctionName=...)`, as with boto3."""

    def __init__(self, scope=None):
        self.clock, self.entropy, self.store = FakeClock(), FakeEntropy(), FakeStore()
        self.queues, self.streams, self.runner = FakeQueues(), FakeStreams(), FakeRunner()
        self.functions = Functions(self.entropy)
        self.layers = Layers()
        code = CodeSource(self.clock, self.store, FakeObjects(), self.functions, self.layers)
        self.permissions = Permissions(self.functions, self.entropy)
        self.event_invoke = EventInvokeConfigs(self.functions, self.clock)
        self.code_signing = CodeSigningConfigs(self.functions, self.clock, self.entropy)
        self.urls = FunctionUrls(self.functions, self.clock, self.entropy)
        self.recursion = RecursionConfigs(self.functions)
        self.mappings = EventSourceMappings(self.functions, self.clock, self.entropy, self.queues, self.streams)
        self.mappings.runners["sqs"] = self.runner
        of_functions = (
            self.permissions,
            self.event_invoke,
            self.code_signing,
            self.urls,
            self.recursion,
            RuntimeManagementConfigs(self.functions),
        )
        self.functions.on_deleted += [part.deleted for part in of_functions]
        self.operation_groups = (
            *of_functions,
            self.mappings,
            LayersApi(self.layers, self.clock, self.entropy, code),
        )
        self.scope = scope or Scope(ACCOUNT, REGION)
        self.call = Call(self.scope, "http://localhost:4566")
        self.name = "lambda"
        self._operations = {name.lower(): method for name, method in operations(self).items()}

    def __getattr__(self, operation):
        method = self._operations[operation.replace("_", "")]

        def ask(**params):
            answer = method(self.call, params)
            return asyncio.run(answer) if inspect.iscoroutine(answer) else answer

        return ask

    def function(self, name="f", timeout_s=3, **tags):
        function_name = FunctionName(self.scope.account, self.scope.region, name)
        latest = self._version(function_name, LATEST, timeout_s)
        made = Function(function_name, latest, self.clock.now(), tags=tags)
        self.functions.in_scope(self.scope)[name] = made
        return made

    def publish(self, function):
        function.last_number += 1
        number = str(function.last_number)
        function.published[number] = self._version(function.name, number, 3)
        return number

    def alias(self, function, name, version):
        function.aliases[name] = Alias(function.name, name, version, "", self.entropy.uuid())

    def delete(self, function):
        del self.functions.in_scope(self.scope)[function.name.name]
        self.functions.tell_deleted(function, "")

    def queue(self, name="q", visibility_s=30):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.queues.visibility[arn] = visibility_s
        return arn

    def _version(self, name, number, timeout_s):
        code = Code("folder", "sha", 1)
        configuration = Configuration(
            "python3.12", "m.f", "arn:aws:iam::000000000000:role/r", code, timeout_s=timeout_s
        )
        return Version(name, number, configuration, self.entropy.uuid(), self.clock.now())


@pytest.fixture
def aws() -> Lambda:
    return Lambda()


@pytest.fixture
def refused():
    """`with refused("ResourceNotFoundException", "text"):` — an error with that code and exactly that message."""
    from services.errors import ServiceError

    class Refused:
        def __init__(self, code, message):
            self.code, self.message = code, message

        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, ServiceError), "nothing was refused"
            assert (error.code, error.message) == (self.code, self.message)
            self.error = error
            return True

    return Refused


@pytest.fixture(scope="session")
def aws_of():
    """Makes a new one for each example of a property."""
    return Lambda
