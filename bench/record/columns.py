"""Every column of summary.csv and intervals.csv, declared once: name, cell, and what it reads as.

The order of the files is a contract: columns are added behind. One more quantile in
bench.model.result.QUANTILES gets its columns there by itself; any other column is one Column in
LATER, or in LATER_OF_INTERVALS, of bench.record.later_columns. Nothing else has to know.

A number is written so that it reads back exactly; what is unknown is an empty cell. A quantile that
is a lower bound (it falls among timed-out values) has its bound in the cell and its name in the
measure's `_at_least` column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Architecture, Variant
from bench.model.recovery import Recovery
from bench.model.result import (
    QUANTILES,
    TRIES,
    Distribution,
    Interval,
    Measure,
    Quantile,
    Tally,
    Window,
)
from bench.model.times import NS_PER_MS
from bench.record.csv_column import CsvCell, CsvColumn
from bench.record.latency_bins import spread_from, spread_text
from bench.record.later_columns import LATER, LATER_OF_INTERVALS, NOT_OF_SECONDS, Later
from bench.record.window import Rates, make_window


def _outcome(outcome: Outcome) -> CsvColumn[Window]:
    name = outcome.name.lower()
    return CsvColumn(name, lambda window: window.tally.outcomes[outcome], f"outcomes.{name}", int)


_HEAD: tuple[CsvColumn[Window], ...] = (
    CsvColumn("variant", attrgetter("variant.name")),
    CsvColumn("endpoint", attrgetter("variant.endpoint.value"), "variant.endpoint", EndpointKind),
    CsvColumn("memory_mb", attrgetter("variant.memory_mb"), "variant.memory_mb", int),
    CsvColumn(
        "architecture",
        attrgetter("variant.architecture.value"),
        "variant.architecture",
        Architecture,
    ),
    CsvColumn("verdict", attrgetter("verdict.value"), "verdict", Verdict),
    CsvColumn("duration_s", attrgetter("duration_s"), "rates.duration_s", float),
    CsvColumn("offered", attrgetter("tally.offered"), "tally.offered", int),
    CsvColumn("in_flight", attrgetter("tally.in_flight"), "tally.in_flight", int),
    CsvColumn("dropped", attrgetter("tally.dropped"), "tally.dropped", int),
    *map(_outcome, Outcome),
    CsvColumn("attempts", attrgetter("tally.attempts"), "tally.attempts", int),
    CsvColumn("retries", attrgetter("tally.retries")),
    CsvColumn("retry_amplification", attrgetter("tally.retry_amplification")),
    CsvColumn("cold_starts", attrgetter("tally.cold_starts"), "tally.cold_starts", int),
    CsvColumn("planned_rps", attrgetter("planned_rps"), "rates.planned_rps", float),
    CsvColumn("achieved_rps", attrgetter("achieved_rps"), "rates.achieved_rps", float),
    CsvColumn("goodput_rps", attrgetter("goodput_rps"), "rates.goodput_rps", float),
)
_BILLED: CsvColumn[Window] = CsvColumn(
    "billed_ms_mean", attrgetter("billed_ms_mean"), "billed_ms_mean", float
)
_COST: CsvColumn[Window] = CsvColumn(
    "usd_per_million", attrgetter("usd_per_million"), "usd_per_million", float
)
_REFUSED: CsvColumn[Window] = CsvColumn(
    "retries_refused", attrgetter("tally.retries_refused"), "tally.retries_refused", int
)
_T_S: CsvColumn[Interval] = CsvColumn("t_s", attrgetter("t_s"), "t_s", int)
_PHASE: CsvColumn[Interval] = CsvColumn("phase", attrgetter("phase"), "phase")
_MEASURED: CsvColumn[Interval] = CsvColumn(
    "measured", lambda i: "yes" if i.measured else "no", "measured", lambda text: text == "yes"
)
_SPREAD: CsvColumn[Interval] = CsvColumn(
    "response_spread", lambda interval: spread_text(interval.spread), "spread", spread_from
)
_SEGMENT: CsvColumn[Interval] = CsvColumn("segment", attrgetter("segment"), "segment", int)


PLACED_QUANTILES = (0.5, 0.9, 0.99, 0.999)
"""Those that have their columns beside the measure's maximum."""
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
_MEASURES = (*MAIN_MEASURES, *MORE_MEASURES)
_NAMES = (*(measure.value for measure in _MEASURES), *CLASSES)


def quantile_name(q: float) -> str:
    """`p50`, `p99`, `p999`, `p9999`: the digits behind the point follow without one."""
    return "p" + f"{q * 100:.10f}".rstrip("0").rstrip(".").replace(".", "")


def _ms(value_ns: float) -> float:
    return value_ns / NS_PER_MS


def _ns(text: str) -> int:
    return round(float(text) * NS_PER_MS)


