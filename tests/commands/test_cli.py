from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from bench import __version__
from bench.cli import VERBS, cli, run_command
from bench.errors import ExitCode, TargetError, UsageError
from bench.output.streams import BROKEN_PIPE

ROOT = Path(__file__).parent.parent.parent


def lamload(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **{key: str(value) for key, value in options.items()}},
        check=False,
    )


def raising(error: BaseException) -> click.Command:
    def callback() -> None:
        raise error

    return click.Command("boom", callback=callback)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_file_and_its_help(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_spec(f"bench.commands.{verb}") is not None
    assert run_command([verb, "--help"]) == 0
    assert f"lamload {verb}" in capsys.readouterr().out


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {verb} " in out for verb in VERBS)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"lamload {__version__}\n"


def test_without_a_terminal_lamload_alone_prints_its_help() -> None:
    done = lamload()
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: lamload")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], "there is no command 'rnu'; did you mean `lamload run`?"),
        (["my.toml"], "my.toml: is no file, nor is there a shipped profile of that name"),
        (["--nope"], "--nope"),
        (["plan"], "Missing argument 'TARGET'"),
        (["plan", "quickstart", "--billed", "5"], "--billed must be a duration with its unit"),
        (["profiles", "show", "nope"], "there is no shipped profile nope; there are"),
        (["validate"], "Missing argument 'PROFILE…'"),
        (
            ["validate", "nope"],
            "nope: is no file, nor is there a shipped profile of that name (there are",
        ),
    ],
)
def test_a_wrong_command_line_exits_2_and_says_why(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == ExitCode.USAGE
    streams = capsys.readouterr()
    assert words in streams.err
    assert streams.out == ""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("that cannot be"), 2, "lamload: that cannot be\n"),
        (TargetError("nothing answers"), 3, "lamload: nothing answers\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ZeroDivisionError("by zero"),
            1,
            "lamload: internal error: ZeroDivisionError: by zero "
            "(LAMLOAD_DEBUG=1 shows the traceback)\n",
        ),
        (
            RuntimeError("can't start new thread"),
            1,
            "lamload: this system has no room for it: no more threads (ulimit -u)\n",
        ),
        (
            BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
            1,
            "lamload: this system has no room for it: no more processes (ulimit -u)\n",
        ),
    ],
)
def test_errors_end_in_one_line_and_a_code(
    error: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("LAMLOAD_DEBUG", raising=False)
    monkeypatch.setattr(type(cli), "get_command", lambda *_: raising(error))
    assert run_command(["doctor"]) == code
    assert capsys.readouterr().err == said


def test_an_internal_error_shows_its_traceback_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAMLOAD_DEBUG", "1")
    monkeypatch.setattr(type(cli), "get_command", lambda *_: raising(ZeroDivisionError()))
    assert run_command(["doctor"]) == ExitCode.INTERNAL
    assert "Traceback" in capsys.readouterr().err


def test_a_broken_pipe_that_is_not_stdout_is_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(type(cli), "get_command", lambda *_: raising(BrokenPipeError("worker")))
    assert run_command(["doctor"]) == ExitCode.INTERNAL
    assert "BrokenPipeError" in capsys.readouterr().err


def test_a_reader_that_has_gone_ends_it_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "bench", "profiles", "show", "quickstart"],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (BROKEN_PIPE, b"")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from bench.cli import run_command; run_command(['--help'])\n"
        "heavy = {'textual', 'httpx', 'aiohttp', 'numpy', 'hdrh', 'uvloop', 'asyncio', 'httptools',"
        " 'botocore', 'bench.model', 'bench.profile'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_doctor_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.split()[0] in ("ok", "note") for line in lines)
    assert any("descriptors" in line for line in lines)


def test_doctor_sees_a_terminal() -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "bench", "doctor"],
        cwd=ROOT,
        stdin=follower,
        stderr=follower,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
        timeout=60,
        check=False,
    )
    os.close(follower)
    os.close(leader)
    assert "100×30, TERM xterm-256color" in done.stdout.decode()
