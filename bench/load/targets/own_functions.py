"""The functions that an embedded Lambda serves for a run's variants. Pure.

Variants that differ in more than memory and endpoint have a function of their own each, with a
limit of its own: what one of them leaves behind, or fills up, is nothing to the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.model.profile import Target, Variant
from bench.model.variant import PROVISIONED

UNRESERVED = 100
"""Concurrency that Lambda lets nobody reserve."""
_BASE_LENGTH = 40
_Levels = tuple[str, ...]


def _levels(variant: Variant) -> _Levels:
    return tuple(f"{factor.name}={level}" for factor, level in variant.named_levels())


Folders = Mapping[str, str]
"""By the short name that variants have for a function: its folder, or the bundled one's name."""


def function_names(target: Target, variants: Sequence[Variant]) -> dict[Variant, str | None]:
    """What each variant's function is called; None where one serves them all, as it is called."""
    groups = {levels: n for n, levels in enumerate(dict.fromkeys(map(_levels, variants)), 1)}
    if len(groups) == 1:
        return dict.fromkeys(variants)
    return {variant: f"{_base(target, variant)}-{groups[_levels(variant)]}" for variant in variants}


def _base(target: Target, variant: Variant) -> str:
    name = variant.function or Path(str(target.function)).name
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:_BASE_LENGTH] or "function"


def function_arguments(
    target: Target, names: Mapping[Variant, str | None], folders: Folders
) -> list[str]:
    """What tells `lamload local` the functions and their limits."""
    own = {
        name: folders.get(variant.function or "", str(target.function))
        + (f",runtime={variant.runtime}" if variant.runtime is not None else "")
        + (f",provisioned={target.provisioned}" if variant.initialization == PROVISIONED else "")
        for variant, name in names.items()
        if name is not None
    }
    functions = [f"{name}={folder}" for name, folder in own.items()]
    if not functions:
        are_kept = any(variant.initialization == PROVISIONED for variant in names)
        kept = f",provisioned={target.provisioned}" if are_kept else ""
        functions = [f"{target.function}{kept}"]
    arguments = [word for text in functions for word in ("--function", text)]
    limit = target.concurrency
    if limit is None:
        return arguments
    if not own:
        return [*arguments, "--concurrency", str(limit)]
    account = limit * len(own) + UNRESERVED
    return [*arguments, "--concurrency", str(account), "--reserved-concurrency", str(limit)]


def faults_for(
    target: Target, names: Mapping[Variant, str | None]
) -> tuple[Mapping[str, Any], ...]:
    """The faults, of which those of the profile's function are those of every one of its copies."""
    own = list(dict.fromkeys(name for name in names.values() if name is not None))
    return tuple(
        {**fault, "function": own} if own and "function" in fault else fault
        for fault in target.faults
    )
