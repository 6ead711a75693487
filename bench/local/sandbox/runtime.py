"""What process runs a function: its command line and its environment, by runtime.

Python goes through awslambdaric in this interpreter; Node through aws-lambda-ric where the function
or the machine has it, else through a small client of our own; anything else is an executable
`bootstrap` in the function's folder.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import site
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from bench.errors import TargetError
from bench.folders import homes
from bench.local.layers import OPT
from bench.local.model import REGION, FunctionConfig

PYTHONPATH = "PYTHONPATH"
EXEC_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
DUMMY_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIALAMLOADLOCAL0000",
    "AWS_SECRET_ACCESS_KEY": "no-secret-of-anybody",
    "AWS_SESSION_TOKEN": "no-token-of-anybody",
}
"""Handlers always have some: they are those of the execution role, and there is none here."""
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/bin"
PORTABLE = Path(__file__).with_name("portable")
NODE_RUNTIME = Path(__file__).with_name("node") / "main.mjs"
NODE_CLIENTS = ("aws-lambda-ric/bin/index.mjs", "aws-lambda-ric/bin/index.js")


def command(config: FunctionConfig) -> tuple[str, ...] | None:
    """Command line of a function's process; None if there is nothing to start."""
    found = _runtime_command(config)
    wrapper = _exec_wrapper(config)
    return found if found is None or wrapper is None else (wrapper, *found)


def _runtime_command(config: FunctionConfig) -> tuple[str, ...] | None:
    if config.runtime.startswith("python"):
        debugger = ("-m", "debugpy", "--listen", _debug_address(config))
        return (
            sys.executable,
            *(debugger if config.debug_port else ()),
            "-m",
            "awslambdaric",
            config.handler,
        )
    if config.runtime.startswith("nodejs"):
        return _node_command(config)
    if (bootstrap := _bootstrap(config.folder)) is not None:
        return (bootstrap,)
    return (f"{OPT}/bootstrap",) if config.opt and _bootstrap(config.opt) else None


def _exec_wrapper(config: FunctionConfig) -> str | None:
    """The script that starts the runtime, if there is one; provided runtimes ignore the variable.

    A managed runtime's command line becomes its arguments (Lambda developer guide, "Modifying the
    runtime environment"). `/var/task` is the function's folder.
    """
    wrapper = config.environment.get(EXEC_WRAPPER)
    if not wrapper or not config.runtime.startswith(("python", "nodejs")):
        return None
    return re.sub(r"^/var/task(?=/)", lambda _: config.folder, wrapper)


def missing(config: FunctionConfig) -> str:
    """What to do where `command` finds nothing, in one line."""
    if config.runtime.startswith("nodejs"):
        return f"{config.name}: a Node handler needs node, which is not on PATH"
    return f"{config.name}: {config.folder} has no executable `bootstrap` for {config.runtime}"


def check(config: FunctionConfig) -> None:
    """Raise TargetError unless the function can be started."""
    if command(config) is None:
        raise TargetError(missing(config))
    if config.runtime.startswith("python") and importlib.util.find_spec("awslambdaric") is None:
        raise TargetError("awslambdaric is not installed: pip install awslambdaric")
    _check_debugger(config)
    wrapper = _exec_wrapper(config)
    if wrapper is not None and (lack := not_executable(config, wrapper)):
        raise TargetError(f"{config.name}: {EXEC_WRAPPER} names {wrapper}, {lack}")
    if config.opt and (hidden := [path for path in needed_paths(config) if _below_opt(path)]):
        raise TargetError(
            f"{config.name}: a layer would hide {hidden[0]} from the function: move what lies in "
            f"{OPT} elsewhere, or leave the layer out"
        )


def _check_debugger(config: FunctionConfig) -> None:
    if not config.debug_port:
        return
    if config.runtime.startswith("provided"):
        raise TargetError(
            f"{config.name}: a custom runtime has no debugger that could be asked for"
        )
    if config.runtime.startswith("python") and importlib.util.find_spec("debugpy") is None:
        raise TargetError(f"{config.name}: debugpy is not installed: pip install debugpy")


def _below_opt(path: str) -> bool:
    """Whether something lies where layers do."""
    return Path(path).is_relative_to(OPT)


def not_executable(config: FunctionConfig, program: str) -> str:
    """Why a program cannot be started, in a few words; '' if it can.

    Its path is as the function sees it: layers lie in /opt.
    """
    if config.opt and _below_opt(program):
        program = config.opt + program.removeprefix(OPT)
    if not Path(program).is_absolute():
        return "which is no absolute path"
    if not Path(program).exists():
        return "which does not exist"
    if not Path(program).is_file() or not os.access(program, os.X_OK):
        return "which is not executable: chmod +x"
    return ""


