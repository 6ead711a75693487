"""How often a search's interval contains the capacity, how wide it is, and what it takes: a table.

Each line is a queue whose knee is known (tests.load.queues). `holds/knee`: the rate that a hold
confirmed, as a share of the knee, its 5 % and 95 % quantiles over the searches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.model.profile import CapacitySpec
from bench.model.times import NS_PER_S
from tests.load.queues import QUEUES, searched

MINUTES = 40
"""Of narrowing, within which every queue here is known as precisely as is asked for."""
SHARE = 8
"""Of so many searches one is made that takes so long."""


def capacity_table(searches: int, seed: int, say: Callable[[str], None]) -> None:
    """Simulate and print; takes minutes."""
    usual = CapacitySpec(10, 400, 1)
    say(f"\nSearches for capacity, {searches} of each, from 10/s to 400/s at default settings")
    _table(usual, range(seed, seed + searches), say)
    few = max(2, searches // SHARE)
    say(f"\nThe same until they are within {usual.precision:.0%}, {few} of each")
    _table(replace(usual, narrow_ns=MINUTES * 60 * NS_PER_S), range(seed, seed + few), say)


def _table(usual: CapacitySpec, seeds: range, say: Callable[[str], None]) -> None:
    say(f"  {'queue':<16}{'cover':>7}{'half-width':>12}{'90 % below':>12}{'arrivals':>10}"
        f"{'holds/knee':>15}{'> 1.05':>8}")  # fmt: skip
    for name, queue in QUEUES.items():
        spec = replace(usual, limit_ns=queue.limit_ns)
        rows = []
        for own in seeds:
            search, arrivals = searched(queue, spec, own)
            found = search.interval
            if found is None:
                continue
            covers = found.low_rps <= queue.knee_rps <= found.high_rps
            held = (search.confirmed_rps or 0.0) / queue.knee_rps
            rows.append((covers, found.half_width, arrivals, held))
        covered, widths, sent, held_by = (np.array(column) for column in zip(*rows, strict=True))
        low, high = np.quantile(held_by, (0.05, 0.95))
        say(f"  {name:<16}{covered.mean():>7.1%}{np.median(widths):>12.1%}"
            f"{np.quantile(widths, 0.9):>12.1%}{sent.mean():>10,.0f}"
            f"{f'{low:.2f} … {high:.2f}':>15}{(held_by > 1.05).mean():>8.1%}")  # fmt: skip
