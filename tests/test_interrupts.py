from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from bench.commands.support import live_view
from bench.commands.support.live_view import show, watched
from bench.commands.support.progress import Progress
from bench.errors import InterruptedRun
from bench.interrupts import NUMBERS, Interrupts, send_signal
from bench.load import session as sessions
from bench.model.load import Command, CommandKind
from bench.profile import load_profile
from bench.tui.app import LamloadApp
from bench.tui.source import AppResult, Leaving


def send(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@contextmanager
def heard() -> Iterator[Interrupts]:
    with Interrupts().heard() as interrupts:
        yield interrupts


@pytest.mark.parametrize("number", NUMBERS)
def test_outside_of_a_loop_a_signal_is_an_interrupt(number: int) -> None:
    before = signal.getsignal(number)
    with heard() as interrupts, pytest.raises(KeyboardInterrupt):
        send(number)
    assert interrupts.count == 1
    assert signal.getsignal(number) is before


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard() as interrupts:
            send(signal.SIGHUP)
        assert interrupts.count == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_to_a_child_leaves_its_exit_status_to_who_waits_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        send_signal(child, signal.SIGKILL)
        assert child.returncode is None
        assert child.wait() == 3
        send_signal(child, signal.SIGKILL)


async def test_within_a_loop_a_signal_does_what_was_said_last() -> None:
    told: list[tuple[str, int]] = []
    with heard() as interrupts, interrupts.answered_by(lambda n: told.append(("outer", n))):
        with interrupts.answered_by(lambda n: told.append(("inner", n))):
            send(signal.SIGINT)
            await asyncio.sleep(0)
        send(signal.SIGHUP)
        await asyncio.sleep(0)
    assert told == [("inner", 1), ("outer", 2)]


class Session:
    """Stands in for a RunSession; signals find it at each stage of its life."""

    is_held = True
    """Whether it is to be found while it is brought up."""

    def __init__(self, *_: object, **__: object) -> None:
        self.closed = 0
        self.commands: list[CommandKind] = []
        self.ended = asyncio.Event()

    async def prepare(self) -> None:
        if self.is_held:
            send()
            await asyncio.Event().wait()

    async def run(self) -> None:
        send()
        await self.ended.wait()

    async def finish(self) -> None:
        raise ZeroDivisionError("there is nothing to finish")

    def command(self, command: Command) -> None:
        self.commands.append(command.kind)
        if command.kind is CommandKind.DRAIN:
            send()
        else:
            self.ended.set()

    def snapshot(self) -> None:
        return None

    async def close(self) -> None:
        self.closed += 1
        send()
        await asyncio.sleep(0)
        send()


class Quiet(Progress):
    def update(self, snapshot: object) -> None:
        """Nothing of a session without snapshots."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """The sessions that were made, instead of real ones."""
    found: list[Session] = []

    def make(*arguments: object, **options: object) -> Session:
        found.append(Session(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(sessions, "RunSession", make)
    return found


async def test_a_signal_while_it_is_brought_up_gives_everything_back(
    tmp_path: Path, made: list[Session]
) -> None:
    with heard() as interrupts:
        async with watched(tmp_path, Quiet(quiet=True), interrupts) as run:
            with pytest.raises(InterruptedRun, match="before anything was sent"):
                await run.start(load_profile("quickstart", ()), [])
    assert [session.closed for session in made] == [1]
    assert interrupts.count == 3  # two of them while it was closed: they changed nothing


@pytest.mark.parametrize("signals", [1, 2])
async def test_a_signal_before_anything_is_brought_up_is_heard_when_it_is(
    signals: int, tmp_path: Path, made: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def prepare_for_ever(_: Session) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Session, "prepare", prepare_for_ever)
    with heard() as interrupts:
        async with watched(tmp_path, Quiet(quiet=True), interrupts) as run:
            for _ in range(signals):
                send()
            with pytest.raises(InterruptedRun, match="before anything was sent"):
                await run.start(load_profile("quickstart", ()), [])
    assert [session.closed for session in made] == [1]


async def test_under_load_the_first_signal_drains_and_the_second_aborts(
    tmp_path: Path, made: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_view, "POLL_S", 0.01)
    monkeypatch.setattr(Session, "is_held", False)
    with heard() as interrupts:
        async with watched(tmp_path, Quiet(quiet=True), interrupts) as run:
            await run.start(load_profile("quickstart", ()), [])
            with pytest.raises(ZeroDivisionError):
                await run.follow()
    assert made[0].commands == [CommandKind.DRAIN, CommandKind.ABORT]
    assert made[0].closed == 1


class App:
    """Stands in for a view: a signal finds it, and it has taken the signals of job control."""

    def __init__(self) -> None:
        self.left: asyncio.Future[AppResult] = asyncio.get_running_loop().create_future()

    async def run_async(self) -> AppResult:
        for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
            signal.signal(number, lambda *_: None)
        send(signal.SIGHUP)
        return await self.left

    def exit(self, result: AppResult) -> None:
        self.left.set_result(result)


async def test_a_signal_closes_the_view_and_leaves_job_control_to_the_shell() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)]
    with heard() as interrupts:
        leaving = await show(cast(LamloadApp, App()), Progress(quiet=True), interrupts)
    assert leaving is Leaving.DRAIN
    after = [signal.getsignal(n) for n in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)]
    assert after == before
