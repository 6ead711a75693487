"""The verbs that open a view, in a real terminal, and what remains when a view breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from bench.commands.support.live_view import show
from bench.commands.support.progress import Progress
from bench.commands.support.setup_screen import FIRST, card_of, cards, mistakes
from bench.errors import ExitCode
from bench.interrupts import Interrupts
from bench.profile import shipped_profiles
from bench.tui.app import LamloadApp
from bench.tui.source import Leaving
from tests.commands.recorded import profile_in, record_run
from tests.commands.terminal import ROOT, lamload_in_terminal
from tests.commands.test_cli import lamload

SHORT = """
# Does it answer?
title = "A short run"
[target]
kind = "local"
function = "primes"
event = { n = 1000 }
[[variants]]
memory_mb = 1769
[[phase]]
rate = "20/s"
duration = "1s"
"""


def recorded(folder: Path) -> Path:
    return record_run(folder / "runs", profile_in(folder), [[12.0] * 200, [5.0] * 200])


def test_lamload_alone_on_a_terminal_starts_what_is_typed_and_prints_its_results(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.toml").write_text(SHORT)
    with lamload_in_terminal([], tmp_path) as terminal:
        terminal.wait_for("which profile is to run?")
        terminal.press("\t")
        terminal.wait_for_change()
        terminal.press("\x15")  # ctrl+u empties the line
        terminal.wait_for("a profile's name or path")
        terminal.press("mine.toml")
        terminal.wait_for("Does it answer?")
        assert not (tmp_path / "runs").exists()  # looking leaves nothing behind
        terminal.press("\x12")
        terminal.wait_for("finished")
        terminal.press("q")
        code, printed = terminal.end()
    assert code in (ExitCode.OK, ExitCode.INVALID)  # this machine may be too busy to measure
    assert "invoke-1769MB" in printed
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize("arguments", [[], ["run"]])
def test_leaving_the_set_up_screen_starts_nothing(arguments: list[str], tmp_path: Path) -> None:
    with lamload_in_terminal(arguments, tmp_path) as terminal:
        terminal.wait_for("which profile is to run?")
        terminal.press("q")
        assert terminal.end() == (ExitCode.OK, "")
    assert not (tmp_path / "runs").exists()


def test_a_run_that_is_left_goes_on_headless_to_its_results(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SHORT.replace('"1s"', '"3s"'))
    with lamload_in_terminal(["run", "mine.toml"], tmp_path) as terminal:
        terminal.wait_for("running")
        terminal.press("q")
        terminal.wait_for("What becomes of it?")
        terminal.press("g")
        terminal.wait_for("Results in runs/")
        code, printed = terminal.end()
    assert code in (ExitCode.OK, ExitCode.INVALID)
    assert "invoke-1769MB" in printed


def test_watch_replays_the_latest_run_and_prints_its_table(tmp_path: Path) -> None:
    recorded(tmp_path)
    with lamload_in_terminal(["watch"], tmp_path) as terminal:
        terminal.wait_for("recorded")
        terminal.press("q")
        code, printed = terminal.end()
    assert code == ExitCode.OK
    assert "invoke-1769MB" in printed


def test_watch_without_a_terminal_says_what_to_do_instead(tmp_path: Path) -> None:
    recorded(tmp_path)
    done = lamload("watch", "--runs", str(tmp_path / "runs"))
    assert done.returncode == ExitCode.USAGE
    assert "watch needs a terminal; `lamload report` prints the results" in done.stderr


def test_watch_of_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    done = lamload("watch", str(tmp_path), "--tui")
    assert done.returncode == ExitCode.USAGE
    assert "is not a run's folder" in done.stderr


@pytest.mark.parametrize("variables", [{"CI": "1"}, {"TERM": "dumb"}])
def test_no_view_opens_where_none_can_be_seen(tmp_path: Path, variables: dict[str, str]) -> None:
    with lamload_in_terminal([], tmp_path, **variables) as terminal:
        code, printed = terminal.end()
    assert code == ExitCode.OK
    assert printed.startswith("Usage: lamload")


def test_a_browser_is_a_terminal_too(tmp_path: Path) -> None:
    served = dict(os.environ, TEXTUAL_DRIVER="textual.drivers.web_driver:WebDriver")
    with subprocess.Popen(
        [sys.executable, "-m", "bench"], cwd=tmp_path, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env=served | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"__GANGLION__\n"  # how textual serve is greeted
        packet = b'{"type": "quit"}'
        process.communicate(b"M" + len(packet).to_bytes(4, "big") + packet)
    assert process.returncode == ExitCode.OK


def test_the_set_up_screen_has_a_card_for_every_shipped_profile() -> None:
    shown = list(cards())
    assert {card.name for card in shown} == {path.stem for path in shipped_profiles()}
    assert shown[0].name == FIRST
    assert [card.target.split()[0] for card in shown] == sorted(
        (card.target.split()[0] for card in shown), key=("LOCAL", "URL", "AWS").index
    )
    for card in shown:
        assert card.question
        assert card.load
        assert card.variants
        assert card.cost


def test_what_is_typed_behind_a_profile_changes_its_card() -> None:
    card = card_of("quickstart phase.steady.rate=77/s")
    assert card is not None
    assert any("77/s" in line for line in card.load)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nope", "nor is there a shipped profile of that name"),
        ("quickstart load.sed=2", "load.sed"),
        ("quickstart phase.steady.rate=-1/s", "rate"),
        ("quickstart 'open", "No closing quotation"),
    ],
)
def test_mistakes_of_a_line_are_told(line: str, words: str) -> None:
    assert any(words in told for told in mistakes(line))
    assert card_of(line) is None


def test_a_line_without_mistakes_has_none() -> None:
    assert mistakes("quickstart load.seed=2") == []


class _Breaking:
    """Stands in for an app that breaks while it draws."""

    async def run_async(self) -> None:
        raise RuntimeError("no such style")

    def exit(self, result: object) -> None:
        """Never asked."""


async def test_a_view_that_breaks_leaves_the_load_alone_and_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    leaving = await show(cast(LamloadApp, _Breaking()), Progress(), Interrupts())
    assert leaving is Leaving.DETACH
    assert "the view broke (RuntimeError: no such style); the load goes on" in (
        capsys.readouterr().err
    )
