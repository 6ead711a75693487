from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.result import QUANTILES, Distribution, Interval, Measure, Quantile, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.columns import RunColumns, quantile_name
from bench.record.csv_column import CsvColumn
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
from bench.record.later_columns import LATER
from tests.record.build import PromptAggregate, profile_of, random_load, row, together

CONTRACT = [
    *("variant", "endpoint", "memory_mb", "architecture", "verdict", "duration_s"),
    *("offered", "in_flight", "dropped", "ok", "function_error", "throttled", "server_error"),
    *("client_error", "timeout", "connect_error", "protocol_error", "rejected", "attempts"),
    *("retries", "retry_amplification", "cold_starts"),
    *("planned_rps", "achieved_rps", "goodput_rps"),
]
TIMES = [
    f"{measure}_{name}_ms"
    for measure in ("response", "attempt", "send_lag", "duration", "init")
    for name in ("p50", "p90", "p99", "p999", "max")
]


def windows_of(seed: int) -> tuple[tuple[Window, ...], tuple[Interval, ...]]:
    profile = profile_of()
    plan = together(profile)
    aggregate = PromptAggregate(profile, plan)
    random_load(Random(seed), plan).to(aggregate)
    aggregate.advance(plan.duration_ns)
    return aggregate.totals(), tuple(aggregate.intervals())


def known_only(distribution: Distribution) -> Distribution:
    """What a file keeps: known quantiles, and the mean in ms."""
    return replace(
        distribution,
        quantiles=tuple(q for q in distribution.quantiles if q.known),
        mean_ns=distribution.mean_ns / NS_PER_MS * NS_PER_MS,
    )


def as_read(window: Window) -> Window:
    return replace(
        window,
        measures={measure: known_only(window.measure(measure)) for measure in Measure},
        cold=known_only(window.cold),
        warm=known_only(window.warm),
        retried=known_only(window.retried),
        failed=known_only(window.failed),
    )


MORE = [
    *("connect", "first_byte", "billed", "restore", "memory", "overhead", "dns", "tcp", "tls"),
    *("cold", "warm", "retried", "failed"),
]


def unit(measure: str) -> str:
    return "mb" if measure == "memory" else "ms"


MORE_TIMES = [
    f"{measure}_{name}_{unit(measure)}"
    for measure in MORE
    for name in ("p50", "p90", "p99", "p999", "max")
]
COUNTS = [
    f"{measure}_{ending}"
    for measure in ("response", "attempt", "send_lag", "duration", "init", *MORE)
    for ending in (
        *("samples", "censored", "out_of_range"),
        *(f"min_{unit(measure)}", f"mean_{unit(measure)}", "at_least"),
    )
]
READ_LAG = [
    *(f"read_lag_{name}_ms" for name in ("p50", "p90", "p99", "p999", "max")),
    *(f"read_lag_{name}" for name in ("samples", "censored", "out_of_range")),
    *("read_lag_min_ms", "read_lag_mean_ms", "read_lag_at_least"),
]
SUMMARY = [
    *(*CONTRACT, *TIMES, "billed_ms_mean", "usd_per_million"),
    *(*MORE_TIMES, *COUNTS, "retries_refused", *READ_LAG),
]
INTERVALS = [
    *("t_s", "phase", *CONTRACT, *TIMES, "billed_ms_mean", "measured"),
    *(*MORE_TIMES, *COUNTS, "response_spread", "retries_refused", "segment", *READ_LAG),
]


def test_the_summary_has_the_columns_of_the_contract_in_its_order() -> None:
    assert list(SUMMARY_COLUMNS[: len(SUMMARY)]) == SUMMARY
    assert len(set(SUMMARY_COLUMNS)) == len(SUMMARY_COLUMNS)


def test_intervals_have_the_same_columns_behind_second_and_phase_and_no_cost() -> None:
    assert list(INTERVAL_COLUMNS[: len(INTERVALS)]) == INTERVALS
    assert len(set(INTERVAL_COLUMNS)) == len(INTERVAL_COLUMNS)
    assert "usd_per_million" not in INTERVAL_COLUMNS


