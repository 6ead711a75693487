"""From a file and overrides to a validated Profile, or to every mistake in it at once."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.errors import Problem, ProfileError, cause_of
from bench.folders import expanded
from bench.model.endpoint import EndpointKind
from bench.model.profile import EventSpec, Order, Profile, Target, TargetKind
from bench.model.variant import with_differences
from bench.profile.begin import FoundFunctions, begin, name_of, question_of, title_of
from bench.profile.capacity import check_disturbance, read_capacity
from bench.profile.commented import commented_toml
from bench.profile.connections import read_connections, read_timeouts
from bench.profile.effects import check_effects
from bench.profile.environment import AsWritten, FromEnvironment
from bench.profile.events import read_events
from bench.profile.fault_checks import check_faults
from bench.profile.levels import check_policies, folded, named_events, read_levels
from bench.profile.options import NOTHING_GIVEN, Given, apply_options
from bench.profile.overrides import SOURCE, apply_overrides
from bench.profile.phases import check_segments, read_load, read_phases
from bench.profile.retry import check_hedges, read_breaker, read_retry
from bench.profile.schema import NAME, PROFILE, TARGET_MISSING, TITLE
from bench.profile.shipped import shipped_profile, shipped_profiles
from bench.profile.stop import LIMITS, RECORD, read_slos, read_stop
from bench.profile.target import TARGET, read_target
from bench.profile.target_word import TargetWord
from bench.profile.variants import check_events, read_variants
from bench.schema.files import shown_path
from bench.schema.key import values
from bench.schema.lines import Lines
from bench.schema.table import Reading, Table
from bench.schema.toml import decode, parse_toml

COUNT, TURN = "--invocations", "--for"
MAX_BYTES = 64 << 20
"""Of a profile: with an event of Lambda's largest in it, written out in any form."""


def load_profile(
    source: str | Path,
    overrides: Sequence[str] = (),
    options: Given = NOTHING_GIVEN,
    environ: Mapping[str, str] = os.environ,
) -> Profile:
    """The profile in a file, or a shipped one by its name, with overrides such as `load.seed=2`.

    Paths in it are relative to its folder, and `${NAME}` is of the environment. options: those of
    the command line that stand for keys. Raises ProfileError with every mistake.
    """
    path = _find(source)
    content = _read_text(path, str(source))
    reading = _Reading(str(source), path.stem, path.absolute().parent, read_question(content))

    def read(text: str) -> tuple[Profile | None, Sequence[Problem]]:
        try:
            document = parse_toml(text, str(source))
        except ProfileError as error:
            return None, error.problems
        profile, problems = _read(reading, document, overrides, options, environ)
        return profile, Lines.of_toml(text).located(problems) if problems else ()

    profile, problems = read(content)
    if profile is None or problems:
        from bench.profile.line_mend import with_lines

        raise ProfileError(str(source), with_lines(problems, content, lambda text: read(text)[1]))
    return profile


def recorded_profile(path: Path) -> Profile:
    """The profile that a run has left behind, whatever the environment has of its secrets."""
    return load_profile(path, environ=AsWritten(os.environ))


@dataclass(frozen=True, slots=True)
class Begun:
    """A profile that began with a target and not with a file, and its text to keep."""

    profile: Profile
    toml: str


def begun_profile(
    word: TargetWord,
    overrides: Sequence[str] = (),
    options: Given = NOTHING_GIVEN,
    found: FoundFunctions | None = None,
) -> Begun:
    """The ordinary profile that comes of a target and options. Raises ProfileError.

    found: what is known of a function on AWS.
    """
    title, question = title_of(word), question_of(word)
    document = begin(word, options, found)
    reading = _Reading(title, name_of(word), Path.cwd(), question, title)
    profile, problems = _read(reading, document, overrides, options, os.environ)
    problems = problems or _used_up_by_one(profile, options)
    if problems:
        raise ProfileError(title, problems)
    whole = {"name": profile.name, "title": profile.title} | document
    return Begun(profile, commented_toml(profile.secrets.masked(whole), profile.question))


