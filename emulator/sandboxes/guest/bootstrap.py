"""Runs a Python function with AWS's runtime interface client: `python -S bootstrap.py <task> <opt> <site> <handler>`.

The nursery loads it too, imports the client beforehand (`preload`) and calls `run` in the child it forked. By path,
standard library only, Python >= 3.10.
"""

from __future__ import annotations

import os
import sys
import types


def preload(site: str) -> None:
    """Import what every function needs, but nothing that reads its environment for good."""
    sys.path.append(site)
    # The real one takes its address from the environment when it is loaded: `run` loads it.
    veiled = types.ModuleType("runtime_client")
    veiled.initialize_client = lambda _: None  # type: ignore[attr-defined]
    sys.modules["runtime_client"] = veiled
    try:
        import awslambdaric.__main__
    except ImportError:
        return
    finally:
        del sys.modules["runtime_client"]
    assert awslambdaric.__main__
    if sys.version_info >= (3, 12):
        # The client of these waits on a thread.
        import concurrent.futures.thread

        assert concurrent.futures.thread
    _PRELOADED.append(site)


_PRELOADED: list[str] = []
"""The site of the client that is imported already."""


def run(task: str, opt: str, site: str, handler: str) -> None:
    """Serve invocations until the process is ended."""
    version = "python{}.{}".format(*sys.version_info[:2])
    own = {site, os.path.dirname(os.path.abspath(__file__))}
    standard = [path for path in sys.path if path and path not in own]
    sys.path[:] = [task, f"{opt}/python/lib/{version}/site-packages", opt + "/python", site, *standard]
    sys.argv = [os.path.join(site, "bootstrap.py"), handler]
    # On AWS the code's folder is read-only, and here it may be somebody's own.
    sys.dont_write_bytecode = task != "/var/task"
    debug = os.environ.pop("UNDERCAST_DEBUG_LISTEN", "")
    if debug:
        wait_for_debugger(debug)
    if _PRELOADED:
        import awslambdaric.lambda_runtime_client as client
        import runtime_client  # type: ignore[import-not-found,unused-ignore]

        client.runtime_client = runtime_client
        runtime_client.initialize_client(client._user_agent())
        if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "Text") != "Text" or os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
            # It looked at them when it was imported.
            import importlib

            import awslambdaric.bootstrap

            importlib.reload(awslambdaric.bootstrap)
    import time

    time.tzset()
    from awslambdaric import __main__, bootstrap

    if os.environ.get("AWS_EXECUTION_ENV") == "AWS_Lambda_python3.8":
        # The last client for it did not tell the request's id.
        make_error = bootstrap.make_error
        bootstrap.make_error = lambda *told: {k: v for k, v in make_error(*told).items() if k != "requestId"}
    __main__.main(sys.argv)


def wait_for_debugger(address: str) -> None:
    """Start debugpy on `port` or `port,wait`, from the function's own packages."""
    port, _, wait = address.partition(",")
    try:
        import debugpy
    except ImportError:
        print("debugpy is not among this function's packages: add it to the function or to a layer", flush=True)
        return
    debugpy.listen(("127.0.0.1", int(port)))
    if wait:
        debugpy.wait_for_client()


if __name__ == "__main__":
    run(*sys.argv[1:5])
