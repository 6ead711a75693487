from __future__ import annotations

from pathlib import Path

from bench.record.hlog import merged, read_hlog
from bench.report.hlog import render_hlog
from tests.record.build import LARGE
from tests.report.build import recorded


def test_the_log_is_the_runs_own_or_made_of_its_totals(tmp_path: Path) -> None:
    run = recorded(tmp_path)
    own = run.folder / "histograms.hlog"
    assert render_hlog(run) == own.read_text()
    by_second = merged(read_hlog(render_hlog(run)))[f"{LARGE.name}/response"]
    own.unlink()
    whole = merged(read_hlog(render_hlog(run)))[f"{LARGE.name}/response"]
    assert by_second.quantiles() == whole.quantiles()
    assert whole.count == 200
