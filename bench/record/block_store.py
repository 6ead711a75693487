"""Histograms by block of time, per variant and measure: what intervals of confidence rest on.

A block is a second of a variant's time within a round, counted from the round's first measured
arrival. However long the run, no variant has more than MOST_BLOCKS: beyond that neighbours are put
together everywhere, first within rounds, then whole rounds; variants can be paired by place.

A day's run takes no more than the distinct values of its blocks (`bench.record.block_samples`).
Response times of warm successes are all of them without the others, of which there are few: those
are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Measure
from bench.model.times import NS_PER_S
from bench.record.block_samples import BUCKET_BITS, BlockSamples, owners_of, without
from bench.record.buckets import OVER, UPPER_NS, buckets_of
from bench.record.counted import Counted, summed
from bench.record.delta import Delta, KeyColumn
from bench.record.hdr_encoding import Allowance, encode_counts
from bench.record.hlog import TaggedHistogram, decode_lines
from bench.record.measures import MEASURES, Series
from bench.stats.blocks import BlockCounts, Blocks, Scale, block_key, key_parts, placed_blocks
from bench.stats.quantiles import Curve

KEPT = (Measure.RESPONSE, Measure.ATTEMPT, Measure.OVERHEAD, Measure.BILLED)
"""The measures that are compared, or priced."""
WARM = "warm"
"""The class of answers that advice compares where others were cold, or failed."""
COMPARED: tuple[str, ...] = (*KEPT, WARM, "cold")
"""Of whose seconds blocks are made where nothing else was written."""
NOT_WARM = "not warm"
"""Response times of all that are no warm successes."""
MOST_BLOCKS = 128
"""Of a variant. Half as many are enough for a variance between blocks."""

Integers = NDArray[np.int64]
Kind = TypeVar("Kind", bound=str)
"""Of what a curve is: a measure, or the name of a class of answers."""


@dataclass(frozen=True, slots=True)
class Grain:
    """How coarse blocks are: seconds and rounds are halved in number so often."""

    places: int = 0
    rounds: int = 0

    def keys(self, round_: Integers, place: Integers) -> Integers:
        """The keys of blocks at this grain."""
        if self.rounds:
            return block_key(round_ >> self.rounds - 1, np.zeros_like(place))
        return block_key(round_, place >> self.places)

    def coarse(self, keys: Integers) -> Integers:
        """What keys of the grain before this one become."""
        round_, place = key_parts(keys)
        if self.rounds == 1:
            return block_key(round_, np.zeros_like(place))
        return block_key(round_ >> 1, place) if self.rounds else block_key(round_, place >> 1)

    @property
    def length_s(self) -> float:
        """Of a block that is part of a round."""
        return float(1 << self.places)

    @property
    def rounds_each(self) -> int:
        """Rounds that make a block, 0 if it is a part of one."""
        return 1 << self.rounds - 1 if self.rounds else 0


class BlockStore:
    """All blocks of a run, one grain for all."""

    def __init__(self) -> None:
        self._grain = Grain()
        self._samples = {kind: BlockSamples() for kind in (*KEPT, NOT_WARM)}

    def add(self, delta: Delta, measured: NDArray[np.bool_], rounds: Integers) -> None:
        """What has become known. By cell: whether its phase is measured, and its round."""
        keys = self._grain.keys(rounds, delta.column(KeyColumn.PLACE))
        owners = owners_of(delta.column(KeyColumn.VARIANT), keys)
        crowded = False
        for kind, own in _compared(delta).items():
            cell = own.codes >> BUCKET_BITS
            held = measured[cell]
            if held.any():
                samples = self._samples[kind]
                samples.add(owners[cell][held], own.buckets[held], own.counts[held])
                crowded |= samples.is_crowded
        if crowded:
            self._settle()

    def _settle(self) -> None:
        """Add what waits, and make blocks coarser while a variant has too many."""
        if not sum(samples.settle() for samples in self._samples.values()):
            return
        while any(samples.most_blocks > MOST_BLOCKS for samples in self._samples.values()):
            self._grain = _coarser(self._grain, self._last_place)
            for samples in self._samples.values():
                samples.regrain(self._grain.coarse)

    @property
    def _last_place(self) -> int:
        keys = np.concatenate([samples.keys for samples in self._samples.values()])
        return int(key_parts(keys)[1].max(initial=0))

    def with_blocks(self, variant: int, curves: Mapping[Measure, Curve]) -> dict[Measure, Curve]:
        """The curves of a variant, those that are kept by blocks with theirs."""
        self._settle()
        return {
            measure: self._in_blocks(variant, measure, curve) if measure in KEPT else curve
            for measure, curve in curves.items()
        }

    def with_warm_blocks(self, variant: int, classes: Mapping[str, Curve]) -> dict[str, Curve]:
        """The curves of a variant's classes, that of warm successes with its blocks."""
        found = dict(classes)
        if WARM in found and found[WARM].blocks is None:
            self._settle()
            every, others = (
                self._samples[kind].of(variant) for kind in (Measure.RESPONSE, NOT_WARM)
            )
            found[WARM] = self._with(found[WARM], without(every, others))
        return found

    def _in_blocks(self, variant: int, measure: Measure, curve: Curve) -> Curve:
        return self._with(curve, self._samples[measure].of(variant))

    def _with(self, curve: Curve, own: Mapping[int, BlockCounts]) -> Curve:
        if not own:
            return curve
        keys, grain = np.array(list(own), dtype=np.int64), self._grain
        histograms = tuple(own.values())
        blocks = Blocks(keys, histograms, _scale(curve), grain.length_s, grain.rounds_each)
        return replace(curve, blocks=blocks)


