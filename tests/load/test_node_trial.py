"""A moment of load of a node against itself, on real sockets."""

from __future__ import annotations

from time import monotonic_ns

from bench.load.fleets.local import LocalFleet
from bench.load.node_trial import TRIAL_RPS, TRIAL_S, tried


async def test_a_machine_is_tried_with_calls_that_never_leave_it() -> None:
    trial = await tried("here", LocalFleet(), monotonic_ns)
    assert trial.answered == trial.wanted == TRIAL_RPS * TRIAL_S
    health = trial.health
    assert health.name == "here"
    assert 0 < health.sent_rps <= TRIAL_RPS
    assert health.send_lag_p99_ns is not None
    assert health.read_lag_p99_ns is not None
    assert health.cpu is None or 0 <= health.cpu <= 1
