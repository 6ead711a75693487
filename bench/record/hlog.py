"""HdrHistogram interval logs: histograms.hlog, written as a run goes and read back.

Format 1.3 with tags, histograms in encoding version 2. Times are seconds since the run's start
(BaseTime), maxima milliseconds. Tags: `VARIANT/MEASURE`, and `VARIANT/CLASS` for the response times
of cold, warm, retried and failed invocations; `…/unmeasured` for a warm-up, so that all lines of a
plain tag merge to what summary.csv has; `…/censored` repeats those values of a line that are lower
bounds. Values beyond 15 min have no place in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Measure
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.border import ReadPosition
from bench.record.buckets import BucketCounts, Indexes
from bench.record.hdr_encoding import Allowance, decode_buckets, decode_many
from bench.record.histogram import Histogram
from bench.record.measures import CLASSES
from bench.stats.quantiles import Curve

_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
_LONGEST_NS = 1 << 62
CENSORED = "/censored"
UNMEASURED = "/unmeasured"


@dataclass(frozen=True, slots=True)
class TaggedHistogram:
    """One line. max_ns is exact; encoded is HdrHistogram's version 2."""

    tag: str
    start_ns: int
    duration_ns: int
    max_ns: int
    encoded: str
    line: int = 0
    """Where it stands in the log that it was read from, from 1."""


def hlog_header(started_epoch_s: float, title: str) -> str:
    """What stands before the first line."""
    iso = datetime.fromtimestamp(started_epoch_s, UTC).isoformat(timespec="milliseconds")
    comment = " ".join(title.split())
    return (
        f"#[{comment}]\n#[Histogram log format version 1.3]\n"
        f"#[StartTime: {started_epoch_s:.3f} (seconds since epoch), {iso}]\n"
        f"#[BaseTime: {started_epoch_s:.3f} (seconds since epoch)]\n{_LEGEND}\n"
    )


def hlog_line(histogram: TaggedHistogram) -> str:
    """One interval as a line of an HdrHistogram log, version 2, with its newline."""
    start_s, duration_s = histogram.start_ns / NS_PER_S, histogram.duration_ns / NS_PER_S
    max_ms = histogram.max_ns / NS_PER_MS
    return f"Tag={histogram.tag},{start_s:.3f},{duration_s:.3f},{max_ms:.6f},{histogram.encoded}\n"


def read_hlog(text: str, place: ReadPosition | None = None) -> Iterable[TaggedHistogram]:
    """The intervals of a log; a last line that was cut off is left out.

    place is told which line is read. Raises ValueError for one that is none.
    """
    times: dict[str, int] = {}  # many lines share their second

    def seconds(text: str) -> int:
        found = times.get(text)
        if found is None:
            found = times[text] = _ns(text, NS_PER_S)
        return found

    for number, line in enumerate(text[: text.rfind("\n") + 1].split("\n"), 1):
        if place is not None:
            place.line = number
        if not line.startswith("Tag="):
            continue
        tag, start_s, duration_s, max_ms, encoded = line[len("Tag=") :].split(",", 4)
        yield TaggedHistogram(
            tag,
            seconds(start_s),
            seconds(duration_s),
            _ns(max_ms, NS_PER_MS),
            encoded,
            number,
        )


def _ns(text: str, unit_ns: int) -> int:
    value_ns = float(text) * unit_ns
    if not 0 <= value_ns <= _LONGEST_NS:
        raise ValueError(f"a time of {text[:40]} cannot be")
    return round(value_ns)


def decode_lines(
    lines: Sequence[TaggedHistogram], allowance: Allowance | None
) -> tuple[NDArray[np.int64], Indexes, BucketCounts]:
    """What `decode_many` makes of them; an error that is one line's alone says which."""
    try:
        return decode_many((line.encoded for line in lines), allowance)
    except ValueError as error:
        raise _named(error, lines) from None


def _named(error: ValueError, lines: Iterable[TaggedHistogram]) -> ValueError:
    for line in lines:
        try:
            decode_buckets(line.encoded)
        except ValueError as own:
            return ValueError(f"line {line.line}: {own}")
    return error


def merged(lines: Iterable[TaggedHistogram]) -> dict[str, Histogram]:
    """The sum of all lines by tag. Raises ValueError for a histogram of another form."""
    totals: dict[str, Histogram] = {}
    for line in lines:
        if line.tag not in totals:
            totals[line.tag] = Histogram()
        totals[line.tag].add_encoded(line.encoded, line.max_ns)
    return totals


def curves_of(histograms: Mapping[str, Histogram]) -> dict[str, dict[Measure, Curve]]:
    """Whole distributions by variant and measure, lower bounds marked; measured phases alone."""
    found = _curves_of(histograms, [measure.value for measure in Measure])
    return {
        variant: {Measure(name): curve for name, curve in curves.items()}
        for variant, curves in found.items()
    }


def class_curves_of(histograms: dict[str, Histogram]) -> dict[str, dict[str, Curve]]:
    """Response times by variant and class of invocations, likewise."""
    return _curves_of(histograms, CLASSES)


def _curves_of(
    histograms: Mapping[str, Histogram], names: Collection[str]
) -> dict[str, dict[str, Curve]]:
    curves: dict[str, dict[str, Curve]] = {}
    for tag, histogram in histograms.items():
        variant, _, name = tag.partition("/")
        if name in names:
            curve = _with_bounds(histogram.points(), histograms.get(tag + CENSORED))
            curves.setdefault(variant, {})[name] = curve
    return curves


def _with_bounds(curve: Curve, late: Histogram | None) -> Curve:
    if late is None:
        return curve
    bounds = late.points()
    censored = np.zeros_like(curve.counts)
    censored[np.searchsorted(curve.values_ns, bounds.values_ns)] = bounds.counts
    return Curve(curve.values_ns, curve.counts, censored)
