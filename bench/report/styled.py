"""Lines with a meaning each, and what a terminal makes of that: colour, or nothing at all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from textwrap import wrap

_AMOUNT = re.compile(r"(\d) (%|(?:s|ms|µs|min|h|MB|GB|USD)\b)")
"""A number and its unit stay on a line."""


class LineTone(StrEnum):
    """What a line is. Its value is rich's style for it; nothing is told by colour alone."""

    PLAIN = ""
    TITLE = "bold"
    ANSWER = "bold cyan"
    GOOD = "bold green"
    DOUBTFUL = "bold yellow"
    BAD = "bold red"
    ASIDE = "dim"


@dataclass(frozen=True, slots=True)
class StyledLine:
    """A line of text and what it is."""

    text: str = ""
    tone: LineTone = LineTone.PLAIN


def wrapped(
    text: str, width: int, tone: LineTone = LineTone.PLAIN, indent: str = ""
) -> list[StyledLine]:
    """The text in lines of at most so many columns, all but the first a little further in.

    Neither words are broken nor a number and its unit; of a word longer than a line the end is cut.
    """
    width = max(20, width)
    room = width - len(indent) - 2
    text = re.sub(rf"(\S{{{room - 1}}})\S{{2,}}", "\\1…", text)
    lines = wrap(
        _AMOUNT.sub("\\1\N{NO-BREAK SPACE}\\2", text),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [StyledLine(line.replace("\N{NO-BREAK SPACE}", " "), tone) for line in lines]


def as_text(lines: Iterable[StyledLine]) -> str:
    """Without trailing blanks, and no two empty lines in a row."""
    return "".join(f"{line.text}\n" for line in _squeezed(lines))


def in_colour(lines: Iterable[StyledLine]) -> str:
    """With the escape sequences that the environment's terminal has."""
    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=10_000, highlight=False)
    for line in _squeezed(lines):
        console.print(Text(line.text, style=line.tone.value), soft_wrap=True)
    return out.getvalue()


def _squeezed(lines: Iterable[StyledLine]) -> Iterable[StyledLine]:
    before = ""
    for line in lines:
        text = line.text.rstrip()
        if text or before:
            yield StyledLine(text, line.tone)
        before = text
