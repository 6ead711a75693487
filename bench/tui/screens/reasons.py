"""The verdict with all its reasons: the header has room for one of them at most."""

from __future__ import annotations

from textwrap import wrap

from rich.text import Text

from bench.model.live import Snapshot
from bench.model.outcome import Reason
from bench.tui.state import OVER

WIDEST = 88
"""Cells of a line that still reads well."""


def reasons_text(snapshot: Snapshot, width: int) -> Text:
    """width: cells that a line may have."""
    so_far = "" if snapshot.state in OVER else " so far"
    text = Text(f"{snapshot.verdict.value}{so_far}", "bold")
    for sentence in [_sentence(reason) for reason in snapshot.reasons] or [_NONE]:
        text.append("\n\n" + "\n".join(wrap(sentence, max(20, min(width, WIDEST)))), "not bold")
    return text


_NONE = "Nothing speaks against these figures."


def _sentence(reason: Reason) -> str:
    where = f"{reason.variant}: " if reason.variant else ""
    return f"{reason.verdict.value}: {where}{reason.text}"
