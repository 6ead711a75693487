"""From a file and overrides to a validated Profile, or to every mistake in it at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.errors import Problem, ProfileError
from bench.model.endpoint import EndpointKind
from bench.model.profile import Profile, Target, TargetKind
from bench.profile.events import read_events
from bench.profile.overrides import SOURCE, apply_overrides
from bench.profile.phases import check_segments, read_load, read_phases
from bench.profile.retry import read_breaker, read_retry
from bench.profile.schema import PROFILE
from bench.profile.sections import (
    read_capacity,
    read_connections,
    read_slos,
    read_stop,
    read_timeouts,
)
from bench.profile.shipped import shipped_profile, shipped_profiles
from bench.profile.target import read_target
from bench.profile.variants import check_events, read_variants
from bench.schema.table import Table
from bench.schema.values import flag, text
from bench.units import read_usd, shown

_POSITION = re.compile(r"(.*?) \(at line (\d+), column (\d+)\)", re.DOTALL)


def load_profile(source: str | Path, overrides: Sequence[str] = ()) -> Profile:
    """The profile in a file, or a shipped one by its name, with overrides such as `load.seed=2`.

    Paths in it are relative to its folder. Raises ProfileError with every mistake.
    """
    path = _find(source)
    content = _read_text(path, str(source))
    document = _parse(content, str(source))
    problems, touched = apply_overrides(document, overrides)
    profile = _build(document, path, content, str(source), problems)
    if problems:
        raise ProfileError(str(source), [_blame(problem, touched) for problem in problems])
    return profile


def read_question(content: str) -> str:
    """The comment that a profile opens with, its lines without the `#`."""
    lines = []
    for line in content.lstrip("\ufeff").replace("\r\n", "\n").lstrip().split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line[1:].strip())
    return "\n".join(lines).strip()


def _find(source: str | Path) -> Path:
    path = Path(source).expanduser()
    if path.is_dir() and (shipped := shipped_profile(str(source))):
        return shipped
    if path.is_dir():
        inside = path / "profile.toml"
        mend = f"did you mean {inside}?" if inside.is_file() else "name a .toml file"
        raise ProfileError(str(source), [Problem("", f"is a folder, not a profile; {mend}")])
    if path.exists():
        return path
    shipped = shipped_profile(str(source))
    if shipped is None:
        raise ProfileError(str(source), [Problem("", _no_such(path))])
    return shipped


def _no_such(path: Path) -> str:
    names = [shipped.stem for shipped in shipped_profiles()]
    close = get_close_matches(path.name.removesuffix(".toml"), names, 1)
    mend = f"; did you mean {close[0]}?" if close else f" (there are {', '.join(names)})"
    return f"is no file, nor is there a shipped profile of that name{mend}"


def _read_text(path: Path, source: str) -> str:
    try:
        raw = path.read_bytes()
        content = raw.decode("utf-8-sig")
    except OSError as error:
        raise ProfileError(source, [Problem("", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"must be UTF-8: byte 0x{raw[error.start]:02x} in line {line} is not"
        raise ProfileError(source, [Problem("", message)]) from None
    if not content.strip():
        message = "is empty; `lamload profiles show quickstart` prints a profile to start from"
        raise ProfileError(source, [Problem("", message)])
    return content


def _parse(content: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(source, [Problem("", _not_toml(str(error), content))]) from None
    except RecursionError:
        raise ProfileError(source, [Problem("", "is not TOML: nested too deeply")]) from None


def _not_toml(said: str, content: str) -> str:
    """tomllib's words, the place first; it names no line for the end of the document."""
    match = _POSITION.fullmatch(said)
    if match:
        return f"is not TOML: line {match[2]}, column {match[3]}: {match[1]}"
    lines = content.rstrip("\n").split("\n")
    words = said.removesuffix(" (at end of document)")
    return f"is not TOML: line {len(lines)}, column {len(lines[-1]) + 1}: {words}"


def _build(
    document: dict[str, Any], path: Path, content: str, source: str, problems: list[Problem]
) -> Profile:
    """Read every section; with problems the result is of no use."""
    base_dir = path.absolute().parent
    root = Table(document, "", "", problems, PROFILE)
    name = root.read("name", _name, path.stem)
    target_table = root.table("target", "target")
    events = read_events(target_table, base_dir)
    if "target" in root:
        target = read_target(target_table, (spec for _, spec in events), base_dir)
    else:
        root.fault("target", 'is missing: add [target] with kind = "local" and a function')
        target = Target(TargetKind.LOCAL)
    variants = read_variants(root, target)
    target = _with_urls(target, variants)
    check_events(events, variants)
    load_table = root.table("load", "load")
    load = read_load(load_table)
    phases = read_phases(root, load_table, load, base_dir)
    check_segments(root, phases, load, len(variants))
    record, limits = root.table("record", "record"), root.table("limits", "limits")
    capacity = read_capacity(root.table("capacity", "capacity")) if "capacity" in root else None
    if capacity is not None and phases:
        root.fault("capacity", "takes the place of [[phase]]: leave one of them out")
    return Profile(
        name=name,
        title=root.read("title", text, name),
        question=read_question(content),
        source=source,
        target=target,
        variants=variants,
        load=load,
        phases=tuple(phases),
        timeouts=read_timeouts(root.table("timeout", "timeout")),
        retry=read_retry(root.table("retry", "retry")),
        breaker=read_breaker(root.table("breaker", "breaker")) if "breaker" in root else None,
        connections=read_connections(root.table("connections", "connections"), base_dir),
        slos=read_slos(root, variants),
        record_attempts=record.read("attempts", flag, False),
        max_spend_usd=limits.read("max_spend", read_usd, None),
        stop=read_stop(root.table("stop", "stop")),
        capacity=capacity,
    )


def _with_urls(target: Target, variants: Sequence[Any]) -> Target:
    """For a target of kind http, its URL at every endpoint that has none of its own."""
    url = target.urls.get(EndpointKind.HTTP)
    if target.kind is not TargetKind.HTTP or url is None:
        return target
    missing = {variant.endpoint: url for variant in variants}
    return replace(target, urls=missing | target.urls)


def _name(value: Any) -> str:
    """It becomes a part of a folder's name."""
    name = text(value)
    if not re.fullmatch(r"[\w][\w. +-]{0,99}", name):
        raise ValueError(
            f"must be made of letters, digits, spaces, dots, - and _ (it is {shown(name)})"
        )
    return name


def _blame(problem: Problem, touched: set[str]) -> Problem:
    """Say of a mistake that an override made that it came from there."""
    if problem.source is None and any(
        problem.key == path or problem.key.startswith((f"{path}.", f"{path}[")) for path in touched
    ):
        return replace(problem, source=SOURCE)
    return problem
