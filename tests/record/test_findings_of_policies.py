"""One policy beside another: what is said of them, and that nothing is said of anything else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import Variant
from bench.model.recovery import Recovery, RecoveryState
from bench.model.result import Tally
from bench.model.variant import with_differences
from bench.record.finding import Results
from bench.record.findings_of_policies import policies
from bench.record.policy_chance import LOOKED_AT
from bench.record.window import NOTHING, Rates, make_window


def results(variants: list[Variant], tallies: list[Tally]) -> Results:
    windows = [
        make_window(variant, tally, Rates(1.0, 1.0, 1.0, 1.0), lambda _: NOTHING)
        for variant, tally in zip(with_differences(variants), tallies, strict=True)
    ]
    return cast(Results, SimpleNamespace(windows=windows, intervals=range(LOOKED_AT + 1)))


def tally(ok: int, failed: int, attempts: int, refused: int = 0) -> Tally:
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.OK], outcomes[Outcome.THROTTLED] = ok, failed
    counts: dict[str, Any] = {"offered": ok + failed, "retries_refused": refused}
    return Tally(outcomes=tuple(outcomes), attempts=attempts, **counts)


def of(memory_mb: int, retry: str | None) -> Variant:
    return Variant(EndpointKind.INVOKE, memory_mb).with_levels({"retry": retry})


def test_each_policy_beside_the_first_at_its_own_size() -> None:
    variants = [of(memory, retry) for memory in (128, 512) for retry in ("old", "new")]
    counts = [tally(80, 20, 290), tally(90, 10, 131), tally(99, 1, 102), tally(100, 0, 100, 3)]
    assert [finding.text for finding in policies(results(variants, counts), {})] == [
        "128 MB new against 128 MB old: amplification 1.31 against 2.90, "
        "10.0 % failed against 20.0 %",
        "512 MB new against 512 MB old: amplification 1.00 against 1.02, "
        "0 % failed against 1.0 %, 3 retries forbidden against 0",
    ]


def test_what_is_not_known_of_recovery_is_not_held_against_the_other() -> None:
    variants = with_differences([of(128, "old"), of(128, "new")])
    counts = [tally(80, 20, 290), tally(90, 10, 131)]
    states = (RecoveryState.RECOVERED, RecoveryState.NOT_KNOWN)
    came_back = {
        variant: (Recovery("stall", state, after_s=1.0),)
        for variant, state in zip(variants, states, strict=True)
    }
    (found,) = policies(results(list(variants), counts), came_back)
    assert "recovered" not in found.text


def test_sizes_alone_are_no_policies() -> None:
    counts = [tally(80, 20, 290), tally(90, 10, 131)]
    assert not list(policies(results([of(128, None), of(512, None)], counts), {}))
