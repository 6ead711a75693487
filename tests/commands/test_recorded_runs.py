from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path

import pytest

from bench.cli import run_command
from bench.commands.support.run_lookup import find_run
from bench.errors import UsageError
from bench.model.live import ANSWER_EVENT, RunEvent
from bench.model.outcome import Verdict
from bench.record.load_run import load_run
from bench.record.recorded_run import EVENTS, RecordedRun, event_line
from bench.report.formats import FORMATS
from bench.report.html import render_html
from tests.commands.recorded import profile_in, record_run
from tests.disk import refuse_to_replace

FAST = [[100.0 + n % 20 for n in range(200)], [10.0 + n % 5 for n in range(200)]]
SLOW = [FAST[0], [20.0 + n % 5 for n in range(200)]]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs: in the later one 1769 MB has become slower."""
    profile = profile_in(tmp_path)
    record_run(tmp_path / "runs", profile, FAST, minute=1)
    changed = profile_in(tmp_path, "load.seed=9")
    record_run(tmp_path / "runs", changed, SLOW, minute=2, verdict=Verdict.SUSPECT)
    return tmp_path / "runs"


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command(list(arguments)) == 0
    return capsys.readouterr().out


def test_history_lists_runs_the_newest_first(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = max(path for path in runs.iterdir() if path.is_dir())
    left = newest / ".report.json.99999999999.new"
    left.write_text("half")  # of a run that was killed
    os.utime(left, (0, 0))
    lines = output(capsys, "history", "--runs", str(runs)).splitlines()
    assert not left.exists()
    assert [line.split()[0] for line in lines] == [
        "run",
        "20260101T120200Z-t",
        "20260101T120100Z-t",
    ]
    assert "SUSPECT" in lines[1] and "A test's run" in lines[1]
    document = json.loads(output(capsys, "history", "--json", "--limit", "1", "--runs", str(runs)))
    assert [(run["run"], run["verdict"], run["target"]) for run in document] == [
        ("20260101T120200Z-t", "SUSPECT", "local")
    ]


def test_history_of_nothing_says_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["history", "--runs", str(tmp_path)]) == 0
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "lamload quickstart" in streams.err


def test_a_verb_with_no_run_named_takes_the_latest(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latest = json.loads(output(capsys, "report", "--json", "--runs", str(runs)))
    assert latest["run"] == "20260101T120200Z-t"
    named = json.loads(output(capsys, "report", "1201", "--json", "--runs", str(runs)))
    assert named["run"] == "20260101T120100Z-t"
    folder = str(runs / "20260101T120100Z-t")
    assert "A test's run" in output(capsys, "report", folder)


def test_a_run_is_found_by_folder_by_file_and_by_a_part_of_its_name(runs: Path) -> None:
    first = runs / "20260101T120100Z-t"
    for name in (str(first), str(first / "summary.csv"), first.name, "1201"):
        assert find_run(name, runs) == first


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2026", "2026 could be any of 2 runs: 20260101T120200Z-t, 20260101T120100Z-t"),
        ("nope", "there is no run nope; the latest is 20260101T120200Z-t"),
    ],
)
def test_a_name_that_means_no_run_or_several_is_told(runs: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        find_run(name, runs)


def test_there_being_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no run in .*; start one: `lamload quickstart`"):
        find_run(None, tmp_path)


def test_a_folder_that_is_no_run_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["report", str(tmp_path)]) == 2
    assert "is not a run's folder: it has no manifest.json" in capsys.readouterr().err


def test_export_writes_the_summary_as_csv(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(output(capsys, "export", "1201", "--runs", str(runs)).splitlines()))
    assert [row["variant"] for row in rows] == ["invoke-128MB", "invoke-1769MB"]
    assert rows[1]["offered"] == "200"
    assert 11 < float(rows[1]["response_p50_ms"]) < 13


IN_FORMAT = {
    "csv": "invoke-1769MB,invoke,1769",
    "phases": "phase,step,variant",
    "intervals": "t_s,phase,variant",
    "percentiles": "invoke-1769MB,response,",
    "json": '"variant": "invoke-1769MB"',
    "html": "<html",
    "junit": "<testsuite ",
    "hlog": "#[Histogram log format version",
    "text": "A test's run (local)",
    "markdown": "### A test's run (local)",
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_can_be_exported(
    form: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "exported"
    assert run_command(["export", "--format", form, "--out", str(out), "--runs", str(runs)]) == 0
    streams = capsys.readouterr()
    assert streams.out == ""
    assert str(out) in streams.err
    assert IN_FORMAT[form] in out.read_text()


PACKED = b"PAR1\x00\xff\r\n\x80"


def packed(run: RecordedRun) -> bytes:
    """A form that is no text."""
    return PACKED + run.name.encode()


@pytest.fixture
def binary(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a form that is as good as packed."""
    monkeypatch.setitem(FORMATS, "hlog", f"{__name__}:packed")
    return "hlog"


class Terminal(io.TextIOWrapper):
    """A stdout that somebody looks at, with an encoding of long ago."""

    def __init__(self) -> None:
        self._screen = io.BytesIO()
        super().__init__(self._screen, encoding="latin-1")

    def isatty(self) -> bool:
        return True

    def shown(self) -> bytes:
        return self._screen.getvalue()


