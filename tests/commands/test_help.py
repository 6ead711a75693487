from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from bench.cli import run_command
from bench.commands.support.topics import FOLDER, topics
from bench.errors import ExitCode

ROOT = Path(__file__).parent.parent.parent
ESCAPE = "\x1b["


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What `lamload ARGUMENTS` says on a terminal of 80 columns."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    running = subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        stdin=follower,
        stdout=follower,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", **environment},
    )
    os.close(follower)
    said = b""
    try:
        while piece := os.read(leader, 65_536):
            said += piece
    except OSError:  # how Linux tells that nobody has the other end any more
        pass
    finally:
        os.close(leader)
    assert running.wait(60) == 0, said.decode()
    return said.decode()


def test_without_a_topic_all_are_listed_with_a_line_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["help"]) == 0
    out = capsys.readouterr().out
    names = {path.stem for path in FOLDER.glob("*.md")}
    assert names == set(re.findall(r"^  (\w+)  +\w", out, re.MULTILINE))


@pytest.mark.parametrize("name", topics())
def test_a_topic_begins_with_its_name_and_its_line(name: str) -> None:
    topic = topics()[name]
    assert topic.text.startswith(f"# {name.capitalize().replace('Aws', 'AWS')}: ")
    assert topic.summary and not topic.summary.endswith(".")


def test_in_a_pipe_a_topic_is_markdown_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["help", "retries"]) == 0
    assert capsys.readouterr().out == (FOLDER / "retries.md").read_text("utf-8")


def test_on_a_terminal_a_topic_is_laid_out() -> None:
    said = on_a_terminal("help", "retries")
    assert ESCAPE in said
    assert "full-jitter" in said
    assert "`" not in said and "|---|" not in said


def test_under_no_color_it_is_laid_out_without_an_escape_sequence() -> None:
    said = on_a_terminal("help", "retries", NO_COLOR="1")
    assert ESCAPE not in said
    assert "full-jitter" in said and "|---|" not in said


@pytest.mark.parametrize(
    ("word", "mend"),
    [
        ("retry", "; did you mean `lamload help retries`?"),
        ("run", "; did you mean `lamload run --help`?"),
        ("xyzzy", f"; there are {', '.join(topics())}: `lamload help start` begins"),
    ],
)
def test_an_unknown_topic_exits_2_and_says_what_was_meant(
    word: str, mend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["help", word]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"lamload: there is no topic {word}{mend}\n"


def test_listing_topics_loads_nothing_that_lays_out() -> None:
    script = (
        "import sys; from bench.cli import run_command; run_command(['help'])\n"
        "print(sorted({'rich', 'textual', 'numpy', 'asyncio'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
