"""What variants cannot have together: versions of one function, and how they come up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.function_folder import BUNDLED, bundled_functions, no_handler
from bench.model.endpoint import EndpointKind
from bench.model.profile import Target, TargetKind, Variant
from bench.model.variant import ON_DEMAND, PROVISIONED
from bench.schema.table import Table
from bench.units import shown

VERSION_PLACES = ("{memory_mb}", "{alias}")
FUNCTION_PLACE = "{function}"
"""What an AWS door's URL can have in it, to be filled in for each variant."""


def check_versions(root: Table, target: Target, variants: Sequence[Variant]) -> None:
    """A qualifier is one version of the function, and so is where a door's URL leads."""
    both = _sizes_of_one(variants)
    if target.qualifier is not None and both is not None:
        root.fault(
            "target.qualifier",
            f"is one version of the function and cannot have both {both[0]} and {both[1]} MB: "
            "leave it out, and each size gets a version of its own",
        )
    for qualifier in {variant.qualifier for variant in variants} - {None}:
        own = [variant for variant in variants if variant.qualifier == qualifier]
        both = _sizes_of_one(own)
        if both is not None:
            root.fault(
                "variants",
                f"name the qualifier {qualifier}, which is one version of the function and cannot "
                f"have both {both[0]} and {both[1]} MB: give it one size",
            )
    if any(problem.key.endswith((".function", ".qualifier")) for problem in root.problems):
        return
    for endpoint, url in target.urls.items():
        own = [variant for variant in variants if variant.endpoint is endpoint]
        if places := _missing_places(endpoint, url, own):
            versions = {_version(variant): variant.name for variant in own}
            one, other, *_ = versions.values()
            mend = f"put {places} into it" if target.kind is TargetKind.AWS else ""
            root.fault(
                f"target.urls.{endpoint.value}",
                f"leads to one version of the function and cannot be both {one} and {other}: "
                f"{mend or 'make two profiles of them'}",
            )


def _version(variant: Variant) -> tuple[Any, ...]:
    own = (variant.memory_mb, variant.architecture, variant.qualifier)
    return (*own, None if variant.endpoint.facts.is_at_api else variant.function)


def _missing_places(endpoint: EndpointKind, url: str, variants: Sequence[Variant]) -> str:
    """What a URL that leads to several versions lacks, in words; '' if nothing."""
    missing = []
    functions = {variant.function for variant in variants}
    if len(functions) > 1 and not endpoint.facts.is_at_api and FUNCTION_PLACE not in url:
        missing.append(FUNCTION_PLACE)
    of_one_function = {_version(variant)[:3] for variant in variants}
    is_one_each = len({_version(variant) for variant in variants}) == len(functions)
    if len(of_one_function) > 1 and not is_one_each and not any(p in url for p in VERSION_PLACES):
        missing.append(" or ".join(VERSION_PLACES))
    return " and ".join(missing)


def _sizes_of_one(variants: Sequence[Variant]) -> tuple[int, int] | None:
    """Two sizes that variants of one function ask for; None where each has one."""
    for function in dict.fromkeys(variant.function for variant in variants):
        own = {variant.memory_mb or 0 for variant in variants if variant.function == function}
        if len(own) > 1:
            least, next_one, *_ = sorted(own)
            return least, next_one
    return None


def check_repeated(table: Table, key: str) -> None:
    """Note what a list of levels has more than once."""
    listed = table.get(key)
    if not isinstance(listed, list):
        return
    for number, level in enumerate(listed):
        if level in listed[:number]:
            table.fault(f"{key}[{number}]", f"repeats {shown(level)}: leave it out")


def check_runtimes(root: Table, target: Target, variants: Mapping[Variant, str]) -> None:
    """Note runtimes that cannot run the function that has them. variants: with their tables."""
    if target.kind is not TargetKind.LOCAL or root.problems:
        return
    for variant, path in variants.items():
        place, runtime = variant.function or target.function, variant.runtime
        if place is None or not runtime or root.is_noted(f"{path}.runtime"):
            continue
        folder = BUNDLED / place if place in bundled_functions() else Path(place)
        if lack := no_handler(folder, target.handler, runtime):
            root.fault(f"{path}.runtime", f"cannot be {runtime}: {place} {lack}; leave it out")


def check_initialization(root: Table, target: Target, variants: Sequence[Variant]) -> None:
    """Note what is provisioned for nobody, beyond the limit, or without a version to ask."""
    levels = {variant.initialization for variant in variants}
    if target.provisioned is not None:
        limit = target.concurrency
        is_mistaken = any(".initialization" in problem.key for problem in root.problems)
        if variants and PROVISIONED not in levels and not is_mistaken:
            mend = f'add initialization = ["{ON_DEMAND}", "{PROVISIONED}"] to [[variants]]'
            root.fault("target.provisioned", f"is for no variant: {mend}, or leave it out")
        elif limit is not None and target.provisioned > limit:
            root.fault("target.provisioned", f"must be at most target.concurrency ({limit})")
    if target.kind is not TargetKind.AWS or target.qualifier is not None:
        return
    for variant in variants:
        told = (
            variant.qualifier
            or ":" in (variant.function or target.function or "").split(":function:")[-1]
        )
        if variant.initialization not in (None, ON_DEMAND) and not told:
            root.fault(
                "variants",
                f"{variant.name} needs the version or alias that has it: add qualifier",
            )
            return
