"""The number of arrivals that is told beforehand is the number that is sent."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.forecast import BilledGuess, forecast
from bench.load.schedule import arrivals
from bench.model.load import Segment
from bench.model.profile import Arrivals, Profile
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.shapes.base import even_count
from bench.shapes.count import arrival_count
from bench.shapes.kind import ShapeKind
from bench.shapes.ramp import Ramp
from bench.shapes.registry import SHAPES
from bench.shapes.wave import Wave
from tests.profile.write import MINIMAL, load
from tests.shapes.strategies import shapes_by_kind

SHAPES_OF = shapes_by_kind()


def sent(segment: Segment, kind: Arrivals, workers: int = 1, seed: int = 1) -> dict[int, int]:
    """Arrivals of each variant, over all workers."""
    counts = dict.fromkeys(segment.variants, 0)
    for worker in range(workers):
        for _, variant in arrivals(segment, kind, seed, worker, workers):
            counts[variant] += 1
    return counts


@pytest.mark.parametrize("kind", SHAPES, ids=[kind.name for kind in SHAPES])
@given(data=st.data(), variants=st.integers(1, 5), workers=st.integers(1, 3))
def test_every_variant_sends_as_many_as_are_counted(
    kind: ShapeKind, data: st.DataObject, variants: int, workers: int
) -> None:
    for shape in data.draw(SHAPES_OF[kind]).pieces():
        segment = Segment(0, 0, 0, tuple(range(variants)), NS_PER_S, shape)
        counted = {v: arrival_count(segment, v, Arrivals.EVEN) for v in segment.variants}
        assert counted == sent(segment, Arrivals.EVEN, workers)


@example(total=2.5, variants=6, turn=1, exact=True)
@given(st.floats(0, 3000), st.integers(1, 9), st.integers(0, 8), st.booleans())
def test_even_arrivals_are_counted_to_the_last_bit(
    total: float, variants: int, turn: int, exact: bool
) -> None:
    shift = turn % variants / variants
    if exact:  # a total that is one of the sums itself
        total = next(h for h in count(shift) if h + 1 > total)
    assert even_count(total, shift) == sum(1 for _ in takewhile(lambda h: h < total, count(shift)))


def told_and_sent(profile: Profile) -> list[tuple[float | None, int]]:
    """Of every variant, what the forecast says and what the schedule of its plan sends."""
    counts = [0] * len(profile.variants)
    for segment in make_plan(profile).segments:
        for variant, number in sent(segment, profile.load.arrivals, 2).items():
            counts[variant] += number
    told = [variant.offered for variant in forecast(profile, BilledGuess(100)).variants]
    return list(zip(told, counts, strict=True))


EVEN = MINIMAL + '[load]\narrivals = "even"\n'


@pytest.mark.parametrize(
    ("rate", "duration", "arrivals_"),
    [
        ("3/s", "1100ms", 4),  # at 0, 333, 667 and 1000 ms
        ("1/h", "1s", 1),
        ("1/s", "1200ms", 2),
        ("1/s", "2s", 2),
        ("10/s", "5s", 50),
        ("0/s..3/s", "2s", 3),
        ("0/s..3/s", "1s", 2),
        ("100/min", "20s", 34),
        ("0/s", "2s", 0),
    ],
)
def test_a_plan_says_how_many_even_arrivals_there_will_be(
    tmp_path: Path, rate: str, duration: str, arrivals_: int
) -> None:
    text = EVEN.replace("10/s", rate).replace("5s", duration)
    text += '[[phase]]\nname = "more"\nrate = "1/s"\nduration = "1s"\n'
    profile = load(tmp_path, text)
    assert told_and_sent(profile) == [(arrivals_ + 1, arrivals_ + 1)]


@pytest.mark.parametrize("order", ["together", "interleaved"])
@pytest.mark.parametrize(
    "shape",
    [
        'rate = "1/h"',
        'rate = "100/min"',
        'rate = "1/s..9/s"\nsteps = 4',
        'wave = "3/s"\namplitude = "2/s"\nperiod = "3s"',
        'burst = 3\nevery = "2s"',
        'replay = "a.csv"',
    ],
)
def test_so_it_does_for_variants_side_by_side(tmp_path: Path, shape: str, order: str) -> None:
    (tmp_path / "a.csv").write_text("at\n1\n2\n2.5\n9\n")
    text = EVEN.replace("= 128", "= [128, 256, 512]").replace('rate = "10/s"', shape)
    told = told_and_sent(load(tmp_path, text + f'order = "{order}"\nrounds = 2\n'))
    assert [one for one, _ in told] == [many for _, many in told]


@pytest.mark.parametrize(
    "shape",
    [Ramp(1100 * NS_PER_MS, 3, 3), Ramp(2 * NS_PER_S, 0, 5), Wave(NS_PER_S, 4, 3, NS_PER_S)],
)
def test_of_poisson_arrivals_the_mean_is_told(shape: Ramp | Wave) -> None:
    segment = Segment(0, 0, 0, (0, 1, 2), 0, shape)
    for turn in range(3):
        means = mean(
            sent(replace(segment, index=index), Arrivals.POISSON)[turn] for index in range(2000)
        )
        assert means == pytest.approx(
            arrival_count(segment, turn, Arrivals.POISSON), abs=4 * (shape.expected / 2000) ** 0.5
        )
