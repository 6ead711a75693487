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

UNRESERVED = 100
"""Concurrency that Lambda lets nobody reserve."""
_BASE_LENGTH = 40
_Levels = tuple[str, ...]


def _levels(variant: Variant) -> _Levels:
    return tuple(f"{factor.name}={level}" for factor, level in variant.named_levels())


def function_names(target: Target, variants: Sequence[Variant]) -> dict[Variant, str | None]:
    """What each variant's function is called; None where one serves them all, as it is called."""
    groups = {levels: n for n, levels in enumerate(dict.fromkeys(map(_levels, variants)), 1)}
    if len(groups) == 1:
        return dict.fromkeys(variants)
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(str(target.function)).name).strip("-")
    return {
        variant: f"{base[:_BASE_LENGTH] or 'function'}-{groups[_levels(variant)]}"
        for variant in variants
    }


def function_arguments(target: Target, names: Mapping[Variant, str | None]) -> list[str]:
    """What tells `lamload local` the functions and their limits."""
    own = list(dict.fromkeys(name for name in names.values() if name is not None))
    folder = str(target.function)
    functions = [f"{name}={folder}" for name in own] or [folder]
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