def _quantile(q: float) -> CsvColumn[Distribution]:
    def cell(distribution: Distribution) -> CsvCell:
        found = distribution.at(q)
        return None if found is None or not found.known else _ms(found.value_ns)

    return CsvColumn(f"{quantile_name(q)}_ms", cell, f"quantiles.{q}", _ns)


def _at_least(distribution: Distribution) -> str:
    bounds = [quantile_name(q.q) for q in distribution.quantiles if q.known and q.censored]
    return " ".join([*bounds, "max"] if distribution.censored else bounds)


_MAX: CsvColumn[Distribution] = CsvColumn("max_ms", lambda d: _ms(d.max_ns), "max_ns", _ns)
_SAMPLES: CsvColumn[Distribution] = CsvColumn("samples", attrgetter("count"), "count", int)
_COUNTS: tuple[CsvColumn[Distribution], ...] = (
    _SAMPLES,
    CsvColumn("censored", attrgetter("censored"), "censored", int),
    CsvColumn("out_of_range", attrgetter("out_of_range"), "out_of_range", int),
    CsvColumn("min_ms", lambda d: _ms(d.min_ns), "min_ns", _ns),
    CsvColumn("mean_ms", lambda d: _ms(d.mean_ns), "mean_ns", lambda text: float(text) * NS_PER_MS),
    CsvColumn("at_least", _at_least, "bounds.names", str.split),
)
"""Of a measure that has samples; one without has only the number of them, 0."""


def _in_file(name: str, column: CsvColumn[Distribution]) -> str:
    """`response_p50_ms`; memory is in MB."""
    ending = column.name.replace("_ms", "_mb") if name == Measure.MEMORY.value else column.name
    return f"{name}_{ending}"


def _times(name: str) -> list[str]:
    return [_in_file(name, column) for column in (*map(_quantile, PLACED_QUANTILES), _MAX)]


_HEAD_NAMES = tuple(column.name for column in _HEAD)
_MAIN = tuple(column for measure in MAIN_MEASURES for column in _times(measure.value))
_MORE = tuple(column for name in _NAMES[len(MAIN_MEASURES) :] for column in _times(name))
_SAMPLE_NAMES = tuple(_in_file(name, column) for name in _NAMES for column in _COUNTS)


def _names_behind(entry: Later, names: Sequence[str]) -> Sequence[str]:
    """Names of the columns that come with an entry of LATER. names: of all that has quantiles."""
    if isinstance(entry, CsvColumn):
        return [entry.name]
    if isinstance(entry, Measure):
        return [*_times(entry.value), *(_in_file(entry.value, column) for column in _COUNTS)]
    return [_in_file(name, _quantile(entry)) for name in names]


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a cell of the file goes: a field of a part of what the row tells of, '' for itself."""

    column: str
    part: str
    field: str
    read: Callable[[str], Any]

    @classmethod
    def of(cls, column: CsvColumn[Any], name: str) -> _Slot:
        """The slot of a column that has this name in the file."""
        part, dot, field = column.fills.partition(".")
        return cls(name, part if dot else "", field if dot else part, column.read)


def _slots(columns: Iterable[tuple[str, CsvColumn[Any]]]) -> tuple[_Slot, ...]:
    return tuple(_Slot.of(column, name) for name, column in columns if column.fills)


_Filling = Sequence[tuple[str, Sequence[tuple[str, str, Callable[[str], Any]]]]]
"""Of each part of what a row tells of: column, field, and how it reads. Rows are many."""


def _filling(columns: Iterable[tuple[str, CsvColumn[Any]]]) -> _Filling:
    by_part: dict[str, list[tuple[str, str, Callable[[str], Any]]]] = {}
    for slot in _slots(columns):
        by_part.setdefault(slot.part, []).append((slot.column, slot.field, slot.read))
    return tuple(by_part.items())


def _filled(filling: _Filling, row: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Part → field → value, of all cells that are not empty."""
    get = row.get
    return {
        part: {field: read(text) for column, field, read in fields if (text := get(column))}
        for part, fields in filling
    }


