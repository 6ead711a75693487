"""Whatever others say, made safe for a terminal, a table, a spreadsheet and XML. Pure.

A target's words reach people through many views; they are cleaned once, where they come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

LONGEST = 240
"""Characters of a failure's detail."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet. Source: OWASP, "CSV Injection"."""


def plain(text: str, longest: int = LONGEST) -> str:
    """One line of printable letters, cut with `…`.

    Control characters and escapes, marks that turn the direction of a text, zero-width letters,
    lone surrogates and what XML forbids are no printable letters: each becomes U+FFFD.
    """
    flat = " ".join(text[: longest * 4].split())
    if not flat.isprintable():
        flat = "".join(letter if letter.isprintable() else _REPLACED for letter in flat)
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: wide letters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


def wrapped(text: str, width: int, indent: str = "") -> Iterator[str]:
    """The text in lines of so many cells; words that are longer have a line of their own."""
    line = indent
    for word in text.split(" "):
        if line.strip() and cells(line) + 1 + cells(word) > width:
            yield line
            line = indent + "  "
        line += word if not line.strip() else f" {word}"
        while cells(line) > width:
            at = next(n for n in range(len(line), 0, -1) if cells(line[:n]) <= width)
            yield line[:at]
            line = indent + "  " + line[at:]
    yield line


def plain_cell(text: str, longest: int = LONGEST) -> str:
    """The same for a cell of a CSV file: what would be a formula has an apostrophe before it."""
    shown = plain(text, longest)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
