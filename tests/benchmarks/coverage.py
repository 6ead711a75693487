"""How often intervals of confidence cover the truth, and comparisons err: a table of simulations.

Each line is a process whose truth is known, at several lengths and rates. `cover` is the share of
the intervals given that have the truth in them, and in brackets how often too few blocks were there
to know; `A/A` how often two equal variants, or runs, are told apart; `nine` how many tables of nine
equals name a difference; `+10 %` how often a tenth is found, and `most` how often it would be by a
test that knew how far chance puts it. Samples taken as independent, as order statistics have it,
stand beside it as `iid`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.stats.woodruff import interval
from tests.stats.processes import (
    HARD,
    NAMED,
    Process,
    Shape,
    curve_in_blocks,
    latencies,
    true_quantile_ns,
)
from tests.stats.study import (
    coverage,
    covers,
    curves_of,
    most_found,
    tables_with_a_difference,
    told_apart_share,
)

RUNS = ((2, 10, 30), (16, 16, 8), (20, 20, 15), (20, 20, 100), (4, 60, 50), (10, 100, 100))
"""(rounds, blocks, samples of each)."""
QUANTILES = (0.5, 0.9, 0.99)
NINE = 9


def coverage_table(replications: int, seed: int, say: Callable[[str], None]) -> None:
    """Simulate and print; takes minutes."""
    for rounds, blocks, samples in RUNS:
        shape = Shape(replications, blocks, samples)
        say(f"\n{shape.count:,} invocations: {rounds} rounds, {blocks} blocks of {samples}")
        say(f"  {'process':<26}{'iid':>6}  {'cover p50 (few)':>17}{'p90':>14}{'p99':>14}"
            f"{'A/A':>7}{'2 runs':>8}{'nine':>7}{'+10 %':>7}{'most':>7}")  # fmt: skip
        for name, process in {**NAMED, **HARD}.items():
            say(f"  {name:<26}{_line(process, shape, rounds, seed)}")


def _line(process: Process, shape: Shape, rounds: int, seed: int) -> str:
    base, other = (curves_of(process, shape, rounds, seed + i) for i in (0, 1))
    values = latencies(process, np.random.default_rng(seed + 1), shape)
    slower = [curve_in_blocks((each * 1.1).astype(np.int64), rounds) for each in values]
    truth_ns = true_quantile_ns(process, 0.5)
    alone = [covers(interval(replace(curve, blocks=None), 0.5), truth_ns) for curve in base]
    cells = [f"{np.mean(alone):>6.1%}", "   "]
    for q in QUANTILES:
        if shape.count * (1 - q) < 10.5:
            cells.append(f"{'·':>14}")
            continue
        found = coverage(process, base, q)
        few = 1 - found.known / found.tried
        cells.append(f"{found.share:>8.1%} {f'({few:.0%})':>5}")
    tables = base[: len(base) // NINE * NINE]
    cells += [
        f"{told_apart_share(base, other, 0.5):>7.1%}",
        f"{told_apart_share(base, other, 0.5, share_blocks=False):>8.1%}",
        f"{tables_with_a_difference(tables, NINE, 0.5):>7.1%}",
        f"{told_apart_share(base, slower, 0.5):>7.0%}",
        f"{most_found(base, slower, 0.5):>7.0%}",
    ]
    return "".join(cells)