def environment(
    config: FunctionConfig, runtime_address: str, tmp: str, *, provisioned: bool = False
) -> dict[str, str]:
    """A sandbox's whole environment; nothing of this process's own.

    tmp is where the sandbox sees its temporary folder. It is HOME too, so that no credentials file
    of the user's is found. As on AWS a function's own variables may replace LANG, PATH and TZ, add
    to PYTHONPATH, and not touch what Lambda sets.
    """
    own = {
        "AWS_DEFAULT_REGION": REGION,
        **DUMMY_CREDENTIALS,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency" if provisioned else "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": config.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": _log_stream(config.version),
        "AWS_LAMBDA_RUNTIME_API": runtime_address,
        "AWS_REGION": REGION,
        "HOME": tmp,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": config.folder,
        "TMPDIR": tmp,
        "_HANDLER": config.handler,
    }
    changeable = {"LANG": "en_US.UTF-8", "PATH": SYSTEM_PATH, "TZ": ":UTC"}
    if not config.runtime.startswith("provided"):
        own["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{config.runtime}"
    if config.runtime.startswith("python"):
        own |= _python_environment(config)
    if config.opt:
        changeable |= {"LD_LIBRARY_PATH": f"{OPT}/lib"}
        if config.runtime.startswith("nodejs"):
            major = config.runtime.removeprefix("nodejs").partition(".")[0]
            places = f"{OPT}/nodejs/node{major}/node_modules", f"{OPT}/nodejs/node_modules"
            changeable["NODE_PATH"] = os.pathsep.join(places)
    return changeable | dict(config.environment) | own


def _log_stream(version: str) -> str:
    """A log stream's name, one per environment."""
    return time.strftime("%Y/%m/%d/", time.gmtime()) + f"[{version}]{secrets.token_hex(16)}"


@cache
def credential_folders() -> tuple[str, ...]:
    """Where this user's AWS credentials lie, by HOME and by the password file."""
    return tuple(sorted({str(home / ".aws") for home in homes() if (home / ".aws").is_dir()}))


def needed_paths(config: FunctionConfig) -> Iterator[str]:
    """What a sandbox must be able to read, wherever it lies."""
    yield config.folder
    if config.runtime.startswith("nodejs") and (node := shutil.which("node")):
        yield str(Path(node).resolve().parent)
    if config.runtime.startswith("python"):
        yield from (sys.prefix, sys.base_prefix, site.getuserbase(), *_extra_paths())
        yield str(Path(sys.executable).parent)
    for program in command(config) or ():
        if program.startswith("/") and Path(program).is_file() and not _below_opt(program):
            yield str(Path(program).parent)
            yield str(Path(program).resolve().parent)


def _bootstrap(folder: str) -> str | None:
    path = Path(folder, "bootstrap")
    return str(path) if path.is_file() and os.access(path, os.X_OK) else None


def _node_command(config: FunctionConfig) -> tuple[str, ...] | None:
    node = shutil.which("node")
    if node is None:
        return None
    inspect = (f"--inspect={_debug_address(config)}",) if config.debug_port else ()
    return (node, *inspect, next(_node_clients(config.folder), str(NODE_RUNTIME)), config.handler)


def _debug_address(config: FunctionConfig) -> str:
    return f"127.0.0.1:{config.debug_port}"


def _node_clients(folder: str) -> Iterator[str]:
    """Runtime clients of the function's own, then of the machine's."""
    roots = [Path(folder, "node_modules")]
    roots += [Path(path) for path in os.environ.get("NODE_PATH", "").split(os.pathsep) if path]
    if node := shutil.which("node"):
        roots.append(Path(node).resolve().parent.parent / "lib" / "node_modules")
    for root in roots:
        for name in NODE_CLIENTS:
            if (root / name).is_file():
                yield str(root / name)


def _python_environment(config: FunctionConfig) -> dict[str, str]:
    """Import paths: the function first, then whatever has awslambdaric beyond the usual places.

    A user's site-packages are found by PYTHONUSERBASE, since HOME is not the user's. No bytecode
    is written: AWS's task root is read-only, and the folder is the user's.
    """
    added = [config.environment[PYTHONPATH]] if PYTHONPATH in config.environment else []
    # A path with the separator in it cannot be named; the folder is the first place anyway, as the
    # process starts in it.
    own = [] if os.pathsep in config.folder else [config.folder]
    places = (f"{OPT}/python", f"{OPT}/python/lib/{config.runtime}/site-packages")
    layers = places if config.opt else ()
    return {
        PYTHONPATH: os.pathsep.join([*own, *layers, *_extra_paths(), *added]),
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@cache
def _extra_paths() -> tuple[str, ...]:
    """Where awslambdaric lies, if this interpreter would not look there by itself.

    Without its native part, which is for Linux alone, also where ours lies.
    """
    spec = importlib.util.find_spec("awslambdaric")
    if spec is None or spec.origin is None:
        return ()
    place = str(Path(spec.origin).parent.parent)
    usual = {*site.getsitepackages(), site.getusersitepackages()}
    extra = () if place in usual else (place,)
    native = importlib.util.find_spec("runtime_client") is not None
    return extra if native else (*extra, str(PORTABLE))


def below_tmp(paths: Iterable[str]) -> tuple[str, ...]:
    """Of these, what a /tmp of the sandbox's own would hide."""
    found = {path for path in paths if Path(path).is_relative_to("/tmp") and Path(path).exists()}
    return tuple(sorted(found))