MEASURES = ("response", "attempt", "send_lag", "duration", "init", *MORE, "read_lag", "backoff")
P75 = [f"{measure}_p75_{unit(measure)}" for measure in MEASURES]


def test_one_more_quantile_has_its_columns_behind_the_old_ones() -> None:
    columns = RunColumns((0.5, 0.75, 0.9, 0.99, 0.999))
    assert list(columns.summary) == [*SUMMARY_COLUMNS, *P75]
    assert list(columns.intervals) == [*INTERVAL_COLUMNS, *P75]


def test_what_is_added_later_stays_in_the_order_in_which_it_came() -> None:
    sent: CsvColumn[Window] = CsvColumn("sent", lambda window: window.tally.sent)
    night: CsvColumn[Interval] = CsvColumn("night", lambda _interval: "yes")
    columns = RunColumns(
        (*QUANTILES, 0.75, 0.8), later=(*LATER, 0.75, sent), later_of_intervals=(night,)
    )
    p80 = [name.replace("p75", "p80") for name in P75]
    assert list(columns.summary) == [*SUMMARY_COLUMNS, *P75, "sent", *p80]
    assert list(columns.intervals) == [*INTERVAL_COLUMNS, *P75, "sent", *p80, "night"]
    window = windows_of(1)[0][0]
    assert columns.summary_row(window)["sent"] == window.tally.sent


def test_a_later_column_reads_back_and_is_not_missed_in_older_files() -> None:
    _, intervals = windows_of(2)
    price: CsvColumn[Window] = CsvColumn(
        "usd_again", lambda _window: 2.5, "usd_per_million", lambda text: float(text) * 2
    )
    columns = RunColumns(later=(*LATER, price))
    read = read_rows(
        header_text(columns.intervals)
        + csv_text(columns.intervals, map(columns.interval_row, intervals))
    )
    assert {columns.interval_of(row).window.usd_per_million for row in read} == {5.0}
    old = read_rows(
        header_text(INTERVAL_COLUMNS) + csv_text(INTERVAL_COLUMNS, map(interval_row, intervals))
    )
    assert {columns.interval_of(row).window.usd_per_million for row in old} == {None}


def busy_aggregate() -> Aggregate:
    """With enough invocations for p90 of a run."""
    profile = profile_of()
    plan = together(profile)
    aggregate = PromptAggregate(profile, plan)
    for seed in range(20):
        random_load(Random(seed), plan).to(aggregate)
    aggregate.advance(plan.duration_ns)
    return aggregate


WITH_P75 = """
import sys
import bench.model.result as result

result.QUANTILES = (0.5, 0.75, 0.9, 0.99, 0.999)
from tests.record.test_csv_columns import *

aggregate = busy_aggregate()
windows, intervals = aggregate.totals(), tuple(aggregate.intervals())
text = header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, map(summary_row, windows))
sys.stdout.write(text)
assert [window_of(row) for row in read_rows(text)] == [as_read(window) for window in windows]
text = header_text(INTERVAL_COLUMNS) + csv_text(INTERVAL_COLUMNS, map(interval_row, intervals))
back = [interval_of(row).window for row in read_rows(text)]
assert back == [as_read(interval.window) for interval in intervals]
"""


