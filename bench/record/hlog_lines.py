"""The lines of the interval log that a second of a variant gives."""

from __future__ import annotations

from collections.abc import Iterator

from bench.model.times import NS_PER_S
from bench.record.buckets import OVER
from bench.record.counted import Counted, summed
from bench.record.hdr_encoding import encode_counts
from bench.record.hlog import CENSORED, UNMEASURED, TaggedHistogram
from bench.record.interval_stats import IntervalStats
from bench.record.measures import TAGS, Series
from bench.record.timeline import Stretch


def lines_of(
    stats: IntervalStats, second: int, variant: str, stretch: Stretch, measured: bool
) -> Iterator[TaggedHistogram]:
    """A line for each series with values that have not been in one yet.

    variant: its name. A second in which it was not on, by what is known now, counts as whole.
    """
    exact, bounds = (part.by_slot(len(Series)) for part in stats.fresh())
    start_ns, duration_ns = second * NS_PER_S, stretch.duration_ns or NS_PER_S

    def line(tag: str, max_ns: int, held: Counted) -> TaggedHistogram:
        inside = held.buckets != OVER
        encoded = encode_counts(held.buckets[inside], held.counts[inside])
        return TaggedHistogram(tag, start_ns, duration_ns, max_ns, encoded)

    for name, series in TAGS.items():
        tag = f"{variant}/{name}{'' if measured else UNMEASURED}"
        max_ns = int(stats.high[series])
        late = bounds[series]
        held = summed((exact[series], late))
        if held.codes.size:
            yield line(tag, max_ns, held)
        if late.codes.size:
            yield line(tag + CENSORED, max_ns, late)
