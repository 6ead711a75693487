"""How wide text may be where it goes, and lines that are folded to that at blanks alone."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from textwrap import wrap

WIDEST = 100
"""Columns beyond which nothing goes unless somebody asks for all of it; a pipe has as many."""
NARROWEST = 40
_SPELLED = 6
_COLUMN = re.compile(r"\S {2,}(?=\S)")
_MOST_INDENT = 0.5
"""Of the width: text in a column further right than that goes on at the left."""


def page_width() -> int:
    """Columns of stdout's terminal, at most WIDEST; those where there is none.

    ASCII has two dots more for each `…`, of which a line has three at most.
    """
    columns = shutil.get_terminal_size((WIDEST, 24)).columns
    spelled = _SPELLED if getattr(sys.stdout, "encoding", None) == "ascii" else 0
    return max(NARROWEST, min(WIDEST, columns)) - spelled


def row_width() -> int | None:
    """Likewise for a list; None in a pipe, where whoever reads wants a row on one line."""
    return page_width() if sys.stdout.isatty() else None


def story_width() -> int | None:
    """Columns of stderr's terminal; None where it is none, and a line is to stay a line."""
    try:
        return max(NARROWEST, os.get_terminal_size(sys.stderr.fileno()).columns)
    except (OSError, ValueError, AttributeError):
        return None


def folded(lines: Iterable[str], width: int | None) -> Iterator[str]:
    """Each in lines of at most so many columns; what follows begins where the last column does.

    `Cost      nothing here, and …` goes on under `nothing`. No word is broken: one that is longer
    than a line has one of its own. width None: as they are.
    """
    for line in lines:
        if width is None or len(line) <= width:
            yield line
        else:
            yield from _fold(line, width)


def _fold(line: str, width: int) -> list[str]:
    inner = len(line) - len(line.lstrip())
    gaps = [gap.end() for gap in _COLUMN.finditer(line) if gap.end() <= width * _MOST_INDENT]
    head = gaps[-1] if gaps else inner
    indent = head if gaps else inner + 2
    return wrap(
        line[head:],
        width,
        initial_indent=line[:head],
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
