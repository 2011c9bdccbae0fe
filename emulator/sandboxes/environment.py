"""The environment that a function sees: AWS's documented variables, the function's own, and nothing of the server's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from services.ports import SandboxSpec


class Keys(NamedTuple):
    """Credentials of the function's role."""

    access_key: str
    secret: str
    token: str


def keys_of_account(spec: SandboxSpec) -> Keys:
    """Keys for where nobody issues any: one of twelve digits names its account (emulator/wire/credentials.py)."""
    return Keys(spec.account, "undercast", "undercast")


class Places(NamedTuple):
    """Folders as the function sees them: AWS's where we can mount, else the real ones."""

    task: str
    opt: str
    tmp: str
    runtime: str

    @property
    def mounted(self) -> bool:
        """Whether they are AWS's."""
        return self.task == "/var/task"

    def real(self, path: str) -> str:
        """A path that the function's owner wrote for AWS, as it is here."""
        for aws, here in (("/var/task", self.task), ("/opt", self.opt), ("/var/runtime", self.runtime)):
            if path == aws or path.startswith(f"{aws}/"):
                return here + path[len(aws) :]
        return path


MOUNTED: Final = Places("/var/task", "/opt", "/tmp", "/var/runtime")  # noqa: S108 (in a mount namespace of its own)

LOG_DESCRIPTOR: Final = "3"
"""Where framed log messages go (`guest/nursery.py`)."""


def build(spec: SandboxSpec, places: Places, keys: Keys, runtime_api: str, endpoint: str) -> dict[str, str]:
    """Everything, for any runtime. `endpoint` is the emulator's own address."""
    # The first Amazon Linux of custom runtimes has no folder for a language.
    lang = "" if spec.runtime in {"provided", "provided.al2"} else "/var/lang"
    environment = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{lang and lang + '/bin:'}/usr/local/bin:/usr/bin/:/bin:{places.opt}/bin",
        "LD_LIBRARY_PATH": ":".join(
            (
                *([f"{lang}/lib"] if lang else []), "/lib64", "/usr/lib64", places.runtime, f"{places.runtime}/lib",
                places.task, f"{places.task}/lib", f"{places.opt}/lib",
            )
        ),
        "AWS_ENDPOINT_URL": endpoint,
        # Only these may be changed by the function's own variables; the others are reserved, or the service's.
        **spec.environment,
        "LAMBDA_TASK_ROOT": places.task,
        "LAMBDA_RUNTIME_DIR": places.runtime,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": spec.log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": spec.initialization_type,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_SESSION_TOKEN": keys.token,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }  # fmt: skip
    if spec.runtime.startswith(("python", "nodejs", "ruby")):
        # On AWS a shell starts these.
        environment |= {"PWD": places.task, "SHLVL": "0"}
    if spec.runtime.startswith("java"):
        # The names of the first SDK for Java.
        environment |= {"AWS_ACCESS_KEY": keys.access_key, "AWS_SECRET_KEY": keys.secret}
    if not spec.runtime.startswith("provided"):
        environment["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{spec.runtime}"
    if spec.log_format.upper() == "JSON":
        environment["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
    if spec.application_log_level:
        environment["AWS_LAMBDA_LOG_LEVEL"] = spec.application_log_level
    if not places.mounted:
        environment["TMPDIR"] = places.tmp
    return environment
