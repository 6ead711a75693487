"""The first screen of each kind of question: its answer, its parts and its own picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.live import ANSWER_EVENT, STEP_EVENT, RunEvent
from bench.model.profile import Phase, Profile
from bench.model.result import CapacityAnswer
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.profile import load_profile, resolved_toml, shipped_profiles
from bench.record.aggregate import Aggregate
from bench.record.evidence import Evidence
from bench.record.folder import RunFolder
from bench.record.load_run import load_run
from bench.record.validity import judge
from bench.report.answer import AnswerLine, RunAnswer
from bench.report.html import render_html
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.steps import Steps
from bench.tui.app import LamloadApp
from bench.tui.playback import PlaybackSource
from bench.tui.views.answer_rows import _of_first_line
from bench.tui.views.compare import CompareView
from bench.tui.widgets.chart import Chart
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.heat import Heat, HeatMark
from tests.record.build import SMALL, Shipment, profile_of, row
from tests.record.test_parts import Load, climbing, shipped, spiked
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of

SIZE = (100, 34)
RATES = ("rate_rps", "holds_rps", "fails_rps", "recovers_rps", "relapses_rps")


def recorded(
    root: Path, profile: Profile, load: Load | Shipment, events: tuple[RunEvent, ...] = ()
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
        judged.reasons,
        judged.verdict,
        curves=aggregate.curves(),
        parts=aggregate.parts(),
        histograms=aggregate.closed_histograms(final=True),
    )
    return folder.path


async def shown(folder: Path, *keys: str) -> tuple[str, Chart, Grid]:
    """The first screen at the end of a replay, its chart and its table."""
    source = PlaybackSource(folder, clock=lambda: 0.0)
    source.seek(source.end_s)
    app = LamloadApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        view = app.screen.query_one(CompareView)
        chart, grid = view.query_one("#over-time", Chart), view.query_one("#variants", Grid)
        return rows_of(app, SIZE[0]), chart, grid


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


async def test_of_a_retry_storm_attempts_over_arrivals_with_the_gap_filled(tmp_path: Path) -> None:
    rates = {"calm": 20.0, "storm": 60.0, "after": 20.0}
    phases = [Phase(name, constant_rate(rps, 3 * NS_PER_S)) for name, rps in rates.items()]
    profile = replace(
        profile_of((SMALL,), phases), retry=RetrySpec(RetryPolicyName.FIXED, max_attempts=3)
    )
    screen, chart, grid = await shown(recorded(tmp_path, profile, spiked))
    assert "an arrival" in screen and "attempts for each arrival: 1.00 in calm" in screen
    assert chart.data.title == "attempts over arrivals" and "░" in screen
    attempts, arrivals, _ = chart.data.lines
    most = max(y for _, y in attempts.points if y is not None)
    assert most == 3 * max(y for _, y in arrivals.points if y is not None) == 180
    assert [grid.cell(row, "endpoint") for row in grid.order[1:]] == list(rates)


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


async def test_of_a_closed_loop_throughput_over_callers(tmp_path: Path) -> None:
    loop = Phase("loop", Steps(Callers(4 * NS_PER_S, 1, 4), 2))
    profile, calls = profile_of((SMALL,), (loop,)), Shipment()
    for segment in make_plan(profile).segments:
        every_ns = NS_PER_S // (10 * segment.shape.most_callers)
        for at_ns in range(segment.start_ns, segment.end_ns, every_ns):
            calls.offer(at_ns, 0, segment.index)
            calls.rows.append(row(at_ns, segment=segment.index, response_ns=every_ns))
    screen, chart, _ = await shown(recorded(tmp_path, profile, calls))
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
