"""What says where more is, and which line or dot a name belongs to."""

from __future__ import annotations

import pytest

from bench.tui.app import LamloadApp
from bench.tui.palette import DARK, MARKERS
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.chart_lines import label_places
from bench.tui.widgets.columns import Column
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.grid_rows import group_strip, note_of_hidden, rows_in_sight
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of

LENGTH = 9


def test_a_name_stands_beside_its_own_dot() -> None:
    assert next(label_places((20, 5), LENGTH, [])) == (22, 5)


def test_where_another_dot_is_nearer_the_name_goes_elsewhere() -> None:
    right = next(label_places((20, 5), LENGTH, [(24, 5)]))
    assert right == (20 - LENGTH - 1, 5)
    both = list(label_places((20, 5), LENGTH, [(24, 5), (16, 5)]))
    assert all(row != 5 for _, row in both)


def test_among_dots_on_all_sides_a_name_is_left_out_and_not_given_to_another() -> None:
    crowd = [(x, y) for x in range(6, 35, 2) for y in range(2, 9) if (x, y) != (20, 5)]
    assert not list(label_places((20, 5), LENGTH, crowd))


@pytest.mark.parametrize(
    ("top", "room", "count", "said"),
    [
        (0, 9, 9, ""),
        (0, 4, 9, "↓ 1–4 of 9"),
        (3, 4, 9, "↑↓ 4–7 of 9"),
        (5, 4, 9, "↑ 6–9 of 9"),
    ],
)
def test_a_table_says_which_rows_are_in_sight(top: int, room: int, count: int, said: str) -> None:
    assert rows_in_sight(top, room, count, False) == said
    assert rows_in_sight(top, room, count, True).isascii()


def test_where_a_note_is_cut_it_is_not_what_is_out_of_sight() -> None:
    whole = note_of_hidden("last 60 s", "↓ 1–4 of 9", 3, 60, False)
    assert whole == "last 60 s, ↓ 1–4 of 9, ← → 3 more columns"
    assert note_of_hidden("last 60 s", "↓ 1–4 of 9", 3, 20, False) == "↓ 1–4 of 9, ← → 3"
    long = "whole run, measured; response ms"
    assert note_of_hidden(long, "", 3, 24, False) == "whole run, measu…, ← → 3"


async def test_a_table_that_is_longer_than_the_screen_says_so_as_the_cursor_goes_down() -> None:
    app = LamloadApp(FakeRun(4))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        assert "↓ 1–" in rows_of(app, 80)
        await pilot.press("end")
        await pilot.pause()
        grid = app.screen.query_one("#variants", Grid)
        assert f"↑ {len(grid.order) - grid.size.height + 3}–9 of 9" in rows_of(app, 80)


async def test_planned_and_sent_have_colours_that_no_variant_has() -> None:
    app = LamloadApp(FakeRun(4))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("3")
        await pilot.pause()
        await pilot.pause()
        styles = [line.style for line in app.screen.query_one("#rates", Chart).data.lines]
    assert len({style.colour for style in styles}) == len({style.marker for style in styles}) == 2


def test_lines_that_are_no_variants_begin_with_the_colours_that_are_left() -> None:
    taken = {style.colour for style in DARK.series_styles(1)}
    assert not taken & set(DARK.other_colours(1)[:3])
    assert len(set(DARK.other_colours(len(MARKERS)))) == len(DARK.series)


@pytest.mark.parametrize(
    ("view", "groups"), [("2", ("response ms", "attempt ms")), ("5", ("init ms", "cold", "warm"))]
)
async def test_columns_of_one_name_stand_under_their_groups_on_a_low_screen_too(
    view: str, groups: tuple[str, ...]
) -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(view)
        await pilot.pause()
        rows = rows_of(app, 80).splitlines()
    headers = next(place for place, row in enumerate(rows) if "memory" in row and "p50" in row)
    assert all(group in rows[headers - 1] for group in groups)


@pytest.mark.parametrize(
    ("width", "said"),
    [(14, "─ attempt ms ─"), (9, " attempt "), (7, "attempt"), (6, "──────")],
)
def test_a_group_of_one_column_is_named_as_far_as_it_has_room(width: int, said: str) -> None:
    column = Column("a50", "p50", width, group="attempt ms")
    assert group_strip([(column, 0)], width, DARK, "─").text == said
