"""The seconds of a recorded run's turns: counts of its intervals, times of its interval log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from bench.model.profile import Profile, Variant
from bench.model.result import Interval, Measure
from bench.plan_time import PlanTime
from bench.record.border import reading
from bench.record.hlog import read_hlog
from bench.record.hlog_index import EVER_S, HlogIndex
from bench.record.latency_bins import buckets_in, pack_spread, unpack_spread
from bench.record.second_rows import SecondRows, TurnPlaces, is_closed_loop
from bench.record.turn_seconds import Seconds

_NOWHERE = -1


def response_log(log: Path, variants: Iterable[Variant]) -> HlogIndex:
    """The response times of measured seconds out of an interval log; of none, if there is none."""
    index = HlogIndex()
    if not log.is_file():
        return index
    tags = {_tag(variant) for variant in variants}
    with reading(log):
        lines = read_hlog(log.read_text(encoding="utf-8"))
        index.add(line for line in lines if line.tag in tags)
    return index


def recorded_seconds(
    profile: Profile, intervals: Iterable[Interval], log: HlogIndex, time: PlanTime
) -> Mapping[Variant, Seconds]:
    """By variant, of those of which there are any.

    A second that the load changes in is told in two parts, and so is one of which the log has no
    line: of these the spreads tell, which are coarser. time: as the run's commands had it.
    """
    places = TurnPlaces(profile, time)
    rows = {variant: SecondRows(at, places) for at, variant in enumerate(profile.variants)}
    spreads: dict[Variant, list[tuple[int, bytes]]] = {variant: [] for variant in rows}
    for interval in intervals:
        own = rows.get(interval.window.variant)
        if own is None or not interval.measured:
            continue
        row = own.row(interval.t_s, interval.segment)
        if row is not None:
            tally = interval.window.tally
            longest_ns = interval.window.measure(Measure.RESPONSE).max_ns
            own.count(row, tally.ok, tally.offered, longest_ns)
            spreads[interval.window.variant].append((row, pack_spread(interval.spread)))
    is_closed = is_closed_loop(profile)
    found = {}
    for variant, own in rows.items():
        _add_times(own, spreads[variant], log, _tag(variant))
        seconds = own.seconds(is_closed=is_closed)
        if seconds is not None:
            found[variant] = seconds
    return found


def _add_times(
    own: SecondRows, spreads: Iterable[tuple[int, bytes]], log: HlogIndex, tag: str
) -> None:
    seconds, buckets, counts = log.entries(tag, EVER_S)
    each_second, which = np.unique(seconds, return_inverse=True)
    alone = {second: rows[0] for second, rows in own.of_second.items() if len(rows) == 1}
    rows = np.array([alone.get(second, _NOWHERE) for second in each_second.tolist()], np.int64)
    held = rows[which] != _NOWHERE
    own.extend(rows[which][held], buckets[held], counts[held])
    logged = set(rows.tolist())
    for row, packed in spreads:
        if row not in logged and packed:
            buckets, counts = buckets_in(unpack_spread(packed))
            own.extend(np.full(buckets.size, row, dtype=np.int64), buckets, counts)


def _tag(variant: Variant) -> str:
    return f"{variant.name}/{Measure.RESPONSE.value}"
