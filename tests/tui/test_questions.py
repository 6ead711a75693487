"""The first screen of each kind of question: its answer, its parts and its own picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.live import ANSWER_EVENT, STEP_EVENT, RunEvent
from bench.model.outcome import Reason, Verdict
from bench.model.profile import Order, Phase, Profile
from bench.model.result import CapacityAnswer
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.profile import load_profile, resolved_toml, shipped_profiles
from bench.record.aggregate import Aggregate
from bench.record.evidence import Evidence
from bench.record.folder import RunFolder
from bench.record.load_run import load_run
from bench.record.validity import judge
from bench.report.answer import NO_CHOICE, AnswerLine, RunAnswer
from bench.report.html import render_html
from bench.shapes.burst import Burst
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.steps import Steps
from bench.tui.app import LamloadApp
from bench.tui.palette import Tone
from bench.tui.playback import PlaybackSource
from bench.tui.views.answer_rows import Told, _aligned, _of_first_line, in_room
from bench.tui.views.compare import CompareView
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.heat import Heat, HeatMark
from tests.record.build import LARGE, SMALL, Shipment, profile_of, row
from tests.record.test_parts import Load, climbing, shipped, spiked
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of

SIZE = (100, 34)
RATES = ("rate_rps", "holds_rps", "fails_rps", "recovers_rps", "relapses_rps")


def recorded(
    root: Path,
    profile: Profile,
    load: Load | Shipment,
    events: tuple[RunEvent, ...] = (),
    reasons: tuple[Reason, ...] = (),
) -> Path:
    plan = make_plan(profile)
    aggregate = Aggregate(profile, plan)
    shipment = load if isinstance(load, Shipment) else shipped(plan, load, -1)
    shipment.to(aggregate)
    aggregate.advance((plan.segments[-1].end_ns if plan.segments else 0) + NS_PER_S)
    folder = RunFolder.create(root, profile, resolved_toml(profile), {})
    for event in events:
        folder.event(event)
    judged = judge(profile, aggregate.totals(), Evidence())
    folder.finish(
        judged.windows,
        tuple(aggregate.intervals()),
        (*judged.reasons, *reasons),
        max((judged.verdict, *(r.verdict for r in reasons)), key=lambda v: v.severity),
        curves=aggregate.curves(),
        parts=aggregate.parts(),
        histograms=aggregate.closed_histograms(final=True),
    )
    return folder.path


async def shown(folder: Path, *keys: str, size: tuple[int, int] = SIZE) -> tuple[str, Chart, Grid]:
    """The first screen at the end of a replay, its chart and its table."""
    source = PlaybackSource(folder, clock=lambda: 0.0)
    source.seek(source.end_s)
    app = LamloadApp(source)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        view = app.screen.query_one(CompareView)
        chart, grid = view.query_one("#over-time", Chart), view.query_one("#variants", Grid)
        return rows_of(app, size[0]), chart, grid


async def test_of_a_ramp_latency_over_rate_with_a_row_for_each_step(tmp_path: Path) -> None:
    ramp = Phase("ramp", Steps(Ramp(12 * NS_PER_S, 10.0, 60.0), 6))
    folder = recorded(tmp_path, profile_of((SMALL,), (ramp,)), climbing)
    screen, chart, grid = await shown(folder)
    assert "p50 climbs from 30/s on" in screen and "climbs from" in screen
    assert chart.data.title == "response time over rate"
    assert [x for x, _ in chart.data.lines[0].points] == [10, 20, 30, 40, 50, 60]
    assert [grid.cell(row, "endpoint") for row in grid.order[1:]] == [
        f"{rate}/s" for rate in range(10, 61, 10)
    ]
    _, chart, grid = await shown(folder, "down", "down", "m")
    assert grid.selected == SMALL.name and grid.highlighted == grid.order[2]
    assert chart.data.title.startswith("response ")


STORM = {"calm": 20.0, "storm": 60.0, "after": 20.0}


def storm() -> Profile:
    phases = [Phase(name, constant_rate(rps, 3 * NS_PER_S)) for name, rps in STORM.items()]
    retry = RetrySpec(RetryPolicyName.FIXED, max_attempts=3)
    return replace(profile_of((SMALL,), phases), retry=retry)


@pytest.mark.parametrize("size", [(60, 18), (80, 24)])
async def test_where_large_figures_have_no_place_they_stand_in_a_row(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    screen, _, grid = await shown(recorded(tmp_path, storm(), spiked), size=size)
    tabs = next(at for at, line in enumerate(screen.splitlines()) if "1 Compare" in line)
    figures = screen.splitlines()[tabs + 1]
    assert figures.startswith(" attempts ×3.00 an arrival   p50 ×")
    assert [name for name in STORM if f"            {name} " not in screen] == []
    assert len(grid.order) == 4


@pytest.mark.parametrize(("label", "tone"), [("Best trade", Tone.GOOD), (NO_CHOICE, Tone.STRONG)])
def test_what_was_found_is_told_in_green_and_that_nothing_was_is_not(
    label: str, tone: Tone
) -> None:
    (row,) = _aligned([AnswerLine(label, subject="said")], 60)
    assert [part for part in row if part[0].strip() == "said"] == [("said  ", tone)]


def test_an_answer_that_has_no_place_ends_with_a_whole_sentence() -> None:
    told: list[Told] = [[["one"], ["  of two rows"]], [["two"], ["rows"]], [["short"]]]
    assert in_room(told, 5, 20) == [["one"], ["  of two rows"], ["two"], ["rows"], ["short"]]
    assert in_room(told, 3, 20) == [["one"], ["  of two rows"], ["short"]]
    (cut,) = in_room([[["more words than that"], ["go on"]]], 1, 20)
    assert "".join(piece[0] for piece in cut) == "more words than …"


async def test_of_a_closed_loop_of_as_many_callers_throughout_what_variants_came_to(
    tmp_path: Path,
) -> None:
    loop = Phase("loop", Callers(4 * NS_PER_S, 2, 2))
    profile = profile_of((SMALL, replace(SMALL, memory_mb=1769)), (loop,))
    profile = replace(profile, load=replace(profile.load, order=Order.SEQUENTIAL))
    calls = Shipment()
    for segment in make_plan(profile).segments:
        (variant,) = segment.variants
        for at_ns in range(segment.start_ns, segment.end_ns, NS_PER_S // 50):
            calls.offer(at_ns, variant, segment.index)
            took_ms = 30 - 10 * variant
            calls.rows.append(
                row(
                    at_ns,
                    variant=variant,
                    segment=segment.index,
                    response_ns=took_ms * NS_PER_MS,
                    billed_ms=took_ms,
                )
            )
    screen, chart, _ = await shown(recorded(tmp_path, profile, calls), size=(120, 40))
    assert chart.data.title.startswith("$/M against")
    assert "callers, 128 MB" in screen


async def test_of_cold_starts_init_over_memory_and_cold_calls_apart_from_warm(
    tmp_path: Path,
) -> None:
    bursts = Phase("bursts", Burst(10 * NS_PER_S, 4, NS_PER_S))
    profile = profile_of((SMALL, LARGE), (bursts,))
    calls = shipped(make_plan(profile), spiked, 120)
    folder = recorded(tmp_path, profile, calls)
    screen, chart, grid = await shown(folder, size=(80, 24))
    assert chart.data.title == "cold starts over memory" and not chart.data.flags
    assert [line.name for line in chart.data.lines] == ["init", "cold response"]
    inits = dict(chart.data.lines[0].points)
    assert inits == pytest.approx({128: 120, 1769: 120}, rel=0.001)
    assert [whisker.x for whisker in chart.data.whiskers] == [128, 1769]
    assert "init p50  cold p50" in screen and "p90" not in screen
    assert [grid.cell(row, "init50") for row in grid.order] == ["120.0", "120.0"]
    assert {grid.cell(row, "warm50") for row in grid.order} == {"·"}, "all of them were cold"


async def test_a_replay_at_its_end_is_in_no_phase_and_has_nothing_under_way(
    tmp_path: Path,
) -> None:
    screen, *_ = await shown(recorded(tmp_path, storm(), spiked), size=(120, 40))
    head = "\n".join(screen.splitlines()[:3])
    assert "finished" in head and "phase" not in head and "in flight    0" in head


async def test_why_figures_are_not_to_be_believed_is_said_to_its_end(tmp_path: Path) -> None:
    text = "its functions waited for a core beyond what their size explains, most of their time"
    reason = Reason(Verdict.INVALID, f"the host is saturated: {text}", SMALL.name)
    screen, *_ = await shown(recorded(tmp_path, storm(), spiked, reasons=(reason,)))
    said = " ".join(screen.split())
    assert f"INVALID {SMALL.name}: {reason.text}" in said


async def test_of_a_retry_storm_attempts_over_arrivals_with_the_gap_filled(tmp_path: Path) -> None:
    screen, chart, grid = await shown(recorded(tmp_path, storm(), spiked))
    assert "an arrival" in screen and "attempts for each arrival: 1.00 in calm" in screen
    assert chart.data.title == "attempts over arrivals" and "░" in screen
    attempts, arrivals, _ = chart.data.lines
    most = max(y for _, y in attempts.points if y is not None)
    assert most == 3 * max(y for _, y in arrivals.points if y is not None) == 180
    assert [grid.cell(row, "endpoint") for row in grid.order[1:]] == list(STORM)


async def test_the_heat_map_marks_the_warm_up_and_cold_starts() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        heat = app.screen.query_one("#heat", Heat)
        marks, screen = heat.data.marks, rows_of(app, 120)
    assert marks[:4] == (HeatMark.COLD, HeatMark.WARM_UP, HeatMark.WARM_UP, HeatMark.NONE)
    assert "◆" in screen and "╌╌" in screen
    assert heat.data.note.endswith("warm-up dashed above, cold starts marked")


def closed_loop() -> tuple[Profile, Shipment]:
    """One caller, then four, each of whom calls ten times a second."""
    loop = Phase("loop", Steps(Callers(4 * NS_PER_S, 1, 4), 2))
    profile, calls = profile_of((SMALL,), (loop,)), Shipment()
    for segment in make_plan(profile).segments:
        every_ns = NS_PER_S // (10 * segment.shape.most_callers)
        for at_ns in range(segment.start_ns, segment.end_ns, every_ns):
            calls.offer(at_ns, 0, segment.index)
            calls.rows.append(row(at_ns, segment=segment.index, response_ns=every_ns))
    return profile, calls


async def test_of_a_closed_loop_throughput_over_callers(tmp_path: Path) -> None:
    screen, chart, _ = await shown(recorded(tmp_path, *closed_loop()))
    assert chart.data.title == "throughput over callers"
    assert [*chart.data.lines[0].points] == [(1, 10), (4, 40)]
    assert "throughput rises up to 4 callers: 40/s" in screen


async def test_of_a_search_the_rates_that_were_tried_as_a_ladder(tmp_path: Path) -> None:
    path = next(path for path in shipped_profiles() if path.stem == "capacity")
    profile = load_profile(path)
    (variant,) = profile.variants
    tries = [(1, "grow", 40.0, ""), (2, "grow", 80.0, "p95 171.0 ms"), (3, "hold", 40.0, "")]
    steps = [
        RunEvent(
            number,
            STEP_EVENT,
            "said",
            {"variant": variant.name, "step": number, "tried": tried, "rate_rps": rps,
             "fault": fault},
        )
        for number, tried, rps, fault in tries
    ]  # fmt: skip
    answer = CapacityAnswer(variant.name, 40.0, "40/s holds p95 < 150 ms")
    told = RunEvent(
        9, ANSWER_EVENT, answer.text, {"variant": answer.variant, "rate_rps": answer.rate_rps}
    )
    folder = recorded(tmp_path, profile, climbing, (*steps, told))
    screen, *_ = await shown(folder)
    ladder = [line for line in screen.splitlines() if " held" in line or " failed" in line]
    assert [line.split()[:2] for line in ladder] == [
        ["80.0", "failed"],
        ["40.0", "held"],
        ["40.0", "held"],
    ]
    assert "p95 171.0 ms" in ladder[0] and "confirmed" in ladder[1]
    assert "40/s holds p95 < 150 ms" in screen


async def test_of_a_search_that_disturbs_what_recovers_against_what_holds(tmp_path: Path) -> None:
    profile = load_profile("metastability")
    names = [variant.name for variant in profile.variants]
    found = [(40.0, 38.0, 44.0, 36.0, 40.0), (40.0, 38.0, 42.0, 18.0, 22.0)]
    events = [
        RunEvent(
            number,
            ANSWER_EVENT,
            "said",
            dict(zip(("variant", *RATES), (name, *rates), strict=True)),
        )
        for number, (name, rates) in enumerate(zip(names, found, strict=False))
    ]
    events.append(RunEvent(9, ANSWER_EVENT, "early", {"variant": names[2], "rate_rps": None}))
    folder = recorded(tmp_path, profile, climbing, tuple(events))
    screen, chart, _ = await shown(folder)
    assert chart.data.title == "what recovers against what holds"
    places = [(x, y) for x, y, *_ in chart.data.labelled]
    assert places == [(41.0, 38.0), (40.0, 20.0)]
    assert "none holds" in screen and "recovers" in screen
    page = render_html(load_run(folder))
    picture = page.partition("<figcaption>Which rate recovers")[2].partition("</figure>")[0]
    assert picture.count('class="thin"') == 4
    assert all(f">{name}</text>" in picture for name in names[:2])


@pytest.mark.parametrize(
    ("brief", "said"),
    [
        ("or 512, 1024 MB", "or 512, 1024"),
        ("? 128, 256, 512, 1769 MB", "? 128, 256, 512, 1769"),
        ("or 129, 130, 132, 134, 135, 136, 137 MB", "or 7 others"),
        ("", ""),
    ],
)
def test_beside_a_large_figure_many_others_are_counted(brief: str, said: str) -> None:
    line = AnswerLine("Best trade", subject="133 MB", brief=brief)
    answer = RunAnswer(q=0.9, lines=(line,))
    assert _of_first_line(answer)[0].detail == said


async def test_a_search_compares_no_percentiles_of_rates_that_differ(tmp_path: Path) -> None:
    profile = load_profile("metastability")
    screen, *_ = await shown(recorded(tmp_path, profile, climbing), size=(140, 50))
    assert "none" in screen and "Result" not in screen and "distinguishable" not in screen
