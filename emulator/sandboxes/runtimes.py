"""How each runtime is run: which program, with which arguments and variables; or what is missing for it.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from emulator.sandboxes import interpreters, site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.sandboxes.environment import Places
    from services.ports import SandboxSpec

_JAVA_CLIENT: Final = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"
_READ_AT_START: Final = ("LD_", "PYTHON", "MALLOC_", "GLIBC_", "LC_", "LANG", "OPENSSL_")
"""Variables that a process reads when it begins: with any of these an interpreter that already runs won't do."""


class Plan(NamedTuple):
    """What to run. Paths as the function sees them."""

    argv: tuple[str, ...]
    """Empty: a Python function in an interpreter that is ready."""
    environment: Mapping[str, str]
    entry_point: bool = False
    """The program is the function's own (`bootstrap`)."""
    tried: tuple[str, ...] = ()
    """Without a program: where it should have been."""


def family(runtime: str) -> str:
    """`python3.12` is `python`, `java8.al2` is `java`."""
    match = re.match(r"[a-z]+", runtime)
    return match[0] if match else ""


def why_not(runtime: str, folder: Path) -> str:
    """Why this runtime can't run here, naming what is missing; empty when it can."""
    kind = family(runtime)
    if kind == "python":
        name = site.missing()
        return f"the package {name} is not installed beside Undercast" if name else ""
    if kind == "nodejs":
        return "" if interpreters.tool("node") else "Node.js (node) is not on this machine's PATH"
    if kind in {"provided", "go"}:
        return ""
    if kind in {"java", "ruby", "dotnet"}:
        if not interpreters.tool(kind):
            return f"{kind} is not on this machine's PATH"
        found = {"java": _java_client, "ruby": _ruby_client, "dotnet": _dotnet_client}[kind](folder)
        return "" if found else _MISSING_CLIENT[kind]
    return f"the runtime {runtime or '(none)'} is not known here"


_MISSING_CLIENT: Final = {
    "java": "AWS's runtime interface client for Java (aws-lambda-java-runtime-interface-client) is neither in the "
    "function's lib folder nor in the folder that UNDERCAST_JAVA_CLIENT names",
    "ruby": "the gem aws_lambda_ric is neither in the function's package nor in the folder that "
    "UNDERCAST_RUBY_CLIENT names",
    "dotnet": "Amazon.Lambda.RuntimeSupport.dll is not in the function's package",
}


def plan(spec: SandboxSpec, places: Places, task: Path, opt: Path | None, debug_port: int) -> Plan:
    """What to run for a function whose code is in `task` and whose layers are in `opt`."""
    kind = family(spec.runtime)
    if kind in {"provided", "go"}:
        # No wrapper: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
        return _bootstrap(places, task, opt)
    made = {"python": _python, "nodejs": _node, "java": _java, "ruby": _ruby, "dotnet": _dotnet}[kind](
        spec, places, task, opt, debug_port
    )
    wrapper = spec.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    if wrapper:
        argv = made.argv or _python_argv(spec, places)
        # Executed as it is: never through a shell of ours.
        return made._replace(argv=(places.real(wrapper), *argv))
    return made


def _bootstrap(places: Places, task: Path, opt: Path | None) -> Plan:
    tried = (f"{places.task}/bootstrap", f"{places.opt}/bootstrap")
    for place, folder in zip(tried, (task, opt), strict=True):
        if folder is not None and (folder / "bootstrap").exists():
            return Plan((place,), {}, entry_point=True)
    return Plan((), {}, entry_point=True, tried=tried)


# -- Python


def _python(spec: SandboxSpec, places: Places, task: Path, opt: Path | None, debug_port: int) -> Plan:
    environment = {"PYTHONPATH": places.runtime}
    if spec.runtime not in {"python3.8", "python3.9", "python3.10", "python3.11"}:
        environment["LC_CTYPE"] = "C.UTF-8"
    if debug_port:
        wait = ",wait" if "wait" in spec.debug else ""
        environment["UNDERCAST_DEBUG_LISTEN"] = f"{debug_port}{wait}"
    own = spec.environment.get("PYTHONPATH")
    if own:
        environment["PYTHONPATH"] = f"{own}:{places.runtime}"
    fresh = any(name.startswith(_READ_AT_START) for name in spec.environment) or _has_libraries(task, opt)
    return Plan(_python_argv(spec, places) if fresh else (), environment)


def _python_argv(spec: SandboxSpec, places: Places) -> tuple[str, ...]:
    python = interpreters.python(spec.runtime).path
    script = f"{places.runtime}/bootstrap.py"
    return (python, "-S", "-s", "-X", "utf8", script, places.task, places.opt, places.runtime, spec.handler)


