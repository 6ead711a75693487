"""What the coordinator makes of workers' words: breakers that change, ports that run out."""

from __future__ import annotations

import os
from errno import EADDRNOTAVAIL
from typing import Any

from bench.load.collector import LOOK_AFTER, Collector
from bench.load.frames import Frame, FrameKind
from bench.model.live import BREAKER_CLOSED, BREAKER_OPEN, WorkerHealth
from bench.model.outcome import Outcome, Verdict
from bench.model.result import Measure, Sample
from bench.model.times import NS_PER_S
from bench.record.aggregate import Aggregate
from bench.stats.woodruff import precision
from tests.record.build import SMALL, counts, profile_of, row, together


class Notes:
    def __init__(self) -> None:
        self.kept: list[tuple[str, dict[str, Any]]] = []

    def note(self, kind: str, text: str, **fields: Any) -> None:
        assert text
        self.kept.append((kind, fields))


def health(*opened: int) -> Frame:
    told = WorkerHealth(0, True, 0.1, 30.0, 1, 1, 0, open_breakers=opened)
    return Frame(FrameKind.HEALTH, told)


def test_a_breaker_is_an_event_when_it_changes_and_only_then() -> None:
    notes = Notes()
    run = profile_of([SMALL])
    findings = Collector(run, Aggregate(run, together(run)), notes.note)
    for frame in (health(), health(0), health(0), health()):
        findings.on_frame(0, frame)
    name = run.variants[0].name
    assert [(kind, fields["variant"]) for kind, fields in notes.kept] == [
        (BREAKER_OPEN, name),
        (BREAKER_CLOSED, name),
    ]


def test_who_is_turned_away_with_an_expired_token_has_no_valid_run() -> None:
    run = profile_of([SMALL])
    aggregate = Aggregate(run, together(run))
    findings = Collector(run, aggregate, Notes().note)
    aggregate.add_counts(0, counts({(0, 0, 0): (10, 0)}))
    aggregate.add_rows(0, b"".join(row(i, outcome=Outcome.CLIENT_ERROR) for i in range(10)))
    detail = "HTTP 403: ExpiredTokenException: The security token included is expired"
    sample = Sample(0, "0", Outcome.CLIENT_ERROR, 403, 1, "", detail)
    findings.on_frame(0, Frame(FrameKind.SAMPLES, [sample]))
    judged = findings.judged(running=False, interrupted=False, target={}, ended_by=())
    assert judged.verdict is Verdict.INVALID
    [reason] = [reason for reason in judged.reasons if reason.generator]
    assert "ExpiredTokenException" in reason.text


def test_a_machine_without_ports_makes_the_run_invalid() -> None:
    run = profile_of([SMALL])
    aggregate = Aggregate(run, together(run))
    findings = Collector(run, aggregate, Notes().note)
    aggregate.add_counts(0, counts({(s, 0, 0): (10, 0) for s in range(9)}))
    aggregate.add_rows(0, b"".join(row(i * NS_PER_S // 10) for i in range(90)))
    aggregate.advance(9 * NS_PER_S)

    def verdict() -> Verdict:
        return findings.judged(running=True, interrupted=False, target={}, ended_by=()).verdict

    before = verdict()
    sample = Sample(0, "0", Outcome.CONNECT_ERROR, 0, 1, "", os.strerror(EADDRNOTAVAIL))
    findings.on_frame(0, Frame(FrameKind.SAMPLES, [sample]))
    assert before is not Verdict.INVALID
    assert verdict() is Verdict.INVALID


def test_a_half_width_holds_at_any_time_and_is_worked_out_anew_for_more_samples() -> None:
    run = profile_of([SMALL])
    aggregate = Aggregate(run, together(run))
    findings = Collector(run, aggregate, Notes().note)

    def go_on(first_s: int, last_s: int) -> None:
        seconds = range(first_s, last_s)
        aggregate.add_counts(0, counts({(s, 0, 0): (20, 0) for s in seconds}))
        rows = [(s * NS_PER_S + i * NS_PER_S // 20, i) for s in seconds for i in range(20)]
        aggregate.add_rows(0, b"".join(row(at, response_ns=10**7 + 10**5 * i) for at, i in rows))
        aggregate.advance(last_s * NS_PER_S)

    def asked() -> float | None:
        return findings.half_width(aggregate.totals()[0], 0.5, 0.95)

    go_on(0, 40)
    curve = aggregate.curve(run.variants[0].name, Measure.RESPONSE)
    assert curve is not None
    first = asked()
    assert first == precision(curve, 0.5, 0.95, anytime=True)
    once = precision(curve, 0.5, 0.95)
    assert first is not None
    assert once is not None
    assert first > once
    go_on(40, 41)
    assert LOOK_AFTER * 40 > 41
    assert asked() == first
    go_on(41, 120)
    later = asked()
    assert later is not None
    assert later < first
