"""The columns of the CSV files, and cells in both directions. A contract with spreadsheets and CI.

A number is written so that it reads back exactly; what is unknown is an empty cell. A quantile that
is a lower bound (it falls among timed-out values) has its bound in the cell and its name in the
measure's `_at_least` column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TypeVar

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Architecture, Variant
from bench.model.result import QUANTILES, Distribution, Interval, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_MS
from bench.record.latency_bins import spread_from, spread_text

Cell = str | int | float | None
T = TypeVar("T")

MAIN_MEASURES = (
    Measure.RESPONSE,
    Measure.ATTEMPT,
    Measure.SEND_LAG,
    Measure.DURATION,
    Measure.INIT,
)
MORE_MEASURES = (
    Measure.CONNECT,
    Measure.FIRST_BYTE,
    Measure.BILLED,
    Measure.RESTORE,
    Measure.MEMORY,
    Measure.OVERHEAD,
    Measure.DNS,
    Measure.TCP,
    Measure.TLS,
)
CLASSES = ("cold", "warm", "retried", "failed")
"""Response times of a class of invocations: fields of Window."""


def quantile_name(q: float) -> str:
    """`p50`, `p99`, `p999`, `p9999`: the digits behind the point follow without one."""
    return "p" + f"{q * 100:.10f}".rstrip("0").rstrip(".").replace(".", "")


QUANTILE_NAMES = tuple(quantile_name(q) for q in QUANTILES)

_HEAD = ("variant", "endpoint", "memory_mb", "architecture", "verdict", "duration_s")
_TALLY = (
    *("offered", "in_flight", "dropped"),
    *(outcome.name.lower() for outcome in Outcome),
    *("attempts", "retries", "retry_amplification", "cold_starts"),
)
_RATES = ("planned_rps", "achieved_rps", "goodput_rps")
_COST = ("billed_ms_mean", "usd_per_million")


@cache
def _times(name: str) -> tuple[str, ...]:
    unit = "mb" if name == Measure.MEMORY.value else "ms"
    return tuple(f"{name}_{quantile}_{unit}" for quantile in (*QUANTILE_NAMES, "max"))


@cache
def _samples(name: str) -> tuple[str, ...]:
    unit = "mb" if name == Measure.MEMORY.value else "ms"
    return (
        *(f"{name}_samples", f"{name}_censored", f"{name}_out_of_range"),
        *(f"{name}_min_{unit}", f"{name}_mean_{unit}", f"{name}_at_least"),
    )


_MAIN = tuple(column for measure in MAIN_MEASURES for column in _times(measure.value))
_MORE = tuple(
    column
    for name in (*(measure.value for measure in MORE_MEASURES), *CLASSES)
    for column in _times(name)
)
_COUNTS = tuple(
    column
    for name in (*(m.value for m in (*MAIN_MEASURES, *MORE_MEASURES)), *CLASSES)
    for column in _samples(name)
)

_REFUSED = "retries_refused"

SUMMARY_COLUMNS = (*_HEAD, *_TALLY, *_RATES, *_MAIN, *_COST, *_MORE, *_COUNTS, _REFUSED)
INTERVAL_COLUMNS = (
    *("t_s", "phase"),
    *(*_HEAD, *_TALLY, *_RATES, *_MAIN),
    *("billed_ms_mean", "measured", *_MORE, *_COUNTS, "response_spread", _REFUSED, "segment"),
)
PERCENTILE_COLUMNS = ("variant", "measure", "percentile", "value_ms", "samples", "at_least")
ATTEMPT_COLUMNS = (
    *("variant", "phase", "intended_ns", "sent_ns", "first_ns", "last_ns"),
    *("outcome", "attempt", "status", "request_id", "final", "cold"),
    *("dns_ns", "connect_ns", "tls_ns", "duration_ns", "init_ns", "restore_ns"),
    *("billed_ms", "max_memory_mb", "segment"),
)


# -- cells out


def summary_row(window: Window) -> dict[str, Cell]:
    """A row of summary.csv."""
    cells = _window_cells(window)
    cells["usd_per_million"] = window.usd_per_million
    return cells


def interval_row(interval: Interval) -> dict[str, Cell]:
    """A row of intervals.csv."""
    return {
        "t_s": interval.t_s,
        "phase": interval.phase,
        **_window_cells(interval.window),
        "measured": "yes" if interval.measured else "no",
        "response_spread": spread_text(interval.spread),
        "segment": interval.segment,
    }


def _window_cells(window: Window) -> dict[str, Cell]:
    variant, tally = window.variant, window.tally
    cells: dict[str, Cell] = {
        "variant": variant.name,
        "endpoint": variant.endpoint.value,
        "memory_mb": variant.memory_mb,
        "architecture": variant.architecture.value,
        "verdict": window.verdict.value,
        "duration_s": window.duration_s,
        "offered": tally.offered,
        "in_flight": tally.in_flight,
        "dropped": tally.dropped,
        "attempts": tally.attempts,
        "retries": tally.retries,
        "retry_amplification": tally.retry_amplification,
        "cold_starts": tally.cold_starts,
        _REFUSED: tally.retries_refused,
        "planned_rps": window.planned_rps,
        "achieved_rps": window.achieved_rps,
        "goodput_rps": window.goodput_rps,
        "billed_ms_mean": window.billed_ms_mean,
    }
    for outcome in Outcome:
        cells[outcome.name.lower()] = tally.outcomes[outcome]
    for name, distribution in _distributions(window):
        cells.update(_distribution_cells(name, distribution))
    return cells


def _distributions(window: Window) -> Iterable[tuple[str, Distribution]]:
    for measure in (*MAIN_MEASURES, *MORE_MEASURES):
        yield measure.value, window.measure(measure)
    for name in CLASSES:
        yield name, getattr(window, name)


def _distribution_cells(name: str, distribution: Distribution) -> dict[str, Cell]:
    if not distribution.count:
        return {f"{name}_samples": 0}
    values: list[Cell] = [_known_ms(distribution.at(q)) for q in QUANTILES]
    values.append(distribution.max_ns / NS_PER_MS)
    counts: list[Cell] = [
        *(distribution.count, distribution.censored, distribution.out_of_range),
        *(distribution.min_ns / NS_PER_MS, distribution.mean_ns / NS_PER_MS),
        " ".join(_at_least(distribution)),
    ]
    return dict(zip((*_times(name), *_samples(name)), (*values, *counts), strict=True))


def _known_ms(quantile: Quantile | None) -> float | None:
    if quantile is None or not quantile.known:
        return None
    return quantile.value_ns / NS_PER_MS


def _at_least(distribution: Distribution) -> Iterable[str]:
    for quantile in distribution.quantiles:
        if quantile.known and quantile.censored:
            yield quantile_name(quantile.q)
    if distribution.censored:
        yield "max"


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """Rows as CSV, without the header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow(map(row.get, columns))  # floats as repr has them, None as nothing
    return out.getvalue()


