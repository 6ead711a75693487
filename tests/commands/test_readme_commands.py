"""What README's blocks say can be pasted: each command is taken, its profile read."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bench.cli import run_command
from bench.commands import run as run_verb
from bench.errors import ExitCode
from bench.profile import load_profile
from tests.commands.recorded import profile_in, record_run

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
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the profiles that would have been run, where README's things are."""
    names: list[str] = []

    async def instead(setup: run_verb.RunSetup, *_: object, **__: object) -> None:
        names.append(setup.profile.name)

    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(run_verb, "_run_headless", instead)
    monkeypatch.setattr(run_verb, "conclude", lambda *_, **__: ExitCode.OK)
    monkeypatch.setattr(run_verb, "can_show_tui", lambda: False)
    monkeypatch.chdir(tmp_path)
    Path("my-function").mkdir()
    Path("my-function/handler.py").write_text("def handler(event, context):\n    return 1\n")
    for minute in (1, 2):
        record_run(Path("runs"), profile_in(tmp_path), [[10.0] * 200, [5.0] * 200], minute=minute)
    assert run_command(["init", "./my-function", "--save", "mine.toml"]) == ExitCode.OK
    return names


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_taken_as_it_stands(line: str, started: list[str]) -> None:
    name, *arguments = shlex.split(line)
    assert name == "lamload"
    assert run_command(arguments) == ExitCode.OK
    assert started or arguments[0] in ("init", "compare")


def test_the_profile_of_the_readme_is_whole(started: list[str]) -> None:
    begin = BLOCKS.index("[target]")
    end = next(i for i, line in enumerate(BLOCKS) if line.startswith("quick = "))
    Path("whole.toml").write_text("\n".join(BLOCKS[begin - 1 : end + 1]), "utf-8")
    profile = load_profile("whole.toml")
    assert profile.question.startswith("Which size") and len(profile.variants) == 6
    assert run_command(["whole.toml", "--rate", "50/s"]) == ExitCode.OK and started == ["whole"]


def test_there_are_commands_for_each_beginning() -> None:
    assert len(COMMANDS) >= 8 and {"lamload quickstart"} < set(COMMANDS)
