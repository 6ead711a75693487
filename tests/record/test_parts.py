"""Results by part of the load, and what they say of the question that the profile asks."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from random import Random

import pytest

from bench.model.load import Plan
from bench.model.outcome import Outcome
from bench.model.part import Part
from bench.model.profile import EventSpec, Phase, Profile, StopSpec
from bench.model.result import Measure
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.profile import load_profile, shipped_profiles
from bench.record.aggregate import Aggregate
from bench.record.evidence import Evidence
from bench.record.findings import findings, found_in
from bench.record.folder import RunFolder
from bench.record.load_run import load_run
from bench.record.parts import SLICES
from bench.record.phases_csv import phases_lines
from bench.record.question import Question, question_of
from bench.record.recorded_run import PHASES, RecordedRun
from bench.record.validity import judge
from bench.report.brief import render_brief
from bench.report.html import render_html
from bench.report.json import run_document
from bench.report.text import render_text
from bench.shapes.burst import Burst
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.steps import Steps
from bench.shapes.wave import Wave
from tests.record.build import LARGE, SMALL, Shipment, profile_of, row

Load = Callable[[int, float, Random], tuple[Outcome, float, int]]
"""(phase, rate, random) → outcome, response time in ms, attempts."""


def ran(profile: Profile, load: Load, root: Path, *, init_ms: float = -1) -> RecordedRun:
    """A run whose every arrival goes as load says."""
    plan = make_plan(profile)
    aggregate = Aggregate(profile, plan)
    shipped(plan, load, init_ms).to(aggregate)
    aggregate.advance(plan.segments[-1].end_ns + NS_PER_S)
    folder = RunFolder.create(root, profile, "", {})
    judgement = judge(profile, aggregate.totals(), Evidence())
    return folder.finish(
        judgement.windows,
        tuple(aggregate.intervals()),
        judgement.reasons,
        judgement.verdict,
        curves=aggregate.curves(),
        parts=aggregate.parts(),
    )


def shipped(plan: Plan, load: Load, init_ms: float) -> Shipment:
    random, shipment = Random(7), Shipment()
    for segment in plan.segments:
        units = [float(unit) for unit in range(round(segment.shape.expected))]
        for variant in segment.variants:
            for offset_ns in segment.shape.offsets_ns(units):
                at_ns = segment.start_ns + offset_ns
                rate = segment.shape.rate_rps(offset_ns)
                outcome, response_ms, attempts = load(segment.phase, rate, random)
                shipment.offer(at_ns, variant, segment.index)
                for attempt in range(1, attempts + 1):
                    last = attempt == attempts
                    shipment.rows.append(
                        row(
                            at_ns,
                            variant=variant,
                            segment=segment.index,
                            attempt=attempt,
                            final=last,
                            outcome=outcome if last else Outcome.THROTTLED,
                            response_ns=round(response_ms * NS_PER_MS),
                            init_ns=round(init_ms * NS_PER_MS) if init_ms >= 0 and last else -1,
                        )
                    )
    return shipment


def climbing(_phase: int, rate: float, random: Random) -> tuple[Outcome, float, int]:
    return Outcome.OK, (20 if rate < 30 else 80) * random.uniform(0.95, 1.05), 1


def flat(_phase: int, _rate: float, random: Random) -> tuple[Outcome, float, int]:
    return Outcome.OK, 20 * random.uniform(0.95, 1.05), 1


def spiked(phase: int, _rate: float, random: Random) -> tuple[Outcome, float, int]:
    return (
        Outcome.OK,
        (200 if phase == 1 else 20) * random.uniform(0.95, 1.05),
        3 if phase == 1 else 1,
    )


def ramp_of(steps: int | None) -> Profile:
    ramp = Ramp(30 * NS_PER_S, 10.0, 60.0)
    shape = ramp if steps is None else Steps(ramp, steps)
    return profile_of((SMALL,), (Phase("ramp", shape),))


def disturbance() -> Profile:
    rates = {"before": 20.0, "spike": 60.0, "after": 20.0}
    phases = [Phase(name, constant_rate(rps, 6 * NS_PER_S)) for name, rps in rates.items()]
    return profile_of((SMALL,), phases)


def captions(run: RecordedRun) -> list[str]:
    """What the figures that were found are of, as they stand beside each other."""
    return [figure.caption for found in found_in(run) for figure in found.figures]


def offered(parts: tuple[Part, ...]) -> int:
    return sum(part.window.tally.offered for part in parts)


@pytest.mark.parametrize("steps", [None, 5])
def test_the_parts_of_a_ramp_make_up_the_whole(steps: int | None, tmp_path: Path) -> None:
    run = ran(ramp_of(steps), flat, tmp_path)
    (whole,) = run.windows
    assert len(run.parts) == (steps or SLICES)
    assert offered(run.parts) == whole.tally.offered
    assert sum(p.window.duration_s for p in run.parts) == pytest.approx(whole.duration_s)
    planned = [part.window.planned_rps for part in run.parts]
    assert planned == sorted(planned) and planned[0] < 20 < 50 < planned[-1]


def test_each_measured_phase_of_each_variant_has_its_own_part(tmp_path: Path) -> None:
    profile = replace(disturbance(), variants=(SMALL, LARGE))
    warm = Phase("warm-up", constant_rate(20.0, NS_PER_S), measured=False)
    run = ran(replace(profile, phases=(warm, *profile.phases)), flat, tmp_path)
    named = {(part.phase, part.window.variant) for part in run.parts}
    assert named == {(n, v) for n in ("before", "spike", "after") for v in (SMALL, LARGE)}
    assert all(part.step is None and part.name == part.phase for part in run.parts)
    assert offered(run.parts) == sum(window.tally.offered for window in run.windows)


def test_a_load_of_one_part_has_none(tmp_path: Path) -> None:
    run = ran(profile_of((SMALL,)), flat, tmp_path)
    assert run.parts == () and findings(run) == ()
    assert len((run.folder / PHASES).read_text().splitlines()) == 1


def test_the_file_of_phases_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = ran(ramp_of(5), climbing, tmp_path)
    (run.folder / "profile.toml").write_text(
        '[target]\nkind = "http"\nurl = "http://localhost/"\n[[phase]]\nrate = "1/s"\n'
        'duration = "1s"\n'
    )
    read = load_run(run.folder).parts
    assert [(p.phase, p.step, p.bounds) for p in read] == [
        (p.phase, p.step, p.bounds) for p in run.parts
    ]
    for one, other in zip(read, run.parts, strict=True):
        assert one.window.tally == other.window.tally
        assert one.window.measure(Measure.RESPONSE).at(0.5) == (
            other.window.measure(Measure.RESPONSE).at(0.5)
        )


def test_of_a_ramp_it_is_told_from_which_rate_on_latency_climbs(tmp_path: Path) -> None:
    (said,) = findings(ran(ramp_of(6), climbing, tmp_path))
    assert said.startswith("128 MB: p50 climbs from 30/s on: ")
    assert said.endswith(" at 10/s") and said.count(" … ") == 2
    (said,) = findings(ran(ramp_of(6), flat, tmp_path))
    assert said.startswith("128 MB: p50 does not climb up to 60/s: ")


def closed(*steps: int, smooth: bool = False) -> Profile:
    callers = Callers(6 * NS_PER_S, steps[0], steps[-1])
    return profile_of((SMALL,), (Phase("loop", callers if smooth else Steps(callers, len(steps))),))


def of_callers(run: RecordedRun, done_rps: Mapping[int, float]) -> RecordedRun:
    """The run with parts that got so much done."""
    at_rest = run.windows[0]
    return replace(
        run,
        parts=tuple(
            Part("loop", step, replace(at_rest, goodput_rps=rps), callers=many)
            for step, (many, rps) in enumerate(done_rps.items(), 1)
        ),
    )


def test_of_a_closed_loop_it_is_told_how_many_callers_suffice(tmp_path: Path) -> None:
    run = replace(ran(profile_of((SMALL,)), flat, tmp_path), profile=closed(1, 4, 7))
    (said,) = findings(of_callers(run, {1: 19.0, 4: 76.0, 7: 77.5}))
    assert said == "128 MB: throughput rises up to 4 callers, 76/s; 7 callers get 77.5/s"
    (said,) = findings(of_callers(run, {1: 19.0, 4: 76.0, 7: 133.0}))
    assert said == "128 MB: throughput rises up to 7 callers: 133/s"
    assert findings(replace(run, parts=())) == ()  # of the first step alone nothing is told yet
    (said,) = findings(replace(run, parts=(), profile=closed(7, 7)))
    assert said.startswith("128 MB: 7 callers got ") and "half of the calls within " in said


@pytest.mark.parametrize("smooth", [False, True])
def test_the_parts_of_a_closed_loop_are_known_by_their_callers(smooth: bool) -> None:
    profile = closed(1, 4, 7, smooth=smooth)
    plan = make_plan(profile)
    aggregate = Aggregate(profile, plan)
    shipment = Shipment()
    for segment in plan.segments:
        for at_ns in range(segment.start_ns, segment.end_ns, NS_PER_S // 4):
            shipment.offer(at_ns, 0, segment.index)
    shipment.to(aggregate)
    aggregate.advance(plan.segments[-1].end_ns + NS_PER_S)
    names = [part.name for part in aggregate.parts()]
    many = range(1, 7) if smooth else (1, 4, 7)
    assert names == [f"loop {n} caller{'s' if n > 1 else ''}" for n in many]
    text = phases_lines(aggregate.parts())
    assert [row["callers"] for row in csv.DictReader(StringIO(text))] == [
        str(part.callers) for part in aggregate.parts()
    ]


def test_a_ramp_says_from_where_on_calls_fail(tmp_path: Path) -> None:
    def failing(_phase: int, rate: float, _random: Random) -> tuple[Outcome, float, int]:
        return Outcome.THROTTLED if rate > 45 else Outcome.OK, 20.0, 1

    said = findings(ran(ramp_of(6), failing, tmp_path))
    assert said[-1] == "128 MB: from 50/s on calls fail (100 %)"


def test_of_a_wave_its_busiest_part_is_told_beside_its_calmest(tmp_path: Path) -> None:
    def busy(_phase: int, rate: float, random: Random) -> tuple[Outcome, float, int]:
        return (Outcome.THROTTLED if rate > 48 else Outcome.OK), 20 * random.uniform(0.95, 1.05), 1

    wave = Wave(30 * NS_PER_S, 30.0, 20.0, 30 * NS_PER_S)
    run = ran(profile_of((SMALL,), (Phase("day", wave),)), busy, tmp_path)
    times, failed = findings(run)
    calmest, busiest, failing = captions(run)
    at = busiest.partition(" at ")[2]
    assert calmest.partition(" at ")[0] == busiest.partition(" at ")[0] in ("p50", "p90")
    assert failing == f"failed at {at}" and f"at {at}, the busiest" in times
    assert times.startswith(("128 MB: p50 was ", "128 MB: p90 was "))
    assert ", the calmest part, and " in times and times.endswith(", the busiest")
    assert failed.startswith("128 MB: calls that failed: 0 % at ") and " 0 % at 4" not in failed


def test_of_a_spike_it_is_told_how_far_latency_rose_and_when_all_was_well(tmp_path: Path) -> None:
    run = ran(disturbance(), spiked, tmp_path)
    rose, attempts, recovered = findings(run)
    assert captions(run) == ["attempts", "p90", "p90 in spike", "recovered in"]
    assert rose.startswith("128 MB: p90 was 20") and rose.endswith(", ×10.0")
    assert attempts == (
        "128 MB: attempts for each arrival: 1.00 in before, 3.00 in spike, 1.00 in after"
    )
    assert recovered.startswith(
        "128 MB: goodput and p99 were back within 10 % as soon as spike had ended (0 … "
    )


def test_a_spike_that_changed_next_to_nothing_is_told_in_per_cent(tmp_path: Path) -> None:
    def calm(phase: int, _rate: float, _random: Random) -> tuple[Outcome, float, int]:
        return Outcome.OK, (20.0, 19.0, 20.0)[phase], 1

    run = ran(disturbance(), calm, tmp_path)
    assert findings(run)[0].endswith(", −5.0 %")
    assert captions(run)[:2] == ["p90", "p90 in spike"]


def test_a_load_that_stays_bad_did_not_recover(tmp_path: Path) -> None:
    def stuck(phase: int, rate: float, random: Random) -> tuple[Outcome, float, int]:
        return spiked(min(phase, 1), rate, random)

    assert findings(ran(disturbance(), stuck, tmp_path))[-1] == (
        "128 MB: it did not recover within the run: goodput and p99 were not back within 10 % in "
        "the 6 s that followed spike"
    )


def test_bursts_tell_of_cold_starts_and_recommend_no_size_by_mixed_calls(tmp_path: Path) -> None:
    phase = Phase("bursts", Burst(20 * NS_PER_S, 4, NS_PER_S))
    run = ran(profile_of((SMALL, LARGE), (phase,)), flat, tmp_path, init_ms=200)
    said = findings(run)
    assert said[0].startswith("128 MB: init 2") and "4.0 of 4 in a burst" in said[0]
    assert "Best trade" not in render_brief(run, 100, colour=False)


def test_before_the_first_answer_nothing_is_said_of_cold_starts(tmp_path: Path) -> None:
    profile = profile_of((SMALL,), (Phase("bursts", Burst(20 * NS_PER_S, 4, NS_PER_S)),))
    aggregate = Aggregate(profile, make_plan(profile))
    nobody = RecordedRun(tmp_path, profile, {}, aggregate.totals(), curves=aggregate.curves())
    assert findings(nobody) == ()
    (warm,) = findings(ran(profile, flat, tmp_path))
    assert warm == "128 MB: no cold start was seen"


def test_a_percentile_without_an_interval_is_told_with_what_is_missing(tmp_path: Path) -> None:
    profile = replace(profile_of((SMALL,)), stop=StopSpec(precision=0.05, precision_q=0.9))
    (said,) = findings(ran(profile, flat, tmp_path))
    assert said.startswith("128 MB: p90 is 2")
    assert ", but how well that is known is open after 100 calls: " in said


def test_a_wanted_precision_tells_how_well_it_is_known_after_how_many(tmp_path: Path) -> None:
    profile = replace(profile_of((SMALL,)), stop=StopSpec(precision=0.5, precision_q=0.5))
    (said,) = findings(ran(profile, flat, tmp_path))
    assert said.startswith(("128 MB: p50 is 19.", "128 MB: p50 is 20"))
    assert "100 calls" in said


def test_every_view_tells_the_findings_and_the_parts(tmp_path: Path) -> None:
    run = ran(ramp_of(6), climbing, tmp_path)
    (said,) = findings(run)
    for text in (render_text(run, 10_000), render_brief(run, 10_000, colour=False)):
        assert said in text and "ramp 30/s" in text
        assert "Best trade" not in text
    assert "ramp 30/s" in render_html(run)
    assert said in run_document(run)


@pytest.mark.parametrize("path", shipped_profiles(), ids=lambda path: path.stem)
def test_every_shipped_profile_asks_a_question_that_is_answered(path: Path) -> None:
    asks = {
        "capacity": Question.CAPACITY,
        "closed-loop": Question.CALLERS,
        "cold-starts": Question.COLD,
        "mixed-events": Question.PAYLOADS,
        "metastability": Question.CAPACITY,
        "precision": Question.PRECISION,
        "ramp": Question.RAMP,
        "retry-2026": Question.POLICIES,
        "retry-lab": Question.POLICIES,
        "retry-storm": Question.DISTURBANCE,
        "spike": Question.DISTURBANCE,
        "wave": Question.SWING,
    }
    assert question_of(load_profile(path)) is asks.get(path.stem, Question.SIZES)


def test_retries_make_no_other_question_of_a_disturbance() -> None:
    retrying = replace(disturbance(), retry=RetrySpec(RetryPolicyName.FIXED))
    assert question_of(retrying) is question_of(disturbance()) is Question.DISTURBANCE


def test_the_events_of_a_mix_are_told_apart(tmp_path: Path) -> None:
    profile = profile_of((SMALL,))
    events = (EventSpec(name="small", weight=3), EventSpec(value={"n": 9}, name="large"))
    profile = replace(profile, target=replace(profile.target, events=events))
    plan = make_plan(profile)
    aggregate = Aggregate(profile, plan)
    shipment = Shipment()
    for i in range(100):
        at_ns, is_large = i * NS_PER_S // 10, i % 4 == 0
        shipment.offer(at_ns)
        response_ns = (80 if is_large else 20) * NS_PER_MS
        shipment.rows.append(row(at_ns, response_ns=response_ns, payload=int(is_large)))
    shipment.to(aggregate)
    aggregate.advance(11 * NS_PER_S)
    small, large = aggregate.parts()
    assert [(part.name, part.window.tally.ok) for part in (small, large)] == [
        ("small", 75),
        ("large", 25),
    ]
    assert small.window.planned_rps == pytest.approx(3 * large.window.planned_rps)
    run = RecordedRun(
        tmp_path, profile, {}, aggregate.totals(), parts=(small, large), curves=aggregate.curves()
    )
    (said,) = findings(run)
    assert captions(run) == ["p50 of small", "p50 of large"]
    assert re.fullmatch(
        r"128 MB: p50 by event: small \S+ ms \(.* … .*\), large \S+ ms \(.* … .*\)", said
    )
