from __future__ import annotations

import webbrowser
from collections.abc import Iterator
from pathlib import Path

import click.termui
import pytest

from bench.cli import run_command
from bench.commands import init
from bench.errors import ExitCode
from bench.profile import load_profile
from bench.record.recorded_run import RecordedRun
from tests.report.build import recorded


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What somebody answers, one after another; '' takes what is offered."""
    given: list[str] = []
    left: Iterator[str] = iter(given)
    monkeypatch.setattr(init, "can_show_tui", lambda: True)
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _: next(left))
    monkeypatch.chdir(tmp_path)
    return given


def test_a_few_answers_make_a_profile(answers: list[str]) -> None:
    answers += ["http://localhost:8080/", "10", "20s", "mine.toml"]
    assert run_command(["init"]) == ExitCode.OK
    profile = load_profile("mine.toml")
    assert profile.phases[-1].shape.most_callers == 10
    assert profile.phases[-1].duration_ns == 20 * 10**9


def test_what_is_offered_can_be_taken_and_a_wrong_answer_is_asked_for_again(
    answers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    answers += ["", "64", "128", "fast", "5/s", "", ""]
    assert run_command(["init"]) == ExitCode.OK
    profile = load_profile("primes.toml")
    assert [variant.memory_mb for variant in profile.variants] == [128]
    said = capsys.readouterr().err
    assert "--memory: must be at least 128 (it is 64)" in said
    assert "--rate: must be a rate such as" in said


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return recorded(tmp_path / "runs")


def test_the_report_is_shown_in_the_browser(
    run: RecordedRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []

    def browser(url: str) -> bool:
        shown.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    (run.folder / "report.html").write_text("<html>")
    assert run_command(["open", "--runs", str(run.folder.parent)]) == ExitCode.OK
    assert shown == [(run.folder / "report.html").as_uri()]
    assert capsys.readouterr().err == ""


def test_without_a_browser_it_says_where_the_report_is(
    run: RecordedRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    (run.folder / "report.html").write_text("<html>")
    assert run_command(["open", run.name, "--runs", str(run.folder.parent)]) == ExitCode.OK
    streams = capsys.readouterr()
    assert streams.out.strip() == str(run.folder / "report.html")
    assert "no browser here" in streams.err