def _compared(delta: Delta) -> dict[str, Counted]:
    """By kind, how many values each cell has in each bucket; lower bounds among them."""
    found: dict[str, Counted] = {m: delta.sums.of_series(MEASURES[m]) for m in KEPT}
    every, warm = found[Measure.RESPONSE], delta.sums.of_series(Series.WARM)
    less = -warm.counts.astype(np.int64)  # those of a delta that waited may be unsigned
    left = summed((every, Counted(warm.codes, less)))
    held = left.counts > 0
    found[NOT_WARM] = Counted(left.codes[held], left.counts[held])
    return found


def _coarser(grain: Grain, last_place: int) -> Grain:
    """The next grain: twice the seconds while a round has more than one block, then rounds."""
    if grain.rounds or not last_place:
        return Grain(grain.places, grain.rounds + 1)
    return Grain(grain.places + 1)


def grain_for(keys: Iterable[Integers]) -> Grain:
    """The finest grain at which nobody's keys (of grain 0) are too many."""
    parts = [key_parts(np.unique(own)) for own in keys]
    grain = Grain()
    while any(np.unique(grain.keys(*own)).size > MOST_BLOCKS for own in parts):
        last = max(int(place.max(initial=0)) >> grain.places for _, place in parts)
        grain = _coarser(grain, last)
    return grain


def in_blocks(
    curve: Curve, keys: Integers, buckets: Integers, counts: Integers, grain: Grain
) -> Curve:
    """The curve with the same samples by blocks. A block without any is none."""
    if not keys.size:
        return curve
    scale, length_s = _scale(curve), grain.length_s
    blocks = placed_blocks(keys, buckets, counts, scale, length_s, grain.rounds_each)
    return replace(curve, blocks=blocks)


def _scale(curve: Curve) -> Scale:
    return Scale(UPPER_NS, int(curve.values_ns[0]), int(curve.values_ns[-1]))


def block_lines(tag: str, blocks: Blocks) -> Iterator[TaggedHistogram]:
    """A line for each block. Its tag ends with the round (`/round-3`), its start is in the round.

    Of blocks that are whole rounds the tag ends with the first and their number (`/rounds-8x4`).
    """
    rounds, places = (part.tolist() for part in key_parts(blocks.keys))
    length_ns = round(blocks.length_s * NS_PER_S)
    each = blocks.rounds_each
    for block, round_, place in zip(blocks.histograms, rounds, places, strict=True):
        values = blocks.scale.at(block.places)
        buckets, where = np.unique(buckets_of(values), return_inverse=True)
        counts = np.zeros(buckets.size, dtype=np.int64)
        np.add.at(counts, where, block.counts)
        inside = buckets != OVER
        encoded = encode_counts(buckets[inside], counts[inside])
        suffix = f"/rounds-{round_ * each}x{each}" if each else f"/round-{round_}"
        yield TaggedHistogram(
            tag + suffix, place * length_ns, length_ns, int(values.max()), encoded
        )


class RecordedBlocks:
    """The blocks that `block_lines` wrote. Raises ValueError for a line of another form."""

    def __init__(self, lines: Sequence[TaggedHistogram]) -> None:
        sizes, buckets, counts = decode_lines(lines, Allowance())
        ends = np.cumsum(sizes)
        by_tag: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            by_tag.setdefault(line.tag.rpartition("/")[0], []).append(number)
        self._read = {}
        for tag, own in by_tag.items():
            at = np.concatenate([np.arange(ends[n] - sizes[n], ends[n]) for n in own])
            rounds, starts, grains = zip(*(_place_of(lines[n]) for n in own), strict=True)
            keys = block_key(np.array(rounds, dtype=np.int64), np.array(starts, dtype=np.int64))
            self._read[tag] = _Read(
                np.repeat(keys, sizes[own]), buckets[at].astype(np.int64), counts[at], grains[-1]
            )

    def on(self, curves: Mapping[str, Mapping[Kind, Curve]]) -> dict[str, dict[Kind, Curve]]:
        """The curves, with the blocks of those that have any."""
        return {
            variant: {
                kind: self._read[tag].on(curve)
                if (tag := f"{variant}/{kind}") in self._read
                else curve
                for kind, curve in own.items()
            }
            for variant, own in curves.items()
        }


def with_shared_blocks(classes: Mapping[str, Curve], every: Curve | None) -> dict[str, Curve]:
    """The classes of a variant; one that has all of its answers has the blocks of those."""
    return {
        name: replace(curve, blocks=every.blocks)
        if every is not None and curve.count == every.count
        else curve
        for name, curve in classes.items()
    }


@dataclass(frozen=True, slots=True)
class _Read:
    """The blocks of one curve, as they were read."""

    keys: Integers
    buckets: Integers
    counts: Integers
    grain: Grain

    def on(self, curve: Curve) -> Curve:
        return in_blocks(curve, self.keys, self.buckets, self.counts, self.grain)


def _place_of(line: TaggedHistogram) -> tuple[int, int, Grain]:
    """Round and place in the round of a line's block, and the grain of its log."""
    kind, _, number = line.tag.rpartition("/")[2].partition("-")
    first, _, each = number.partition("x")
    round_, seconds = int(first), line.duration_ns // NS_PER_S
    if kind == "rounds":
        round_ //= int(each)
    start = line.start_ns // max(1, line.duration_ns)
    return round_, start, Grain(seconds.bit_length() - 1, int(each).bit_length() if each else 0)
