"""A run's files tell the same recoveries as the run itself did, at its end and at any second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bench.load.live_results import LiveResults
from bench.model.load import Plan
from bench.model.outcome import Verdict
from bench.model.profile import Phase, Profile
from bench.model.recovery import Recovery, RecoveryState
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.load_run import load_run
from bench.record.playback import RunPlayback
from bench.record.recorded_run import HISTOGRAMS, RecordedRun
from bench.record.recovery import Recoveries, recoveries
from bench.record.turn_seconds import Seconds
from bench.shapes.ramp import constant_rate
from tests.record.build import SMALL
from tests.record.retry_simulation import JITTER, STANDARD, Function
from tests.record.test_recovery import stalled
from tests.record.test_recovery_simulated import BUSY, profile_for, recorded

ROUNDS = 2


class Made:
    """A simulated run that was recorded, and its folder."""

    def __init__(self, root: Path, profile: Profile, function: Function, rounds: int) -> None:
        self.profile = profile
        self.plan: Plan = make_plan(profile)
        self.aggregate = Aggregate(profile, self.plan)
        self.folder = RunFolder.create(root, profile, resolved_toml(profile), {})
        calls = [function.run(JITTER, Random(f"{number}")) for number in range(rounds)]
        recorded(self.plan, calls, self.aggregate)
        self.folder.append_intervals(self.aggregate.passed())
        self.folder.append_histograms(self.aggregate.closed_histograms())

    @property
    def live(self) -> Recoveries:
        return recoveries(LiveResults(self.profile, self.aggregate))

    def end(self) -> RecordedRun:
        return self.folder.finish(
            self.aggregate.totals(),
            self.aggregate.intervals(),
            (),
            Verdict.VALID,
            curves=self.aggregate.curves(),
            histograms=self.aggregate.closed_histograms(final=True),
            turn_seconds=self.aggregate.response_seconds(),
        )


def columns(seconds: Seconds) -> list[list[float]]:
    """All that recovery is judged by."""
    return [
        column.tolist()
        for column in (
            *(seconds.starts_ns, seconds.ends_ns, seconds.ok, seconds.exposure, seconds.answered),
            *(seconds.late(limit_ms * 1e6) for limit_ms in (50, 100, 110, 200, 1000, 3000)),
        )
    ]


UNEVEN = (
    Phase("first", constant_rate(28.0, 3 * NS_PER_S + NS_PER_S // 2)),
    Phase("then", constant_rate(28.0, 28 * NS_PER_S + NS_PER_S // 3)),
)
"""Phases, and with them rounds, that begin within seconds."""


@pytest.mark.parametrize("phases", [None, UNEVEN], ids=["one phase", "seconds in parts"])
def test_the_files_know_of_every_second_what_the_run_knew(
    tmp_path: Path, phases: tuple[Phase, ...] | None
) -> None:
    profile = profile_for(BUSY, ROUNDS)
    function = BUSY
    if phases is not None:
        profile = replace(profile, phases=phases)
        function = replace(BUSY, run_s=sum(p.duration_ns for p in phases) / NS_PER_S)
    made = Made(tmp_path, profile, function, ROUNDS)
    (live,) = made.aggregate.response_seconds().values()
    made.end()
    (read,) = load_run(made.folder.path).response_seconds.values()
    assert columns(read) == columns(live)
    assert recoveries(load_run(made.folder.path)) == made.live
    ((found,),) = made.live.values()
    assert found.state is RecoveryState.RECOVERED


def test_a_follower_knows_it_before_the_end_and_so_does_a_rewind(tmp_path: Path) -> None:
    made = Made(tmp_path, profile_for(BUSY, 1), BUSY, 1)

    def known(playback: RunPlayback, until_s: int) -> tuple[Recovery, ...]:
        run = replace(playback.run, turn_seconds=playback.response_seconds(until_s))
        return recoveries(run).get(SMALL, ())

    following = RunPlayback(made.folder.path)
    assert following.end_s == 32 and not following.run.is_finished
    assert known(following, 32) == made.live[SMALL]
    made.end()
    rewound = RunPlayback(made.folder.path)
    assert known(rewound, 32) == made.live[SMALL]
    assert known(rewound, 16) == ()  # the stall is not over yet
    (early,) = known(rewound, 18)
    assert early.state is RecoveryState.NOT_KNOWN
    assert early.basis == "1 s were measured after it, 3 s are needed"
    (soon,) = known(rewound, 20)
    assert soon.state in (RecoveryState.RECOVERED, RecoveryState.NOT_WITHIN)


def test_without_the_interval_log_the_spreads_tell_it_coarsely(tmp_path: Path) -> None:
    made = Made(tmp_path, profile_for(BUSY, ROUNDS), BUSY, ROUNDS)
    made.end()
    (made.folder.path / HISTOGRAMS).unlink()
    ((found,),) = recoveries(load_run(made.folder.path)).values()
    ((exact,),) = made.live.values()
    assert found.state is exact.state
    assert found.after_s == pytest.approx(exact.after_s, abs=1.5)


def test_a_run_under_way_is_asked_without_making_its_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a long run that takes minutes."""

    def unwanted(*_: object) -> None:
        raise AssertionError("every interval was made")

    profile = profile_for(BUSY, 1)
    aggregate = Aggregate(profile, make_plan(profile))
    recorded(make_plan(profile), [BUSY.run(STANDARD, Random(1))], aggregate)
    monkeypatch.setattr(aggregate, "intervals", unwanted)
    ((found,),) = recoveries(LiveResults(profile, aggregate)).values()
    assert found.state is RecoveryState.RECOVERED


def test_nothing_is_kept_where_nothing_is_disturbed() -> None:
    profile = stalled()
    aggregate = Aggregate(profile, make_plan(profile))
    assert aggregate.response_seconds() == {}
