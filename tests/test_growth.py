"""What is done at a run's end and for each look grows with variants, and no faster.

Calls of functions are counted, not time: the same code makes the same calls on any machine. A
doubling may cost a little more than twice as much; with variants squared it costs four times.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bench.record.load_run import load_run
from bench.record.recorded_run import INTERVALS, RecordedRun
from bench.report.html import render_html
from bench.report.text import render_text
from bench.tui.playback import PlaybackSource
from tests.benchmarks.synthetic import SyntheticRun

MOST = 2.6
"""How many times the calls a doubling may take."""
FEW, MANY = 6, 12
SECONDS = 3


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, Python's own and C's."""
    count = 0

    def called(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def driven(root: Path, variants: int, seconds: int) -> SyntheticRun:
    """A run up to its end, which nobody has looked at."""
    run = SyntheticRun(root, variants, seconds)
    for second in range(seconds):
        run.live(second, run.frames(second))
    return run


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """The folder of a finished run with so many variants."""

    @cache
    def made(variants: int) -> Path:
        root = tmp_path_factory.mktemp(f"run-{variants}")
        return driven(root, variants, SECONDS).finish().folder

    return made


def test_the_end_of_a_run_is_linear_in_variants(tmp_path: Path) -> None:
    few, many = (calls_of(driven(tmp_path, n, SECONDS).finish) for n in (FEW, MANY))
    assert many < MOST * few


def test_a_look_at_a_run_is_linear_in_variants(tmp_path: Path) -> None:
    def look(run: SyntheticRun) -> Callable[[], None]:
        return partial(run.live, SECONDS - 1, run.frames(SECONDS - 1), seen=True)

    few, many = (calls_of(look(driven(tmp_path, n, SECONDS))) for n in (FEW, MANY))
    assert many < MOST * few


@pytest.mark.parametrize("render", [render_text, render_html])
def test_a_report_is_linear_in_variants(
    folder_of: Callable[[int], Path], render: Callable[[RecordedRun], str]
) -> None:
    def report(folder: Path) -> None:
        render(load_run(folder))

    few, many = (calls_of(partial(report, folder_of(n))) for n in (FEW, MANY))
    assert many < MOST * few


def test_watching_is_linear_in_variants(folder_of: Callable[[int], Path]) -> None:
    def watch(folder: Path) -> None:
        source = PlaybackSource(folder, clock=lambda: 0.0)
        source.seek(SECONDS / 2)
        source.snapshot()
        source.window(2)
        source.curves()

    few, many = (calls_of(partial(watch, folder_of(n))) for n in (FEW, MANY))
    assert many < MOST * few


def test_the_end_and_each_second_cost_the_same_however_long_the_run_was(tmp_path: Path) -> None:
    """Of seconds that have settled nothing is left to do; charts only draw their points."""
    early, late = 75, 115
    run = SyntheticRun(tmp_path, 1, late + 2)
    costs = []
    for second in range(late + 1):
        frames = run.frames(second)
        if second in (early, late):
            costs.append(calls_of(partial(run.live, second, frames, seen=True)))
        else:
            run.live(second, frames)
    assert costs[1] < 1.05 * costs[0]
    short, long = (calls_of(driven(tmp_path, 1, n).finish) for n in (early, late))
    assert long < 1.3 * short


def test_a_finished_runs_report_reads_no_seconds(folder_of: Callable[[int], Path]) -> None:
    folder = folder_of(FEW)
    whole, seconds = render_text(load_run(folder)), (folder / INTERVALS).read_bytes()
    (folder / INTERVALS).write_text("what,is,this\n1,2,3\n")
    try:
        assert render_text(load_run(folder)) == whole
    finally:
        (folder / INTERVALS).write_bytes(seconds)
