"""The interval log of a run, as it was written; of a run that lost it, its totals."""

from __future__ import annotations

from bench.record.csv_files import totals_text
from bench.record.recorded_run import HISTOGRAMS, RecordedRun, text_of


def render_hlog(run: RecordedRun) -> str:
    """histograms.hlog, for any HdrHistogram tool."""
    return text_of(run.folder / HISTOGRAMS) or totals_text(run, run.end_s)
