"""Every form in which a run's results can leave: what `lamload export` and the key `e` write.

A form is a row here and a function from a RecordedRun to its content: text, which is written as
UTF-8 with the line ends that it has, or bytes. To add one: its file, and its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.record.recorded_run import RecordedRun

FORMATS = {
    "csv": "bench.record.csv_files:summary_text",
    "phases": "bench.record.csv_files:phases_text",
    "intervals": "bench.record.csv_files:intervals_text",
    "percentiles": "bench.record.percentiles_csv:percentiles_text",
    "json": "bench.report.json:run_document",
    "html": "bench.report.html:render_html",
    "markdown": "bench.report.markdown:render_markdown",
    "junit": "bench.report.junit:render_junit",
    "hlog": "bench.report.hlog:render_hlog",
    "text": "bench.report.text:render_text",
}
"""Name → the module and the function, which is imported when it is wanted."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What to write, and whether a terminal can show it."""

    content: bytes
    is_text: bool


def render(form: str, run: RecordedRun) -> Rendered:
    """The run in one of FORMATS."""
    module, _, function = FORMATS[form].partition(":")
    content = getattr(import_module(module), function)(run)
    if isinstance(content, str):
        return Rendered(content.encode("utf-8"), is_text=True)
    return Rendered(bytes(content), is_text=False)
