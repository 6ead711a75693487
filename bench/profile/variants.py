"""What is measured: [[variants]], each a product of the levels of its factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import TypeVar

from bench.lambda_facts import MAX_MEMORY_MB, MIN_MEMORY_MB
from bench.model.endpoint import BASELINE, EndpointKind
from bench.model.profile import (
    MOST_VARIANTS,
    Architecture,
    EventSpec,
    Target,
    TargetKind,
    Variant,
)
from bench.model.variant import ON_DEMAND
from bench.profile.events import check_event
from bench.profile.level_checks import meaningless
from bench.profile.levels import PLAIN, unknown_level
from bench.profile.target_values import aws_function, local_function
from bench.profile.variant_checks import (
    check_initialization,
    check_repeated,
    check_runtimes,
    check_versions,
)
from bench.schema.key import ListKey
from bench.schema.named_tables import setting_name
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import choice, text, whole

T = TypeVar("T")
ENDPOINT = ListKey(
    "endpoint",
    "one or a list of those in `lamload help endpoints`",
    choice(EndpointKind),
    (BASELINE,),
    of=lambda variant: [variant.endpoint],
    cell='`"invoke"`; `"http"` for URLs',
)
MEMORY_MB = ListKey(
    "memory_mb",
    f"one or a list, {MIN_MEMORY_MB} to {MAX_MEMORY_MB}",
    whole(MIN_MEMORY_MB, MAX_MEMORY_MB),
    of=lambda variant: None if variant.memory_mb is None else [variant.memory_mb],
    cell="required, but not for URLs",
)
ARCHITECTURE = ListKey(
    "architecture",
    'one or a list: `"x86_64"`, `"arm64"`; it decides the price',
    choice(Architecture),
    (Architecture.X86_64,),
    of=lambda variant: [variant.architecture],
)


def _level_key(name: str, help: str, cell: str = "the plain table") -> ListKey[str]:
    """A factor whose levels are names."""

    def of(variant: Variant) -> list[str] | None:
        level = getattr(variant, name)
        return None if level is None else [level]

    return ListKey(name, help, setting_name, of=of, cell=cell)


def _function_of(variant: Variant) -> list[str] | None:
    return None if variant.function is None else [variant.function]


FUNCTION = ListKey(
    "function",
    "functions, or builds of one: bundled ones and folders with a handler (local), names and ARNs "
    "(AWS, emulators)",
    text,
    of=_function_of,
    cell="`target.function`",
)
NAMED = (
    _level_key(
        "qualifier",
        "versions and aliases, as texts: each has one memory size (AWS, emulators)",
        "`target.qualifier`",
    ),
    _level_key("runtime", "such as `python3.12` (local)", "`target.runtime`"),
    _level_key(
        "initialization",
        "`on-demand`, `provisioned` or `snapstart`: how environments come up; what is called has "
        "it already (AWS), or gets `target.provisioned` of them (local)",
        "as it is",
    ),
    _level_key("event", "names of `[events.NAME]`, or `default` for that of `[target]`"),
    _level_key(
        "retry",
        "one or a list: policies, names of `[retries.NAME]`, or `default` for `[retry]` as it is",
    ),
    _level_key(
        "breaker",
        "names of `[breakers.NAME]`, `default` for `[breaker]`, or `none` for no breaker",
    ),
    _level_key("timeout", "names of `[timeouts.NAME]`, or `default` for `[timeout]`"),
    _level_key(
        "connections",
        "`keep-alive`, `close`: a new one for each attempt, `http2`, or `default`",
        "`[connections]`",
    ),
    _level_key("label", "a word for what lamload cannot see; each makes a variant", "none"),
)
"""Factors with named levels, in the order of NAMED_FACTORS."""
_USUAL = {"initialization": ON_DEMAND}
"""Levels that are no other than what there is without one."""
VARIANTS = Section("variants", (ENDPOINT, MEMORY_MB, ARCHITECTURE, FUNCTION, *NAMED), many=True)


def read_variants(root: Table, target: Target, most: int) -> tuple[Variant, ...]:
    """Every variant, in the order of the profile; more than most are a mistake."""
    found: dict[Variant, str] = {}
    for table in root.tables("variants"):
        for variant in _product(root, table, target, most):
            if variant in found:
                has = "the same table" if found[variant] == table.path else found[variant]
                table.fault("", f"repeats {variant.name}, which {has} has: leave one out")
            found.setdefault(variant, table.path)
    if "variants" not in root and target.kind is TargetKind.HTTP:
        found[Variant(EndpointKind.HTTP)] = ""
    elif not found and ("variants" not in root or root.get("variants") == []):
        root.fault(
            "variants",
            'is missing: add [[variants]] with endpoint = "invoke" and memory_mb = [128, 1024]',
        )
    check_versions(root, target, list(found))
    check_runtimes(root, target, found)
    check_initialization(root, target, list(found))
    _check_names(root, found)
    if len(found) > most and not root.is_noted("variants"):
        root.fault("variants", _too_many(len(found), most))
    return tuple(found)


def _too_many(count: int, most: int) -> str:
    if most >= MOST_VARIANTS:
        return f"are {count}: at most {MOST_VARIANTS} can be measured"
    return (
        f"are {count}, more than limits.max_variants = {most}: leave levels out, raise it, or say "
        "--yes on the command line"
    )


def _check_names(root: Table, variants: Mapping[Variant, str]) -> None:
    """A name tells one variant; a label that all share tells none from another."""
    seen: dict[str, str] = {}
    for variant, path in variants.items():
        if variant.name in seen:
            root.fault(
                path,
                f"makes a second {variant.name}, beside {seen[variant.name]}: give its levels "
                "other names",
            )
        seen.setdefault(variant.name, path)
    labels = {variant.label for variant in variants}
    is_mistaken = any(".label" in problem.key for problem in root.problems)
    if len(labels) == 1 and None not in labels and not is_mistaken:
        root.fault(
            f"{next(iter(variants.values()))}.label",
            "is the same for every variant and tells none from another: say it in the title",
        )


def _product(root: Table, table: Table, target: Target, most: int) -> list[Variant]:
    is_http = target.kind is TargetKind.HTTP
    for key in (ENDPOINT, MEMORY_MB, ARCHITECTURE, FUNCTION, *NAMED):
        check_repeated(table, key.name)
    endpoints = _once(ENDPOINT.read(table, default=[EndpointKind.HTTP] if is_http else None))
    sizes_mb = _once(MEMORY_MB.read(table))
    architectures = _once(ARCHITECTURE.read(table))
    for endpoint in endpoints:
        if fault := _impossible(endpoint, target):
            table.fault("endpoint", fault)
    sizeless = [endpoint.value for endpoint in endpoints if not endpoint.facts.is_lambda]
    if "memory_mb" in table and sizeless:
        table.fault("memory_mb", f"has no meaning for the endpoint {sizeless[0]}: leave it out")
    elif "memory_mb" not in table and len(sizeless) < len(endpoints):
        table.fault("memory_mb", "is missing: name sizes in MB, such as [128, 512, 1769]")
    _check_told(table, "qualifier", target, endpoints)
    memory = [None] if sizeless else sizes_mb
    named = [
        _functions(table, target, endpoints),
        *(_levels(root, table, target, key) for key in NAMED),
    ]
    count = len(endpoints) * len(memory) * len(architectures) * prod(map(len, named))
    if count > most:
        root.fault("variants", _too_many(count, most))
        return []
    names = [FUNCTION.name, *(key.name for key in NAMED)]
    return [
        Variant(endpoint, memory_mb, architecture).with_levels(
            dict(zip(names, levels, strict=True))
        )
        for endpoint, memory_mb, architecture in product(endpoints, memory, architectures)
        for levels in product(*named)
    ]


def _functions(table: Table, target: Target, endpoints: Sequence[EndpointKind]) -> list[str | None]:
    """Folders made absolute, names of bundled functions, names or ARNs; None is the target's own.

    At a URL of the user's only an emulator's API is told which function is meant.
    """
    if FUNCTION.name not in table:
        return [None]
    if target.kind is TargetKind.LOCAL:
        read = local_function(target.handler, target.runtime, table.base_dir)
    else:
        read = aws_function.read
        _check_told(table, FUNCTION.name, target, endpoints)
    return [*_once(table.read_list(FUNCTION.name, read, []))] or [None]


def _check_told(
    table: Table, factor: str, target: Target, endpoints: Sequence[EndpointKind]
) -> None:
    """Only an emulator's API is told what is meant; any other URL leads where it leads."""
    others = [endpoint.value for endpoint in endpoints if not endpoint.facts.is_at_api]
    if target.kind is TargetKind.HTTP and factor in table and others:
        table.fault(
            factor,
            f"has no meaning for the endpoint {others[0]}, whose URL says what is called: leave it "
            "out",
        )