def _has_libraries(task: Path, opt: Path | None) -> bool:
    """Whether LD_LIBRARY_PATH has something to find: the dynamic loader reads it when a process begins."""
    folders = [task, task / "lib", *([opt / "lib"] if opt is not None else [])]
    for folder in folders:
        try:
            names = [path.name for path in folder.iterdir()]
        except OSError:
            continue
        if any(".so" in name and not re.search(r"\.(cpython-|abi3)", name) for name in names):
            return True
    return False


# -- Node.js


def _node(spec: SandboxSpec, places: Places, task: Path, opt: Path | None, debug_port: int) -> Plan:
    number = "".join(re.findall(r"\d+", spec.runtime)[:1])
    opt_modules = f"{places.opt}/nodejs/node{number}/node_modules:{places.opt}/nodejs/node_modules"
    own = spec.environment.get("NODE_PATH")
    modules = f"{opt_modules}:{places.runtime}/node_modules:{places.runtime}:{places.task}"
    argv = [interpreters.tool("node"), f"--max-old-space-size={max(64, spec.memory_mb * 9 // 10)}"]
    if debug_port:
        argv.append(f"--inspect{'-brk' if 'wait' in spec.debug else ''}=127.0.0.1:{debug_port}")
    argv.append(f"{places.runtime}/index.mjs")
    return Plan(tuple(argv), {"NODE_PATH": f"{own}:{modules}" if own else modules})


# -- runtimes whose client comes with the function


def _java(spec: SandboxSpec, places: Places, task: Path, opt: Path | None, debug_port: int) -> Plan:
    client = os.environ.get("UNDERCAST_JAVA_CLIENT", "")
    paths = [places.task, f"{places.task}/lib/*", f"{places.opt}/java/lib/*", *([f"{client}/*"] if client else [])]
    argv = [interpreters.tool("java"), f"-Xmx{max(32, spec.memory_mb * 85 // 100)}m", "-XX:+UseSerialGC"]
    argv += ["-XX:TieredStopAtLevel=1"]
    if debug_port:
        suspend = "y" if "wait" in spec.debug else "n"
        argv.append(f"-agentlib:jdwp=transport=dt_socket,server=y,suspend={suspend},address=127.0.0.1:{debug_port}")
    return Plan((*argv, "-cp", ":".join(paths), _JAVA_CLIENT, spec.handler), {})


def _java_client(folder: Path) -> bool:
    configured = os.environ.get("UNDERCAST_JAVA_CLIENT")
    folders = [folder / "lib", *([Path(configured)] if configured else [])]
    packed = any(any(place.glob("aws-lambda-java-runtime-interface-client*.jar")) for place in folders)
    # A package with all of its libraries' classes unpacked.
    return packed or (folder / f"{_JAVA_CLIENT.replace('.', '/')}.class").exists()


def _ruby(spec: SandboxSpec, places: Places, task: Path, opt: Path | None, debug_port: int) -> Plan:
    client = _ruby_client(task) or ""
    program = client.replace(str(task), places.task, 1)
    version = "".join(re.findall(r"[\d.]+", spec.runtime)[:1])
    gems = f"{places.task}/vendor/bundle/ruby/{version}.0:{places.opt}/ruby/gems/{version}.0"
    environment = {"GEM_PATH": gems, "RUBYLIB": f"{places.task}:{places.opt}/ruby/lib"}
    return Plan((interpreters.tool("ruby"), program, spec.handler), environment)


def _ruby_client(folder: Path) -> str:
    configured = os.environ.get("UNDERCAST_RUBY_CLIENT")
    patterns = [(folder, "vendor/bundle/ruby/*/gems/aws_lambda_ric-*/bin/aws_lambda_ric")]
    if configured:
        patterns.append((Path(configured), "**/bin/aws_lambda_ric"))
    return next((str(found) for place, pattern in patterns for found in sorted(place.glob(pattern))), "")


def _dotnet(spec: SandboxSpec, places: Places, task: Path, opt: Path | None, debug_port: int) -> Plan:
    assembly = spec.handler.partition("::")[0]
    base = f"{places.task}/{assembly}"
    argv = [interpreters.tool("dotnet"), "exec", "--depsfile", f"{base}.deps.json"]
    argv += ["--runtimeconfig", f"{base}.runtimeconfig.json"]
    return Plan((*argv, f"{places.task}/Amazon.Lambda.RuntimeSupport.dll", spec.handler), {})


def _dotnet_client(folder: Path) -> bool:
    return (folder / "Amazon.Lambda.RuntimeSupport.dll").exists()
