from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.model.live import FAILURE_EVENT, RunEvent
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Slo
from bench.output.page_width import WIDEST
from bench.record.csv_columns import SUMMARY_COLUMNS
from bench.record.recorded_run import RecordedRun
from bench.report.brief import REASONS, columns_of, fitted_table, render_brief, rows_of
from bench.report.chosen_columns import SHORT, render_columns
from bench.report.markdown import escaped, render_markdown
from bench.report.styled import wrapped
from bench.report.text import mark_notes
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


def named(run: RecordedRun, name: str) -> RecordedRun:
    """As if its variants had long names of a policy each."""
    windows = tuple(
        replace(w, variant=replace(w.variant, retry=f"{name}-{index}"))
        for index, w in enumerate(run.windows)
    )
    return replace(run, windows=windows)


@pytest.mark.parametrize("width", [16, 24, 30])
def test_a_name_that_leaves_no_room_beside_it_stands_above_its_figures(
    run: RecordedRun, width: int
) -> None:
    long = named(run, "patient")
    lines = list(fitted_table(rows_of(long), *columns_of(long), width))
    assert max(map(len, lines)) <= max(width, *(len(w.variant.name) for w in long.windows))
    first = lines.index(long.windows[0].variant.name)
    assert "p50 ms" in lines[1] and lines[first + 1].startswith("  ")
    assert len(lines) == 2 * (1 + len(long.windows))


def test_a_word_that_is_longer_than_a_line_is_cut_and_a_number_keeps_its_unit() -> None:
    said = wrapped("it waited for 2,000 ms of ReservedFunctionConcurrentInvocation", 20)
    assert [line.text for line in said] == [
        "it waited for",
        "  2,000 ms of",
        "  ReservedFunctionC…",
    ]


def test_failures_of_a_kind_are_told_once_with_their_number_and_the_first_reason(
    run: RecordedRun,
) -> None:
    small, large, *_ = (window for window in run.windows)
    outcomes = (1_000 if outcome is Outcome.TIMEOUT else 0 for outcome in Outcome)
    windows = (small, replace(large, tally=replace(large.tally, outcomes=tuple(outcomes))))
    fields = {"variant": LARGE.name, "status": 429, "request_id": "8f1c", "detail": "too many"}
    events = [
        RunEvent(0, FAILURE_EVENT, "", {**fields, "outcome": outcome})
        for outcome in ("timeout", "throttled")
    ]
    text = render_brief(replace(run, windows=windows, events=tuple(events)), 100, colour=False)
    assert "\n  1,100 timeout, 1,000 of them of invoke-1769MB: 429: too many\n" in text
    assert "\n  invoke-1769MB: unmeasured throttled: 429: too many\n" in text and "8f1c" not in text


def test_marks_are_explained_where_they_stand_and_nowhere_else() -> None:
    assert list(mark_notes(["variant  p90 ms", "  before  ·"])) == [
        "· unknown: fewer than ten samples beyond it"
    ]
    assert list(mark_notes(["variant  ≥2,000"])) == ["≥ a lower bound: calls timed out"]
    assert list(mark_notes(["variant  2,000"])) == []


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
    assert "\n- **Best trade: 1769 MB, p90 46.5 ms (95 %: 44." in text
    assert "**INVALID**: " in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(run.windows)
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1


def test_what_markdown_would_read_is_escaped() -> None:
    assert escaped("a|b\n<i>*c*") == "a\\|b \\<i\\>\\*c\\*"