def test_a_quantile_is_added_in_one_place() -> None:
    """The old columns have what they had, and p75 stands behind them, known and read back."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_P75], capture_output=True, text=True, check=True, timeout=60
    )
    header, *rows = csv.reader(io.StringIO(done.stdout))
    text = csv_text(SUMMARY_COLUMNS, map(summary_row, busy_aggregate().totals()))
    old = list(csv.reader(io.StringIO(text)))
    assert header == [*SUMMARY_COLUMNS, *P75]
    bounds = {i for i, name in enumerate(header) if name.endswith("_at_least")}
    for i in set(range(len(SUMMARY_COLUMNS))) - bounds:  # those may name p75 too
        assert [cells[i] for cells in rows] == [cells[i] for cells in old], header[i]
    ladder = [header.index(f"response_{name}_ms") for name in ("p50", "p75", "p90")]
    known = [[float(cells[i]) for i in ladder if cells[i]] for cells in rows]
    assert any(len(times) == 3 for times in known)
    assert all(times == sorted(times) for times in known)


@pytest.mark.parametrize(
    ("q", "name"), [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p999"), (0.07, "p7")]
)
def test_quantiles_are_named_as_people_say_them(q: float, name: str) -> None:
    assert quantile_name(q) == name


@given(st.integers(0, 2**32))
def test_a_summary_reads_back_exactly(seed: int) -> None:
    windows, _ = windows_of(seed)
    text = header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, map(summary_row, windows))
    assert [window_of(read) for read in read_rows(text)] == [as_read(w) for w in windows]


@given(st.integers(0, 2**32))
def test_intervals_read_back_exactly(seed: int) -> None:
    _, intervals = windows_of(seed)
    text = header_text(INTERVAL_COLUMNS) + csv_text(INTERVAL_COLUMNS, map(interval_row, intervals))
    read = [interval_of(cells) for cells in read_rows(text)]
    assert read == [replace(i, window=as_read(i.window)) for i in intervals]


def test_seconds_recorded_before_the_segment_was_told_still_read() -> None:
    _, intervals = windows_of(1)
    columns = [column for column in INTERVAL_COLUMNS if column != "segment"]
    text = header_text(columns) + csv_text(columns, map(interval_row, intervals))
    read = [interval_of(cells) for cells in read_rows(text)]
    assert {interval.segment for interval in read} == {None}
    assert [(i.t_s, i.window.tally) for i in read] == [(i.t_s, i.window.tally) for i in intervals]


def cells_of(window: Window) -> dict[str, str]:
    text = header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, [summary_row(window)])
    return next(iter(csv.DictReader(io.StringIO(text))))


def test_a_quantile_without_enough_samples_is_an_empty_cell_and_the_maximum_is_not() -> None:
    profile = profile_of()
    aggregate = PromptAggregate(profile, together(profile))
    aggregate.add_rows(0, b"".join(row(i, response_ns=5 * NS_PER_MS) for i in range(25)))
    cells = cells_of(aggregate.totals()[0])
    assert cells["response_p50_ms"] == "5.0"
    assert cells["response_p90_ms"] == cells["response_p99_ms"] == ""
    assert cells["response_max_ms"] == "5.0"
    assert cells["init_max_ms"] == "", "nothing was measured"


def test_a_lower_bound_has_its_name_beside_it() -> None:
    bound = Distribution(
        count=100,
        max_ns=NS_PER_S,
        censored=60,
        quantiles=(Quantile(0.5, NS_PER_S, True, True), Quantile(0.9, NS_PER_S, True, True)),
    )
    window = replace(windows_of(1)[0][0], measures={Measure.RESPONSE: bound})
    cells = cells_of(window)
    assert cells["response_at_least"] == "p50 p90 max"
    assert cells["response_censored"] == "60"


def test_the_verdict_stands_in_the_row() -> None:
    window = replace(windows_of(1)[0][0], verdict=Verdict.SUSPECT)
    assert cells_of(window)["verdict"] == "SUSPECT"


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    assert list(read_rows("a,b\n1,2\n3")) == [{"a": "1", "b": "2"}]
    assert list(read_rows("a,b")) == []


def test_levels_stand_behind_the_contract_and_read_back() -> None:
    window = windows_of(3)[0][0]
    variant = Variant(EndpointKind.INVOKE, 128).with_levels({"retry": "patient", "label": "new"})
    row = summary_row(replace(window, variant=variant))
    assert list(SUMMARY_COLUMNS[len(SUMMARY) :][:10]) == [
        *("function", "qualifier", "runtime", "initialization", "event"),
        *("retry", "breaker", "timeout_setting", "connections", "label"),
    ]
    assert [row[name] for name in ("retry", "breaker", "label")] == ["patient", None, "new"]
    (read,) = read_rows(header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, [row]))
    assert window_of(read).variant == variant
