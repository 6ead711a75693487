"""What the nodes of a fleet cost their coordinator: recorded reports of 20,000/s, replayed.

Each line is a process of its own: CPU seconds per second of the run, and the peak of its resident
memory. Fleets of more than 64 nodes are there twice: as if all reported directly, and as they are,
with machines that add up what 32 each report. All of it takes some four minutes of CPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable

from bench.load.branch import BRANCH_NODES
from tests.benchmarks.fleet_rows import RATE, VARIANTS
from tests.benchmarks.growth import ROOT, slope

NODES = (1, 4, 16, 64, 256)
TREES = (256, 512)
FULL_S, SHORT_S = 70, 15
"""A minute of values is kept: only after that memory is what it will be."""


def fleet(short: bool, say: Callable[[str], None]) -> None:
    """What a report costs, a line for each number of nodes, then the exponents."""
    seconds = SHORT_S if short else FULL_S
    with tempfile.TemporaryDirectory(prefix="lamload-fleet-") as folder:
        told = _cell("record", 0, seconds, folder)
        say(f"\nA fleet, {RATE:,}/s a node, {VARIANTS} variants, asked once a second")
        for line in _of_parts(told):
            say(line)
        say(f"  {'nodes':<14}{'rate':>12}{'merging':>10}{'with files and a view':>24}{'MB':>8}")
        cells = {}
        for nodes in NODES:
            cells[nodes] = _cell("coordinator", nodes, seconds, folder)
            say(f"  {nodes:<14}{_figures(nodes, cells[nodes])}")
        for nodes in TREES:
            cell = _cell("tree", nodes, seconds, folder)
            say(f"  {f'{nodes} in a tree':<14}{_figures(nodes, cell)}")
    for name, words in (("merging", "CPU of merging"), ("cpu", "CPU"), ("mb", "memory")):
        every = [(float(nodes), cell[name]) for nodes, cell in cells.items()]
        whole, last = slope(every), slope(every[-2:])
        say(f"  exponent in nodes, {words}: {whole:.2f}, of the last step {last:.2f}")


def _of_parts(told: dict[str, float]) -> tuple[str, str]:
    branch = f"{told['branch_kb']:.0f} KB, {told['branch_cpu']:.1%} of a core"
    return (
        f"  a node's report: {told['report_kb']:.0f} KB, {told['reducer_cpu']:.1%} of a core there",
        f"  the sum of {BRANCH_NODES} of them, made on the way: {branch} there",
    )


def _figures(nodes: int, cell: dict[str, float]) -> str:
    shares = f"{cell['merging']:>9.1%} {cell['cpu']:>23.1%}"
    return f"{nodes * RATE:>12,}{shares} {cell['mb']:>7,.0f}"


def _cell(part: str, nodes: int, seconds: int, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.fleet_cell", part, str(nodes), str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.check_output([*command, folder], cwd=ROOT, env=environment)
    found: dict[str, float] = json.loads(told)
    return found
