"""`undercast invoke` and `undercast logs` as typed, against a fake of Lambda and of its logs."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from undercast.cli import undercast

REPORT = "START RequestId: r\nhello\nREPORT RequestId: r\n"


class Fake:
    def __init__(self):
        self.asked = []
        self.headers = {}
        self.answers = {}
        self.events = [
            {"timestamp": 1_800_000_000_000, "message": "START RequestId: r\n", "eventId": "1"},
            {"timestamp": 1_800_000_000_250, "message": "two\nlines\n", "eventId": "2"},
        ]

    def answer(self, method, path, headers, body):
        self.asked.append(SimpleNamespace(method=method, path=path, headers=headers, body=body))
        if path in self.answers:
            return self.answers[path]
        if path == "/_undercast/health":
            return 200, {}, {
                "status": "running", "version": "1", "endpoint": "", "region": "eu-west-1", "account": "0",
                "services": {}, "time": TIME,
            }  # fmt: skip
        if path == "/_undercast/time":
            return 200, {}, TIME
        if path.endswith("/invocations"):
            tail = base64.b64encode(REPORT.encode()).decode()
            return 200, {"X-Amz-Log-Result": tail, "x-amzn-RequestId": "r"}, {"answer": json.loads(body)}
        if path.endswith("/configuration"):
            return 200, {}, {"LoggingConfig": {"LogGroup": "/its/own"}}
        if headers.get("X-Amz-Target") == "Logs_20140328.FilterLogEvents":
            asked = json.loads(body)
            at = int(asked.get("nextToken") or 0)
            page = [event for event in self.events[at : at + 1] if event["timestamp"] >= asked["startTime"]]
            more = {"nextToken": str(at + 1)} if at + 1 < len(self.events) else {}
            return 200, {}, {"events": page, **more}
        return 404, {}, {"message": "unknown"}


TIME = {
    "mode": "manual", "scale": 0.0, "now": 1_800_000_060.0, "now_iso": "", "timers": 0, "next_at": None, "holds": 0,
}  # fmt: skip


@pytest.fixture
def fake(monkeypatch):
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, said = fake.answer(self.command, self.path, self.headers, body)
            data = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815 - http.server's names

        def log_message(self, format, *args):
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("UNDERCAST_ENDPOINT", f"http://127.0.0.1:{listening.server_port}")
        for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
            monkeypatch.delenv(name, raising=False)
        yield fake
        listening.shutdown()
        thread.join()


@pytest.fixture
def run(capsys):
    def run(*arguments):
        capsys.readouterr()
        code = undercast.main(list(arguments), prog_name="undercast", standalone_mode=False)
        said = capsys.readouterr()
        return SimpleNamespace(code=code or 0, out=said.out, err=said.err)

    return run


def test_the_answer_on_stdout_and_the_log_on_stderr(run, fake):
    done = run("invoke", "f", "--payload", '{"a": 1}')
    assert (done.code, json.loads(done.out)) == (0, {"answer": {"a": 1}})
    assert done.err == REPORT
    [asked] = [asked for asked in fake.asked if asked.method == "POST"]
    assert asked.path == "/2015-03-31/functions/f/invocations"
    assert "/eu-west-1/lambda/" in asked.headers["Authorization"]
    assert asked.headers["X-Amz-Log-Type"] == "Tail"


def test_where_the_function_is(run, fake, monkeypatch):
    run("invoke", "f", "-q", "--account", "111111111111", "--region", "us-west-2")
    assert "Credential=111111111111/20260101/us-west-2/lambda/" in fake.asked[-1].headers["Authorization"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "222222222222")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    run("invoke", "arn:aws:lambda:ap-south-1:222222222222:function:f", "-q")
    assert "Credential=222222222222/20260101/ap-south-1/" in fake.asked[-1].headers["Authorization"]
    assert fake.asked[-1].path == (
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aap-south-1%3A222222222222%3Afunction%3Af/invocations"
    )


def test_a_failed_function_is_exit_code_1(run, fake):
    path = "/2015-03-31/functions/f/invocations"
    fake.answers[path] = (200, {"X-Amz-Function-Error": "Unhandled"}, {"errorMessage": "no"})
    done = run("invoke", "f")
    assert (done.code, json.loads(done.out)) == (1, {"errorMessage": "no"})


def test_a_refusal_is_one_line(run, fake):
    path = "/2015-03-31/functions/f/invocations"
    error = {"Message": "Function not found: f"}
    fake.answers[path] = (404, {"x-amzn-ErrorType": "ResourceNotFoundException"}, error)
    done = run("invoke", "f")
    assert (done.code, done.out, done.err) == (1, "", "ResourceNotFoundException: Function not found: f\n")


def test_asynchronously(run, fake):
    fake.answers["/2015-03-31/functions/f/invocations"] = (202, {"x-amzn-RequestId": "r"}, "")
    done = run("invoke", "f", "--async")
    assert (done.code, done.out, done.err) == (0, "", "Accepted, request id r\n")
    assert fake.asked[-1].headers["X-Amz-Invocation-Type"] == "Event"


def test_a_payload_out_of_a_file(run, fake, tmp_path):
    (tmp_path / "event.json").write_text('{"from": "a file"}')
    done = run("invoke", "f", "-q", "--payload", f"@{tmp_path / 'event.json'}")
    assert json.loads(done.out) == {"answer": {"from": "a file"}}
    assert done.err == ""


@pytest.mark.parametrize("payload", ["{no json", "@/nowhere/at/all", "@"])
def test_a_bad_payload_is_exit_code_2(run, fake, payload):
    done = run("invoke", "f", "--payload", payload)
    assert done.code == 2
    assert done.err.startswith("undercast invoke: Invalid value for '--payload'")
    assert fake.asked == []


def test_the_log_of_a_function_page_by_page(run, fake):
    done = run("logs", "f")
    assert done.out.splitlines() == [
        "2027-01-15T08:00:00Z  START RequestId: r",
        "2027-01-15T08:00:00.250Z  two",
        "2027-01-15T08:00:00.250Z  lines",
    ]
    assert json.loads(fake.asked[-1].body)["logGroupName"] == "/its/own"


def test_the_log_of_a_function_that_is_gone(run, fake):
    fake.answers["/2015-03-31/functions/gone/configuration"] = (404, {}, {"Message": "Function not found"})
    assert run("logs", "gone").code == 0
    assert json.loads(fake.asked[-1].body)["logGroupName"] == "/aws/lambda/gone"


def test_a_log_that_is_not_there_yet_is_empty(run, fake):
    fake.answers["/"] = (400, {}, {"__type": "ResourceNotFoundException", "message": "no such group"})
    done = run("logs", "/aws/lambda/f")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_since_is_by_the_servers_clock(run, fake):
    run("logs", "/aws/lambda/f", "--since", "30s")
    assert json.loads(fake.asked[-1].body)["startTime"] == 1_800_000_030_000
    assert run("logs", "f", "--since", "yesterday").code == 2


def test_for_a_program(run, fake):
    lines = [json.loads(line) for line in run("logs", "f", "--json").out.splitlines()]
    assert lines[1] == {"timestamp": "2027-01-15T08:00:00.250Z", "message": "two\nlines\n"}


def test_following_shows_each_event_once(run, fake, monkeypatch):
    rounds = []

    def passes(seconds):
        rounds.append(seconds)
        if len(rounds) == 3:
            raise KeyboardInterrupt
        fake.events.append(
            {
                "timestamp": 1_800_000_000_250 + len(rounds) - 1,
                "message": f"round {len(rounds)}\n",
                "eventId": str(9 + len(rounds)),
            }
        )

    monkeypatch.setattr("undercast.function_commands.real_time.sleep", passes)
    done = run("logs", "f", "-f")
    assert done.code == 130
    assert [line.partition("  ")[2] for line in done.out.splitlines()] == [
        "START RequestId: r", "two", "lines", "round 1", "round 2",
    ]  # fmt: skip


def test_without_a_server(run, nobody):
    done = run("invoke", "f")
    assert done.code == 1
    assert done.err.startswith("No Undercast at http://127.0.0.1:")
