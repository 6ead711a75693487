"""Whatever others say, made safe for a terminal, a table, a spreadsheet and XML. Pure.

A target's words reach people through many views; they are cleaned once, where they come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import category, east_asian_width

LONGEST = 240
"""Characters of a failure's detail."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_MARKS = ("Mn", "Me")
"""Categories of letters that are drawn over the one before: nonspacing and enclosing marks."""
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
    return sum(map(_cells, text))


def _cells(letter: str) -> int:
    """Marks of Thai or Hebrew take none either, whose class of combining is 0."""
    if category(letter) in _MARKS:
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def aligned(texts: Sequence[str], *, right: bool = False) -> list[str]:
    """A column of a table: blanks behind each text, or before it, up to the cells of the widest."""
    taken = [cells(text) for text in texts]
    widest = max(taken, default=0)
    blanks = [" " * (widest - used) for used in taken]
    pairs = zip(texts, blanks, strict=True)
    return [blank + text if right else text + blank for text, blank in pairs]


def fitted(text: str, width: int) -> str:
    """As much of the text's beginning as takes no more cells, its last letter with its marks."""
    if text.isascii():
        return text[:width]
    used = 0
    for at, letter in enumerate(text):
        used += _cells(letter)
        if used > width:
            return text[:at]
    return text


def wrapped(text: str, width: int, indent: str = "") -> Iterator[str]:
    """The text in lines of so many cells; words that are longer have a line of their own."""
    line = indent
    for word in text.split(" "):
        if line.strip() and cells(line) + 1 + cells(word) > width:
            yield line
            line = indent + "  "
        line += word if not line.strip() else f" {word}"
        while cells(line) > width:
            kept = fitted(line, width)
            if not kept.strip():  # not even one letter fits
                break
            yield kept
            line = indent + "  " + line[len(kept) :]
    yield line


def plain_cell(text: str) -> str:
    """The same for a cell of a CSV file: what would be a formula has an apostrophe before it."""
    shown = plain(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
