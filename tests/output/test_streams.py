"""lamload with its streams closed, full, unread and in other encodings, as a shell would do it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.commands.run import conclude
from bench.commands.support.progress import Progress
from bench.errors import ExitCode
from bench.interrupts import NUMBERS, Interrupts
from bench.load.session import RunResult
from bench.output.streams import BROKEN_PIPE, ResultStream, StdoutError, Story, is_c_locale
from tests.report.build import recorded

ROOT = Path(__file__).parent.parent.parent
SHOW = ("profiles", "show", "quickstart")
WRONG = ("validate", "nowhere.toml")


@pytest.mark.parametrize(
    ("environ", "is_c"),
    [
        ({}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # as Python leaves it
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
    ],
)
def test_a_terminal_is_without_utf_8_where_somebody_chose_the_locale_c(
    environ: dict[str, str], is_c: bool
) -> None:
    assert is_c_locale(environ) == is_c


def test_in_the_locale_c_a_terminal_gets_ascii_alone() -> None:
    leader, follower = os.openpty()
    script = (
        "from bench.output import streams; streams.install(); import click\n"
        "click.echo('p99 ≥ 5 µs … ×1.2', color=True); streams.close()"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        check=True,
        timeout=60,
        stdout=follower,
        stderr=follower,
        env={key: text for key, text in os.environ.items() if key[:2] != "LC"} | {"LANG": "C"},
    )
    os.close(follower)
    assert os.read(leader, 100) == b"p99 >= 5 us ... x1.2\r\n"
    os.close(leader)


def shell(redirected: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        env=os.environ | variables,
        check=False,
    )


@pytest.mark.parametrize("redirected", [">&- 2>&- <&-", "2>/dev/full"])
def test_a_stream_that_is_not_there_changes_no_exit_code(redirected: str) -> None:
    assert shell(redirected, *SHOW).returncode == ExitCode.OK
    assert shell(redirected, *WRONG).returncode == ExitCode.USAGE


def test_a_closed_stream_is_not_taken_for_a_file_that_was_opened_later(tmp_path: Path) -> None:
    """The lowest free descriptor is the next file's: the errors of a verb would land in it."""
    out = tmp_path / "out.csv"
    script = (
        "from bench.output import streams; streams.install(); import sys\n"
        f"file = open({str(out)!r}, 'w'); print('story', file=sys.stderr); print('result')\n"
        "sys.exit(file.fileno() < 3)"
    )
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>&- <&-', "sh", sys.executable, "-c", script],
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert (done.returncode, out.read_text()) == (0, "")


def test_a_full_disk_below_stdout_is_told_in_a_line() -> None:
    done = shell(">/dev/full", *SHOW)
    assert done.returncode == ExitCode.INTERNAL
    assert done.stderr == b"lamload: stdout cannot be written: No space left on device\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_encoding_without_our_letters_is_no_reason_to_fail(encoding: str) -> None:
    done = shell("", "plan", "quickstart", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Quick start" in done.stdout
    assert done.stdout.decode(encoding).count("?") == 1  # its own: the profile is a question


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """A pipe of a page that has room for nothing more."""
    reading, writing = os.pipe()
    size = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b"x" * size)
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def test_a_story_that_nobody_reads_is_written_as_far_as_it_fits_and_never_waits() -> None:
    with full_pipe() as (_, writing):
        story = Story(writing, "<stderr>", "utf-8")
        progress = Progress(story)
        for _ in range(10_000):
            progress.write_line("draining: waiting for what is in flight; Ctrl-C again aborts")
        assert story.is_behind
        story.settle(0.01)
        assert story._channel.backlog < 2 << 20


def test_a_result_waits_for_a_reader_that_lives() -> None:
    with full_pipe() as (reading, writing):
        results = ResultStream(writing, "<stdout>", "utf-8", lambda: None)
        results.write("the result\n")
        with pytest.raises(StdoutError, match=r"nothing was read there for 0\.01 s"):
            results.deliver(0.01)
        os.read(reading, 4096)
        results.write("again\n")
        results.flush()
        assert os.read(reading, 4096).endswith(b"again\n")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_ends_a_command_whose_reader_takes_nothing(number: signal.Signals) -> None:
    with full_pipe() as (_, writing):
        process = subprocess.Popen(
            [sys.executable, "-c", _SHOW_AND_TELL], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        assert process.stderr.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(30) == ExitCode.INTERRUPTED
        process.stderr.close()


_SHOW_AND_TELL = """
import os, sys
from bench.__main__ import main
from bench.output.channel import Channel

def wait(self, patience_s):
    os.write(2, b"ready\\n")
    return waits(self, patience_s)

waits, Channel.wait = Channel.wait, wait
sys.argv = ["lamload", "profiles", "show", "quickstart"]
main()
"""


def test_an_interrupt_within_the_exec_of_a_text_leaves_the_exit_code_alone(tmp_path: Path) -> None:
    """Python remembers one although it was caught, and would end with SIGINT at its exit."""
    (tmp_path / "interrupted.py").write_text(
        "import bench.cli\n"
        "bench.cli.run_command = lambda _: exec('raise KeyboardInterrupt')\n"
        "from bench.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-m", "interrupted"]
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, timeout=60, check=False)
    assert done.returncode == ExitCode.INTERRUPTED


@pytest.fixture
def ended(tmp_path: Path) -> RunResult:
    return RunResult(recorded(tmp_path), ExitCode.OK)


def test_a_signal_that_came_too_late_to_shorten_a_run_is_an_interruption(
    ended: RunResult, capsys: pytest.CaptureFixture[str]
) -> None:
    late = Interrupts()
    late.count = 1
    assert conclude(ended, late, as_json=False, allow_invalid=False) == ExitCode.INTERRUPTED
    assert "VALID" in capsys.readouterr().out


@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.INVALID, ExitCode.INTERRUPTED])
def test_a_run_ends_as_it_ended_whatever_becomes_of_its_streams(
    code: ExitCode, ended: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(sys, "stderr", Story(full, "<stderr>", "utf-8"))
    result = RunResult(ended.recorded, code)
    for fd, expected in ((full, code), (writing, code or BROKEN_PIPE)):
        monkeypatch.setattr(sys, "stdout", ResultStream(fd, "<stdout>", "utf-8", lambda: None))
        assert conclude(result, Interrupts(), as_json=False, allow_invalid=False) == expected
    os.close(full)
    os.close(writing)