def _used_up_by_one(profile: Profile, options: Given) -> list[Problem]:
    """What a count is for, where variants take turns and none says how long its turn is."""
    many, in_turns = len(profile.variants), profile.load.order is not Order.TOGETHER
    if many == 1 or not in_turns or COUNT not in options or TURN in options:
        return []
    message = (
        f"counts over all {many} variants, and the first would use it up in its turn: choose one "
        f"variant, or say with {TURN} how long a turn is"
    )
    return [Problem("", message, source=COUNT)]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is known of a document before it is read; name and title are for where it says none."""

    source: str
    name: str
    base_dir: Path
    question: str
    title: str = ""


def _read(
    reading: _Reading,
    document: dict[str, Any],
    overrides: Sequence[str],
    options: Given,
    environ: Mapping[str, str],
) -> tuple[Profile, list[Problem]]:
    """The profile, of no use with problems, and these: the options' own, and then the others.

    The document gets options and overrides, and keeps its references to the environment.
    """
    refused, options_touched = apply_options(document, options, reading.source)
    problems, touched = apply_overrides(document, overrides)
    problems += refused
    given = FromEnvironment(environ)
    expanded = given.expanded(document)
    secrets = given.secrets(expanded)
    problems += given.problems
    root = Reading(PROFILE, reading.base_dir, problems, environ).root(expanded)
    profile = _build(root, reading)
    profile = replace(
        profile,
        title=secrets.mask(profile.title),
        question=secrets.mask(profile.question),
        secrets=secrets,
        references=given.written,
    )
    origins = options_touched | dict.fromkeys(touched, SOURCE)
    shown = [replace(problem, message=secrets.mask(problem.message)) for problem in problems]
    return profile, list(dict.fromkeys(_blame(problem, origins) for problem in shown))


def read_question(content: str) -> str:
    """The comment that a profile opens with, its lines without the `#`.

    A line such as `#:schema ./lamload.schema.json` is for editors and no part of it.
    """
    lines = []
    for line in content.lstrip("\ufeff").replace("\r\n", "\n").lstrip().split("\n"):
        if not line.startswith("#"):
            break
        if line.startswith("#:"):
            continue
        lines.append(line[1:].strip())
    return "\n".join(lines).strip()


def _find(source: str | Path) -> Path:
    try:
        return _found(source)
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such home, a zero byte
        problem = Problem("", f"is no name that a file can have: {cause_of(error).lower()}")
        raise ProfileError(shown_path(Path(source)), [problem]) from None


def _found(source: str | Path) -> Path:
    path = expanded(source)
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
    mend += "; `lamload init` begins one"
    return f"is no file, nor is there a shipped profile of that name{mend}"


def _read_text(path: Path, source: str) -> str:
    try:
        found = path.stat()
        if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
            raise ProfileError(source, [Problem("", "is a device, not a profile")])
        if found.st_size > MAX_BYTES:
            raise ProfileError(source, [Problem("", f"has more than {MAX_BYTES} bytes")])
        content = decode(path.read_bytes(), source)
    except OSError as error:
        raise ProfileError(source, [Problem("", f"cannot be read: {cause_of(error)}")]) from None
    if not content.strip():
        message = "is empty; `lamload profiles show quickstart` prints a profile to start from"
        raise ProfileError(source, [Problem("", message)])
    return content


def _build(root: Table, reading: _Reading) -> Profile:
    """Read every section; with problems the result is of no use."""
    name = NAME.read(root, default=reading.name)
    target_table = _with_function(root, root.table("target"))
    events = read_events(target_table)
    target = _target(root, target_table, [spec for _, spec in events])
    limits = values(root.table("limits"), LIMITS)
    variants = read_variants(root, target, limits["max_variants"])
    target = _with_urls(target, variants)
    check_events([*events, *named_events(root)], variants)
    load_table = root.table("load")
    load = read_load(load_table)
    phases = read_phases(root, load_table, load)
    check_segments(root, phases, load, len(variants))
    capacity = read_capacity(root.table("capacity")) if "capacity" in root else None
    if capacity is not None and phases:
        root.fault("capacity", "takes the place of [[phase]]: leave one of them out")
    if capacity is not None:
        check_disturbance(root.table("capacity"), capacity, target)
    connections = read_connections(root.table("connections"))
    stop = read_stop(root.table("stop"))
    retry, timeouts = read_retry(root.table("retry")), read_timeouts(root.table("timeout"))
    breaker = read_breaker(root.table("breaker")) if "breaker" in root else None
    levels = read_levels(root, variants)
    check_policies(root, levels)
    check_hedges(root, variants, levels, retry, timeouts)
    check_effects(root, target, variants, connections, stop, limits["max_spend_usd"])
    profile = Profile(
        name=name,
        title=TITLE.read(root, default=reading.title or name),
        question=reading.question,
        source=reading.source,
        target=target,
        variants=variants,
        load=load,
        phases=tuple(phases),
        timeouts=timeouts,
        retry=retry,
        breaker=breaker,
        connections=connections,
        levels=levels,
        stop=stop,
        capacity=capacity,
        **values(root.table("record"), RECORD),
        **limits,
    )
    profile = folded(profile)
    variants = with_differences(profile.variants)
    check_faults(root, profile)
    return replace(profile, variants=variants, slos=read_slos(root, variants))


def _with_function(root: Table, target: Table) -> Table:
    """Where only variants name functions, the first of them stands for the target's."""
    variants = root.get("variants")
    if "function" in target or not isinstance(variants, list):
        return target
    for table in variants:
        named = table.get("function") if isinstance(table, dict) else None
        first = named[0] if isinstance(named, list) and named else named
        if first:
            return root.filled("target", {**target.as_written(), "function": first}, TARGET)
    return target


def _target(root: Table, table: Table, events: Sequence[EventSpec]) -> Target:
    if "target" in root:
        return read_target(table, events)
    root.fault("target", f"is missing: {TARGET_MISSING}")
    return Target(TargetKind.LOCAL)


def _with_urls(target: Target, variants: Sequence[Any]) -> Target:
    """For a target of kind http, its URL at every endpoint that has none of its own."""
    url = target.urls.get(EndpointKind.HTTP)
    if target.kind is not TargetKind.HTTP or url is None:
        return target
    missing = {variant.endpoint: url for variant in variants}
    return replace(target, urls=missing | target.urls)


def _blame(problem: Problem, origins: Mapping[str, str]) -> Problem:
    """Say of a mistake that `--set` or another option made that it came from there.

    Another option says by its name which key it is, perhaps in several tables.
    """
    if problem.source is not None:
        return problem
    for path, origin in origins.items():
        if problem.key == path or problem.key.startswith((f"{path}.", f"{path}[")):
            key = problem.key if origin == SOURCE else ""
            return replace(problem, source=origin, key=key)
    return problem
