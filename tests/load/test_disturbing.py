"""The fault by which a search disturbs the embedded Lambda: in its time, and never before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bench.faults.kinds import FaultKind
from bench.faults.plan import FaultPlan
from bench.load.disturbing import disturbed, turn_before
from bench.load.targets.open import open_target
from bench.load.targets.own_functions import Folders
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import CapacitySpec, Connections, Profile, Target, Variant
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.record.build import SMALL, profile_of

BEGUN_NS = 7 * NS_PER_S
"""The run's start on the monotonic clock."""


def searching(kind: DisturbanceKind) -> Profile:
    spec = CapacitySpec(1.0, 9.0, NS_PER_S, recovers_from=SearchDisturbance(kind, 2 * NS_PER_S))
    return replace(profile_of((SMALL,), ()), capacity=spec)


def test_a_stall_lasts_from_its_instant_to_its_end_and_no_longer() -> None:
    plan = FaultPlan.parse(disturbed(searching(DisturbanceKind.STALL)).faults)
    turn = turn_before(Turn(SMALL, 30 * NS_PER_S), BEGUN_NS)

    def delay_s(at_s: float) -> float:
        now_ns = BEGUN_NS + round(at_s * NS_PER_S) - turn.start_ns
        return plan.decide(now_ns, "invoke", "f", None).delay_ns / NS_PER_S

    assert [delay_s(at_s) for at_s in (0, 29.999, 30, 31.5, 32)] == [0, 0, 2, 0.5, 0]


@pytest.mark.parametrize(
    ("kind", "does"),
    [(DisturbanceKind.THROTTLE, FaultKind.THROTTLE), (DisturbanceKind.ERROR, FaultKind.ERROR)],
)
def test_a_throttle_and_an_error_take_the_place_of_the_answer(
    kind: DisturbanceKind, does: FaultKind
) -> None:
    plan = FaultPlan.parse(disturbed(searching(kind)).faults)
    turn = turn_before(Turn(SMALL, 0), 0)
    action = plan.decide(NS_PER_MS - turn.start_ns, "invoke", "f", None).action
    assert action is not None
    assert action.kind is does


def test_an_overload_is_none_of_the_targets() -> None:
    profile = searching(DisturbanceKind.OVERLOAD)
    assert disturbed(profile) == profile.target


class _Host:
    """A fleet that keeps what its nodes were to start."""

    started: Target

    async def open_targets(
        self, target: Target, variants: Sequence[Variant], _folders: Folders
    ) -> tuple[Binding, ...]:
        self.started = target
        return tuple(Binding(variant, "http://127.0.0.1:1") for variant in variants)

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None: ...

    async def target_statistics(self) -> dict[str, Any]:
        return {}


async def test_an_embedded_lambda_on_each_node_can_be_disturbed_too() -> None:
    profile = searching(DisturbanceKind.STALL)
    profile = replace(profile, target=replace(profile.target, per_node=True))
    host = _Host()
    await open_target(profile, Connections(), host=host).bind(profile.variants)
    assert host.started.faults == disturbed(profile).faults != ()
