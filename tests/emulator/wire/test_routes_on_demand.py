"""A service that many never use is read when it is first asked for."""

from __future__ import annotations

import pytest

from emulator.on_demand import OnDemand
from emulator.wire.compile import limit_of
from emulator.wire.exchange import Exchange
from emulator.wire.routes import Neighbour, Router
from services.api import operation

SIGNED = b"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/%b/aws4_request, SignedHeaders=host, Signature=0"


class Lambda:
    name = "lambda"
    was_reset = False

    @property
    def operation_groups(self):
        return (Group(),)

    def reset(self):
        self.was_reset = True

    def reset_scope(self, account, region):
        self.was_reset = True

    def busy(self):
        return True


class Group:
    @operation
    def list_functions(self, call, params):
        return {"Functions": []}


class Nothing:
    name = "sqs"

    def reset(self):
        """Nothing."""

    def busy(self):
        return False


@pytest.fixture
def made():
    return []


@pytest.fixture
def functions(made):
    def make():
        made.append(Lambda())
        return made[-1]

    return OnDemand("lambda", make)


@pytest.fixture
def router(functions):
    return Router({"sqs": Nothing(), "lambda": functions})


def ask(router, method, path, service=b""):
    headers = {b"authorization": SIGNED % service} if service else {}
    return router.find(Exchange(method, path, b"", headers, b""))


def test_nothing_is_made_for_others(router, made):
    assert ask(router, b"GET", b"/bucket/key", b"s3") == Neighbour("s3")
    assert ask(router, b"GET", b"/bucket/key") == Neighbour("s3")
    ask(router, b"POST", b"/")
    assert made == []


def test_the_first_signed_request_makes_it_once(router, made):
    route = ask(router, b"GET", b"/2015-03-31/functions", b"lambda")
    assert route.operation == "ListFunctions"
    assert route.handler(None, {}) == {"Functions": []}
    assert ask(router, b"POST", b"/2015-03-31/functions", b"lambda").operation == "CreateFunction"
    assert len(made) == 1


def test_one_that_can_not_be_made_at_first_is_made_later():
    failures = [ImportError("no memory")]

    def make():
        if failures:
            raise failures.pop()
        return Lambda()

    router = Router({"lambda": OnDemand("lambda", make)})
    with pytest.raises(ImportError):
        ask(router, b"GET", b"/2015-03-31/functions", b"lambda")
    assert ask(router, b"GET", b"/2015-03-31/functions", b"lambda").operation == "ListFunctions"


def test_an_unsigned_request_is_known_by_its_path(router, made):
    assert ask(router, b"GET", b"/2015-03-31/functions").operation == "ListFunctions"
    assert len(made) == 1
    assert ask(router, b"GET", b"/2027-01-01-reports/july.csv") == Neighbour("s3")


def test_a_body_may_be_as_long_as_it_takes_before_it_is_made(router, made):
    assert router.limit == limit_of("lambda") > limit_of("sqs")
    assert made == []


def test_until_there_is_one_there_is_nothing_to_forget(functions, made):
    functions.reset()
    functions.reset_scope("1", None)
    assert not functions.busy()
    assert made == []
    service = functions.get()
    functions.reset()
    assert service.was_reset
    assert functions.busy()
    assert functions.get() is service
