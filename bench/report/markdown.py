"""A run as Markdown, for a pull request: answer, verdict, a table, and how to look closer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from bench.model.outcome import Verdict
from bench.record.recorded_run import RecordedRun
from bench.report.brief import answers, columns_of, rows_of, says
from bench.report.text import mark_notes, slo_lines, title_of
from bench.report.text_pictures import picture_lines

_MARKS = {Verdict.VALID: "✅", Verdict.SUSPECT: "⚠️", Verdict.INVALID: "❌"}
"""Beside the word, never in its place."""
_PICTURE_WIDTH = 80
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")


def render_markdown(run: RecordedRun) -> str:
    """The run in GitHub's Markdown."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: RecordedRun) -> Iterator[str]:
    yield f"### {escaped(title_of(run))}"
    yield ""
    for index, sentence in enumerate(chain(*answers(run))):
        text = escaped(sentence)
        yield f"- {text}" if index else f"- **{text}**"
    yield ""
    yield from _pictures(run)
    yield f"{_MARKS[run.verdict]} **{run.verdict.value}**{_reasons(run)}"
    yield ""
    for text in slo_lines(run):
        yield f"- {escaped(' '.join(text.split()))}"
    yield ""
    rows = rows_of(run)
    columns = [
        column for column in columns_of(run)[1] if says(column, [window for _, window in rows])
    ]
    yield f"| variant | {' | '.join(column.head for column in columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    table = [[column.read(window) for column in columns] for _, window in rows]
    for (name, _), cells in zip(rows, table, strict=True):
        part = f"↳ {escaped(name)}" if name.startswith(" ") else f"`{name}`"
        yield f"| {part} | {' | '.join(cells)} |"
    yield ""
    for note in mark_notes(chain(*table)):
        yield escaped(note)
    yield ""
    yield f"Run `{run.name}`: `lamload report {run.name}`, `lamload open {run.name}`"


def _pictures(run: RecordedRun) -> Iterator[str]:
    lines = list(picture_lines(run, _PICTURE_WIDTH))
    if lines:
        yield from ("```", *lines, "```", "")


def _reasons(run: RecordedRun) -> str:
    if not run.reasons:
        return ": nothing speaks against these numbers"
    named = (
        f"{f'{reason.variant}: ' if reason.variant else ''}{reason.text}" for reason in run.reasons
    )
    return f": {escaped('; '.join(named))}"


def escaped(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
