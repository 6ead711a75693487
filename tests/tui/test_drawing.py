"""Axes, the canvas of dots, and which columns of a table have a place: all pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.format import UNKNOWN
from bench.report.axes import Axis
from bench.tui.palette import ANSI, DARK, LIGHT, PLAIN, Paint, SeriesStyle
from bench.tui.widgets.axes import label_row, round_span_s, time_axis
from bench.tui.widgets.canvas import EMPTY, GRID, Canvas, Glyphs
from bench.tui.widgets.chart_data import ChartLine
from bench.tui.widgets.chart_lines import between, stretches, trace
from bench.tui.widgets.columns import (
    GAP,
    Cell,
    Column,
    Row,
    clipped,
    column_at,
    ends_in_sight,
    in_order,
    known_first,
    order_key,
)
from bench.tui.widgets.columns import placed as placed_columns
from bench.tui.widgets.heat import Heat, HeatData


def labels(axis: Axis) -> list[str]:
    return [label for _, label in axis.ticks]


# -- axes


def test_a_heat_map_without_round_edges_names_those_of_its_ends() -> None:
    heat = Heat(id="heat")
    heat.show(HeatData(edges_ms=[100.0, 111.1, 123.4, 137.2]))
    assert heat._labels(6, 0, 3) == ["100", "", "", "", "123", ""]


def test_time_is_told_as_a_clock() -> None:
    assert labels(time_axis(0, 30, 6)) == ["0:00", "0:05", "0:10", "0:15", "0:20", "0:25", "0:30"]
    assert labels(time_axis(3595, 3655, 4))[-1] == "1:00:45"


def test_an_axis_of_time_grows_in_few_steps() -> None:
    assert [round_span_s(s) for s in (3, 11, 61, 3601)] == [10, 20, 120, 7200]


def test_labels_stay_inside_and_apart() -> None:
    axis = Axis(0, 10, ((0.0, "zero"), (2.0, "two"), (10.0, "ten")))
    assert label_row(axis, 20, 3, 16) == "   zero         ten "
    assert label_row(axis, 40, 0, 40) == "zero   two" + " " * 27 + "ten"


# -- dots


def text(canvas: Canvas) -> list[str]:
    return ["".join(run.text for run in canvas.row(y)) for y in range(canvas.height)]


def test_a_line_across_in_each_kind_of_glyph() -> None:
    drawn = {}
    for glyphs in Glyphs:
        canvas = Canvas(4, 1, glyphs)
        canvas.line(0, 0, canvas.dots_across - 1, 0, 0)
        drawn[glyphs] = text(canvas)
    assert drawn == {Glyphs.BRAILLE: ["⠉⠉⠉⠉"], Glyphs.BLOCK: ["▀▀▀▀"], Glyphs.ASCII: ["''''"]}


def test_what_lies_outside_is_left_out() -> None:
    canvas = Canvas(2, 1)
    canvas.line(-5, -5, 20, 20, 0)
    canvas.mark(99, 0, 0, "x")
    assert len(text(canvas)[0]) == 2


def test_the_grid_stays_behind_lines_and_marks() -> None:
    canvas = Canvas(5, 1)
    canvas.line(0, 0, 0, 0, 7)
    canvas.mark(4, 0, 3, "●")
    for column in range(5):
        canvas.behind(column, 0, "┄")
    assert text(canvas) == ["⠁┄●┄┄"]
    assert [run.series for run in canvas.row(0)] == [7, GRID, 3, GRID]


def test_a_label_finds_room_only_where_nothing_is_written() -> None:
    canvas = Canvas(10, 1)
    canvas.mark(0, 0, 0, "abc")
    assert not canvas.is_free(4, 0, 3)
    assert canvas.is_free(6, 0, 4)
    assert not canvas.is_free(6, 0, 9)
    assert canvas.row(0)[-1].series == EMPTY


def test_of_points_in_one_cell_each_is_seen() -> None:
    canvas = Canvas(5, 1)
    stood = canvas.points([(4, 0, 0, "○"), (5, 0, 1, "△"), (4, 3, 2, "□")])
    assert text(canvas) == [" □○△ "]
    assert stood == [(2, 0), (3, 0), (1, 0)]
    assert [run.series for run in canvas.row(0)] == [EMPTY, 2, 0, 1, EMPTY]


def test_a_point_gives_way_to_one_whose_cell_it_is_though_that_comes_later() -> None:
    canvas = Canvas(4, 1)
    assert canvas.points([(0, 0, 0, "○"), (1, 0, 1, "△"), (2, 0, 2, "□")]) == [
        (0, 0),
        (2, 0),
        (1, 0),
    ]
    assert text(canvas) == ["○□△ "]


def test_points_of_one_series_in_one_cell_are_one_mark() -> None:
    canvas = Canvas(3, 1)
    canvas.points([(2, 0, 0, "○"), (3, 0, 0, "○"), (9, 9, 0, "○")])
    assert text(canvas) == [" ○ "]


def test_where_a_row_is_full_the_last_one_stands_in_its_own_cell() -> None:
    canvas = Canvas(1, 1)
    canvas.points([(0, 0, 0, "○"), (0, 0, 1, "△")])
    assert text(canvas) == ["△"]


# -- lines


@given(
    st.lists(st.none() | st.floats(min_value=0, max_value=9), max_size=80),
    st.sampled_from(Glyphs),
)
def test_a_line_of_many_points_looks_as_if_each_were_drawn(
    values: list[float | None], glyphs: Glyphs
) -> None:
    x, y = Axis(0.0, float(len(values))), Axis(0.0, 9.0)
    each, few = Canvas(6, 4, glyphs), Canvas(6, 4, glyphs)
    before: tuple[int, int] | None = None
    for number, value in enumerate(values):
        at = None
        if value is not None:
            at = (
                round(x.at(number) * (each.dots_across - 1)),
                round((1 - y.at(value)) * (each.dots_down - 1)),
            )
            each.line(*(before or at), *at, 0)
        before = at
    line = ChartLine(
        "", SeriesStyle("●", ""), tuple((float(n), value) for n, value in enumerate(values))
    )
    drawn = list(stretches(few, x, y, line))
    for stretch in drawn:
        trace(few, stretch, 0)
    assert text(few) == text(each)
    assert all(len(stretch) <= few.dots_across for stretch in drawn)


# -- columns

COLUMNS = (
    Column("name", "name", 4),
    Column("seldom", "seldom", 6, 2),
    Column("often", "often", 5, 1),
    Column("last", "last", 4, 3, flex=True),
)


def keys(columns: list[Column]) -> list[str]:
    return [column.key for column in columns]


def test_what_matters_most_has_a_place_and_the_rest_follows() -> None:
    assert keys(in_order(COLUMNS, 100)) == ["name", "seldom", "often", "last"]
    assert keys(in_order(COLUMNS, 12)) == ["name", "often", "seldom", "last"]


@given(st.integers(min_value=4, max_value=60), st.integers(min_value=0, max_value=3))
def test_columns_never_overlap_and_never_pass_the_edge(width: int, skipped: int) -> None:
    at = 0
    for column, start in placed_columns(COLUMNS, width, 1, skipped):
        assert start >= at
        assert start + column.width <= width
        at = start + column.width + GAP


def test_what_no_row_knows_makes_room_for_what_some_do() -> None:
    columns = [Column(key, key, 6, rank, group="ms") for key, rank in
               (("p50", 0), ("p90", 2), ("p99", 0))]  # fmt: skip
    unknown = Row("a", {"p50": Cell(UNKNOWN), "p90": Cell(UNKNOWN), "p99": Cell(UNKNOWN)})
    partly = Row("b", {**unknown.cells, "p50": Cell("1.20"), "p90": Cell("3.40")})

    def shown(*rows: Row) -> list[str]:
        return [column.key for column, _ in placed_columns(known_first(columns, rows), 14, 0, 0)]

    assert shown(unknown) == ["p50", "p99"]
    assert shown(unknown, partly) == ["p50", "p90"]


def test_a_flexible_last_column_takes_what_is_left() -> None:
    assert placed_columns(COLUMNS, 60, 1, 0)[-1][0].width == 60 - (4 + 6 + 5 + 3 * GAP)


def test_scrolling_ends_with_the_last_column() -> None:
    assert ends_in_sight(COLUMNS, 100, 1, 0)
    assert not ends_in_sight(COLUMNS, 12, 1, 0)
    assert ends_in_sight(COLUMNS, 12, 1, 2)


@pytest.mark.parametrize("glyphs", list(Glyphs))
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), min_size=2, max_size=12))
def test_what_is_shaded_lies_below_the_upper_and_above_the_lower_line(
    glyphs: Glyphs, heights: list[tuple[float, float]]
) -> None:
    canvas, style = Canvas(12 * (len(heights) - 1) + 1, 14, glyphs), SeriesStyle("o", "")
    x, y = Axis(0, len(heights) - 1), Axis(0, 100)
    upper, lower = (
        ChartLine(
            "", style, [(float(at), pair[0] + more * pair[1]) for at, pair in enumerate(heights)]
        )
        for more in (1, 0)
    )
    for line in (upper, lower):
        for stretch in stretches(canvas, x, y, line):
            trace(canvas, stretch, 1)
    for column, top, bottom in between(canvas, x, y, upper, lower):
        for row in range(top, bottom):
            canvas.behind(column, row, "#", series=2)
    rows = [
        "".join(len(span.text) * " .#"[max(0, span.series)] for span in canvas.row(row))
        for row in range(canvas.height)
    ]
    for cells in ("".join(column) for column in zip(*rows, strict=True)):
        assert cells.strip()[:1] in ("", ".") and cells.strip()[-1:] in ("", ".")


def test_a_click_finds_its_column() -> None:
    visible = placed_columns(COLUMNS, 100, 1, 0)
    found = [column_at(visible, x) for x in (0, 6, 14)]
    assert [column.key if column else None for column in found] == ["name", "seldom", "often"]


def test_what_is_not_known_stands_last_whichever_way() -> None:
    cells = [Cell("·"), Cell("5", 5.0), Cell("7", 7.0)]
    rising = sorted(cells, key=lambda cell: order_key(cell, False))
    falling = sorted(cells, key=lambda cell: order_key(cell, True), reverse=True)
    assert [cell.text for cell in rising] == ["5", "7", "·"]
    assert [cell.text for cell in falling] == ["7", "5", "·"]


def test_text_that_is_cut_says_so() -> None:
    assert clipped("invoke-128MB", 8) == "invoke-…"
    assert clipped("short", 8) == "short"


# -- paint


@pytest.mark.parametrize("paint", [DARK, LIGHT, ANSI, PLAIN], ids=lambda paint: paint.name)
def test_twelve_series_are_told_apart_without_colour(paint: Paint) -> None:
    for ascii_only in (False, True):
        styles = paint.series_styles(12, ascii_only)
        assert len({style.marker for style in styles}) == 12
        assert all(style.marker.isascii() for style in styles) or not ascii_only


def test_without_colour_no_style_has_any() -> None:
    styles = [*PLAIN.tones.values(), PLAIN.rule, PLAIN.grid, PLAIN.cursor, PLAIN.cursor_blurred]
    styles += [PLAIN.style_of(style) for style in PLAIN.series_styles(12)]
    assert all(style.color is None and style.bgcolor is None for style in styles)
    assert PLAIN.cursor.reverse
