"""What the embedded Lambda is started with, and how a folder says which handler it has."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.aws.credentials import LOCAL_CREDENTIALS
from bench.errors import UsageError
from bench.folders import expanded
from bench.lambda_facts import (
    ACCOUNT_CONCURRENCY,
    INIT_LIMIT_S,
    MAX_MEMORY_MB,
    MAX_TIMEOUT_S,
    MIN_MEMORY_MB,
)

DEFAULT_PORT = 9001
LOCAL_ACCESS_KEY = LOCAL_CREDENTIALS.access_key
LOCAL_SECRET_KEY = LOCAL_CREDENTIALS.secret_key
"""Sign requests here."""
FUNCTIONS = Path(__file__).parent / "functions"
"""The bundled functions, a folder each."""
PYTHON_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
NODE_RUNTIME = "nodejs20.x"
CUSTOM_RUNTIME = "provided.al2023"
MODULES = ("handler", "lambda_function", "app", "index", "main", "function")
NAMES = ("handler", "lambda_handler", "main")


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function to serve: its name, the folder with its code, and what runs it."""

    name: str
    folder: Path
    handler: str
    runtime: str = PYTHON_RUNTIME


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """port 0 lets the system choose. memory_mb: one published version and alias per size.

    doors None means every one there is; concurrency is the account's, reserved each function's.
    """

    functions: tuple[FunctionSource, ...]
    port: int = 0
    control_port: int = 0
    memory_mb: tuple[int, ...] = (MIN_MEMORY_MB,)
    doors: tuple[str, ...] | None = None
    timeout_s: float = 30.0
    concurrency: int = ACCOUNT_CONCURRENCY
    reserved: int | None = None
    idle_s: float = 600.0
    init_limit_s: float = INIT_LIMIT_S
    environment: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()
    verify_signatures: bool = False
    credentials: Mapping[str, tuple[str, str | None]] = field(
        default_factory=lambda: {LOCAL_ACCESS_KEY: (LOCAL_SECRET_KEY, None)}
    )
    """For signatures that are verified: secret key and session token by access key."""
    architecture: str = "x86_64"
    log_format: str = "Text"
    show_logs: bool = False


def bundled() -> list[str]:
    """Names of the functions that come with the package."""
    return sorted(path.name for path in FUNCTIONS.iterdir() if _python_handler(path))


def function_source(text: str, handler: str | None = None) -> FunctionSource:
    """Read `NAME=FOLDER`, a folder, or the name of a bundled function.

    Raises UsageError with the mend. handler overrides what the folder says.
    """
    name, equals, place = text.partition("=")
    folder = expanded(place if equals else name)
    if not equals and name in bundled():
        folder = FUNCTIONS / name
    elif not equals:
        name = folder.resolve().name
    elif place in bundled() and not folder.exists():
        folder = FUNCTIONS / place
    if not folder.is_dir():
        raise UsageError(
            f"function {text}: there is no folder {folder}, nor a bundled function of that name "
            f"(bundled are {', '.join(bundled())})"
        )
    folder = folder.resolve()
    return FunctionSource(name, folder, *_entry(folder, handler))


def check_memory(sizes_mb: tuple[int, ...]) -> None:
    """Raise UsageError for a size that Lambda does not have."""
    for size_mb in sizes_mb:
        if not MIN_MEMORY_MB <= size_mb <= MAX_MEMORY_MB:
            raise UsageError(
                f"memory must be from {MIN_MEMORY_MB} to {MAX_MEMORY_MB} MB (it is {size_mb})"
            )


def check_timeout(timeout_s: float) -> None:
    """Raise UsageError for a timeout that Lambda does not have."""
    if not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise UsageError(f"timeout must be above 0 and at most {MAX_TIMEOUT_S:g} s")


def _entry(folder: Path, handler: str | None) -> tuple[str, str]:
    """(handler, runtime) of a folder."""
    if os.access(folder / "bootstrap", os.X_OK):
        return handler or "bootstrap", CUSTOM_RUNTIME
    if handler is not None:
        module = folder / handler.rpartition(".")[0]
        is_python = module.with_suffix(".py").is_file() or module.is_dir()
        return handler, PYTHON_RUNTIME if is_python or not _node_handler(folder) else NODE_RUNTIME
    if found := _python_handler(folder):
        return found, PYTHON_RUNTIME
    if found := _node_handler(folder):
        return found, NODE_RUNTIME
    raise UsageError(
        f"{folder} has no handler that can be guessed (such as handler.py with a function "
        "`handler`, lambda_function.py with `lambda_handler`, index.mjs, or an executable "
        "`bootstrap`): name it with --handler MODULE.FUNCTION"
    )


def _python_handler(folder: Path) -> str | None:
    for module in MODULES:
        defined = _defined(folder / f"{module}.py")
        for name in NAMES:
            if name in defined:
                return f"{module}.{name}"
    for module in MODULES[:3]:  # one that cannot even be parsed: it fails when it is started
        if (folder / f"{module}.py").is_file() and not _defined(folder / f"{module}.py"):
            return f"{module}.{'lambda_handler' if module == 'lambda_function' else 'handler'}"
    return None


def _defined(path: Path) -> set[str]:
    """Names that a module defines at its top level; none if it cannot be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _node_handler(folder: Path) -> str | None:
    for module in ("index", "app", "handler", "main"):
        if any((folder / f"{module}{suffix}").is_file() for suffix in (".mjs", ".js", ".cjs")):
            return f"{module}.handler"
    return None
