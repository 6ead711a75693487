"""Points in a picture of characters."""

from __future__ import annotations

from string import ascii_letters, digits

import pytest

from bench.report.axes import linear_axis, log_axis
from bench.report.text_scatter import HEIGHT, LETTERS, scatter_lines

X, Y = linear_axis(0.0, 10.0, 6), log_axis(1.0, 5.0, 5)


def test_each_point_stands_where_it_lies_and_is_named_below() -> None:
    points = [("low", 0.0, 1.0), ("high", 10.0, 5.0), ("middle", 5.0, 5.0**0.5)]
    lines = list(scatter_lines(points, X, Y, 60))
    assert lines[0].endswith("b") and lines[0].lstrip().startswith("5 |")
    assert lines[HEIGHT - 1].lstrip() == "1 |a"
    middle = lines[HEIGHT // 2]
    assert middle.index("c") == (lines[0].index("b") + lines[HEIGHT - 1].index("a")) // 2
    assert lines[-1] == "a low  b high  c middle"
    assert lines[-2].split() == ["0", "2", "4", "6", "8", "10"]
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("across", [0.0, 10.0])
def test_none_covers_another(across: float) -> None:
    lines = list(scatter_lines([(f"p{n}", across, 1.0) for n in range(9)], X, Y, 60))
    row = lines[HEIGHT - 1].partition("|")[2]
    assert sorted(row.replace(" ", "")) == list("abcdefghi")
    assert "abcdefghi" in (row, row[::-1]) or " " not in row.strip()


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_it_keeps_to_the_width(width: int) -> None:
    points = [(f"policy-{n}", float(n), 1.0 + n / 4) for n in range(10)]
    assert max(map(len, scatter_lines(points, X, Y, width))) <= width


def test_what_has_no_letter_is_counted() -> None:
    assert ascii_letters + digits == LETTERS
    points = [(f"p{n}", n % 10, 1 + n % 5) for n in range(len(LETTERS) + 3)]
    assert list(scatter_lines(points, X, Y, 60))[-1] == "and 3 more"
