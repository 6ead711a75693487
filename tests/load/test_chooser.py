from __future__ import annotations

from bench.load.worker import chooser
from bench.model.load import Segment
from bench.model.outcome import Outcome
from bench.model.profile import EventSpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.payloads.source import event_source
from bench.record.row_layout import FLAG_FINAL, MOST_PAYLOADS, PAYLOAD_SHIFT
from bench.shapes.ramp import constant_rate
from tests.load.fakes import Bench


def test_a_number_of_a_mix_says_which_event_it_has() -> None:
    events = event_source([EventSpec(value=i) for i in range(3)], 1)
    choose = chooser(events)
    assert choose is not None
    assert [events.next(i) for i in range(50)] == [str(choose(i)).encode() for i in range(50)]


def test_what_is_no_mix_or_too_large_a_one_is_not_told_apart() -> None:
    assert chooser(event_source([EventSpec()], 1)) is None
    many = [EventSpec(value=i) for i in range(MOST_PAYLOADS + 1)]
    assert chooser(event_source(many, 1)) is None


def test_each_row_says_which_event_it_was_sent_with() -> None:
    bench = Bench(lambda _variant, _attempt: (NS_PER_MS, Outcome.OK))
    bench.engine._choose = lambda number: number % 3
    bench.run(Segment(0, 0, 0, (0,), 0, constant_rate(10.0, NS_PER_S)))
    which = [int(flags) >> PAYLOAD_SHIFT for flags in bench.rows["flags"]]
    assert which == [number % 3 for number in range(10)]
    assert all(flags & FLAG_FINAL for flags in bench.rows["flags"])
