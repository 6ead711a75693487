"""A file with faults, as `lamload local --faults FILE` takes it."""

from __future__ import annotations

import json
from typing import Any

from bench.errors import Problem, ProfileError
from bench.faults.plan import FaultPlan
from bench.schema.lines import Lines
from bench.schema.toml import parse_toml

_PATH = "faults"


def read_fault_file(content: str, source: str, *, is_json: bool) -> tuple[dict[str, Any], ...]:
    """The faults' tables, checked. Raises ProfileError with every mistake and its line.

    In JSON they are a list, or stand below `faults`; in TOML they are [[faults]], [[fault]], or
    the keys of a single one.
    """
    found = _parse_json(content, source) if is_json else parse_toml(content, source)
    place, is_single = "", False
    if isinstance(found, dict):
        place = next((name for name in ("faults", "fault") if name in found), "")
        is_single = place == ""
        found = [found] if is_single else found[place]
    if not isinstance(found, list):
        message = "must be a list of faults, such as [[faults]] tables"
        raise ProfileError(source, [Problem(place, message, line=1)])
    try:
        FaultPlan.parse(found)
    except ProfileError as error:
        lines = (Lines.of_json if is_json else Lines.of_toml)(content)
        written = _single if is_single else lambda path: place + path.removeprefix(_PATH)
        raise ProfileError(source, lines.located(error.problems, written)) from None
    return tuple(found)


def _parse_json(content: str, source: str) -> Any:
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        message = f"is not JSON: column {error.colno}: {error.msg}"
        raise ProfileError(source, [Problem("", message, line=error.lineno)]) from None
    except (ValueError, RecursionError) as error:
        raise ProfileError(source, [Problem("", f"is not JSON: {error}", line=1)]) from None


def _single(path: str) -> str:
    """`faults[0].ms` of a file that is one fault: `ms`."""
    return path.removeprefix(f"{_PATH}[0]").removeprefix(".")
