"""Where in a turn a disturbance stands, whatever its round."""

from __future__ import annotations

from dataclasses import replace

from bench.model.profile import Phase
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.plan_time import PlanTime
from bench.record.disturbance import disturbances_of
from bench.record.second_rows import TurnPlaces
from bench.shapes.ramp import constant_rate
from tests.record.build import SMALL, profile_of


def test_a_warm_up_of_the_first_round_alone_moves_no_disturbance_of_the_others() -> None:
    def phase(name: str, rps: float, seconds: int, **more: bool) -> Phase:
        return Phase(name, constant_rate(rps, seconds * NS_PER_S), **more)

    profile = profile_of(
        [SMALL],
        [
            phase("warm-up", 10.0, 4, measured=False, once=True),
            phase("before", 10.0, 5),
            phase("rush", 50.0, 3),
            phase("after", 10.0, 5),
        ],
    )
    profile = replace(profile, load=replace(profile.load, rounds=3))
    plan = make_plan(profile)
    places = TurnPlaces(profile, PlanTime(plan))
    (rush,) = disturbances_of(profile, SMALL)
    found = [
        places.of(0, segment.start_ns // NS_PER_S, segment.index)
        for segment in plan.segments
        if profile.phases[segment.phase].name == "rush"
    ]
    assert found == [(round_, rush.start_ns, rush.start_ns + NS_PER_S) for round_ in range(3)]
