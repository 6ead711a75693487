"""What a node keeps until it is taken: deltas once each, arrivals told with them, attempts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.load.frames import Frame, FrameKind, GatheredAttempts, Start
from bench.load.node_messages import Pull
from bench.load.node_results import NodeResults
from bench.model.live import NodeHealth
from bench.model.profile import Profile
from bench.plan import make_plan
from bench.record.aggregate import Aggregate
from bench.record.merger import Merger
from bench.record.row_layout import ArrivalCounts
from tests.load.test_session import profile_of

HEALTH = NodeHealth("n", 2)


def counts(arrivals: int) -> Frame:
    packed = ArrivalCounts()
    packed.cell(0, 0, 1)[0] = arrivals
    return Frame(FrameKind.COUNTS, packed.drain())


def results(profile: Profile | None) -> NodeResults:
    found = NodeResults(0, 2, profile)
    if profile is not None:
        found.on_command(Start(0, make_plan(profile).segments))
    return found


def test_counts_become_deltas_and_arrivals_are_told_with_them() -> None:
    profile = profile_of("http://127.0.0.1:1/")
    node = results(profile)
    node.add(0, counts(3))
    node.add(1, counts(4))
    first = node.batch(Pull(), HEALTH)
    assert first.frames == ()
    assert first.offered == (3, 4)
    node.add(1, counts(5))
    assert node.batch(Pull(), HEALTH) is first
    aggregate = Aggregate(profile, make_plan(profile))
    merger = Merger(aggregate, lambda _: None)
    for delta in (*first.deltas, *first.deltas):
        merger.add(delta)
    second = node.batch(Pull(first.number, merger.acknowledged(0)), HEALTH)
    assert second.offered == (3, 9)
    for delta in second.deltas:
        merger.add(delta)
    aggregate.advance(0)
    assert sum(window.tally.offered for window in aggregate.totals()) == 12
    node.batch(Pull(second.number, merger.acknowledged(0)), HEALTH)
    assert not node.has_news


def test_what_has_no_room_in_a_batch_is_said_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.load.node_results.BATCH_BYTES", 1)
    node = results(None)
    node.add(0, counts(3))
    node.add(0, counts(4))
    first = node.batch(Pull(), HEALTH)
    assert (first.more, first.frames, first.offered) == (True, ((0, counts(3)),), (3, 0))
    second = node.batch(Pull(first.number), HEALTH)
    assert (second.more, second.frames, second.offered) == (False, ((0, counts(4)),), (7, 0))


def test_without_a_plan_frames_go_as_they_are() -> None:
    node = results(None)
    node.add(0, counts(3))
    batch = node.batch(Pull(), HEALTH)
    assert batch.deltas == ()
    assert batch.frames == ((0, counts(3)),)
    assert batch.offered == (3, 0)


def test_attempts_stay_until_they_are_gathered_in_pieces() -> None:
    profile = replace(profile_of("http://127.0.0.1:1/"), record_attempts=True)
    node = results(profile)
    node.add(0, Frame(FrameKind.REQUEST_IDS, ["a"]))
    node.add(1, Frame(FrameKind.ROWS, b""))
    node.add(0, Frame(FrameKind.ROWS, b""))
    found = node.gather(0)
    assert found.attempts == (GatheredAttempts(b""), GatheredAttempts(b"", ("a",)))
    assert found.position is None
    node.close()
