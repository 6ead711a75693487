"""What `--function` says: a name, a folder, and what is particular to this function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.errors import UsageError, cause_of
from bench.folders import expanded
from bench.function_folder import (
    BUNDLED,
    RUNTIME,
    RUNTIMES,
    Entry,
    bundled_functions,
    entry,
    function_name,
)
from bench.local.layers import check_layer
from bench.local.options import FunctionSource, check_memory, check_timeout
from bench.model.endpoint import EndpointKind
from bench.model.variant import Architecture

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def function_source(
    text: str, handler: str | None = None, runtime: str | None = None
) -> FunctionSource:
    """Read `NAME=FOLDER`, a folder, or a bundled function's name, each with `,key=value` behind.

    handler and runtime are for a text that says none. Raises UsageError with the mend.
    """
    place, *pairs = _NEXT_KEY.split(text)
    settings = [_pair(pair, text) for pair in pairs]
    name, folder = _placed(place)
    _check_name(name, text)
    given = dict(settings)
    own = given.get("handler", handler), given.get("runtime", runtime)
    return _settled(FunctionSource(name, folder, *_entry(name, folder, *own)), settings)


def _entry(name: str, folder: Path, handler: str | None, runtime: str | None) -> Entry:
    if runtime is not None and not RUNTIME.fullmatch(runtime):
        raise UsageError(
            f"function {name}: runtime {runtime} is not one of those run here: {RUNTIMES}"
        )
    try:
        return entry(folder, handler, runtime)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read ({cause_of(error)})") from None
    except ValueError as error:
        mend = "" if handler else ": name it with --handler MODULE.FUNCTION"
        raise UsageError(f"{folder} {error}{mend}") from None


def memory_sizes(text: str, option: str = "--memory") -> tuple[int, ...]:
    """Sizes in MB, separated by commas. Raises UsageError, which names the option."""
    try:
        sizes = tuple(int(part.strip().lower().removesuffix("mb")) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"{option} takes sizes in MB such as 128,512,1769 (it is {text})"
        ) from None
    check_memory(sizes)
    return sizes


def _settled(source: FunctionSource, settings: list[tuple[str, str]]) -> FunctionSource:
    """With what only this function has."""
    for key, text in settings:
        if key.startswith("env."):
            variables = {**source.environment, key.removeprefix("env."): text}
            source = replace(source, environment=variables)
        elif key in _READERS:
            field, read = _READERS[key]
            source = replace(source, **{field: read(source, text)})
    return source


def door_kinds(text: str, option: str = "--doors") -> tuple[str, ...]:
    """The front doors named. What goes through the Lambda API itself is always served.

    Raises UsageError, which names the option.
    """
    doors = [
        kind.value for kind in EndpointKind if kind.facts.is_lambda and not kind.facts.is_at_api
    ]
    named = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in named if part not in {*EndpointKind, "none"}]
    if unknown:
        raise UsageError(
            f"{option}: there is no {', '.join(unknown)}; there are {', '.join(doors)}"
        )
    return tuple(part for part in named if part in doors)


def _named(source: FunctionSource, key: str) -> str:
    return f"function {source.name}: {key}"


def _architecture(source: FunctionSource, text: str) -> str:
    if text not in set(Architecture):
        raise UsageError(
            f"function {source.name}: architecture is {' or '.join(Architecture)} (it is {text})"
        )
    return text


def _environments(source: FunctionSource, text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise UsageError(
            f"function {source.name}: provisioned takes a number of environments (it is {text})"
        )
    return int(text)


def _port(source: FunctionSource, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise UsageError(
            f"function {source.name}: debug takes a port for the debugger (it is {text})"
        )
    return int(text)


def _timeout(source: FunctionSource, text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        raise UsageError(f"function {source.name}: timeout takes seconds (it is {text})") from None
    check_timeout(seconds)
    return seconds


_READERS: Mapping[str, tuple[str, Callable[[FunctionSource, str], Any]]] = {
    "memory": ("memory_mb", lambda source, text: memory_sizes(text, _named(source, "memory"))),
    "architecture": ("architecture", _architecture),
    "timeout": ("timeout_s", _timeout),
    "provisioned": ("provisioned", _environments),
    "doors": ("doors", lambda source, text: door_kinds(text, _named(source, "doors"))),
    "layer": ("layers", lambda source, text: (*source.layers, layer_folder(text))),
    "debug": ("debug_port", _port),
}
"""By key: the field of a source that it changes, and its new value by a text."""
_KEYS = ("handler", "runtime", *_READERS)
"""What may stand behind a folder as `,key=value`, `layer` more than once; `env.NAME=VALUE` too."""
_NEXT_KEY = re.compile(rf",(?=(?:{'|'.join(_KEYS)}|env\.[^=,]*)=)")


def layer_folder(text: str) -> Path:
    """The folder of a layer. Raises UsageError where it is none, or has extensions."""
    folder = expanded(text).resolve()
    check_layer(folder)
    return folder


def _pair(pair: str, text: str) -> tuple[str, str]:
    key, _, value = pair.partition("=")
    if not value and not key.startswith("env."):
        raise UsageError(f"function {text}: {key} has no value")
    return key, value


def _placed(place: str) -> tuple[str, Path]:
    """Name and folder. A folder whose own name has an equals sign is a folder all the same."""
    if place in bundled_functions() and "/" not in place:
        return place, BUNDLED / place
    if (whole := expanded(place)).is_dir():
        return function_name(whole.resolve()), whole.resolve()
    name, equals, rest = place.partition("=")
    folder = expanded(rest if equals else place)
    if rest in bundled_functions() and not folder.exists():
        return name, BUNDLED / rest
    if folder.is_dir():
        return name, folder.resolve()
    what = (
        f"{folder} is a file: name its folder"
        if folder.exists()
        else f"there is no folder {folder}"
    )
    keys = f"; behind a folder may stand {', '.join(_KEYS)} and env.NAME" if "," in place else ""
    raise UsageError(
        f"function {place}: {what}, nor a bundled function of that name "
        f"(bundled are {', '.join(bundled_functions())}){keys}"
    )


def _check_name(name: str, text: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"function {text}: a name has 1 to 64 letters of a-z, A-Z, 0-9, - and _ (it is {name})"
        )
