"""Work that a function finished well after its caller had given up: who can tell, of whom. Pure.

Only the target knows it. The embedded Lambda counts it by function and qualifier, so that variants
which share both cannot be told apart; nobody counts it elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.model.result import Window

Place = tuple[str, str]
"""Name of a function, and its qualifier."""
LATE_SUCCESSES = "late_successes"
"""Key of a target's statistics: by the variant's name."""


def late_successes(
    functions: Iterable[Mapping[str, Any]], places: Mapping[str, Place]
) -> dict[str, int]:
    """By variant, of those alone at their place. functions: as `GET /stats` lists them."""
    shared = Counter(places.values())
    found = {
        (str(one["function"]), str(one["qualifier"])): int(one.get("succeeded_unheard", 0))
        for one in functions
    }
    return {variant: found.get(place, 0) for variant, place in places.items() if shared[place] == 1}


def with_late_successes(
    windows: Sequence[Window], statistics: Mapping[str, Any]
) -> tuple[Window, ...]:
    """The windows, each with what is known of its variant's late work."""
    known: Mapping[str, int] = statistics.get(LATE_SUCCESSES, {})
    return tuple(replace(w, late_successes=known.get(w.variant.name)) for w in windows)
