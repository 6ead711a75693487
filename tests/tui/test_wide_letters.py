"""Letters are not cells: wide ones have two, combining ones none of their own."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from bench.tui.widgets.canvas import Canvas, Glyphs
from bench.tui.widgets.columns import letters
from bench.tui.widgets.strip_widget import changed_region

PLAIN = Style.null()


def strip(text: str) -> Strip:
    return Strip([Segment(text, PLAIN)])


@pytest.mark.parametrize(
    ("before", "after", "cells"),
    [
        ("負荷試験 🚀 VALID so far", "負荷試験 🚀 SUSPECT     ", (12, 24)),
        ("abc VALID", "abc INVAL", (4, 9)),
        ("e\u0301 VALID so far", "e\u0301 VALID       ", (8, 14)),
        ("ab", "字", (0, 2)),
        ("a字b", "字字"[:1] + "cb", (0, 3)),
        ("字字x", "字字y", (4, 5)),
    ],
)
def test_what_has_changed_is_counted_in_cells(
    before: str, after: str, cells: tuple[int, int]
) -> None:
    region = changed_region(strip(before), strip(after), 7)
    assert (region.x, region.right, region.y, region.height) == (*cells, 7, 1)


@pytest.mark.parametrize("text", ["steady ⚖\ufe0f on", "👨‍👩‍👧 family"])
def test_letters_that_are_joined_have_the_whole_row_painted_or_less_right(text: str) -> None:
    before, after = strip(f"{text} a"), strip(f"{text} b")
    region = changed_region(before, after, 0)
    assert region.right == after.cell_length
    assert region.x <= after.cell_length - 1


def test_a_wide_word_behind_a_chart_takes_its_cells() -> None:
    canvas = Canvas(8, 1, Glyphs.ASCII)
    canvas.mark(7, 0, 1, "*")
    canvas.words_behind(1, 0, letters("字e\u0301験x"), 2)
    (row,) = ["".join(span.text for span in canvas.row(0))]
    assert row == " 字e\u0301験x*"
    assert strip(row).cell_length == 8


def test_half_a_letter_is_none() -> None:
    canvas = Canvas(4, 1, Glyphs.ASCII)
    canvas.mark(2, 0, 1, "*")
    canvas.words_behind(1, 0, letters("字a"), 2)
    assert "".join(span.text for span in canvas.row(0)) == "  *a"
