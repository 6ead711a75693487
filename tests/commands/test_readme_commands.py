"""What README's blocks say can be pasted: each command is taken, its profile read."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bench.cli import run_command
from bench.errors import ExitCode
from bench.model.profile import Profile
from bench.profile import load_profile
from tests.commands.recorded import profile_in, record_run
from tests.commands.stubbed import stub_runs

ROOT = Path(__file__).parent.parent.parent
BLOCKS = [
    line.removeprefix("    ")
    for line in (ROOT / "README.md").read_text("utf-8").splitlines()
    if line.startswith("    ")
]
COMMANDS = [
    part.strip() for line in BLOCKS if line.startswith("lamload ") for part in line.split(" && ")
]
"""`a && b` is two."""


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Profile]:
    """The profiles that would have been run, where README's things are."""
    profiles = stub_runs(monkeypatch, tmp_path)
    Path("my-function").mkdir()
    Path("my-function/handler.py").write_text("def handler(event, context):\n    return 1\n")
    for minute in (1, 2):
        record_run(Path("runs"), profile_in(tmp_path), [[10.0] * 200, [5.0] * 200], minute=minute)
    assert run_command(["init", "./my-function", "--save", "mine.toml"]) == ExitCode.OK
    return profiles


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_taken_as_it_stands(line: str, started: list[Profile]) -> None:
    name, *arguments = shlex.split(line)
    assert name == "lamload"
    assert run_command(arguments) == ExitCode.OK
    assert started or arguments[0] in ("init", "compare")


def test_the_profile_of_the_readme_is_whole(started: list[Profile]) -> None:
    begin = BLOCKS.index("[target]")
    end = next(i for i, line in enumerate(BLOCKS) if line.startswith("quick = "))
    Path("whole.toml").write_text("\n".join(BLOCKS[begin - 1 : end + 1]), "utf-8")
    profile = load_profile("whole.toml")
    assert profile.question.startswith("Which size") and len(profile.variants) == 6
    assert run_command(["whole.toml", "--rate", "50/s"]) == ExitCode.OK and [
        profile.name for profile in started
    ] == ["whole"]


def test_there_are_commands_for_each_beginning() -> None:
    assert len(COMMANDS) >= 8 and {"lamload quickstart"} < set(COMMANDS)
