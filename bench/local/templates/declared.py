"""A function as a template declares it, made into one to serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.function_folder import NAME_LIMIT, RUNTIME, entry
from bench.local.options import FunctionSource, Route, check_memory, check_timeout


@dataclass(frozen=True, slots=True)
class Template:
    """Functions to serve; passed_over names what had no effect, a sentence each."""

    sources: tuple[FunctionSource, ...]
    passed_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeclaredFunction:
    """Values as written, all intrinsics and variables resolved as far as they can be; None: absent.

    A value that could not be resolved is an Unresolved.
    """

    name: str
    folder: Path
    handler: Any = None
    runtime: Any = None
    memory_mb: Any = None
    timeout_s: Any = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """What only a deployment knows; text is how the template writes it."""

    text: str


def source(declared: DeclaredFunction, passed_over: list[str]) -> FunctionSource:
    """The function. What cannot be taken of it goes to passed_over.

    Raises UsageError where it cannot be served.
    """
    handler, runtime = _text(declared.handler, "handler"), _text(declared.runtime, "runtime")
    if runtime is not None and not RUNTIME.fullmatch(runtime):
        raise UsageError(f"runtime {runtime} is not run here")
    if not declared.folder.is_dir():
        raise UsageError(f"there is no folder {declared.folder}")
    try:
        found = entry(declared.folder, handler)
    except (ValueError, OSError) as error:
        raise UsageError(f"{declared.folder} {error}: is it built?") from None
    memory, timeout = _number(declared, "memory_mb"), _number(declared, "timeout_s")
    if memory is not None:
        check_memory((int(memory),))
    if timeout is not None:
        check_timeout(timeout)
    return FunctionSource(
        declared.name[:NAME_LIMIT],
        declared.folder,
        handler or found.handler,
        runtime or found.runtime,
        () if memory is None else (int(memory),),
        timeout,
        _variables(declared, passed_over),
        routes=declared.routes,
    )


def _variables(declared: DeclaredFunction, passed_over: list[str]) -> dict[str, str]:
    found = {}
    for name, value in declared.environment.items():
        if isinstance(value, Unresolved):
            passed_over.append(f"{declared.name}: variable {name} is {value.text}")
        elif isinstance(value, str | int | float):
            is_flag = isinstance(value, bool)
            found[str(name)] = ("true" if value else "false") if is_flag else str(value)
        else:
            passed_over.append(f"{declared.name}: variable {name} is no text")
    return found


def _text(value: Any, what: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise UsageError(f"its {what} is {value.text if isinstance(value, Unresolved) else value}")


def _number(declared: DeclaredFunction, name: str) -> float | None:
    value = getattr(declared, name)
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        shown = value.text if isinstance(value, Unresolved) else value
        raise UsageError(f"its {name.partition('_')[0]} is {shown}") from None
