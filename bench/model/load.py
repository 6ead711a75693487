"""The load as the engine carries it out: segments, bindings, an operator's commands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bench.model.profile import Variant
from bench.model.shape import Shape


@dataclass(frozen=True, slots=True)
class Segment:
    """The unit that the engine executes: one phase of one block, for one variant or all together.

    index is its position in the plan and the value in recorded rows; variants holds indexes into
    `Profile.variants`. A rate change during the run starts a new segment.
    """

    index: int
    round: int
    phase: int
    variants: tuple[int, ...]
    start_ns: int
    shape: Shape
    stream: int | None = None
    """Which random arrivals it has: segments of one number have the same. None: its own."""
    renews: bool = False
    """Whether its callers begin anew: budgets full, breakers closed, no limit of their own rate.

    A step of a search owes nothing to the one before.
    """

    @property
    def duration_ns(self) -> int:
        """How long it lasts: as long as its shape."""
        return self.shape.duration_ns

    @property
    def end_ns(self) -> int:
        """First instant after the segment."""
        return self.start_ns + self.shape.duration_ns

    def stagger(self, turn: int) -> float:
        """How far the variant at this place in `variants` is behind the first, in mean gaps.

        Variants side by side meet equal arrivals, but none is always sent behind another.
        """
        return turn / len(self.variants)


@dataclass(frozen=True, slots=True)
class Plan:
    """Segments in time order, without overlap."""

    segments: tuple[Segment, ...]

    @property
    def duration_ns(self) -> int:
        """End of the last segment."""
        return self.segments[-1].end_ns if self.segments else 0


@dataclass(frozen=True, slots=True)
class Turn:
    """That a variant is on, with all of its phases, from an instant of the monotonic clock on."""

    variant: Variant
    start_ns: int


@dataclass(frozen=True, slots=True)
class Shift:
    """From at_ns on the plan is at plan_ns, and goes on from there if it runs.

    at_ns: of the run's clock, or of the monotonic one where turns count by that. plan_ns: likewise,
    as the instant would be if the plan had been kept.
    """

    at_ns: int
    plan_ns: int
    runs: bool = True

    def plan_at(self, t_ns: int) -> int:
        """The plan's instant at t_ns, from at_ns on."""
        return self.plan_ns + (t_ns - self.at_ns if self.runs else 0)


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a variant is really called: filled in once the target is up.

    url: for invoke and its like the Lambda API's base; for front doors the full URL to call.
    function: name or ARN; qualifier: version or alias that has the variant's memory size.
    """

    variant: Variant
    url: str
    function: str | None = None
    qualifier: str | None = None
    region: str | None = None
    sign: bool = False
    """Sign with SigV4. A local target only gets an unverified Authorization header."""


class CommandKind(StrEnum):
    """What the operator can ask of a run; each becomes an event in events.jsonl."""

    RATE_FACTOR = "rate-factor"
    """Multiply the planned rate from now on by `value` (1.0 is the profile's own rate)."""
    HOLD = "hold"
    """No new arrivals until RESUME; what is in flight goes on."""
    RESUME = "resume"
    SKIP_PHASE = "skip-phase"
    DRAIN = "drain"
    """No new arrivals, wait for what is in flight, report."""
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Command:
    """One request of the operator's."""

    kind: CommandKind
    value: float = 1.0
