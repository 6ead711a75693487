from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bench.model.load import Plan
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import LoadSpec, Order, Phase, Profile
from bench.model.result import Measure
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.block_store import KEPT, MOST_BLOCKS
from bench.record.folder import RunFolder
from bench.record.load_run import load_run
from bench.record.recorded_run import BLOCKS, REPORT, TOTALS
from bench.shapes.ramp import constant_rate
from bench.stats.basis import Rest
from bench.stats.blocks import Blocks, key_parts
from bench.stats.recommend import advise
from bench.stats.woodruff import interval
from tests.record.build import PromptAggregate, profile_of, row

PHASES = (
    Phase("warm-up", constant_rate(10.0, NS_PER_S // 2), measured=False),
    Phase("steady", constant_rate(10.0, 2 * NS_PER_S)),
)


def in_rounds(rounds: int, phases: tuple[Phase, ...] = PHASES) -> Profile:
    load = LoadSpec(order=Order.INTERLEAVED, rounds=rounds, seed=3)
    return replace(profile_of(phases=phases), load=load)


def loaded(
    profile: Profile, plan: Plan, per_segment: int = 12
) -> tuple[Aggregate, Counter[tuple[int, int, int]]]:
    """An aggregate, and how many responses each (variant, round, second of it) measured."""
    aggregate, random = PromptAggregate(profile, plan), Random(1)
    expected: Counter[tuple[int, int, int]] = Counter()
    for segment in plan.segments:
        (variant,) = segment.variants
        rows = []
        for _ in range(per_segment):
            offset_ns = random.randrange(segment.duration_ns)
            rows.append(
                row(
                    segment.start_ns + offset_ns,
                    variant=variant,
                    segment=segment.index,
                    response_ns=random.randrange(1, 900) * NS_PER_MS,
                    billed_ms=3,
                    duration_ns=NS_PER_MS,
                )
            )
            if profile.phases[segment.phase].measured:
                expected[variant, segment.round, offset_ns // NS_PER_S] += 1
        aggregate.add_rows(0, b"".join(rows))
    aggregate.advance(plan.duration_ns)
    return aggregate, expected


def blocks_in(aggregate: Aggregate, variant: int, measure: Measure = Measure.RESPONSE) -> Blocks:
    name = aggregate._variants[variant].name
    blocks = aggregate.curves()[name][measure].blocks
    assert blocks is not None
    return blocks


def test_a_block_is_a_second_of_a_round_from_its_first_measured_arrival() -> None:
    profile = in_rounds(6)
    aggregate, expected = loaded(profile, make_plan(profile))
    for variant in (0, 1):
        blocks = blocks_in(aggregate, variant)
        rounds, places = key_parts(blocks.keys)
        found = zip(rounds.tolist(), places.tolist(), blocks.totals().tolist(), strict=True)
        assert {(variant, *place): count for *place, count in found} == {
            key: count for key, count in expected.items() if key[0] == variant
        }
        assert (blocks.length_s, blocks.rounds_each) == (1.0, 0)


@pytest.mark.parametrize("measure", KEPT)
def test_blocks_add_up_to_the_curve(measure: Measure) -> None:
    profile = in_rounds(4)
    aggregate, _ = loaded(profile, make_plan(profile))
    curves = aggregate.curves()
    for variant in profile.variants:
        curve = curves[variant.name][measure]
        assert curve.blocks is not None
        assert curve.blocks.totals().sum() == curve.count
        middle = curve.quantile_ns(0.5) or 0
        assert curve.blocks.below(middle).sum() == curve.counts[curve.values_ns <= middle].sum()


def test_a_long_run_has_no_more_blocks_and_all_of_its_samples() -> None:
    profile = in_rounds(5, (Phase("steady", constant_rate(10.0, 300 * NS_PER_S)),))
    aggregate, _ = loaded(profile, make_plan(profile), 600)
    for variant in (0, 1):
        blocks = blocks_in(aggregate, variant)
        assert MOST_BLOCKS / 2 < blocks.keys.size <= MOST_BLOCKS
        assert blocks.length_s == 16.0
        assert blocks.totals().sum() == 3000
    assert (blocks_in(aggregate, 0).keys == blocks_in(aggregate, 1).keys).all()


def test_many_rounds_are_put_together_once_each_is_a_block() -> None:
    profile = in_rounds(300)
    aggregate, _ = loaded(profile, make_plan(profile), 4)
    blocks = blocks_in(aggregate, 0)
    assert blocks.rounds_each == 4
    assert blocks.keys.size == 75
    assert blocks.totals().tolist() == [16.0] * 75


def with_cold_starts(profile: Profile, plan: Plan) -> Aggregate:
    """In each segment an answer failed, and in those of the first variant one was cold."""
    aggregate, random = PromptAggregate(profile, plan), Random(2)
    for segment in plan.segments:
        (variant,) = segment.variants
        rows = [
            row(
                segment.start_ns + random.randrange(segment.duration_ns),
                variant=variant,
                segment=segment.index,
                response_ns=random.randrange(1, 40) * NS_PER_MS,
                outcome=Outcome.FUNCTION_ERROR if number == 1 else Outcome.OK,
                init_ns=NS_PER_MS if (variant, number) == (0, 0) else NEVER,
            )
            for number in range(30)
        ]
        aggregate.add_rows(0, b"".join(rows[:17]))
        aggregate.add_rows(0, b"".join(rows[17:]))
    aggregate.advance(plan.duration_ns)
    return aggregate


def assert_alike(one: Blocks | None, two: Blocks | None) -> None:
    assert one is not None
    assert two is not None
    assert (one.keys == two.keys).all()
    assert (one.totals() == two.totals()).all()
    assert (one.sums_ns() == two.sums_ns()).all()
    assert (one.length_s, one.rounds_each) == (two.length_s, two.rounds_each)


def test_warm_successes_have_blocks_that_add_up_to_their_curve() -> None:
    profile = in_rounds(20)
    classes = with_cold_starts(profile, make_plan(profile)).class_curves()
    for variant in profile.variants:
        warm = classes[variant.name]["warm"]
        assert warm.blocks is not None
        assert warm.blocks.totals().sum() == warm.count
        for q in (0.1, 0.5, 0.9):
            value_ns = warm.quantile_ns(q) or 0
            assert (
                warm.blocks.below(value_ns).sum() == warm.counts[warm.values_ns <= value_ns].sum()
            )


def test_an_interval_over_warm_successes_says_what_it_rests_on() -> None:
    profile = in_rounds(20)
    aggregate = with_cold_starts(profile, make_plan(profile))
    classes = aggregate.class_curves()
    advice = advise(
        aggregate.totals(), aggregate.curves(), lambda _variant, _ms: None, classes=classes
    )
    assert advice.sentences
    assert all("not tested" not in sentence for sentence in advice.sentences)
    for variant in profile.variants:
        assert interval(classes[variant.name]["warm"], 0.5).basis.rest in (Rest.IID, Rest.BLOCKS)


def test_a_class_of_all_answers_has_the_blocks_of_all() -> None:
    profile = in_rounds(4)
    aggregate, _ = loaded(profile, make_plan(profile))
    classes, curves = aggregate.class_curves(), aggregate.curves()
    for variant in profile.variants:
        warm, every = classes[variant.name]["warm"], curves[variant.name][Measure.RESPONSE]
        assert warm.count == every.count
        assert_alike(warm.blocks, every.blocks)


@pytest.mark.parametrize("cold", [True, False])
def test_a_recorded_run_has_the_blocks_of_warm_successes(tmp_path: Path, cold: bool) -> None:
    profile = in_rounds(4)
    plan = make_plan(profile)
    aggregate = with_cold_starts(profile, plan) if cold else loaded(profile, plan)[0]
    written = aggregate.class_curves()
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    folder.finish(
        aggregate.totals(),
        (),
        (),
        Verdict.VALID,
        curves=aggregate.curves(),
        class_curves=written,
    )
    read = load_run(folder.path).class_curves
    for name in (variant.name for variant in profile.variants):
        assert_alike(read[name]["warm"].blocks, written[name]["warm"].blocks)


def test_of_a_killed_run_warm_successes_have_their_seconds(tmp_path: Path) -> None:
    profile = in_rounds(3, (Phase("steady", constant_rate(10.0, 4 * NS_PER_S)),))
    aggregate = with_cold_starts(profile, make_plan(profile))
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    folder.append_histograms(aggregate.closed_histograms(final=True))
    folder.close()
    written, read = aggregate.class_curves(), load_run(folder.path).class_curves
    for name in (variant.name for variant in profile.variants):
        blocks, expected = read[name]["warm"].blocks, written[name]["warm"].blocks
        assert blocks is not None
        assert expected is not None
        assert sorted(blocks.totals().tolist()) == sorted(expected.totals().tolist())


def test_what_is_not_compared_has_no_blocks() -> None:
    profile = in_rounds(2)
    aggregate, _ = loaded(profile, make_plan(profile))
    curves = aggregate.curves()
    for variant in profile.variants:
        assert curves[variant.name][Measure.SEND_LAG].blocks is None


@pytest.mark.parametrize("rounds", [4, 300])
def test_a_recorded_run_has_the_blocks_that_the_run_had(tmp_path: Path, rounds: int) -> None:
    profile = in_rounds(rounds)
    aggregate, _ = loaded(profile, make_plan(profile), 5)
    written = aggregate.curves()
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    folder.finish(aggregate.totals(), (), (), Verdict.VALID, curves=written)
    read = load_run(folder.path).curves
    for name in (variant.name for variant in profile.variants):
        for measure in KEPT:
            assert_alike(written[name][measure].blocks, read[name][measure].blocks)


def test_of_a_killed_run_seconds_are_the_blocks(tmp_path: Path) -> None:
    profile = in_rounds(3, (Phase("steady", constant_rate(10.0, 4 * NS_PER_S)),))
    aggregate, expected = loaded(profile, make_plan(profile), 40)
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    folder.append_histograms(aggregate.closed_histograms(final=True))
    folder.close()
    read = load_run(folder.path).curves
    for index, variant in enumerate(profile.variants):
        blocks = read[variant.name][Measure.RESPONSE].blocks
        assert blocks is not None
        own = [count for (number, _, _), count in sorted(expected.items()) if number == index]
        assert sorted(blocks.totals().tolist()) == sorted(own)


def test_a_run_of_an_older_version_has_none(tmp_path: Path) -> None:
    profile = in_rounds(2)
    aggregate, _ = loaded(profile, make_plan(profile))
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    folder.finish(aggregate.totals(), (), (), Verdict.VALID, curves=aggregate.curves())
    (folder.path / BLOCKS).unlink()
    assert (folder.path / TOTALS).is_file()
    assert (folder.path / REPORT).is_file()
    read = load_run(folder.path).curves
    for variant in profile.variants:
        assert all(read[variant.name][measure].blocks is None for measure in KEPT)


def test_blocks_keep_their_order_however_late_rows_come() -> None:
    profile = in_rounds(2)
    plan = make_plan(profile)
    aggregate = PromptAggregate(profile, plan)
    steady = [s for s in plan.segments if s.phase == 1 and s.variants == (0,)]
    for segment, offset_ms in ((steady[1], 100), (steady[0], 1500), (steady[0], 100)):
        at_ns = segment.start_ns + offset_ms * NS_PER_MS
        aggregate.add_rows(0, row(at_ns, segment=segment.index, response_ns=offset_ms * 10**6))
    blocks = blocks_in(aggregate, 0)
    assert np.stack(key_parts(blocks.keys)).T.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert blocks.totals().tolist() == [1, 1, 1]
