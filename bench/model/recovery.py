"""How long a variant took after a disturbance until it did as well as before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RecoveryState(StrEnum):
    """How it ended; the value is how files have it."""

    RECOVERED = "recovered"
    NOT_WITHIN = "not within the run"
    NOT_KNOWN = "not known"
    """Nothing undisturbed was measured before, or nothing after."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds count from the end of the disturbance. What the state does not tell is None.

    after_s: over the rounds that recovered. low_s and high_s: ends of its interval at 95 %; high_s
    is None where nothing bounds it. Of one that is not within the run low_s is how long it takes at
    least. watched_s: the shortest time for which a round was watched.
    """

    disturbance: str
    state: RecoveryState
    after_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    watched_s: float | None = None
    rounds: int = 0
    recovered_rounds: int = 0
    basis: str = ""
    """What the interval rests on: `3 rounds`, `noise of 12 s before`."""