def test_a_binary_form_reaches_a_file_and_a_pipe_byte_for_byte(
    binary: str, runs: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ["export", "--format", binary, "--runs", str(runs)]
    content = packed(load_run(find_run(None, runs)))
    assert run_command(arguments) == 0
    assert capfdbinary.readouterr().out == content
    out = tmp_path / "exported"
    assert run_command([*arguments, "--out", str(out)]) == 0
    assert out.read_bytes() == content


def test_text_goes_to_a_pipe_as_utf_8_whatever_the_locale_says(
    runs: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run_command(["export", "--format", "text", "--runs", str(runs)]) == 0
    assert "·".encode() in capfdbinary.readouterr().out


def test_a_terminal_gets_text_in_its_own_encoding(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert run_command(["export", "--format", "text", "--runs", str(runs)]) == 0
    shown = terminal.shown()
    assert "·".encode("latin-1") in shown
    assert b"- response ms -" in shown


def test_a_terminal_is_not_sent_what_it_cannot_show(
    binary: str, runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert run_command(["export", "--format", binary, "--runs", str(runs)]) == 2
    assert terminal.shown() == b""
    assert "name a file: --out FILE" in capsys.readouterr().err


def test_export_to_where_nothing_can_be_written_is_told(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "no" / "where.csv"
    assert run_command(["export", "--out", str(out), "--runs", str(runs)]) == 2
    assert f"cannot write {out}" in capsys.readouterr().err


def test_an_export_that_fails_leaves_the_one_before(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "summary.csv"
    out.write_text("the one before")
    refuse_to_replace(monkeypatch)
    assert run_command(["export", "--out", str(out), "--runs", str(runs)]) == 2
    assert out.read_text() == "the one before"
    assert "No space left on device" in capsys.readouterr().err


def test_compare_tells_a_change_from_chance(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = output(capsys, "compare", "--runs", str(runs))
    lines = {line.split()[0]: line for line in said.splitlines() if line}
    assert "~+0.0 %" in lines["invoke-128MB"]
    assert "~" not in lines["invoke-1769MB"] and "+83 %" in lines["invoke-1769MB"]
    assert lines["base"].split()[1] == "20260101T120100Z-t"
    assert "load.seed: 1 → 9" in said
    assert "Intervals rest on: iid, not tested" in said
    assert "~ not distinguishable: chance explains it, at 5 % for the whole table" in said


def test_compare_as_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(output(capsys, "compare", "--json", "--runs", str(runs)))
    assert document["settings"] == [{"key": "load.seed", "base": 1, "other": 9}]
    unchanged, slower = document["variants"]
    assert unchanged["response"]["p50"]["distinguishable"] is False
    assert slower["response"]["p50"]["distinguishable"] is True
    assert 9 < slower["response"]["p50"]["change_ms"] < 11
    assert slower["response"]["p50"]["p_value"] < 0.001 < unchanged["response"]["p50"]["p_value"]
    assert slower["response"]["p50"]["rests_on"] == "iid, not tested"
    assert slower["response"]["p99"] is None


def test_compare_can_fail_a_job_that_has_become_slower(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["compare", "--max-slower", "10%", "--runs", str(runs)]) == 99
    assert "p90 rose by more than 10%: invoke-1769MB" in capsys.readouterr().err
    # seen from the other side it has become quicker
    arguments = ["compare", "1202", "1201", "--max-slower", "10%", "--runs", str(runs)]
    assert run_command(arguments) == 0


def test_what_nobody_knows_is_no_pass(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "1202", "1201", "--max-slower", "10%", "--runs", str(runs)]
    assert run_command([*asked, "--percentile", "p99"]) == 98
    assert "p99: too few samples or blocks to know of invoke-" in capsys.readouterr().err
    assert run_command([*asked, "--percentile", "p99", "--or-lower"]) == 0
    assert "p99 is not known, so p90" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["1202"], "cannot be compared with itself"),
        (["--max-slower", "10"], '--max-slower must be a share such as "5%"'),
    ],
)
def test_a_comparison_that_cannot_be_is_told(
    runs: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["compare", *arguments, "--runs", str(runs)]) == 2
    assert words in capsys.readouterr().err


def test_it_takes_two_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_run(tmp_path / "runs", profile_in(tmp_path), FAST)
    assert run_command(["compare", "--runs", str(tmp_path / "runs")]) == 2
    assert "it takes two to compare" in capsys.readouterr().err


def test_the_answers_of_a_search_are_told_again_in_every_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record_run(tmp_path / "runs", profile_in(tmp_path), FAST)
    found = [
        RunEvent(
            9,
            ANSWER_EVENT,
            "412/s holds p99 < 300 ms",
            {"variant": "a", "rate_rps": 412.5, "holds_rps": 400.0, "fails_rps": 430.0},
        ),
        RunEvent(9, ANSWER_EVENT, "no rate was found", {"variant": "b", "rate_rps": None}),
    ]
    (folder / EVENTS).write_text("".join(map(event_line, found)))
    text = output(capsys, "report", str(folder))
    assert "\n\na: 412/s holds p99 < 300 ms\nb: no rate was found\n\n" in text
    assert json.loads(output(capsys, "report", "--json", str(folder)))["answers"] == [
        {
            "variant": "a",
            "rate_rps": 412.5,
            "holds_rps": 400.0,
            "fails_rps": 430.0,
            "recovers_rps": None,
            "relapses_rps": None,
            "text": "412/s holds p99 < 300 ms",
        },
        {
            "variant": "b",
            "rate_rps": None,
            "holds_rps": None,
            "fails_rps": None,
            "recovers_rps": None,
            "relapses_rps": None,
            "text": "no rate was found",
        },
    ]
    page = render_html(load_run(folder))
    assert "<h2>Capacity</h2>" in page
    assert "<li>a: 412/s holds p99 &lt; 300 ms</li><li>b: no rate was found</li>" in page


def test_a_run_that_searched_for_nothing_has_no_answers(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(output(capsys, "report", "--json", "--runs", str(runs)))["answers"] == []
    assert "Capacity" not in render_html(load_run(find_run(None, runs)))
