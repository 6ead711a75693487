"""How long invocations waited for their next attempt, and with which one they ended."""

from __future__ import annotations

import csv
import io
from itertools import permutations
from random import Random

import numpy as np
import pytest

from bench.model.outcome import Outcome
from bench.model.result import TRIES, Measure
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.backoff import Backoffs
from bench.record.csv_columns import (
    INTERVAL_COLUMNS,
    SUMMARY_COLUMNS,
    csv_text,
    header_text,
    interval_of,
    interval_row,
    read_rows,
    summary_row,
    window_of,
)
from bench.record.measures import ROW_TYPE
from bench.record.row_layout import FLAG_HEDGE
from bench.report.tries import tries_rows
from tests.record.build import SMALL, Shipment, profile_of, row, together

MS = NS_PER_MS


def attempt(
    at_ms: int, number: int, sent_ms: int, ended_ms: int, *, final: bool = False, variant: int = 0
) -> bytes:
    """Of an invocation that was to arrive at at_ms."""
    return row(
        at_ms * MS,
        variant=variant,
        attempt=number,
        lag_ns=(sent_ms - at_ms) * MS,
        response_ns=(ended_ms - at_ms) * MS,
        final=final,
        outcome=Outcome.OK if final else Outcome.THROTTLED,
    )


