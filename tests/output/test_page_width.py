"""No line is wider than the page, no word is broken, and columns stay columns."""

from __future__ import annotations

import pytest

from bench.output.page_width import folded

LINES = (
    "Cost      nothing here; on AWS 0.0033 USD if 100ms are billed for each, without retries",
    "  Which memory size is worth its money for CPU-bound work, and what does each door add?",
    "20261128T162213Z-wave         VALID    finished  local   1         Two days in a minute",
    "short",
    "lamload: one-word-that-is-longer-than-any-line-" + "x" * 80,
)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_lines_fit_and_words_stay_whole(width: int) -> None:
    for line in LINES:
        found = list(folded([line], width))
        assert " ".join(" ".join(found).split()) == " ".join(line.split())
        assert all(len(part) <= width or " " not in part.strip() for part in found)


def test_what_follows_stands_under_the_last_column() -> None:
    first, second = folded(LINES[:1], 60)
    assert first.startswith("Cost      nothing here")
    assert second.startswith(" " * 10) and second[10] != " "


def test_a_line_stays_a_line_where_nobody_looks() -> None:
    assert list(folded(LINES, None)) == list(LINES)
