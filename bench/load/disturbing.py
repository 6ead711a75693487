"""How the embedded Lambda is disturbed when a search for capacity wants it: by a fault of its own.

A fault counts from the beginning of a turn. This one strikes so long after it that it never does
by itself; a turn that is told as begun so long before the disturbance makes it strike in time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.model.load import Turn
from bench.model.profile import Profile, Target
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
from bench.model.times import NS_PER_S

_AFTER_S = 10 * 86_400
"""Ten days: no search takes so long, and a fault may begin as late as in thirty."""


def fault_table(disturbance: SearchDisturbance) -> dict[str, Any]:
    """The disturbance as a fault of the embedded Lambda's."""
    table = {
        "kind": disturbance.kind.value,
        "start_s": _AFTER_S,
        "duration_s": disturbance.duration_ns / NS_PER_S,
    }
    return table | ({"status": 503} if disturbance.kind is DisturbanceKind.ERROR else {})


def disturbed(profile: Profile) -> Target:
    """The profile's target, with the fault that the search for its capacity needs, if any."""
    search = profile.capacity
    if search is None or search.recovers_from is None or not search.recovers_from.needs_own_target:
        return profile.target
    return replace(
        profile.target, faults=(*profile.target.faults, fault_table(search.recovers_from))
    )


def turn_before(strike: Turn, start_ns: int) -> Turn:
    """The turn in which the fault strikes at that instant of the run, which began at start_ns."""
    return replace(strike, start_ns=start_ns + strike.start_ns - _AFTER_S * NS_PER_S)
