"""Two runs on one page: each variant beside what it was, in its own colour, dashed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.record.recorded_run import RecordedRun
from bench.report.comparison import render_comparison
from bench.report.html import render_html
from bench.report.laid_over import laid_over, looks, looks_apart
from bench.report.seconds import Seconds
from bench.report.svg import ALL_LOOKS, COLOURS
from tests.record.build import LARGE, SMALL
from tests.report.build import recorded


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    return recorded(tmp_path_factory.mktemp("run"), seconds=5)


def test_an_earlier_variant_is_drawn_as_its_later_self_but_dashed(run: RecordedRun) -> None:
    both = laid_over(run, run)
    drawn = looks(both.windows)
    for name in (SMALL.name, LARGE.name):
        assert drawn[f"{name}-before"] % COLOURS == drawn[name] % COLOURS
    assert len(set(drawn.values())) == len(both.windows) == 2 * len(run.windows)


@pytest.mark.parametrize("count", [1, 9, 16, 32])
def test_no_later_variant_is_dashed_as_an_earlier_one(count: int) -> None:
    apart = looks_apart(2 * count)
    earlier = {(index + apart) % ALL_LOOKS for index in range(count)}
    assert not earlier & set(range(count)) and apart % COLOURS == 0 and apart >= 2 * count // 2


@pytest.mark.parametrize("count", [40, 200])
def test_so_many_variants_still_have_an_index_each(count: int) -> None:
    assert looks_apart(2 * count) >= count


def test_seconds_of_both_runs_stay_apart(run: RecordedRun) -> None:
    both = Seconds(laid_over(run, run).second_figures())
    alone = Seconds(run.second_figures())
    points, own = both.points(both.sent_rps()), alone.points(alone.sent_rps())
    assert len(points) == 2 * len(own)
    for variant, found in own.items():
        assert points[variant] == points[replace(variant, label="before")] == found


def test_the_page_has_the_changes_and_both_runs_in_its_pictures(run: RecordedRun) -> None:
    base = replace(run, folder=Path("runs/base"))
    page = render_html(run, base)
    assert "Against base, dashed in the pictures" in page
    assert f">{SMALL.name}-before<" in page and "change</th>" in page
    assert "-before" not in render_html(run)


def test_an_answer_is_not_pushed_down_by_reasons(run: RecordedRun) -> None:
    page = render_html(replace(run, reasons=run.reasons[:1] * 5))
    assert "4 more reasons</summary>" in page
    assert page.index("<p><b class=") < page.index("4 more reasons")


@pytest.mark.parametrize("width", [40, 80, 100])
def test_a_comparison_has_a_place_on_the_page(run: RecordedRun, width: int) -> None:
    text = render_comparison(run, run, width)
    assert max(map(len, text.splitlines())) <= width
    assert ("No room for " in text) is (width < 80)
