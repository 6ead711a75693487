"""`lamload run PROFILE --replay RUN`: whose commands, and what is said of those that can't be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cli import run_command
from bench.errors import ExitCode
from bench.record.recorded_run import latest_run
from tests.commands.recorded import profile_in, record_run
from tests.commands.terminal import lamload_in_terminal
from tests.commands.test_cli import lamload

DRAIN = '{"t_ns": 700000000, "kind": "command", "text": "drain", "fields": {"at_ns": 800000000}}\n'
LATE = '{"t_ns": 99000000000, "kind": "command", "text": "hold"}\n'


def steered(folder: Path, events: str) -> Path:
    """A finished run in folder/runs whose events.jsonl says so."""
    run = record_run(folder / "runs", profile_in(folder), [[12.0] * 20, [5.0] * 20])
    (run / "events.jsonl").write_text(events)
    return run


@pytest.mark.parametrize("name", ["latest", "events.jsonl"])
def test_a_run_is_replayed_headless_by_its_name_or_from_its_file(name: str, tmp_path: Path) -> None:
    run = steered(tmp_path, DRAIN)
    named = str(run / name) if name == "events.jsonl" else name
    arguments = ["run", str(tmp_path / "t.toml"), "--headless", "--set", "load.seed=3"]
    done = lamload(*arguments, "--out", str(tmp_path / "runs"), "--replay", named)
    assert done.returncode == ExitCode.INTERRUPTED, done.stderr
    replayed = latest_run(tmp_path / "runs")
    assert replayed != run
    events = [json.loads(line) for line in (replayed / "events.jsonl").read_text().splitlines()]
    commands = [(e["text"], e["fields"]) for e in events if e["kind"] == "command"]
    assert commands == [("drain", {"at_ns": 800_000_000, "replayed": True})]


def test_a_run_is_replayed_in_sight(tmp_path: Path) -> None:
    steered(tmp_path, DRAIN)
    with lamload_in_terminal(["run", "t.toml", "--replay", "latest"], tmp_path) as terminal:
        terminal.wait_for("■ interrupted")
        terminal.press("q")
        code, printed = terminal.end()
    assert code == ExitCode.INTERRUPTED
    assert "invoke-1769MB" in printed
    assert '"replayed": true' in (latest_run(tmp_path / "runs") / "events.jsonl").read_text()


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (LATE, "events.jsonl: line 1: hold at 99 s comes when the load has ended; replay with"),
        (DRAIN[:40], "events.jsonl: line 1 is not JSON"),
        (DRAIN.replace("drain", "dance"), 'events.jsonl: line 1: there is no command "dance"'),
        ("", "events.jsonl: has no command of an operator's: there is nothing to replay"),
    ],
)
def test_what_cannot_be_replayed_is_told_in_one_line_before_anything_starts(
    events: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = steered(tmp_path, events)
    arguments = [str(tmp_path / "t.toml"), "--headless", "--out", str(tmp_path / "runs")]
    assert run_command(["run", *arguments, "--replay", str(run)]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list((tmp_path / "runs").iterdir()) == [run]


@pytest.mark.parametrize("name", ["nope", "latest", "nope.jsonl", "."])
def test_a_run_that_is_not_there_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    profile_in(tmp_path)
    assert run_command(["run", "t.toml", "--headless", "--replay", name]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.err.startswith("lamload: ")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()
