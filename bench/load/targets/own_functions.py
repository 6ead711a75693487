"""The functions that an embedded Lambda serves for a run's variants. Pure.

Each variant has a function of its own, with a limit, environments and faults of its own: what one
of them leaves behind, or fills up, is nothing to the others. A single variant has the profile's
function by its own name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.format import level_words
from bench.function_folder import NAME_LIMIT, lambda_name
from bench.lambda_facts import ACCOUNT_CONCURRENCY
from bench.model.profile import Target, Variant
from bench.model.variant import NAMED_FACTORS, PROVISIONED, with_differences

UNRESERVED = 100
"""Concurrency that Lambda lets nobody reserve."""
Folders = Mapping[str, str]
"""By the short name that variants have for a function: its folder, or the bundled one's name."""


def function_names(target: Target, variants: Sequence[Variant]) -> dict[Variant, str | None]:
    """What each variant's function is called; None for a single one's, which keeps its name.

    `primes-alb-512MB`: the profile's function, and the levels in which the variants differ. Where
    that is too long for Lambda, or another's name too, it ends with the variant's number.
    """
    if len(variants) == 1:
        return dict.fromkeys(variants)
    wanted = [
        lambda_name("-".join([target.name_of(variant), *_levels(variant)]))
        for variant in with_differences(variants)
    ]
    count = Counter(wanted)
    names = [
        name if count[name] == 1 and len(name) <= NAME_LIMIT else _numbered(name, number)
        for number, name in enumerate(wanted, 1)
    ]
    return dict(zip(variants, names, strict=True))


def _levels(variant: Variant) -> Iterator[str]:
    differ = variant.differ - {"function"}
    if "endpoint" in differ:
        yield variant.endpoint.value
    if "memory_mb" in differ:
        yield f"{variant.memory_mb}MB"
    if "architecture" in differ:
        yield variant.architecture.value
    yield from (level_words(variant, factor) for factor in NAMED_FACTORS if factor.name in differ)


def _numbered(name: str, number: int) -> str:
    ending = f"-{number}"
    return name[: NAME_LIMIT - len(ending)] + ending


def function_arguments(
    target: Target, names: Mapping[Variant, str | None], folders: Folders
) -> list[str]:
    """What tells `lamload local` the functions and their limits."""
    own = [
        ",".join([_place(target, variant, name, folders), *_settings(target, variant, name)])
        for variant, name in names.items()
    ]
    arguments = [word for text in own for word in ("--function", text)]
    limit = target.concurrency
    if len(own) == 1:
        return arguments if limit is None else [*arguments, "--concurrency", str(limit)]
    limit = ACCOUNT_CONCURRENCY if limit is None else limit
    account = limit * len(own) + UNRESERVED
    return [*arguments, "--concurrency", str(account), "--reserved-concurrency", str(limit)]


def _place(target: Target, variant: Variant, name: str | None, folders: Folders) -> str:
    folder = folders.get(variant.function or "", str(target.function))
    return folder if name is None else f"{name}={folder}"


def _settings(target: Target, variant: Variant, name: str | None) -> Iterator[str]:
    """What one function does not have as all do: without a name there is no other."""
    if name is not None:
        if variant.memory_mb is not None:
            yield f"memory={variant.memory_mb}"
        yield f"architecture={variant.architecture.value}"
        yield f"doors={variant.endpoint.value}"
    if variant.runtime is not None:
        yield f"runtime={variant.runtime}"
    if variant.initialization == PROVISIONED:
        yield f"provisioned={target.provisioned}"


def faults_for(
    target: Target, names: Mapping[Variant, str | None]
) -> tuple[Mapping[str, Any], ...]:
    """The faults, of which those of one of the profile's functions are those of all its copies."""
    copies: dict[str, list[str]] = {}
    for variant, name in names.items():
        base = target.name_of(variant)
        copies.setdefault(base, []).append(name or base)
    return tuple(_for_copies(fault, copies) for fault in target.faults)


def _for_copies(fault: Mapping[str, Any], copies: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
    given = fault.get("function")
    meant = [given] if isinstance(given, str) else given
    if not meant or "*" in meant:
        return fault
    return {**fault, "function": [name for base in meant for name in copies.get(base, (base,))]}
