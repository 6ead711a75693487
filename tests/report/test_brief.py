from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.model.outcome import Verdict
from bench.model.profile import Slo
from bench.output.page_width import WIDEST
from bench.record.csv_columns import SUMMARY_COLUMNS
from bench.record.recorded_run import RecordedRun
from bench.report.brief import REASONS, render_brief
from bench.report.chosen_columns import SHORT, render_columns
from bench.report.markdown import escaped, render_markdown
from tests.record.build import DOOR, LARGE, SMALL
from tests.report.build import RARE, recorded

SLOS = (Slo("quick", "p50 of 1769MB < 1s"), Slo("always quick", "p99 of 128MB < 1s"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    return recorded(tmp_path_factory.mktemp("runs"), slos=SLOS)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_it_is_never_wider_than_asked_and_breaks_no_word(run: RecordedRun, width: int) -> None:
    text = render_brief(run, width, colour=False)
    assert max(map(len, text.splitlines())) <= width
    words = set(render_brief(run, 10_000, colour=False).split())
    assert set(text.split()) <= words
    assert "\n\n\n" not in text and all(line == line.rstrip() for line in text.splitlines())


def test_the_answer_comes_first_then_the_verdict_then_one_table(run: RecordedRun) -> None:
    text = render_brief(run, 80, colour=False)
    places = [
        text.index(part)
        for part in (
            "Best trade: ",
            "Fastest: ",
            "INVALID: ",
            "FAILED  always",
            "variant ",
            "More:",
        )
    ]
    assert places == sorted(places)
    for variant in (SMALL, LARGE, DOOR, RARE):
        assert len(re.findall(rf"^{variant.name} ", text, re.MULTILINE)) == 1


def test_the_most_wanted_columns_stay_where_there_is_little_room(run: RecordedRun) -> None:
    def heads(width: int) -> str:
        text = render_brief(run, width, colour=False)
        return next(line for line in text.splitlines() if line.startswith("variant"))

    assert "p50 ms" in heads(40) and "calls" not in heads(40)
    assert set(heads(40).split()) < set(heads(80).split()) <= set(heads(100).split())


def test_only_the_first_reasons_are_told_and_how_many_there_are_besides(run: RecordedRun) -> None:
    text = render_brief(run, 100, colour=False)
    assert len(run.reasons) > REASONS
    more = len(run.reasons) - REASONS
    assert f"\n  and {more} reason" in text
    good = replace(run, verdict=Verdict.VALID, reasons=())
    assert "\nVALID: nothing speaks against these numbers\n" in render_brief(good, 100)


def test_in_a_pipe_it_has_no_colour_and_at_most_a_hundred_columns(
    run: RecordedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    text = render_brief(run)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= WIDEST


def test_colour_adds_nothing_but_colour(run: RecordedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = render_brief(run, 80, colour=True)
    assert "\x1b[1;31mINVALID" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_brief(run, 80, colour=False)


def test_a_run_without_results_says_its_verdict(run: RecordedRun) -> None:
    empty = replace(run, windows=(), curves={}, intervals=())
    assert "INVALID: " in render_brief(empty, 80, colour=False)


def test_columns_are_those_of_the_summary_by_their_names(run: RecordedRun) -> None:
    head, first, *_ = render_columns(run, ["p50", "offered", "cost"]).splitlines()
    assert head.split() == ["variant", "response_p50_ms", "offered", "usd_per_million"]
    assert first.split() == [SMALL.name, "526", "200", "1.03"]
    assert set(SHORT.values()) <= set(SUMMARY_COLUMNS)


def test_an_unknown_column_is_told_with_the_nearest(run: RecordedRun) -> None:
    with pytest.raises(UsageError, match="did you mean `lamload report --columns offered`"):
        render_columns(run, ["ofered"])


def test_markdown_has_the_answer_the_verdict_and_a_row_for_each_variant(run: RecordedRun) -> None:
    text = render_markdown(run)
    assert text.startswith("### Is \\<script\\>alert")
    assert "\n- **Best trade: 1769 MB, p90 46.5 ms (95 %: 44.5 … " in text
    assert "**INVALID**: " in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(run.windows)
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1


def test_what_markdown_would_read_is_escaped() -> None:
    assert escaped("a|b\n<i>*c*") == "a\\|b \\<i\\>\\*c\\*"
