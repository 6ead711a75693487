"""Whole files of a recorded run as text: the CSV tables, and the log of totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from bench.model.result import Measure
from bench.model.times import NS_PER_S
from bench.record.block_store import block_lines
from bench.record.csv_columns import (
    SUMMARY_COLUMNS,
    csv_text,
    header_text,
    summary_row,
)
from bench.record.histogram import Histogram
from bench.record.hlog import CENSORED, TaggedHistogram, hlog_header, hlog_line
from bench.record.intervals_csv import intervals_lines
from bench.record.phases_csv import phases_lines
from bench.record.recorded_run import RecordedRun
from bench.stats.quantiles import Curve


def summary_text(run: RecordedRun) -> str:
    """summary.csv: a row per variant."""
    return header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, map(summary_row, run.windows))


def phases_text(run: RecordedRun) -> str:
    """phases.csv: a row per variant in each part of the load."""
    return phases_lines(run.parts)


def intervals_text(run: RecordedRun) -> str:
    """intervals.csv as one text, header and all."""
    return "".join(intervals_lines(run.intervals))


def totals_text(run: RecordedRun, end_s: int) -> str:
    """totals.hlog: an interval log with one line per variant and measure, of the whole run.

    end_s: where the run's last second ends.
    """
    started_s = float(run.manifest.get("started_epoch_s", 0.0))
    lines = [
        hlog_line(TaggedHistogram(tag, 0, end_s * NS_PER_S, max_ns, encoded))
        for tag, max_ns, encoded in _totals(run)
    ]
    return hlog_header(started_s, f"{run.profile.name}: whole run") + "".join(lines)


def blocks_text(run: RecordedRun) -> str:
    """blocks.hlog: an interval log with a line per block of time, of what is compared or priced."""
    started_s = float(run.manifest.get("started_epoch_s", 0.0))
    lines = (
        hlog_line(line)
        for tag, curve in _in_blocks(run)
        if curve.blocks is not None
        for line in block_lines(tag, curve.blocks)
    )
    return hlog_header(started_s, f"{run.profile.name}: by blocks of time") + "".join(lines)


def _in_blocks(run: RecordedRun) -> Iterable[tuple[str, Curve]]:
    """Every curve whose blocks are its own: a class of all answers has theirs."""
    for variant, curves in run.curves.items():
        every = curves.get(Measure.RESPONSE)
        yield from ((f"{variant}/{measure.value}", curve) for measure, curve in curves.items())
        for name, curve in run.class_curves.get(variant, {}).items():
            if every is None or curve.blocks is not every.blocks:
                yield f"{variant}/{name}", curve


def _totals(run: RecordedRun) -> Iterable[tuple[str, int, str]]:
    """(tag, maximum, encoded histogram) of each line."""
    max_ns = _maxima(run)
    for variant, curves in run.curves.items():
        for measure, curve in curves.items():
            tag = f"{variant}/{measure.value}"
            yield from _with_late(tag, max_ns(variant, measure) or _highest_ns(curve), curve)
    for variant, classes in run.class_curves.items():
        for name, curve in classes.items():
            yield from _with_late(f"{variant}/{name}", _highest_ns(curve), curve)


def _with_late(tag: str, max_ns: int, curve: Curve) -> Iterable[tuple[str, int, str]]:
    yield tag, max_ns, Histogram.of(curve).encode()
    if curve.censored.any():
        late = Curve(curve.values_ns, curve.censored, np.zeros_like(curve.counts))
        yield tag + CENSORED, _highest_ns(curve), Histogram.of(late).encode()


def _maxima(run: RecordedRun) -> Callable[[str, Measure], int]:
    """The exact maximum of a variant's measure, 0 without samples."""
    windows = {window.variant.name: window for window in run.windows}

    def max_ns(variant: str, measure: Measure) -> int:
        window = windows.get(variant)
        return 0 if window is None else window.measure(measure).max_ns

    return max_ns


def _highest_ns(curve: Curve) -> int:
    return int(curve.values_ns[-1]) if curve.count else 0