def header_text(columns: Sequence[str]) -> str:
    """The first line of a file."""
    return ",".join(columns) + "\n"


# -- cells back in


def read_rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file one by one, without a last line that was cut off.

    A row of intervals.csv takes far more room than the interval that is made of it.
    """
    whole = text[: text.rfind("\n") + 1]
    return csv.DictReader(io.StringIO(whole))


def interval_of(row: Mapping[str, str]) -> Interval:
    """The interval that `interval_row` wrote; quantiles that were unknown are left out."""
    return Interval(
        t_s=int(row["t_s"]),
        phase=row["phase"],
        measured=row.get("measured", "yes") == "yes",
        window=window_of(row),
        spread=spread_from(row.get("response_spread") or ""),
        segment=_read(row, "segment", int),
    )


def window_of(row: Mapping[str, str]) -> Window:
    """The window of a row of summary.csv or intervals.csv."""
    measures = {m: _distribution_of(m.value, row) for m in (*MAIN_MEASURES, *MORE_MEASURES)}
    classes = {name: _distribution_of(name, row) for name in CLASSES}
    return Window(
        variant=Variant(
            EndpointKind(row["endpoint"]),
            _read(row, "memory_mb", int),
            Architecture(row["architecture"]),
        ),
        duration_s=float(row["duration_s"]),
        tally=Tally(
            offered=int(row["offered"]),
            in_flight=int(row["in_flight"]),
            dropped=int(row["dropped"]),
            outcomes=tuple(int(row[outcome.name.lower()]) for outcome in Outcome),
            attempts=int(row["attempts"]),
            cold_starts=int(row["cold_starts"]),
            retries_refused=_read(row, _REFUSED, int) or 0,
        ),
        planned_rps=float(row["planned_rps"]),
        achieved_rps=float(row["achieved_rps"]),
        goodput_rps=float(row["goodput_rps"]),
        measures=measures,
        billed_ms_mean=_read(row, "billed_ms_mean", float),
        usd_per_million=_read(row, "usd_per_million", float),
        verdict=Verdict(row["verdict"]),
        **classes,
    )


def _read(row: Mapping[str, str], column: str, convert: Callable[[str], T]) -> T | None:
    text = row.get(column)
    return convert(text) if text else None


def _ns(row: Mapping[str, str], column: str) -> int:
    return round((_read(row, column, float) or 0.0) * NS_PER_MS)


def _distribution_of(name: str, row: Mapping[str, str]) -> Distribution:
    count = _read(row, f"{name}_samples", int) or 0
    if not count:
        return Distribution()
    times, samples = _times(name), _samples(name)
    at_least = (row.get(f"{name}_at_least") or "").split()
    return Distribution(
        count=count,
        min_ns=_ns(row, samples[3]),
        max_ns=_ns(row, times[-1]),
        mean_ns=(_read(row, samples[4], float) or 0.0) * NS_PER_MS,
        censored=_read(row, f"{name}_censored", int) or 0,
        out_of_range=_read(row, f"{name}_out_of_range", int) or 0,
        quantiles=tuple(
            Quantile(q, _ns(row, column), True, quantile_name(q) in at_least)
            for q, column in zip(QUANTILES, times, strict=False)
            if row.get(column)
        ),
    )
