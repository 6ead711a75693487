"""What retries did, in every table alike, and where nothing of it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import Variant
from bench.model.result import Tally, Window
from bench.model.variant import with_differences
from bench.record.window import NOTHING, Rates, make_window
from bench.report.html import render_html
from bench.report.retry_figures import FIGURES, tells_of_retries
from bench.report.text import render_text
from tests.record.build import SMALL, profile_of
from tests.report.build import recorded


def window(ok: int, failed: int, attempts: int, *, refused: int = 0, s: float = 10.0) -> Window:
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.OK], outcomes[Outcome.THROTTLED] = ok, failed
    tally = Tally(
        offered=ok + failed, outcomes=tuple(outcomes), attempts=attempts, retries_refused=refused
    )
    rates = Rates(s, 1.0, (ok + failed) / (s or 1.0), ok / (s or 1.0))
    return make_window(SMALL, tally, rates, lambda _: NOTHING)


def said(of: Window) -> dict[str, str]:
    return {figure.key: figure.text(of) for figure in FIGURES}


def test_attempts_beside_calls_and_goodput_beside_both() -> None:
    found = said(window(80, 20, 290, refused=7))
    assert found["attempts a call"] == "2.90"
    assert (found["attempts /s"], found["calls sent/s"]) == ("29.0", "10.0")
    assert found["calls goodput/s"] == "8.0"
    assert (found["attempts retries"], found["attempts refused"]) == ("190", "7")
    assert found["calls ok %"] == "80.0"


def test_how_many_succeed_with_so_many_attempts_and_what_retries_cost() -> None:
    own = window(85, 15, 130)
    tries = replace(own.tally, ended_with=(70, 20, 10), ok_with=(60, 20, 5), hedges=9, hedges_won=4)
    found = said(replace(own, tally=tries, retry_usd_per_million=0.1234, late_successes=3))
    assert (found["calls ok by 1. %"], found["calls ok by 2. %"]) == ("60.0", "80.0")
    assert (found["hedges sent"], found["hedges won"]) == ("9", "4")
    assert (found["cost retries $/M"], found["cost for nothing"]) == ("0.123", "3")
    assert found["calls ended/s"] == "10.0"


def test_of_a_variant_that_was_not_on_nothing_is_known() -> None:
    found = said(window(0, 0, 0, s=0.0))
    assert found["attempts a call"] == found["calls ok %"] == found["ms retried p50"] == "·"


@pytest.mark.parametrize(
    ("shown", "tells"),
    [
        (window(10, 0, 10), False),
        (window(10, 0, 11), True),
        (window(9, 1, 10, refused=1), True),
    ],
)
def test_they_are_told_where_something_was_tried_again(shown: Window, tells: bool) -> None:
    assert tells_of_retries(profile_of((SMALL,)), [shown]) is tells


def test_they_are_told_where_policies_are_the_question_and_not_where_sizes_are() -> None:
    plain = Variant(EndpointKind.INVOKE, 128)
    two = with_differences([plain, plain.with_levels({"retry": "none"})])
    sizes = with_differences([plain, Variant(EndpointKind.INVOKE, 256)])
    assert tells_of_retries(profile_of(two), [])
    assert not tells_of_retries(profile_of(sizes), [])


def test_text_and_page_have_the_same_figures_and_none_without_retries(tmp_path: Path) -> None:
    run = recorded(tmp_path)
    assert "Retries:" not in render_text(run) and "<summary>Retries<" not in render_html(run)
    first = run.windows[0]
    tally = replace(first.tally, attempts=3 * first.tally.sent)
    run = replace(run, windows=(replace(first, tally=tally), *run.windows[1:]))
    text, page = render_text(run).partition("Retries:")[2], render_html(run)
    line = next(line for line in text.splitlines() if line.startswith(f"{first.variant.name} "))
    assert line.split()[1] == "3.00"
    section = page.partition("<summary>Retries<")[2].partition("</details>")[0]
    assert all(f"<td>{figure.text(run.windows[0])}</td>" in section for figure in FIGURES)
    assert "Attempts for each call, of each second" in page