def _levels(root: Table, table: Table, target: Target, key: ListKey[str]) -> list[str | None]:
    """The levels of a factor; None for what the plain table says, and without the key."""
    found: list[str | None] = []
    for level in key.read(table):
        fault = None if level == PLAIN else unknown_level(root, key.name, level)
        fault = fault or meaningless(root, target, key.name, level)
        if fault is not None:
            table.fault(key.name, fault)
        found.append(None if level in (PLAIN, _USUAL.get(key.name)) else level)
    return _once(found) or [None]


def _once(levels: Iterable[T]) -> list[T]:
    """Each of them once: that one is named again has been told."""
    return list(dict.fromkeys(levels))


def _impossible(endpoint: EndpointKind, target: Target) -> str | None:
    """Why an endpoint cannot be called on a target, or None."""
    name, kind, facts = endpoint.value, target.kind, endpoint.facts
    if kind is TargetKind.HTTP:
        if facts.takes_json_only and target.function is None:
            return f"{name} needs target.function, the name that an emulator knows it by"
        if endpoint not in target.urls and EndpointKind.HTTP not in target.urls:
            return f"{name} needs target.url, or a URL of its own in target.urls"
    elif not facts.is_lambda:
        return f'cannot be {name} with a target of kind "{kind.value}": use kind "http"'
    elif kind is TargetKind.AWS and facts.needs_url and endpoint not in target.urls:
        return f'{name} needs its URL: set target.urls = {{ {name} = "https://…" }}'
    return None


def check_events(events: Iterable[tuple[Table, EventSpec]], variants: Sequence[Variant]) -> None:
    """Note events that an endpoint of the profile would refuse."""
    kinds = {variant.endpoint for variant in variants}
    limits = [kind.facts.request_limit_bytes for kind in kinds]
    least = min((limit for limit in limits if limit is not None), default=None)
    needs_json = any(kind.facts.takes_json_only for kind in kinds)
    for table, spec in events:
        check_event(table, spec, least, needs_json)
