"""The disturbances that a profile names: faults that end, and a phase that asks for too much. Pure.

All of them count from the beginning of a variant's turn in a round, as faults do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bench.faults.fault import Fault, FaultWindow
from bench.faults.plan import FaultPlan
from bench.model.profile import Profile, Target, Variant
from bench.model.times import NS_PER_S
from bench.record.question import disturbance_in

MOST = 100
"""Of one that comes again and again, so many times are looked at."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """name: `stall`, or the phase's. start_ns and end_ns: in a variant's turn."""

    name: str
    start_ns: int
    end_ns: int

    def by_its_time(self) -> Disturbance:
        """`stall at 5 s`, where another of the turn has the same name."""
        return replace(self, name=f"{self.name} at {self.start_ns / NS_PER_S:g} s")


def disturbances_of(profile: Profile, variant: Variant) -> tuple[Disturbance, ...]:
    """Those that meet a variant, in time order; what overlaps is one.

    A fault without an end is how the target is, and disturbs nothing.
    """
    turn_ns = sum(phase.duration_ns for phase in profile.phases)
    found = [*_phases(profile), *_faults(profile, variant, turn_ns)]
    joined = list(_joined(sorted(found, key=lambda one: (one.start_ns, one.end_ns))))
    times = Counter(one.name for one in joined)
    return tuple(one if times[one.name] == 1 else one.by_its_time() for one in joined)


def is_disturbed(profile: Profile) -> bool:
    """Whether a profile names a disturbance of any variant."""
    return any(disturbances_of(profile, variant) for variant in profile.variants)


def lead_ns(profile: Profile) -> int:
    """What turns of later rounds lack before the phase that disturbs them: phases that come once.

    0 where faults disturb, which count from the beginning of each turn.
    """
    at = _disturbing(profile)
    if at is None or profile.target.faults:
        return 0
    return sum(phase.duration_ns for phase in profile.phases[:at] if phase.once)


def _phases(profile: Profile) -> Iterator[Disturbance]:
    at = _disturbing(profile)
    if at is not None:
        phase = profile.phases[at]
        start_ns = sum(before.duration_ns for before in profile.phases[:at])
        yield Disturbance(phase.name, start_ns, start_ns + phase.duration_ns)


def _disturbing(profile: Profile) -> int | None:
    """The number of the phase that asks for too much."""
    measured = [number for number, phase in enumerate(profile.phases) if phase.measured]
    at = disturbance_in([profile.phases[number] for number in measured])
    return None if at is None else measured[at]


def _faults(profile: Profile, variant: Variant, turn_ns: int) -> Iterator[Disturbance]:
    tables = profile.target.faults
    for table, fault in zip(tables, FaultPlan.parse(tables).faults, strict=True):
        if not _meets(fault, profile.target, variant):
            continue
        for start_ns, end_ns in _times(fault.window, turn_ns):
            yield Disturbance(str(table["kind"]), start_ns, end_ns)


def _meets(fault: Fault, target: Target, variant: Variant) -> bool:
    """Whether it is for the variant's door, function and size, which is its alias."""
    alias = f"{variant.memory_mb}MB"
    scope = fault.scope
    return bool(fault.probability) and scope.covers(
        variant.endpoint.value, target.name_of(variant), alias
    )


def _times(window: FaultWindow, turn_ns: int) -> Iterator[tuple[int, int]]:
    """Each time that it is on in a turn."""
    if not window.duration_ns:
        return
    start_ns = window.start_ns
    for _ in range(MOST):
        if start_ns >= turn_ns:
            return
        yield start_ns, min(start_ns + window.duration_ns, turn_ns)
        if window.every_ns is None:
            return
        start_ns += window.every_ns


def _joined(found: Iterable[Disturbance]) -> Iterator[Disturbance]:
    held: Disturbance | None = None
    for one in found:
        if held is None or one.start_ns > held.end_ns:
            if held is not None:
                yield held
            held = one
            continue
        names = dict.fromkeys([*held.name.split(" and "), one.name])
        held = Disturbance(" and ".join(names), held.start_ns, max(held.end_ns, one.end_ns))
    if held is not None:
        yield held
