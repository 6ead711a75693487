from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import COMPLETE, VERBS, run_command
from bench.commands.completion import SHELLS
from bench.commands.support.completions import MANIFEST
from bench.commands.support.topics import topics
from bench.errors import ExitCode
from bench.payloads.generators import GENERATORS
from bench.profile import shipped_profiles
from bench.record import recorded_run
from bench.report.formats import FORMATS

SHIPPED = [path.stem for path in shipped_profiles()]


class Complete:
    """What bash is told of the last word of a line: values, or whether it adds paths itself."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsysbinary

    def __call__(self, line: str) -> list[str]:
        return [value for kind, value in self._items(line) if kind == "plain"]

    def paths(self, line: str) -> set[str]:
        return {kind for kind, _ in self._items(line)} & {"file", "dir"}

    def _items(self, line: str) -> list[tuple[str, str]]:
        self._monkeypatch.setenv(COMPLETE, "bash_complete")
        self._monkeypatch.setenv("COMP_WORDS", line)
        self._monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        with pytest.raises(SystemExit) as ended:
            run_command([])
        assert ended.value.code == 0
        lines = self._capsys.readouterr().out.decode().splitlines()
        return [(kind, value) for kind, _, value in (line.partition(",") for line in lines) if kind]


@pytest.fixture
def complete(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Complete:
    return Complete(monkeypatch, capsysbinary)


@pytest.mark.parametrize(
    ("shell", "number", "answer"),
    [
        ("bash", "1", "plain,run\n"),
        ("zsh", "1", f"plain\nrun\n{VERBS['run']}\n"),
        ("fish", "ru", f"plain,run\t{VERBS['run']}\n"),
    ],
)
def test_each_shell_is_told_that_ru_is_run(shell: str, number: str, answer: str) -> None:
    words = {COMPLETE: f"{shell}_complete", "COMP_WORDS": "lamload ru", "COMP_CWORD": number}
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, **words},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == answer


def test_completing_a_verb_imports_none() -> None:
    script = (
        "import os, sys\n"
        f"os.environ |= {{'{COMPLETE}': 'bash_complete', 'COMP_WORDS': 'lamload ',"
        " 'COMP_CWORD': '1'}\n"
        "from bench.cli import run_command\n"
        "try:\n"
        "    run_command([])\n"
        "except SystemExit:\n"
        "    loaded = [name for name in sys.modules if name.startswith('bench.commands')]\n"
        "    print(loaded, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"
    assert done.stdout.splitlines() == [f"plain,{verb}" for verb in VERBS]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_lamload_itself(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert f"{COMPLETE}={shell}_complete" in out
    assert "lamload" in out


def test_another_shell_exits_2_and_says_which_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["completion", "tcsh"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert all(shell in said for shell in SHELLS)


def test_options_are_completed(complete: Complete) -> None:
    assert complete("lamload run --hea") == ["--header", "--headless"]
    assert "--version" in complete("lamload --")


def test_a_profile_is_a_shipped_one_or_a_file(
    complete: Complete, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complete("lamload run ") == SHIPPED
    assert complete("lamload plan quick") == ["quickstart"]
    assert complete("lamload validate quickstart clos") == ["closed-loop"]
    assert complete("lamload profiles show ra") == ["ramp"]
    (tmp_path / "ramble.toml").touch()
    assert complete("lamload run ra") == ["ramp", "ramble.toml"]
    assert complete.paths("lamload run ") == {"file"}
    assert complete.paths("lamload profiles show ") == set()


def test_a_run_is_one_below_the_folder_named_or_any_folder(
    complete: Complete, tmp_path: Path
) -> None:
    for name in ("20260101T120100Z-one", "20260101T120200Z-two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text("{}")
    (tmp_path / "2026-holiday").mkdir()
    newest_first = ["20260101T120200Z-two", "20260101T120100Z-one"]
    for verb in ("report", "export", "watch", "compare"):
        assert complete(f"lamload {verb} --runs {tmp_path} 2026") == newest_first
    assert complete(f"lamload compare --runs {tmp_path} x 20260101T1201") == newest_first[1:]
    assert complete(f"lamload run --out {tmp_path} --replay 2026") == newest_first
    assert complete.paths("lamload report ") == {"dir"}


def test_what_makes_a_folder_a_runs_is_what_the_record_says() -> None:
    assert MANIFEST == recorded_run.MANIFEST


def test_topics_forms_and_generators_are_completed(complete: Complete) -> None:
    assert complete("lamload help ") == list(topics())
    assert complete("lamload export --format ") == list(FORMATS)
    assert complete("lamload completion ") == list(SHELLS)
    assert complete("lamload events ") == [*GENERATORS, "doors"]


def test_behind_an_unknown_verb_nothing_breaks(complete: Complete) -> None:
    assert complete("lamload rnu --") == ["--version", "--help"]