class RunColumns:
    """The columns of both files for a set of quantiles, and rows in both directions."""

    def __init__(
        self,
        quantiles: Sequence[float] = QUANTILES,
        later: Sequence[Later] = LATER,
        later_of_intervals: Sequence[CsvColumn[Interval]] = LATER_OF_INTERVALS,
    ) -> None:
        told = {*PLACED_QUANTILES, *later}
        behind = (*later, *(q for q in quantiles if q not in told))
        names = (*_NAMES, *(entry.value for entry in later if isinstance(entry, Measure)))
        last = [name for entry in behind for name in _names_behind(entry, names)]
        own = [column for column in later if isinstance(column, CsvColumn)]
        self._figures = (*map(_quantile, quantiles), _MAX, *_COUNTS)
        self._figure_names = {
            name: tuple(_in_file(name, figure) for figure in self._figures) for name in names
        }
        self._of_window = (*_HEAD, _BILLED, _COST, _REFUSED, *own)
        self._of_interval = (_T_S, _PHASE, _MEASURED, _SPREAD, _SEGMENT, *later_of_intervals)
        self._window_cells = _filling((column.name, column) for column in self._of_window)
        self._interval_cells = _filling((column.name, column) for column in self._of_interval)
        self._readers = {
            name: _DistributionReader(name, quantiles, zip(names, self._figures, strict=True))
            for name, names in self._figure_names.items()
        }
        self.summary = (
            *(*_HEAD_NAMES, *_MAIN, _BILLED.name, _COST.name),
            *(*_MORE, *_SAMPLE_NAMES, _REFUSED.name, *last),
        )
        """Names of the columns of summary.csv, in their order."""
        self.intervals = (
            *(_T_S.name, _PHASE.name, *_HEAD_NAMES, *_MAIN, _BILLED.name, _MEASURED.name),
            *(*_MORE, *_SAMPLE_NAMES, _SPREAD.name, _REFUSED.name, _SEGMENT.name),
            *(name for name in last if name not in NOT_OF_SECONDS),
            *(column.name for column in later_of_intervals),
        )
        """Those of intervals.csv."""

    def summary_row(self, window: Window) -> dict[str, CsvCell]:
        """A row of summary.csv: cell by column. One that is empty may be left out."""
        cells: dict[str, CsvCell] = {column.name: column.cell(window) for column in self._of_window}
        for name, names in self._figure_names.items():
            distribution = _distribution(window, name)
            if distribution.count:
                values = [figure.cell(distribution) for figure in self._figures]
                cells.update(zip(names, values, strict=True))
            else:
                cells[_in_file(name, _SAMPLES)] = 0
        return cells

    def interval_row(self, interval: Interval) -> dict[str, CsvCell]:
        """A row of intervals.csv, likewise."""
        cells = self.summary_row(interval.window)
        cells.update((column.name, column.cell(interval)) for column in self._of_interval)
        return cells

    def window_of(self, row: Mapping[str, str]) -> Window:
        """The window of a row of either file; quantiles that were unknown are left out."""
        found = _filled(self._window_cells, row)
        counts = found["outcomes"]
        outcomes = tuple(counts[outcome.name.lower()] for outcome in Outcome)
        window = make_window(
            Variant(**found["variant"]),
            Tally(outcomes=outcomes, **found["tally"], **_tries_in(found)),
            Rates(**found["rates"]),
            lambda name: self._readers[name].read(row),
        )
        recovery = found["recovery"]
        return replace(window, **found[""], recovery=Recovery(**recovery) if recovery else None)

    def interval_of(self, row: Mapping[str, str]) -> Interval:
        """The interval of a row of intervals.csv."""
        found = _filled(self._interval_cells, row)[""]
        return Interval(window=self.window_of(row), **{"measured": True} | found)


def _tries_in(found: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Of a file without them nothing: then nobody knows."""
    return {
        field: tuple(own[str(at)] for at in range(TRIES))
        for field in ("ended_with", "ok_with")
        if (own := found.get(field))
    }


class _DistributionReader:
    """A measure's cells as a distribution. There are eighteen in each of a run's many rows."""

    def __init__(
        self, name: str, quantiles: Sequence[float], figures: Iterable[tuple[str, CsvColumn[Any]]]
    ) -> None:
        slots = _slots(figures)
        self._samples = _in_file(name, _SAMPLES)
        self._quantiles = [
            (q, slot.column, slot.read, quantile_name(q))
            for q in quantiles
            for slot in slots
            if (slot.part, slot.field) == ("quantiles", str(q))
        ]
        self._bounds = next(slot for slot in slots if slot.part == "bounds")
        self._fields = [(slot.field, slot.column, slot.read) for slot in slots if not slot.part]

    def read(self, row: Mapping[str, str]) -> Distribution:
        get = row.get
        if get(self._samples) in _NO_SAMPLES:
            return _NOTHING
        told = get(self._bounds.column)
        bounds = self._bounds.read(told) if told else ()
        quantiles = [
            Quantile(q, read(text), True, name in bounds)
            for q, column, read, name in self._quantiles
            if (text := get(column))
        ]
        fields = {
            field: read(text)
            for field, column, read in self._fields
            if (text := get(column)) and text not in _NOUGHTS
        }
        return Distribution(quantiles=tuple(quantiles), **fields)


_NOTHING = Distribution()
_NO_SAMPLES = (None, "", "0")
_NOUGHTS = ("0", "0.0")
"""What the fields of a distribution are without being told."""


def _distribution(window: Window, name: str) -> Distribution:
    found: Distribution = (
        getattr(window, name) if name in CLASSES else window.measure(Measure(name))
    )
    return found