def waits_ms(backoffs: Backoffs, *rows: bytes) -> list[tuple[int, int]]:
    """(row, wait) of all waits that became known with these rows."""
    places, waits = backoffs.of(np.frombuffer(b"".join(rows), dtype=ROW_TYPE))
    return sorted(zip(places.tolist(), (waits // MS).tolist(), strict=True))


def test_a_wait_is_from_the_end_of_one_attempt_to_the_first_byte_of_the_next() -> None:
    rows = [attempt(0, 1, 1, 10), attempt(0, 2, 35, 40), attempt(0, 3, 140, 150, final=True)]
    assert waits_ms(Backoffs(), *rows) == [(1, 25), (2, 100)]


def test_the_attempt_before_may_have_come_in_an_earlier_shipment() -> None:
    backoffs = Backoffs()
    assert not waits_ms(backoffs, attempt(0, 1, 1, 10))
    assert not waits_ms(backoffs, attempt(5, 1, 6, 9, final=True))
    assert waits_ms(backoffs, attempt(0, 2, 35, 40, final=True)) == [(0, 25)]
    assert not waits_ms(backoffs, attempt(0, 3, 90, 95, final=True))


def test_shipments_may_come_in_any_order() -> None:
    backoffs = Backoffs()
    assert not waits_ms(backoffs, attempt(0, 3, 140, 150, final=True))
    assert not waits_ms(backoffs, attempt(0, 1, 1, 10))
    assert waits_ms(backoffs, attempt(0, 2, 35, 40)) == [(0, 25), (0, 100)]


def test_variants_with_the_same_arrivals_are_kept_apart() -> None:
    rows = [
        attempt(0, 1, 1, 10),
        attempt(0, 1, 1, 20, variant=1),
        attempt(0, 2, 30, 31, final=True, variant=1),
        attempt(0, 2, 60, 61, final=True),
    ]
    assert waits_ms(Backoffs(), *rows) == [(2, 10), (3, 50)]


def test_of_a_burst_every_wait_is_somebodys_and_their_sum_is_exact() -> None:
    ends, begins = [10, 12, 15], [40, 41, 90]
    first = [attempt(0, 1, 1, at) for at in ends]
    again = [attempt(0, 2, at, at + 1, final=True) for at in reversed(begins)]
    backoffs = Backoffs()
    assert not waits_ms(backoffs, *first)
    waits = waits_ms(backoffs, *again)
    assert sum(wait for _, wait in waits) == sum(begins) - sum(ends)
    assert waits == [(0, 75), (1, 29), (2, 30)]


def pair(first_ms: int, hedge_ms: int) -> tuple[bytes, bytes]:
    """Of a call whose first attempt was hedged at 20 ms: both end so and fail."""
    hedge = row(
        0,
        attempt=2,
        lag_ns=20 * MS,
        response_ns=hedge_ms * MS,
        final=False,
        outcome=Outcome.THROTTLED,
        marks=FLAG_HEDGE,
    )
    return attempt(0, 1, 1, first_ms), hedge


@pytest.mark.parametrize(("first_ms", "hedge_ms"), [(90, 60), (60, 90)])
@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("shipments", [1, 3])
def test_after_a_hedged_pair_the_wait_is_from_the_later_of_the_two(
    first_ms: int, hedge_ms: int, order: tuple[int, ...], shipments: int
) -> None:
    rows = [*pair(first_ms, hedge_ms), attempt(0, 3, 140, 150)]
    told = [rows[at] for at in order]
    backoffs, parts = Backoffs(), [told] if shipments == 1 else [[one] for one in told]
    waits = [wait for part in parts for _, wait in waits_ms(backoffs, *part)]
    assert waits == [50]
    assert waits_ms(backoffs, attempt(0, 4, 200, 210, final=True)) == [(0, 50)]


def test_a_hedge_that_failed_alone_delays_nobody() -> None:
    first, hedge = pair(90, 60)
    good = row(0, attempt=1, lag_ns=MS, response_ns=90 * MS)
    assert not waits_ms(Backoffs(), hedge, good)
    backoffs = Backoffs()
    assert not waits_ms(backoffs, first)
    assert waits_ms(backoffs, attempt(0, 2, 95, 99, final=True)) == [(0, 5)]


def test_what_was_never_sent_waited_for_nothing_that_is_known() -> None:
    unsent = row(0, attempt=2, sent=False, outcome=Outcome.CONNECT_ERROR)
    assert not waits_ms(Backoffs(), attempt(0, 1, 1, 10), unsent)


def retried(billed_ms: int = NEVER) -> Aggregate:
    """A thousand calls, of which every third is throttled at first; waits of 50 to 149 ms."""
    profile = profile_of((SMALL,))
    aggregate = Aggregate(profile, together(profile))
    random, shipment = Random(3), Shipment()
    for number in range(1000):
        at_ns = number * 10 * MS
        shipment.offer(at_ns)
        tries = 1 + (number % 3 == 0) + 20 * (number % 100 == 0)
        end_ns = 5 * MS
        sent_ns = 100_000
        for n in range(1, tries + 1):
            is_final = n == tries
            shipment.rows.append(
                row(
                    at_ns,
                    attempt=n,
                    final=is_final,
                    lag_ns=sent_ns,
                    response_ns=end_ns,
                    outcome=Outcome.OK if is_final and tries < 20 else Outcome.THROTTLED,
                    billed_ms=billed_ms if is_final and tries < 20 else NEVER,
                )
            )
            sent_ns = end_ns + random.randrange(50, 150) * MS
            end_ns = sent_ns + 5 * MS
    rows = list(shipment.rows)
    for part in (rows[:100], rows[100:777], rows[777:]):
        aggregate.add_rows(0, b"".join(part))
    shipment.rows.clear()
    shipment.to(aggregate)
    aggregate.advance(12 * NS_PER_S)
    return aggregate


def test_backoff_is_a_measure_of_every_second_and_of_the_whole() -> None:
    aggregate = retried()
    (window,) = aggregate.totals()
    backoff = window.measure(Measure.BACKOFF)
    assert backoff.count == window.tally.retries
    assert backoff.min_ns >= 50 * MS and backoff.max_ns < 150 * MS
    found = sum(i.window.measure(Measure.BACKOFF).count for i in aggregate.intervals())
    assert found == backoff.count


def test_calls_are_counted_by_the_attempt_that_they_ended_with() -> None:
    (window,) = retried().totals()
    tally = window.tally
    # Every third of 1,000 takes two; each hundredth twenty more, and fails.
    assert tally.ended_with[:2] == (660, 330) and tally.ok_with[:2] == (660, 330)
    assert (tally.ended_with[TRIES - 1], tally.ok_with[TRIES - 1]) == (10, 0)
    assert sum(tally.ended_with) == tally.sent and sum(tally.ok_with) == tally.ok
    heads, cells = tries_rows([window])
    assert heads[-1] == f"attempt {TRIES} or more"
    assert cells[1:3] == ["66.0 %, ok 100 %", "33.0 %, ok 100 %"] and cells[-1] == "1.0 %, ok 0 %"


def test_throughput_counts_what_ended_and_goodput_what_succeeded() -> None:
    (window,) = retried().totals()
    assert window.throughput_rps == pytest.approx(100) and window.goodput_rps == pytest.approx(99)
    assert summary_row(window)["throughput_rps"] == window.throughput_rps


def test_retries_have_a_price_of_their_own() -> None:
    (window,) = retried(billed_ms=100).totals()
    # 330 of 1,000 calls were answered by their second attempt: a third of what one attempt costs.
    assert window.usd_per_million is not None
    assert window.retry_usd_per_million == pytest.approx(0.33 * window.usd_per_million)


def test_all_of_it_stands_in_the_files_and_reads_back() -> None:
    aggregate = retried(billed_ms=100)
    (window,) = aggregate.totals()
    text = header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, [summary_row(window)])
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["ended_with_2"], line["ok_with_2"], line["backoff_samples"]) == (
        *("330", "330", str(window.tally.retries)),
    )
    (read,) = map(window_of, read_rows(text))
    assert (read.tally, read.retry_usd_per_million) == (window.tally, window.retry_usd_per_million)
    intervals = list(aggregate.intervals())
    lines = csv_text(INTERVAL_COLUMNS, map(interval_row, intervals))
    back = list(map(interval_of, read_rows(header_text(INTERVAL_COLUMNS) + lines)))
    assert [i.window.tally for i in back] == [i.window.tally for i in intervals]
    assert "retry_usd_per_million" not in INTERVAL_COLUMNS
