"""What grows with variants and with a run's length: CPU and memory, by part, and by what power.

Intervals are made up (tests.benchmarks.synthetic), so that ten hours take minutes and no load.
Each part of each cell runs in a process of its own: CPU is what getrusage says of the part alone,
memory the peak of the process. An exponent of 1 is linear; the coordinator's figure is per second
of the run, which is to be 0 in seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

from tests.benchmarks.growth_cell import MEASURED

ROOT = Path(__file__).parent.parent.parent
MINUTE_S, HOUR_S = 60, 3600
FULL = (
    *((variants, MINUTE_S) for variants in (1, 12, 60, 200)),
    *((1, HOUR_S), (1, 10 * HOUR_S)),
    *((60, 15), (12, HOUR_S)),
)
"""Variants and seconds: along one axis, along the other, and what is promised."""
SHORT = (*((variants, 15) for variants in (1, 12, 60)), (1, MINUTE_S), (1, 10 * MINUTE_S))
NAMES = ("coordinator", "finish", "report", "watch, open", "watch, seek", "history")


@dataclass(frozen=True, slots=True)
class Cell:
    """CPU seconds and peak megabytes by part, at so many variants and seconds."""

    variants: int
    seconds: int
    cpu_s: dict[str, float]
    peak_mb: dict[str, float]


def growth(short: bool, say: Callable[[str], None]) -> None:
    """A line for each cell, then the exponents."""
    say("\nGrowth, all variants on side by side: CPU seconds (the coordinator's per second) and MB")
    say(f"  {'variants × seconds':<20}" + "".join(f"{name:>18}" for name in NAMES))
    cells = []
    for variants, seconds in SHORT if short else FULL:
        cells.append(_measured(variants, seconds))
        say(f"  {f'{variants:,} × {seconds:,}':<20}" + _figures(cells[-1]))
    for words, line in _exponents(cells):
        say(f"  {words:<20}{line}")


def _measured(variants: int, seconds: int) -> Cell:
    cpu_s: dict[str, float] = {}
    peak_mb: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="lamload-growth-") as folder:
        for part in MEASURED:
            command = [sys.executable, "-m", "tests.benchmarks.growth_cell"]
            arguments = [part, str(variants), str(seconds), folder]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            told = subprocess.check_output([*command, *arguments], cwd=ROOT, env=environment)
            for name, (cpu, peak) in json.loads(told).items():
                cpu_s[name], peak_mb[name] = cpu, peak
    return Cell(variants, seconds, cpu_s, peak_mb)


def _figures(cell: Cell) -> str:
    return "".join(f"{cell.cpu_s[n]:>11.4g}{cell.peak_mb[n]:>7,.0f}" for n in NAMES)


def _exponents(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    shortest = min(cell.seconds for cell in cells if cell.variants == 1)
    by_variants = [(cell.variants, cell) for cell in cells if cell.seconds == shortest]
    by_seconds = [(cell.seconds, cell) for cell in cells if cell.variants == 1]
    for words, along in (("variants", by_variants), ("seconds", by_seconds)):
        yield f"exponent in {words}", _slopes(along)
        yield "  of the last step", _slopes(along[-2:])


def _slopes(along: Sequence[tuple[int, Cell]]) -> str:
    return "".join(
        f"{slope([(size, cell.cpu_s[name]) for size, cell in along]):>11.2f}"
        f"{slope([(size, cell.peak_mb[name]) for size, cell in along]):>7.2f}"
        for name in NAMES
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent: of the line through the logarithms, by least squares."""
    xs, ys = zip(*((log(x), log(max(y, 1e-6))) for x, y in points), strict=True)
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    both = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return float(both / spread)
