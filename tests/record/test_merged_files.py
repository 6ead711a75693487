"""Files of a run whose nodes' reports are merged are the same however the reports came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.load.collector import Collector
from bench.load.run_writer import RunWriter
from bench.model.live import RunState
from bench.model.load import Plan
from bench.model.profile import Profile
from bench.model.times import NS_PER_S
from bench.record import delta
from bench.record.aggregate import Aggregate
from bench.record.delta import added
from bench.record.delta_encoding import decode_delta, encode_delta
from bench.record.folder import RunFolder
from bench.record.merger import Merger
from tests.record.build import profile_of, random_load, together
from tests.record.test_delta import PHASES, mixing, reports, with_event

END_NS = 6 * NS_PER_S
BEGUN = datetime(2026, 11, 28, tzinfo=UTC)


def files_of(root: Path, profile: Profile, plan: Plan, coming: Sequence[bytes]) -> dict[str, bytes]:
    """What a run writes whose nodes' reports come in this order."""
    aggregate = Aggregate(profile, plan)
    writer = RunWriter(profile, aggregate, lambda: END_NS)
    collector = Collector(profile, aggregate, writer.note)
    folder = RunFolder.create(root, profile, "", {}, now=BEGUN)
    writer.open(folder)
    collector.on_reports(coming)
    aggregate.settle()
    for second in range(END_NS // NS_PER_S + 1):
        aggregate.advance(second * NS_PER_S)
        writer.add_settled(collector.drain_vitals(second * NS_PER_S))
    judgement = collector.judged(running=False, interrupted=False, target={}, ended_by=())
    writer.finish(judgement, (), RunState.FINISHED, {})
    return {path.name: path.read_bytes() for path in folder.path.iterdir()}


def in_company(random: Random, reports: Sequence[bytes]) -> list[bytes]:
    """Some alone, some added up on their way, in stages; in any order, some of them twice."""
    coming = list(reports)
    for _ in range(random.randrange(3)):
        random.shuffle(coming)
        ends = sorted({*random.choices(range(1, len(coming) + 1), k=4), len(coming)})
        parts = zip([0, *ends], ends, strict=False)
        coming = [encode_delta(added([*map(decode_delta, coming[a:b])])) for a, b in parts]
    coming += random.choices(coming, k=random.randrange(4))
    random.shuffle(coming)
    return coming


@pytest.mark.parametrize("mixed", [False, True])
@settings(max_examples=3, deadline=None, phases=(Stage.explicit, Stage.generate))
@given(seed=st.integers(0, 1 << 32), waiting=st.sampled_from((1, 3, 1000)))
def test_any_order_company_and_repetition_give_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, mixed: bool, seed: int, waiting: int
) -> None:
    random = Random(seed)
    profile = mixing(profile_of(phases=PHASES)) if mixed else profile_of(phases=PHASES)
    plan = together(profile)
    load = random_load(random, plan)
    if mixed:
        load.rows = [with_event(own) for own in load.rows]
    came = [own for batch in reports(random, profile, plan, load, nodes=5) for own in batch]
    expected = files_of(tmp_path_factory.mktemp("one"), profile, plan, came)
    assert {"intervals.csv", "histograms.hlog", "blocks.hlog", "summary.csv"} <= set(expected)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delta, "_MOST_WAITING", waiting)
        mixed_up = in_company(random, came)
        found = files_of(tmp_path_factory.mktemp("other"), profile, plan, mixed_up)
    for name, content in expected.items():
        assert found.pop(name) == content, name
    assert not found


@pytest.mark.parametrize(("little", "steps"), [(0, {0, 4}), (1 << 16, {0, 1, 2, 4, 5, 6, 7})])
def test_what_costs_much_to_take_on_is_taken_on_once_a_second_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch, little: int, steps: set[int]
) -> None:
    monkeypatch.setattr(delta, "_LITTLE", little)
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    random = Random(4)
    load = random_load(random, plan)
    came = [own for batch in reports(random, profile, plan, load) for own in batch]
    aggregate = Aggregate(profile, plan)
    merger = Merger(aggregate, lambda _: None)
    offered = [0]
    for at, own in enumerate(came):
        merger.add(own)
        aggregate.advance(2 * NS_PER_S + at * NS_PER_S // 4)
        offered.append(_offered(aggregate))
    assert {at for at, (one, other) in enumerate(pairwise(offered)) if other > one} == steps
    aggregate.settle()
    assert _offered(aggregate) == sum(offered for offered, _ in load.counts.values())


def _offered(aggregate: Aggregate) -> int:
    return sum(interval.window.tally.offered for interval in aggregate.intervals())
