from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.stats.quantiles import Bounds, Curve, quantile_bounds
from bench.stats.woodruff import interval, precision, shares
from tests.stats.curves import curve_of
from tests.stats.processes import NAMED, Shape, curve_in_blocks, latencies


def one(name: str, blocks: int, samples: int, seed: int = 1) -> Curve:
    found = latencies(NAMED[name], np.random.default_rng(seed), Shape(1, blocks, samples))
    return curve_in_blocks(found[0])


def width_ns(bounds: Bounds) -> int:
    assert bounds.low_ns is not None
    assert bounds.high_ns is not None
    return bounds.high_ns - bounds.low_ns


def test_without_blocks_the_interval_is_that_of_order_statistics() -> None:
    curve = replace(one("AR(1) 0.9", 30, 50), blocks=None)
    own, plain = interval(curve, 0.9), quantile_bounds(curve, 0.9)
    assert (own.low_ns, own.high_ns) == (plain.low_ns, plain.high_ns)
    assert own.basis.text == "iid, not tested"


def test_where_blocks_differ_by_chance_alone_it_is_that_too_and_says_so() -> None:
    found = [one("iid", 60, 50, seed) for seed in range(20)]
    independent = [curve for curve in found if interval(curve, 0.5).basis.text == "iid"]
    assert len(independent) > 5
    curve = independent[0]
    own, plain = interval(curve, 0.5), quantile_bounds(curve, 0.5)
    assert (own.low_ns, own.high_ns) == (plain.low_ns, plain.high_ns)


def test_samples_that_hang_together_make_it_wider() -> None:
    curve = one("AR(1) 0.9", 60, 50)
    bounds = interval(curve, 0.5)
    assert bounds.basis.design_effect > 5
    assert width_ns(bounds) > 2 * width_ns(quantile_bounds(curve, 0.5))
    assert bounds.basis.text.startswith("blocks of ")


def test_looks_at_any_time_are_wider_still() -> None:
    curve = one("AR(1) 0.5", 60, 50)
    assert width_ns(interval(curve, 0.5, anytime=True)) > 1.3 * width_ns(interval(curve, 0.5))
    assert interval(curve, 0.5, anytime=True).basis.text.startswith("anytime, ")


def test_more_confidence_is_wider() -> None:
    curve = one("fate of blocks", 60, 50)
    assert width_ns(interval(curve, 0.5, 0.99)) > width_ns(interval(curve, 0.5, 0.9))


def test_too_few_samples_and_timeouts_leave_it_open() -> None:
    assert interval(curve_of(np.array([], dtype=np.int64)), 0.5).low_ns is None
    curve = one("AR(1) 0.5", 40, 25)
    late = replace(curve, censored=np.where(curve.values_ns >= (curve.quantile_ns(0.9) or 0), 1, 0))
    assert interval(curve, 0.9).high_ns is not None
    assert interval(late, 0.9).high_ns is None
    assert interval(late, 0.9).low_ns is not None


@pytest.mark.parametrize(("q", "count"), [(0.5, 100), (0.9, 300), (0.99, 3000)])
def test_shares_of_independent_samples_are_those_of_the_binomial(q: float, count: int) -> None:
    curve = curve_of(np.arange(1, count + 1, dtype=np.int64))
    plain = quantile_bounds(curve, q)
    low, high = shares(q, count, 1.96)
    assert plain.low_ns is not None
    assert plain.high_ns is not None
    assert low * count == pytest.approx(plain.low_ns, abs=1)
    assert high * count + 1 == pytest.approx(plain.high_ns, abs=1)


def test_precision_halves_with_four_times_the_samples() -> None:
    random = np.random.default_rng(2)
    few = curve_of((random.lognormal(18, 0.3, 4000)).astype(np.int64))
    many = curve_of((random.lognormal(18, 0.3, 16000)).astype(np.int64))
    widths = [precision(curve, 0.5) for curve in (few, many)]
    assert widths[0] is not None
    assert widths[1] is not None
    assert widths[0] / widths[1] == pytest.approx(2.0, rel=0.25)


def test_precision_is_unknown_while_the_interval_is_open() -> None:
    assert precision(curve_of(np.arange(1, 21, dtype=np.int64)), 0.99) is None
    assert precision(one("iid", 9, 100), 0.5) is None
