"""What a load is disturbed by on purpose, to see whether it recovers: data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bench.model.times import NS_PER_S

OVERLOAD_FACTOR = 3.0
"""How many times the rate an overload asks for unless it says otherwise."""


class DisturbanceKind(StrEnum):
    """What happens to the load; the value is how it is written."""

    STALL = "stall"
    """Nothing is answered until it ends."""
    THROTTLE = "throttle"
    """Everything is throttled."""
    ERROR = "error"
    """Everything ends in an error of the service."""
    OVERLOAD = "overload"
    """More arrivals than before; the only one that needs no target of our own."""


@dataclass(frozen=True, slots=True)
class SearchDisturbance:
    """It lasts for duration_ns; factor: what an overload multiplies the rate by."""

    kind: DisturbanceKind
    duration_ns: int
    factor: float = OVERLOAD_FACTOR

    @property
    def needs_own_target(self) -> bool:
        """Whether only the embedded Lambda can do it."""
        return self.kind is not DisturbanceKind.OVERLOAD

    @property
    def rate_factor(self) -> float:
        """What the rate is multiplied by while it lasts."""
        return 1.0 if self.needs_own_target else self.factor

    @property
    def words(self) -> str:
        """`a stall of 5 s`, `an overload ×3 of 5 s`."""
        article = "an" if self.kind.value[0] in "aeiou" else "a"
        factor = "" if self.needs_own_target else f" ×{self.factor:g}"
        return f"{article} {self.kind.value}{factor} of {self.duration_ns / NS_PER_S:g} s"
