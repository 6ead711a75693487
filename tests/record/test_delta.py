"""Rows that are reduced on nodes and merged give what the same rows give on one machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from random import Random

import numpy as np
import pytest

from bench.model.load import Plan
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import EventSpec, Phase, Profile
from bench.model.result import Sample
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record import delta_encoding, reducer
from bench.record.aggregate import Aggregate
from bench.record.batch import Count
from bench.record.delta import Delta, DeltaError, KeyColumn, Span, added, coarser
from bench.record.delta_encoding import decode_delta, encode_delta, with_covers
from bench.record.measures import ROW_TYPE
from bench.record.merger import Merger
from bench.record.node_reports import NodeReports, node_reasons
from bench.record.reducer import Reducer
from bench.record.row_layout import PAYLOAD_SHIFT
from bench.shapes.ramp import constant_rate
from tests.record.build import Shipment, counts, profile_of, random_load, row, together

PHASES = (
    Phase("warm-up", constant_rate(10.0, NS_PER_S // 2), measured=False),
    Phase("steady", constant_rate(10.0, 3 * NS_PER_S)),
    Phase("more", constant_rate(20.0, NS_PER_S)),
)
"""The first measured second begins within a second of the run: its blocks are told apart."""
NODES = 3


def mixing(profile: Profile) -> Profile:
    """The same with three events in its calls."""
    events = tuple(EventSpec(name=f"event {i}", weight=i + 1) for i in range(3))
    return replace(profile, target=replace(profile.target, events=events))


def with_event(packed: bytes) -> bytes:
    """A row, sent with one of the events: the same for all attempts of an invocation."""
    (held,) = np.frombuffer(packed, dtype=ROW_TYPE).copy()
    held["flags"] |= int(held["intended_ns"]) % 3 << PAYLOAD_SHIFT
    return bytes(held.tobytes())


def told(aggregate: Aggregate) -> dict[str, object]:
    """Everything that views and files say."""
    aggregate.advance(6 * NS_PER_S)
    return {
        "totals": aggregate.totals(),
        "intervals": list(aggregate.intervals()),
        "parts": aggregate.parts(),
        "histograms": list(aggregate.closed_histograms(final=True)),
        "curves": _plain(aggregate.curves()),
        "class curves": _plain(aggregate.class_curves()),
        "gaps": aggregate.gap_fits(),
        "spend": aggregate.spend_usd(),
        "in flight": aggregate.in_flight_by_variant,
        "window": aggregate.window(60),
    }


def _plain(thing: object) -> object:
    """Arrays as lists and dataclasses field by field, which compare as a whole."""
    if isinstance(thing, dict):
        return {str(name): _plain(own) for name, own in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(own) for own in thing]
    if isinstance(thing, np.ndarray):
        return thing.tolist()
    if is_dataclass(thing):
        return [_plain(getattr(thing, field.name)) for field in fields(thing)]
    return thing


def reports(
    random: Random, profile: Profile, plan: Plan, load: Shipment, nodes: int = NODES
) -> Iterator[list[bytes]]:
    """A load at random among nodes, each of which is asked now and then.

    All attempts of an invocation are on one node, as they are of one of its workers.
    """
    things: list[list[tuple[bool, bytes]]] = [[] for _ in range(nodes)]
    owners: dict[bytes, int] = {}
    for own in load.rows:
        things[owners.setdefault(own[:8], random.randrange(nodes))].append((True, own))
    for key, (offered, dropped) in load.counts.items():
        split = random.randrange(offered + 1)
        lost = min(dropped, split)
        for part in ((split, lost), (offered - split, dropped - lost)):
            random.choice(things).append((False, counts({key: part})))
    for number, own_things in enumerate(things):
        random.shuffle(own_things)
        node = Reducer(number, profile, plan.segments)
        for at in range(0, len(own_things), 9):
            batch = own_things[at : at + 9]
            node.add_rows(b"".join(data for is_row, data in batch if is_row))
            node.add_counts(b"".join(data for is_row, data in batch if not is_row))
            if random.random() < 0.3:
                yield _asked(node)
        yield _asked(node)


def _asked(owner: Reducer) -> list[bytes]:
    data = owner.take()
    assert data == owner.take(), "until it is acknowledged it is given out again"
    if data:
        owner.acknowledge(decode_delta(data[-1]).covers[-1].last)
    assert owner.is_told
    return data


def merged(profile: Profile, plan: Plan, data: Sequence[bytes]) -> Aggregate:
    aggregate = Aggregate(profile, plan)
    merger = Merger(aggregate, lambda _: None)
    for own in data:
        merger.add(own)
    return aggregate


@pytest.mark.parametrize(("seed", "mixed"), [(1, False), (2, True)])
def test_rows_of_several_nodes_give_what_they_give_on_one(seed: int, mixed: bool) -> None:
    random = Random(seed)
    profile = mixing(profile_of(phases=PHASES)) if mixed else profile_of(phases=PHASES)
    plan = together(profile)
    load = random_load(random, plan)
    if mixed:
        load.rows = [with_event(own) for own in load.rows]
    one = Aggregate(profile, plan)
    load.to(one)
    data = [own for batch in reports(random, profile, plan, load) for own in batch]
    data += random.sample(data, len(data) // 2)
    random.shuffle(data)
    expected = told(one)
    for name, found in told(merged(profile, plan, data)).items():
        assert found == expected[name], name


def test_a_single_delta_gives_what_its_rows_give() -> None:
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    load = random_load(Random(5), plan)
    one = Aggregate(profile, plan)
    load.to(one)
    node = Reducer(0, profile, plan.segments)
    node.add_rows(b"".join(load.rows))
    node.add_counts(counts(load.counts))
    assert told(merged(profile, plan, node.take())) == told(one)


@pytest.mark.parametrize("seed", [4])
def test_deltas_that_were_added_on_the_way_give_the_same(seed: int) -> None:
    random = Random(seed)
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    data = [
        own
        for batch in reports(random, profile, plan, random_load(random, plan), nodes=6)
        for own in batch
    ]
    random.shuffle(data)
    groups = [list(map(decode_delta, data[i : i + 4])) for i in range(0, len(data), 4)]
    tree = [encode_delta(added(group)) for group in groups]
    assert told(merged(profile, plan, tree)) == told(merged(profile, plan, data))


def some_delta() -> Delta:
    """Of a random load, with a failure in words."""
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    node = Reducer(7, profile, plan.segments)
    load = random_load(Random(3), plan)
    node.add_rows(b"".join(load.rows))
    node.add_counts(counts(load.counts))
    node.add_samples([Sample(5, "1", Outcome.THROTTLED, 429, 2, "id", "too many \x1b[31m")])
    (data,) = node.take()
    return decode_delta(data)


def test_a_delta_comes_back_as_it_went() -> None:
    delta = some_delta()
    assert _plain(decode_delta(encode_delta(delta))) == _plain(delta)
    assert delta.covers == (Span(7, 1, 1),)
    (sample,) = delta.samples
    assert (sample.variant, sample.outcome, sample.status) == ("1", Outcome.THROTTLED, 429)


def test_bytes_of_anybody_are_a_delta_or_an_error_in_words() -> None:
    data, random = encode_delta(some_delta()), Random(1)
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(random.choice((1, 1, 2, 20))):
            broken[random.randrange(len(broken))] = random.randrange(256)
        cut = bytes(broken[: random.choice((len(broken), random.randrange(len(broken))))])
        try:
            decode_delta(cut)
        except DeltaError as error:
            refused += 1
            assert str(error).startswith(("a delta", "not a delta"))
    assert refused > 200


def test_another_version_and_other_measures_are_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encode_delta(some_delta())
    monkeypatch.setattr(delta_encoding, "VERSION", 2)
    with pytest.raises(DeltaError, match=r"version 1, .* reads version 2: install the same"):
        decode_delta(data)
    monkeypatch.undo()
    monkeypatch.setattr(delta_encoding, "_KEPT", 1)
    with pytest.raises(DeltaError, match="other measures than this lamload keeps: install"):
        decode_delta(data)


def test_no_room_is_made_for_what_a_delta_only_says_that_it_has() -> None:
    head = delta_encoding._HEAD.pack(b"LLDE", delta_encoding.VERSION, delta_encoding._KEPT)
    sizes = delta_encoding._SIZES.pack(0, 1 << 31, 0, 0, 4)
    parts = delta_encoding._PART.pack(0, 0, 0, 0) * 2
    with pytest.raises(DeltaError, match="more than a node can have"):
        decode_delta(head + sizes + parts + b"1234")


def test_figures_that_do_not_fit_their_histogram_are_refused() -> None:
    delta = some_delta()
    high_ns = delta.sums.high_ns + 50 * NS_PER_S
    broken = replace(delta, sums=replace(delta.sums, high_ns=high_ns))
    with pytest.raises(DeltaError, match="figures that cannot be"):
        decode_delta(encode_delta(broken))


def test_a_delta_of_another_run_is_refused() -> None:
    other = profile_of(variants=profile_of().variants[:1], phases=PHASES)
    with pytest.raises(DeltaError, match="another run"):
        merged(other, together(other), [encode_delta(some_delta())])


def test_what_came_before_in_other_company_is_refused() -> None:
    delta = some_delta()
    profile = profile_of(phases=PHASES)
    both = with_covers(encode_delta(replace(delta, covers=())), (Span(7, 1, 2),))
    with pytest.raises(DeltaError, match="a part has come before"):
        merged(profile, together(profile), [encode_delta(delta), both])


def test_which_reports_are_missing_is_known() -> None:
    delta = replace(some_delta(), covers=())
    profile = profile_of(phases=PHASES)
    merger = Merger(Aggregate(profile, together(profile)), lambda _: None)
    data = encode_delta(delta)
    for first, last in ((1, 2), (9, 9), (5, 6), (7, 8)):
        assert merger.add(with_covers(data, (Span(4, first, last),)))
    assert not merger.add(with_covers(data, (Span(4, 6, 7),)))
    assert merger.nodes[4].spans == [(1, 2), (5, 9)]
    assert (merger.nodes[4].missing, merger.acknowledged(4), merger.acknowledged(5)) == (2, 9, 0)


def test_the_verdict_tells_what_is_missing_and_what_is_coarse() -> None:
    lost, coarse = NodeReports([(2, 9)]), NodeReports([(1, 4)], coarse_s=124, width_s=8)
    missing, wide = node_reasons({1: coarse, 0: lost, 2: NodeReports([(1, 3)])})
    assert missing.verdict is Verdict.INVALID
    assert "node 0: 1 of 9 reports are missing" in missing.text
    assert wide.verdict is Verdict.SUSPECT
    assert "node 1 could not report for a while: 124 s are told in steps of up to 8 s" in wide.text


def busy_second(random: Random, second: int, each: int = 60) -> bytes:
    """A second of two variants, with responses all over."""
    return b"".join(
        row(
            second * NS_PER_S + random.randrange(NS_PER_S),
            variant=variant,
            response_ns=random.randrange(1, 900) * NS_PER_MS,
        )
        for variant in (0, 1)
        for _ in range(each)
    )


def test_a_node_that_nobody_asks_keeps_its_totals_in_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound = 9_000
    monkeypatch.setattr(reducer, "BACKLOG_BYTES", bound)
    monkeypatch.setattr(reducer, "_SHIPMENTS", 0)
    profile = profile_of(phases=(Phase("steady", constant_rate(100.0, 200 * NS_PER_S)),))
    plan, random = together(profile), Random(2)
    node = Reducer(0, profile, plan.segments)
    one = Aggregate(profile, plan)
    for second in range(24):
        payload = busy_second(random, second)
        node.add_rows(payload)
        one.add_rows(0, payload)
        assert node.backlog_bytes <= bound
    aggregate = Aggregate(profile, plan)
    merger = Merger(aggregate, lambda _: None)
    for data in node.take():
        merger.add(data)
    reported = merger.nodes[0]
    assert reported.missing == 0
    assert 12 < reported.coarse_s <= 24
    assert reported.width_s >= 4
    for found in (one, aggregate):
        found.advance(101 * NS_PER_S)
    assert aggregate.totals() == one.totals()
    assert sum(i.window.tally.finished for i in aggregate.intervals()) == 24 * 120


def test_what_a_node_gives_up_is_missed_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reducer, "BACKLOG_BYTES", 3000)
    monkeypatch.setattr(reducer, "MOST_CODES", 10)
    monkeypatch.setattr(reducer, "_SHIPMENTS", 0)
    profile = profile_of()
    node = Reducer(0, profile, together(profile).segments)
    for second in range(9):
        node.add_rows(busy_second(Random(second), second))
    numbers = [decode_delta(data).covers[0].first for data in node.take()]
    assert numbers
    assert numbers[0] > 1
    assert numbers[-1] == 9


def test_seconds_told_as_one_stand_at_the_first_that_has_anything() -> None:
    profile = profile_of()
    node = Reducer(0, profile, together(profile).segments)
    for second in (1, 2, 3, 6):
        node.add_rows(row(second * NS_PER_S) + row(second * NS_PER_S, variant=1))
    (data,) = node.take()
    wide = coarser(decode_delta(data), 4)
    assert wide.column(KeyColumn.SECOND).tolist() == [1, 6, 1, 6]
    assert wide.sums.counts[:, Count.ATTEMPTS].tolist() == [3, 1, 3, 1]


def test_a_slow_coordinator_is_given_a_few_at_a_time() -> None:
    profile = profile_of()
    node = Reducer(0, profile, together(profile).segments)
    node.add_rows(row(5))
    first = node.take(1)
    node.add_rows(row(6))
    assert node.take(1) == first
    assert len(node.take(2)) == 2
    node.acknowledge(1)
    assert [decode_delta(data).covers[0].first for data in node.take()] == [2]
