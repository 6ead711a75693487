"""The summary as one JSON document: what `--json` prints and report.json holds."""

from __future__ import annotations

import json

from bench.record.recorded_run import RecordedRun
from bench.record.summary_json import document_of


def run_document(run: RecordedRun) -> str:
    """The document as text, ending in a newline; unknown figures are null."""
    return json.dumps(document_of(run), indent=2, ensure_ascii=False) + "\n"
