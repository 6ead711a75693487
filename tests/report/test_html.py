from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bench.record.recorded_run import RecordedRun
from bench.report.heat import heat_maps
from bench.report.html import render_html
from tests.record.build import LARGE, SMALL
from tests.report.build import TITLE, recorded

_VOID = {"meta", "link", "br", "img", "input"}


class Page(HTMLParser):
    """Checks that what is opened is closed, and keeps tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return recorded(tmp_path)


def test_the_page_is_well_formed_and_names_everything(run: RecordedRun) -> None:
    page = Page(render_html(run))
    text = " ".join(page.text)
    for words in (TITLE, "INVALID", SMALL.name, LARGE.name, "Response time by percentile"):
        assert words in text
    assert "≥3,000" in text
    assert "Fastest: 1769 MB" in text
    assert "Intervals of response time" in text
    assert "iid" in page.text


def test_nothing_is_fetched_and_only_our_own_script_runs(run: RecordedRun) -> None:
    text = render_html(run)
    page = Page(text)
    assert page.tags.count("script") == 1
    script = text.split("<script>")[1].split("</script>")[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = next(v for name, v in page.attributes if name == "content" and "default-src" in v)
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not any(name in ("src", "href", "srcset") for name, _ in page.attributes)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "url(" not in render_html(run)
    assert "@import" not in render_html(run)


def test_hostile_words_stay_words(run: RecordedRun) -> None:
    text = render_html(run)
    assert text.count("<script>") == 1
    assert 'alert("1")' not in text
    assert "off we &lt;go&gt;" in text
    assert "too &lt;warm&gt;" in text


def test_charts_have_axes_with_round_numbers_and_a_legend(run: RecordedRun) -> None:
    page = Page(render_html(run))
    assert page.tags.count("figure") >= 5
    text = [words.strip() for words in page.text]
    for tick in ("50 %", "90 %", "1000", "0"):
        assert tick in text


def test_series_are_told_by_marker_too(run: RecordedRun) -> None:
    page = Page(render_html(run))
    assert {"circle", "rect", "polygon"} <= set(page.tags)


def test_a_run_without_results_is_a_page(run: RecordedRun) -> None:
    Page(render_html(replace(run, windows=(), curves={}, intervals=(), events=())))


def test_the_answer_comes_first_and_then_pictures_and_then_tables(run: RecordedRun) -> None:
    text = render_html(run)
    order = [
        text.index(words)
        for words in (
            'class="hero"',
            "INVALID:",
            "p50 to p90 solid",
            "by percentile",
            "<h2>Results</h2>",
        )
    ]
    assert order == sorted(order)


def test_a_click_on_any_name_hides_its_variant_everywhere(run: RecordedRun) -> None:
    page = Page(render_html(run))
    for index, window in enumerate(run.windows):
        toggles = page.attributes.count(("data-toggle", str(index)))
        assert toggles >= 1, window.variant.name
        assert f'.h{index} g[data-v="{index}"]' in render_html(run)


def test_every_column_can_be_had_and_outcomes_that_never_came_are_left_out(
    run: RecordedRun,
) -> None:
    page = Page(render_html(run))
    heads = {words.strip() for words in page.text}
    assert {"response ms", "attempt ms", "send lag ms", "read lag ms", "ok", "timeout"} <= heads
    assert "protocol error" not in heads


@pytest.mark.long
def test_a_long_run_stays_small(tmp_path: Path) -> None:
    run = recorded(tmp_path, seconds=700)
    assert len(render_html(run)) < 300_000


def test_the_heat_map_shows_turns_alone_and_marks_what_was_not_measured(run: RecordedRun) -> None:
    page = render_html(run)
    assert "Heat map, each variant in its own turns" in page and 'class="heat5"' in page
    figures = run.second_figures()
    warm = replace(figures.heat[SMALL][0], measured=False, cold=3)
    heat = {SMALL: (warm, *figures.heat[SMALL][1:])}
    (drawn,) = heat_maps(replace(run, seconds=replace(figures, heat=heat)))
    assert drawn.count('class="warm-up"') == drawn.count('class="cold"') == 1
    assert "3 cold starts" in drawn
