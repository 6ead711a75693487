"""Named settings that variants take: [retries.NAME], [breakers.NAME] and [timeouts.NAME].

What a named table does not say is as the plain table has it: [retry], [breaker], [timeout].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.model.profile import EventSpec, Levels, Profile, Variant
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.profile.budgets import fitting
from bench.profile.connections import TIMEOUT, read_timeouts
from bench.profile.events import NAMED_EVENT, read_named_event
from bench.profile.retry import BREAKER, RETRY, meant, read_breaker, read_retry
from bench.schema.named_tables import NamedTablesKey
from bench.schema.paths import joined, quoted
from bench.schema.table import Table

PLAIN = "default"
"""What a variant's table calls the plain table, beside names."""
NO_BREAKER = "none"
_POLICIES = frozenset(policy.value for policy in RetryPolicyName)

RETRIES = NamedTablesKey(
    "retries",
    "retries that `[[variants]]` name, each with the keys of `[retry]`",
    RETRY,
    of=lambda profile: profile.levels.retries,
)
BREAKERS = NamedTablesKey(
    "breakers",
    "circuit breakers that they name, with the keys of `[breaker]`",
    BREAKER,
    of=lambda profile: profile.levels.breakers,
)
TIMEOUTS = NamedTablesKey(
    "timeouts",
    "timeouts that they name, with the keys of `[timeout]`",
    TIMEOUT,
    of=lambda profile: profile.levels.timeouts,
)
NAMED_EVENTS = NamedTablesKey(
    "events",
    "payloads that they name, each with one of the five keys of an event",
    NAMED_EVENT,
    of=lambda profile: profile.levels.events,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A factor with named settings. plain: the table of all; also: names that need no table."""

    factor: str
    key: NamedTablesKey
    plain: str
    read: Callable[[Table], Any]
    field: str
    also: frozenset[str] = frozenset()


_KINDS = (
    _Kind("retry", RETRIES, "retry", read_retry, "retries", _POLICIES),
    _Kind("breaker", BREAKERS, "breaker", read_breaker, "breakers", frozenset({NO_BREAKER})),
    _Kind("timeout", TIMEOUTS, "timeout", read_timeouts, "timeouts"),
    _Kind("event", NAMED_EVENTS, "", read_named_event, "events"),
)


def unknown_level(root: Table, factor: str, level: str) -> str | None:
    """What is wrong with a level that has no table and needs one; None if it can be found."""
    kind = next((kind for kind in _KINDS if kind.factor == factor), None)
    if kind is None:
        return None
    given = root.get(kind.key.name)
    known = {*kind.also, *(given if isinstance(given, dict) else ())}
    if level in known:
        return None
    close = get_close_matches(level, sorted(known), 1)
    mend = f"did you mean {close[0]}?" if close else f"add [{kind.key.name}.{quoted(level)}]"
    policy = "a policy or " if factor == "retry" else ""
    return f'"{level}" is not {policy}the name of a table [{kind.key.name}.…]: {mend}'


def named_events(root: Table) -> list[tuple[Table, EventSpec]]:
    """The payloads of [events.NAME], each with its table."""
    return [(table, read_named_event(table)) for table in NAMED_EVENTS.read(root).values()]


def read_levels(root: Table, variants: Sequence[Variant]) -> Levels:
    """The settings that variants name. A table that none of them names is a mistake."""
    return Levels(**{kind.field: _settings(root, kind, variants) for kind in _KINDS})


def _settings(root: Table, kind: _Kind, variants: Sequence[Variant]) -> dict[str, Any]:
    used = dict.fromkeys(
        level for variant in variants if (level := getattr(variant, kind.factor)) is not None
    )
    usual = _usual_retry(root) if kind.factor == "retry" else _usual(root, kind.plain)
    tables = kind.key.read(root, usual)
    is_misnamed = any(f"].{kind.factor}" in problem.key for problem in root.problems)
    for name in tables:
        path = joined(kind.key.name, quoted(name))
        if name == PLAIN or (name in kind.also and kind.key is BREAKERS):
            root.fault(path, f"cannot be called so: {name} means something already")
        elif variants and name not in used and not is_misnamed:
            root.fault(
                path,
                f"is used by no variant: name it in [[variants]] as {kind.factor}, or leave it out",
            )
    found: dict[str, Any] = {}
    for name in used:
        if name in tables:
            found[name] = kind.read(tables[name])
        elif name == NO_BREAKER and kind.factor == "breaker":
            found[name] = None
        elif name in kind.also:
            path = joined(kind.key.name, quoted(name))
            found[name] = kind.read(root.filled(path, usual(name, {}), kind.key.below))
    return found


def _plain(root: Table, name: str) -> dict[str, Any]:
    """What the plain table says, as far as it is no mistake: that is noted there."""
    given = root.get(name)
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if not root.is_noted(joined(name, key))}


def _usual(root: Table, plain: str) -> Callable[[str, Mapping[str, Any]], Mapping[str, Any]]:
    return lambda _name, _own: _plain(root, plain)


def _usual_retry(root: Table) -> Callable[[str, Mapping[str, Any]], Mapping[str, Any]]:
    """What [retry] says, without what the named policy fixes itself or has no use for.

    A table that is called as a policy is has that policy.
    """
    plain = _plain(root, RETRY.path)

    def usual(name: str, own: Mapping[str, Any]) -> Mapping[str, Any]:
        said = plain | ({"policy": name} if name in _POLICIES else {})
        policy = own.get("policy", said.get("policy", RetryPolicyName.NONE.value))
        if policy not in _POLICIES:
            return {"policy": policy}
        keys = set(meant(said, RetryPolicyName(policy)))
        return {key: said[key] for key in fitting(said, own) if key in keys}

    return usual


def check_policies(root: Table, levels: Levels) -> None:
    """Note tables that are called as one policy is and have another."""
    for name, retry in levels.retries.items():
        if name in _POLICIES and retry.policy.value != name and not _is_found(name, retry):
            root.fault(
                joined(joined("retries", quoted(name)), "policy"),
                f"is {retry.policy.value} in a table that is called {name}: call it otherwise",
            )


def _is_found(name: str, retry: RetrySpec) -> bool:
    """Whether a table called aws-env has a policy of the SDKs: that is what was found for it."""
    return RetryPolicyName(name).facts.by_environment and retry.policy.facts.is_of_sdk


def folded(profile: Profile) -> Profile:
    """The same profile, in which what all variants have alike is no factor any more.

    Names, tables and advice speak of what differs; what does not is what the plain tables say.
    """
    levels = profile.levels
    for kind in _KINDS:
        named = {getattr(variant, kind.factor) for variant in profile.variants}
        if len(named) != 1 or None in named:
            continue
        (name,) = named
        settings = getattr(levels, kind.field)
        if name not in settings:  # a mistake that is noted
            continue
        profile = _without(_SET[kind.factor](profile, settings[name]), kind.factor)
        levels = replace(levels, **{kind.field: {}})
    for factor in ("qualifier", "runtime"):
        named = {getattr(variant, factor) for variant in profile.variants}
        if len(named) == 1 and None not in named:
            change: dict[str, Any] = {factor: next(iter(named))}
            profile = replace(profile, target=replace(profile.target, **change))
            profile = _without(profile, factor)
    connections = {variant.connections for variant in profile.variants}
    if len(connections) == 1 and None not in connections:
        (level,) = connections
        alike = replace(profile, connections=profile.connections.as_level(level))
        profile = _without(alike, "connections")
    return _with_functions(replace(profile, levels=levels))


def _without(profile: Profile, factor: str) -> Profile:
    variants = tuple(variant.with_levels({factor: None}) for variant in profile.variants)
    return replace(profile, variants=variants)


_SET: dict[str, Callable[[Profile, Any], Profile]] = {
    "retry": lambda profile, found: replace(profile, retry=found),
    "breaker": lambda profile, found: replace(profile, breaker=found),
    "timeout": lambda profile, found: replace(profile, timeouts=found),
    "event": lambda profile, found: replace(
        profile, target=replace(profile.target, events=(found,))
    ),
}


def _with_functions(profile: Profile) -> Profile:
    """Functions by short names: a folder's or function's own, with more where two are alike."""
    paths = list(dict.fromkeys(v.function for v in profile.variants if v.function is not None))
    if len({variant.function for variant in profile.variants}) == 1:
        if not paths:
            return profile
        target = replace(profile.target, function=paths[0])
        return _without(replace(profile, target=target), "function")
    names = {path: _short(path, paths) for path in paths}
    variants = tuple(
        variant.with_levels({"function": names.get(variant.function or "")})
        for variant in profile.variants
    )
    functions = {name: path for path, name in names.items()}
    return replace(profile, variants=variants, levels=replace(profile.levels, functions=functions))


def _parts(function: str) -> tuple[str, ...]:
    """Of a path its folders; of an ARN what stands before the name, and that with its qualifier."""
    if ":" not in function or function.startswith("/"):
        return Path(function).parts
    head, _, name = re.sub(":(function|stateMachine):", "\n", function).rpartition("\n")
    return (*head.split(":"), name.replace(":", "-"))


def _short(path: str, paths: Sequence[str]) -> str:
    of_each = [_parts(other) for other in paths]
    for count in range(1, len(_parts(path)) + 1):
        own = "-".join(_parts(path)[-count:])
        if ["-".join(parts[-count:]) for parts in of_each].count(own) == 1:
            break
    return re.sub(r"[^A-Za-z0-9_.+@-]+", "-", own).strip("-.")[-40:] or "function"
