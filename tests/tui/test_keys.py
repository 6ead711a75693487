"""What keys and the mouse do: looked at as a user would, on a run whose numbers are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from textual.pilot import Pilot

from bench.model.live import RunState
from bench.model.load import CommandKind
from bench.model.outcome import Reason, Verdict
from bench.model.profile import LoadSpec, Order, Phase
from bench.model.result import Measure
from bench.model.times import NS_PER_S
from bench.shapes.callers import Callers
from bench.tui.analysis import Depth
from bench.tui.app import LamloadApp
from bench.tui.metrics import METRICS
from bench.tui.preferences import Preferences
from bench.tui.screens.dialogs import Confirm, TextDialog
from bench.tui.screens.help import help_text
from bench.tui.screens.run import RunScreen
from bench.tui.source import AppResult, Leaving
from bench.tui.views.base import ViewContext
from bench.tui.views.compare import COLUMNS, JUDGED, CompareView
from bench.tui.views.errors import ErrorsView
from bench.tui.views.registry import VIEWS
from bench.tui.widgets.canvas import Glyphs
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.keybar import KeyBar
from bench.tui.widgets.status import Status
from bench.tui.widgets.tabs import TabRow
from tests.tui.fakes import VARIANTS, FakeRun
from tests.tui.picture import rows_of
from tests.tui.test_app import drawn, grid, screen_of, status

SIZE = (140, 40)
SMALLEST, LARGEST = "invoke-128MB", "invoke-1769MB"
RunPilot = Pilot[AppResult]


def chart(app: LamloadApp, name: str = "over-time") -> Chart:
    return screen_of(app).query_one(f"#{name}", Chart)


async def click(pilot: RunPilot, selector: str, x: int, y: int) -> None:
    await pilot.click(selector, offset=(x, y))
    await drawn(pilot)


# -- tables


async def test_a_click_on_a_header_sorts_turns_round_and_lets_go() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        table = grid(app)
        header = table._head - 1
        at = next(start for column, start in table._visible if column.key == "p50")
        await click(pilot, "#variants", at + 3, header)
        assert table.order[0] == LARGEST
        await click(pilot, "#variants", at + 3, header)
        assert table.order[0] == SMALLEST
        await click(pilot, "#variants", at + 3, header)
        assert table.order == tuple(variant.name for variant in VARIANTS)


async def test_o_sorts_by_the_next_column_and_the_cursor_stays_on_its_row() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("down", "down", "o", "O")
        assert grid(app).selected == "invoke-512MB"
        assert grid(app).order[-1] == SMALLEST


async def test_a_marker_hides_its_line_and_so_does_the_legend() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await click(pilot, "#variants", 0, grid(app)._head)
        assert chart(app).data.lines[0].hidden
        _, start, _, name = chart(app)._legend[1]
        await click(pilot, "#over-time", start, 1)
        assert [line.hidden for line in chart(app).data.lines[:3]] == [True, True, False]
        assert name == "256 invoke"
        await pilot.press("x")
        assert not chart(app).data.lines[0].hidden


async def test_a_click_on_a_tab_goes_there() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        start = next(start for start, _, name in app.screen.query_one(TabRow)._places
                     if name == "errors")  # fmt: skip
        await click(pilot, "#tabs", start + 1, 0)
        assert screen_of(app).switcher.view.title == "Errors"


async def test_the_bar_of_keys_can_be_clicked() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        start = next(s for s, _, action in app.screen.query_one(KeyBar)._places if "stop" in action)
        await pilot.click("#keys", offset=(start + 1, 0))
        await pilot.pause()
        assert isinstance(app.screen, Confirm)


async def test_columns_without_a_place_come_with_the_arrow_keys() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(60, 18)) as pilot:
        await drawn(pilot)
        seen: set[str] = set()
        for _ in grid(app).columns:
            seen |= {column.key for column, _ in grid(app)._visible}
            await pilot.press("right")
        assert seen == {column.key for column in grid(app).columns}


async def test_a_row_is_copied_with_tabs() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("y")
        cells = app.clipboard.split("\t")
    assert cells[:2] == ["128 MB", "invoke"]
    assert len(cells) == len([*grid_columns(), JUDGED])


def grid_columns() -> list[str]:
    return [column.key for column in COLUMNS if column.key != "marker"]


# -- what is compared


async def test_a_baseline_says_how_the_others_differ() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(200, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("b", "down")
        table = grid(app)
        assert table.cell(SMALLEST, "difference") == "base"
        state = screen_of(app).model.state(screen_of(app).choices, {}, Depth.CURVES)
        assert state is not None
        found = state.analysis.answer.differences[LARGEST]
        assert found is not None
        assert found.relative is not None
        assert found.relative < -0.8
        assert table.cell(LARGEST, "difference") == f"−{abs(found.relative) * 100:.0f} %"
        await pilot.press("end", "b")
        assert table.cell(SMALLEST, "difference") != "base"


async def test_without_a_choice_the_cheapest_is_the_base() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(200, 40)) as pilot:
        await drawn(pilot)
        table = grid(app)
        assert table.cell(SMALLEST, "price").startswith("★")
        assert table.cell(SMALLEST, "difference") == "base"
        await pilot.press("end", "b")
        assert table.cell(SMALLEST, "difference") != "base"
        await pilot.press("b")
        assert table.cell(SMALLEST, "difference") == "base"


async def test_the_window_changes_what_tables_cover_and_says_so() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(200, 40)) as pilot:
        await drawn(pilot)
        for note, windows in (
            ("last 60 s", run.window(60)),
            ("last second", run.window(1)),
            ("whole run", run.window(None)),
        ):
            await pilot.press("w")
            assert note in grid(app).note
            offered = {w.variant.name: f"{w.tally.offered:,}" for w in windows}
            assert {name: grid(app).cell(name, "offered") for name in offered} == offered


async def test_m_charts_the_next_metric_and_l_changes_the_axis() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert chart(app).data.title == "response p50"
        await pilot.press("m", "l")
        assert chart(app).data.title == "response p90"
        assert chart(app).data.logarithmic
        assert "log" in chart(app).data.note


async def test_the_spectrum_has_metrics_of_its_own() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("2")
        await drawn(pilot)
        titles = []
        for _ in range(3):
            titles.append(chart(app, "spectrum").data.title)
            await pilot.press("m")
        assert titles == [
            "spectrum: response time",
            "spectrum: response and attempt time",
            "spectrum: warm, cold, retried, failed",
        ]


async def test_m_shows_time_and_cost_over_memory() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("6")
        await drawn(pilot)
        shown = [chart(app, "trade").data]
        for _ in range(2):
            await pilot.press("m")
            shown.append(chart(app, "trade").data)
        titles = [data.title for data in shown]
        assert titles == [
            "$/M against warm p99",
            "time over memory, warm calls",
            "cost over memory",
        ]
        over_memory = shown[1]
        assert [line.name for line in over_memory.lines] == ["p50", "p90", "p99", "fit"]
        assert over_memory.x is not None
        assert [label for _, label in over_memory.x.ticks] == ["128", "256", "512", "1024", "1769"]
        assert "/vCPUs" in over_memory.note
        whiskers = [one for one in over_memory.whiskers if one.line == 0]
        points = dict(over_memory.lines[0].points)
        assert len(whiskers) == len(points)
        assert all(one.low <= (points[one.x] or 0) <= one.high for one in whiskers)
        assert [flag.text for flag in over_memory.flags] == ["best trade"]
        assert "efficient: 128" in shown[2].note


async def test_sizes_that_take_turns_are_told_over_memory_and_over_time_by_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_turns = replace(FakeRun().profile, load=LoadSpec(order=Order.INTERLEAVED))
    monkeypatch.setattr(FakeRun, "profile", in_turns)
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        charts = screen_of(app).switcher.view.query(Chart)
        beside = [one.data.title for one in charts]
        assert beside == ["time over memory, warm calls", "cost over memory"]
        await pilot.press("m")
        assert chart(app).data.title == "response p50"
        for _ in METRICS:
            await pilot.press("m")
        assert chart(app).data.title == "time over memory, warm calls"
        await pilot.press("t")
        assert "by second of the turn" in chart(app).data.note


async def test_a_held_view_keeps_its_figures_in_every_window_and_on_every_screen() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(200, 40)) as pilot:
        await drawn(pilot)
        held = {w.variant.name: f"{w.tally.offered:,}" for w in run.window(1)}
        await pilot.press("space")
        run.play(33)
        await pilot.press("2", "1", "w", "w", "b")
        await drawn(pilot)
        assert {name: grid(app).cell(name, "offered") for name in held} == held


# -- parts of a screen


async def test_z_shows_one_part_alone_and_tab_goes_to_the_next() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await pilot.press("2", "z")
        await drawn(pilot)
        seen = []
        for _ in screen_of(app).switcher.view.panels:
            seen.append([p.id for p in screen_of(app).switcher.view.panels if p.size.area])
            await pilot.press("tab")
            await drawn(pilot)
        assert seen == [["distributions"], ["spectrum"], ["histogram"], ["heat"]]
        await pilot.press("escape")
        await drawn(pilot)
        assert not screen_of(app).switcher.view.has_class("maximised")


@pytest.mark.parametrize("width", [60, 200])
async def test_every_part_fits_after_a_resize(width: int) -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(240, 70)) as pilot:
        await drawn(pilot)
        await pilot.resize_terminal(width, 20 + width // 8)
        await drawn(pilot)
        for key in "12345678":
            await pilot.press(key)
            await drawn(pilot)
            bottom = app.screen.query_one(KeyBar).region.y
            for part in screen_of(app).switcher.view.panels:
                if part.size.area:
                    assert part.region.right <= width
                    assert part.region.bottom <= bottom


# -- filters


async def test_a_filter_keeps_the_lines_with_a_word_and_escape_clears_it() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("4", "slash", *"timeout", "enter")
        await drawn(pilot)
        samples = grid(app, "samples")
        timeouts = [s for s in run.samples if s.outcome.name == "TIMEOUT"]
        assert len(samples.order) == len(timeouts) > 0
        await pilot.press("7")
        await drawn(pilot)
        assert len(grid(app, "events").order) == 1
        await pilot.press("4", "escape")
        await drawn(pilot)
        assert len(grid(app, "samples").order) == len(run.samples)


async def test_the_bar_tells_what_ends_a_filter_while_it_is_typed() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("4", "slash")
        await pilot.pause()
        assert rows_of(app, SIZE[0]).splitlines()[-1].split() == ["Enter", "keep", "Esc", "clear"]
        await pilot.press("a", "enter")
        await pilot.pause()
        assert "q quit" in rows_of(app, SIZE[0]).splitlines()[-1]


async def test_enter_shows_one_failed_attempt_whole() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("4", "tab", "tab", "enter")
        await pilot.pause()
        assert isinstance(app.screen, TextDialog)
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)


# -- looks


async def test_t_goes_through_the_themes_and_g_through_the_glyphs() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        names = []
        for _ in range(3):
            await pilot.press("T")
            names.append(app.paint.name)
        assert names == ["light", "ansi", "dark"]
        kinds = []
        for _ in range(3):
            await pilot.press("g")
            kinds.append(app.glyphs)
        assert kinds == [Glyphs.BLOCK, Glyphs.ASCII, Glyphs.BRAILLE]


async def test_ascii_charts_have_no_other_character() -> None:
    app = LamloadApp(FakeRun(), preferences=Preferences(charts=Glyphs.ASCII))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        for key in "1235":
            await pilot.press(key)
            await drawn(pilot)
            for part in screen_of(app).query(Chart):
                said = "".join(strip.text for strip in part._strips)
                assert said.isascii(), said


@pytest.mark.parametrize("state", RunState)
async def test_in_ascii_every_part_of_the_screen_is(state: RunState) -> None:
    app = LamloadApp(FakeRun(state=state), preferences=Preferences(charts=Glyphs.ASCII))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        shown = rows_of(app, SIZE[0])
        assert shown.isascii(), [line for line in shown.splitlines() if not line.isascii()]


async def test_keys_can_be_bound_anew_and_the_help_says_so() -> None:
    run = FakeRun()
    app = LamloadApp(run, preferences=Preferences(keys={"hold_load": "f9", "stop": "ctrl+x"}))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("p", "s")
        assert run.commands == []
        await pilot.press("f9", "ctrl+x", "y")
        kinds = [command.kind for command in run.commands]
        assert kinds == [CommandKind.HOLD, CommandKind.DRAIN]
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, TextDialog)
        assert "^x" in app.screen.plain


async def test_the_help_tells_the_keys_of_where_you_are() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        told = {}
        for key in "128":
            await pilot.press(key, "question_mark")
            await pilot.pause()
            assert isinstance(app.screen, TextDialog)
            told[key] = app.screen.plain
            await pilot.press("escape")
    assert "change what the spectrum shows" in told["2"]
    assert "compare the marked" in told["8"]
    assert "compare the marked" not in told["1"]


# -- what is always said


async def test_the_generator_is_named_when_it_is_the_bottleneck() -> None:
    run = FakeRun()
    run.verdict = Verdict.INVALID
    run.reasons = (Reason(Verdict.INVALID, "send lag p99 is 30 ms", "invoke-128MB", True),)
    for size, words in (((200, 40), "THE GENERATOR IS THE BOTTLENECK"), ((60, 18), "GENERATOR")):
        app = LamloadApp(run)
        async with app.run_test(size=size) as pilot:
            await drawn(pilot)
            assert words in status(app)
            assert "INVALID so far" in status(app)


async def test_a_closed_loop_shows_no_planned_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    ten = Phase("steady", Callers(40 * NS_PER_S, 10, 10))
    closed = replace(FakeRun(1).profile, phases=(ten,))
    monkeypatch.setattr(FakeRun, "profile", closed)
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert "540/s (1 s)" in status(app)
        await pilot.press("3")
        await drawn(pilot)
        assert [line.name for line in chart(app, "rates").data.lines] == ["sent"]


async def test_aws_is_named_with_account_and_region() -> None:
    run = FakeRun()
    run.target = "AWS 123456789012 eu-west-1"
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        strip = app.screen.query_one(Status)._strips[0]
        chip = next(segment for segment in strip if "AWS" in segment.text)
        assert "AWS 123456789012 eu-west-1" in chip.text
        assert chip.style is not None
        assert chip.style.bold


async def test_a_load_that_breaks_is_shown_and_can_be_left_without_a_question() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        app.load_failed(RuntimeError("no more sockets"))
        await drawn(pilot)
        assert "THE LOAD BROKE: RuntimeError: no more sockets" in status(app)
        await pilot.press("p", "plus", "s", "q")
    assert app.return_value is not None
    assert app.return_value.leaving is Leaving.ENDED


@pytest.mark.parametrize("state", [RunState.PREPARING, RunState.DRAINING, RunState.FINISHED])
async def test_what_cannot_be_done_is_said_and_nothing_is_sent(state: RunState) -> None:
    run = FakeRun(state=state)
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        for key in ("plus", "minus", "p", "n"):
            app.clear_notifications()
            await pilot.press(key)
            assert len(app._notifications) == 1
        assert run.commands == []


async def test_what_is_said_takes_the_place_of_what_was_said_and_keeps_its_brackets() -> None:
    app = LamloadApp(FakeRun(state=RunState.FINISHED))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await drawn(pilot)
        await pilot.press("plus", "p")
        screen_of(app).notify("not written: [Errno 28] No space left on device")
        await pilot.pause()
        assert [said.message for said in app._notifications] == [
            "not written: [Errno 28] No space left on device"
        ]
        await drawn(pilot)
        assert "[Errno 28] No space" in rows_of(app, SIZE[0])


async def test_an_ended_run_offers_no_keys_of_the_load_and_a_held_view_says_it_ended() -> None:
    app = LamloadApp(FakeRun(state=RunState.FINISHED))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert "hold load" not in rows_of(app, SIZE[0])
        await pilot.press("space")
        assert "VIEW HELD, the run has ended" in status(app)


def test_the_help_of_a_playback_has_the_keys_of_its_speed() -> None:
    said = help_text(
        CompareView(ViewContext()), {}, is_playback=True, views=len(VIEWS), width=100
    ).plain
    assert "a tenth more load; in a playback twice as fast" in said
    assert "stop and drain" not in said


async def test_the_help_is_never_cut_off() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        shown = rows_of(app, 80)
        for words in ("retries included.", "it the base.", "playback play or pause"):
            assert words in shown


async def test_ctrl_c_asks_and_a_second_one_drains() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("ctrl+c", "ctrl+c")
    assert app.return_value is not None
    assert app.return_value.leaving is Leaving.DRAIN


@pytest.mark.parametrize("width", [60, 70, 80])
def test_the_words_of_the_help_flow_into_a_narrow_screen(width: int) -> None:
    room = TextDialog.room(width)
    view = ErrorsView(ViewContext())
    said = help_text(view, {}, is_playback=False, views=len(VIEWS), width=room).plain
    lines = said[said.index("retried p50") : said.index("the view")].strip().splitlines()
    for line, following in pairwise(lines):
        first = following.split(" ")[0]
        assert len(line) + 1 + len(first) > room, "there was room for one more word"


@pytest.mark.parametrize("size", [(60, 18), (120, 40)])
async def test_the_verdict_is_told_with_all_its_reasons(size: tuple[int, int]) -> None:
    run = FakeRun()
    run.verdict = Verdict.INVALID
    run.reasons = (
        Reason(Verdict.INVALID, "worker 0 died: its share of the load is missing"),
        Reason(Verdict.SUSPECT, "send lag p99 is 12 ms, more than a tenth of the p50", SMALLEST),
    )
    app = LamloadApp(run)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        assert "v verdict" in rows_of(app, size[0]), "on any screen, once there are reasons"
        await pilot.press("v")
        assert isinstance(app.screen, TextDialog)
        text = app.screen.plain
        assert max(map(len, text.splitlines())) <= TextDialog.room(size[0])
        said = " ".join(text.split())
        assert "INVALID so far" in said
        for reason in run.reasons:
            assert f"{reason.verdict.value}: " in said
            assert reason.text in said
        assert f"{SMALLEST}: send lag" in said
        await pilot.press("v")
        await pilot.pause()
        assert screen_of(app).switcher.view.id == "compare"


# -- files


async def test_an_export_has_the_figures_of_the_screen(tmp_path: Path) -> None:
    run = FakeRun()
    run.run_folder = str(tmp_path)
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("e", "w")
        await app.workers.wait_for_complete()
        await pilot.press("e", "t")
        await app.workers.wait_for_complete()
        await pilot.press("ctrl+s")
        await app.workers.wait_for_complete()
    files = {path.suffix: path for path in (tmp_path / "exports").iterdir()}
    assert set(files) == {".csv", ".tsv", ".svg"}
    with files[".csv"].open(newline="") as file:
        rows = {row["variant"]: row for row in csv.DictReader(file)}
    for window in run.aggregate.totals():
        median = window.measure(Measure.RESPONSE).at(0.5)
        assert median is not None
        assert float(rows[window.variant.name]["response_p50_ms"]) == median.value_ns / 1e6
    table = files[".tsv"].read_text("utf-8").splitlines()
    assert len(table) == 1 + len(VARIANTS)
    assert files[".svg"].read_text("utf-8").startswith("<svg")
