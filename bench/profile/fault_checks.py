"""Whom the faults of a profile are for: one that no variant meets is a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from bench.model.endpoint import BASELINE
from bench.model.profile import Profile, Variant
from bench.schema.table import Table

ALL = "*"


def check_faults(root: Table, profile: Profile) -> None:
    """Note doors, functions and qualifiers of faults that nothing in the profile has."""
    target, variants = profile.target, profile.variants
    there = {
        "door": [door for variant in variants for door in _doors(variant)],
        "function": [target.name_of(variant) for variant in variants],
        "qualifier": [f"{variant.memory_mb}MB" for variant in variants],
    }
    if not variants or root.problems:
        return
    for number, fault in enumerate(target.faults):
        for key, names in there.items():
            given = fault.get(key, ())
            for name in _unknown([given] if isinstance(given, str) else given, names):
                root.fault(f"target.faults[{number}].{key}", _words(key, name, names))


def _doors(variant: Variant) -> list[str]:
    """Its endpoint; what calls the API in another way is met as `invoke` is."""
    found = [variant.endpoint.value]
    return [*found, BASELINE.value] if variant.endpoint.facts.is_at_api else found


def _unknown(given: Iterable[str], names: Sequence[str]) -> list[str]:
    return [name for name in given if name != ALL and name not in names]


def _words(key: str, name: str, names: Sequence[str]) -> str:
    listed = ", ".join(dict.fromkeys(names))
    close = get_close_matches(name, names, 1)
    mend = f"did you mean {close[0]}?" if close else "name one of those, or leave it out for all"
    return f'names "{name}", and no variant has that {key}: there is {listed}; {mend}'
