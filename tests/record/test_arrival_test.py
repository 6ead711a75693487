"""The gaps of a shape are tested on the scale of what it plans; instants of its own are not."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

import pytest

from bench.load.schedule import arrivals
from bench.model.profile import Arrivals, Phase
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.shape import Shape
from bench.model.times import NS_PER_S
from bench.record.aggregate import Aggregate
from bench.shapes.burst import Burst
from bench.shapes.ramp import Ramp
from bench.shapes.recorded import Recorded
from bench.shapes.wave import Wave
from tests.record.build import SMALL, profile_of, row, together

END_NS = 20 * NS_PER_S


def played(
    shape: Shape, kind: Arrivals = Arrivals.POISSON, retry: RetrySpec | None = None
) -> Aggregate:
    """A Poisson run whose arrivals were all sent in time, drawn as kind says."""
    profile = profile_of((SMALL,), (Phase("only", shape),))
    profile = replace(profile, retry=retry or RetrySpec())
    plan = together(profile)
    aggregate = Aggregate(profile, plan)
    sent = arrivals(plan.segments[0], kind, 1, 0, 1)
    aggregate.add_rows(0, b"".join(row(intended_ns) for intended_ns, _ in sent))
    aggregate.advance(END_NS + NS_PER_S)
    return aggregate


@pytest.mark.parametrize(
    "shape",
    [
        Ramp(END_NS, 1, 60),
        Wave(END_NS, 30, 29, 7 * NS_PER_S),
        Wave(END_NS, 30, 29, 7 * NS_PER_S, from_ns=3 * NS_PER_S),
    ],
)
def test_a_rate_that_changes_has_gaps_of_a_poisson_process_at_its_own_scale(shape: Shape) -> None:
    assert played(shape).gap_fits()[SMALL.name].p > 0.01
    assert played(shape, Arrivals.EVEN).gap_fits()[SMALL.name].p < 1e-6


@pytest.mark.parametrize(
    "shape",
    [
        Burst(END_NS, 20, NS_PER_S),
        Recorded(END_NS, pack("<300q", *(i * NS_PER_S // 15 for i in range(300)))),
    ],
)
def test_instants_of_its_own_are_no_poisson_process(shape: Shape) -> None:
    assert not played(shape).gap_fits()


def test_a_client_that_limits_its_own_rate_sends_at_no_poisson_process() -> None:
    retry = RetrySpec(RetryPolicyName.AWS_ADAPTIVE, max_attempts=3)
    assert not played(Ramp(END_NS, 10, 10), Arrivals.EVEN, retry).gap_fits()
