from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.outcome import Verdict
from bench.model.profile import Slo
from bench.model.result import Measure
from bench.record.recorded_run import RecordedRun
from bench.report.text import render_text
from bench.stats.woodruff import interval
from tests.record.build import DOOR, LARGE, SMALL
from tests.report.build import RARE, recorded

SLOS = (Slo("quick", "p50 of 1769MB < 1s"), Slo("always quick", "p99 of 128MB < 1s"))


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return recorded(tmp_path, slos=SLOS)


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name} "))


@pytest.mark.parametrize("width", [60, 80, 100, 133, 200, 10_000])
def test_tables_fit_the_width_and_name_every_variant(run: RecordedRun, width: int) -> None:
    text = render_text(run, width)
    tables = text.split("\n\n")[1:-6]
    assert max(len(line) for table in tables for line in table.splitlines()) <= width
    for variant in (SMALL, LARGE, DOOR, RARE):
        assert f"\n{variant.name} " in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\n\n\n" not in text


def test_in_a_pipe_each_variant_has_one_line(
    run: RecordedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    text = render_text(run)
    assert len(re.findall(rf"^{SMALL.name} ", text, re.MULTILINE)) == 1


def test_no_colour_is_ever_used(run: RecordedRun) -> None:
    assert "\x1b" not in render_text(run)


def test_the_contracts_figures_are_all_there(run: RecordedRun) -> None:
    heads = render_text(run, 10_000).splitlines()[3].split()
    for head in ("offered", "achieved/s", "ok", "timeout", "retries", "×", "billed", "$/M"):
        assert head in heads
    assert heads.count("p99") >= 2
    assert heads.count("max") == 3


def test_failures_that_never_happened_take_no_room(run: RecordedRun) -> None:
    assert "connect error" not in render_text(run, 10_000)


def test_timeouts_print_as_lower_bounds_and_unknowns_as_dots(run: RecordedRun) -> None:
    text = render_text(run, 10_000)
    assert "≥3,000" in line_of(text, SMALL.name)
    assert "≥" not in line_of(text, LARGE.name)
    assert line_of(text, RARE.name).count("·") > 4
    assert "≥ a lower bound: calls timed out; · unknown: fewer than ten samples beyond it" in text


def test_the_last_lines_say_what_follows(run: RecordedRun) -> None:
    text = render_text(run, 100)
    assert "\nFastest: 1769 MB (p90 " in text
    assert "\nalb adds " in text
    assert "ok      quick: p50 of 1769MB < 1s (" in text
    assert "FAILED  always quick: " in text


def test_the_verdict_stands_last_with_its_reasons(run: RecordedRun) -> None:
    text = render_text(run, 100)
    assert text.index("\nINVALID:\n") > text.index("Fastest")
    assert (
        f"  INVALID  {RARE.name}: 1 of 6 arrivals (16.7%) found no free slot and were dropped"
        in text
    )
    good = replace(run, verdict=Verdict.VALID, reasons=())
    assert render_text(good, 100).endswith("VALID: nothing speaks against these numbers\n")
    told = replace(good, manifest={"scheduling": {"workers": ["realtime", "realtime"]}})
    assert render_text(told, 100).endswith("these numbers (2 workers, real-time)\n")


def test_a_run_that_was_killed_says_so(run: RecordedRun) -> None:
    assert "(local, unfinished)" in render_text(replace(run, state="unfinished"), 100)


def test_a_run_without_results_prints(run: RecordedRun) -> None:
    assert "INVALID" in render_text(replace(run, windows=(), curves={}, intervals=()), 80)


def test_an_interval_says_what_it_rests_on(run: RecordedRun) -> None:
    lines = {line.split()[0]: line for line in render_text(run).splitlines() if line[:2] == "  "}
    basis = interval(run.curves[LARGE.name][Measure.RESPONSE], 0.9).basis
    assert re.search(r" p90 4\d\.\d … (4\d\.\d|open) ms ", lines[LARGE.name])
    assert lines[LARGE.name].endswith(f"({basis.text})")
    assert RARE.name not in lines


def test_of_a_run_without_blocks_nobody_knows_how_its_samples_hang_together(
    run: RecordedRun,
) -> None:
    curves = {
        name: {measure: replace(curve, blocks=None) for measure, curve in own.items()}
        for name, own in run.curves.items()
    }
    assert "ms (iid, not tested)" in render_text(replace(run, curves=curves))
