"""The first picture of the page is that of the question, as the live view's first screen has it."""

from __future__ import annotations

import re
from pathlib import Path

from bench.model.live import STEP_EVENT, RunEvent
from bench.model.profile import Phase
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.profile import load_profile
from bench.record.load_run import load_run
from bench.report.html import render_html
from bench.report.svg import TOP
from bench.shapes.burst import Burst
from bench.shapes.ramp import Ramp
from bench.shapes.steps import Steps
from tests.record.build import LARGE, SMALL, profile_of
from tests.record.test_parts import climbing, disturbance, shipped, spiked
from tests.tui.test_questions import closed_loop, recorded, storm


def figures(folder: Path) -> list[str]:
    page = render_html(load_run(folder))
    return re.findall(r"<figure>.*?</figure>", page, re.DOTALL)


def title(figure: str) -> str:
    return figure.partition("<figcaption>")[2].partition("</figcaption>")[0]


def marks(figure: str, shape: str) -> int:
    drawn = figure.partition("<p class=legend>")[0]
    return len(re.findall(rf'<{shape} class="m"', drawn))


def test_of_a_ramp_latency_and_throughput_over_rate(tmp_path: Path) -> None:
    ramp = Phase("ramp", Steps(Ramp(12 * NS_PER_S, 10.0, 60.0), 6))
    first, second, *_ = figures(recorded(tmp_path, profile_of((SMALL,), (ramp,)), climbing))
    assert title(first) == "Response time over rate, with intervals at 95 %"
    assert marks(first, "circle") == 6 and 'class="thin"' in first
    assert title(second) == "Throughput over rate" and "asked for" in second


def test_of_a_retry_storm_attempts_over_arrivals_between_its_phases(tmp_path: Path) -> None:
    first, second, *others = figures(recorded(tmp_path, storm(), spiked))
    assert title(first).startswith("Attempts over arrivals")
    flags = re.findall(r'class="flag" data-at="(\d+)"[^>]*><title>(\w+)', first)
    assert flags == [("0", "calm"), ("3", "storm"), ("6", "after")]
    highest = {
        name: min(float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path))
        for name, path in re.findall(
            r'<title>(\w+)</title><path class="line"[^>]* d="([^"]*)"', first
        )
    }
    assert TOP <= highest["attempts"] < highest["arrivals"] <= highest["successes"]
    assert title(second).startswith("Response time over the run") and 'class="flag"' in second
    assert sum(title(other).startswith("Response time over the run") for other in others) == 0


def test_of_a_spike_the_response_time_before_during_and_after(tmp_path: Path) -> None:
    first, *_ = figures(recorded(tmp_path, disturbance(), spiked))
    assert title(first).startswith("Response time over the run")
    assert re.findall(r'class="flag"[^>]*><title>(\w+)', first) == ["before", "spike", "after"]


def test_of_a_closed_loop_throughput_over_callers(tmp_path: Path) -> None:
    first, *_ = figures(recorded(tmp_path, *closed_loop()))
    assert title(first) == "Throughput over callers" and marks(first, "circle") == 2


def test_of_a_search_the_rates_that_were_tried_and_why_they_failed(tmp_path: Path) -> None:
    profile = load_profile("capacity")
    (variant,) = profile.variants
    tries = [("grow", 40.0, ""), ("grow", 80.0, "p95 171.0 ms"), ("hold", 40.0, "")]
    steps = [
        RunEvent(
            number,
            STEP_EVENT,
            "said",
            {"variant": variant.name, "step": number, "tried": tried, "rate_rps": rps,
             "fault": fault},
        )
        for number, (tried, rps, fault) in enumerate(tries, 1)
    ]  # fmt: skip
    folder = recorded(tmp_path, profile, climbing, tuple(steps))
    first, *_ = figures(folder)
    assert title(first) == f"Rates tried: {variant.name}"
    assert marks(first, "rect") == 2 and marks(first, "polygon") == 1
    told = render_html(load_run(folder)).partition("<summary>Rates tried</summary>")[2]
    rows = re.findall(r"<tr>(.*?)</tr>", told.partition("</table>")[0])[1:]
    assert [re.findall(r"<td>([^<]*)</td>", one)[1:] for one in rows] == [
        ["80.0", "failed", "2", "begin", "p95 171.0 ms"],
        ["40.0", "held", "3", "confirm", "confirmed"],
        ["40.0", "held", "1", "begin", ""],
    ]


def test_of_cold_starts_init_over_memory_and_cold_apart_from_warm(tmp_path: Path) -> None:
    bursts = Phase("bursts", Burst(10 * NS_PER_S, 4, NS_PER_S))
    profile = profile_of((SMALL, LARGE), (bursts,))
    plan = make_plan(profile)
    run = recorded(tmp_path, profile, shipped(plan, spiked, 120))
    first, *others = figures(run)
    assert title(first).startswith("Cold starts over memory") and marks(first, "circle") == 2
    assert not any("solid" in title(other) for other in others), "a range over cold and warm"
    page = render_html(load_run(run))
    assert re.search(r'id="c\d+" checked> cold starts<', page)
    assert not re.search(r'id="c\d+" checked> response ms<', page)
