"""A run as a task beside its view, in one event loop: neither ends with the other."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import click

from bench.commands.support.progress import Progress
from bench.errors import InterruptedRun, UsageError, cause_of
from bench.interrupts import Interrupts, ask_for_nothing
from bench.model.load import Command, CommandKind
from bench.model.profile import Profile
from bench.output.streams import settle_story

if TYPE_CHECKING:
    from bench.load.fleet import Fleet
    from bench.load.replay import Recording
    from bench.load.session import RunResult, RunSession
    from bench.tui.app import LamloadApp
    from bench.tui.preferences import Preferences
    from bench.tui.source import Leaving

POLL_S = 0.25
_JOB_CONTROL = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
"""Textual answers these, and would go on to draw when the view is gone."""


def can_show_tui() -> bool:
    """True if stdin and stderr are terminals, TERM is not dumb and CI is not set.

    Under `textual serve`, which names its driver, a browser is the terminal.
    """
    return bool(os.environ.get("TEXTUAL_DRIVER")) or (
        sys.stdin.isatty()
        and sys.stderr.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
        and not os.environ.get("CI")
    )


def check_folder(out: Path) -> None:
    """Make the folder of runs. Raises UsageError where nothing can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cause = cause_of(error).lower()
        raise UsageError(f"--out: {out} cannot be made: {cause}{_another_folder()}") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise UsageError(f"--out: {out} is not writable{_another_folder()}")


def _another_folder() -> str:
    """What was typed, for a folder where something can be written."""
    from bench.commands.support.ways import typed

    places = (os.environ.get("HOME", ""), gettempdir())
    place = next((p for p in places if os.access(p, os.W_OK | os.X_OK)), None)
    context = click.get_current_context(silent=True)
    if place is None or context is None:
        return "; name another folder"
    folder = str(Path(place) / "lamload-runs")
    return f"; name another folder: `{typed(context, {'out': (folder,)})}`"


def preferences() -> Preferences:
    """The user's settings, fit for the terminal. Raises ProfileError with all that is wrong."""
    from bench.tui.preferences import load_preferences
    from bench.tui.themes import fitting_theme

    found = load_preferences(os.environ)
    if os.environ.get("TEXTUAL_DRIVER"):  # a browser has all colours, whatever TERM is
        return found
    return replace(found, theme=fitting_theme(found.theme, os.environ))


class LiveView:
    """One load, brought up once and followed to its end. `close` in any case."""

    def __init__(self, out: Path, progress: Progress, interrupts: Interrupts) -> None:
        self._out = out
        self._progress = progress
        self.interrupts = interrupts
        self._session: RunSession | None = None
        self._load: asyncio.Future[RunResult] | None = None

    async def start(
        self,
        profile: Profile,
        arguments: Sequence[str],
        recording: Recording | None = None,
        tell: Callable[[str], None] = lambda _: None,
        open_fleet: Callable[[], Fleet] | None = None,
    ) -> RunSession:
        """Bring up target and workers, and begin. Raises LamloadError and closes what it opened.

        recording: commands of an earlier run, to be given again. tell: hears of what makes it
        wait, where there is a terminal that nothing else draws on. open_fleet: makes what the
        workers run on, None for this machine.
        """
        from bench.load.fleets.local import LocalFleet
        from bench.load.session import NOTHING_RECORDED, RunSession

        session = RunSession(
            profile,
            self._out,
            arguments,
            recording or NOTHING_RECORDED,
            open_fleet=open_fleet or LocalFleet,
            tell=tell,
        )
        try:
            await self._prepare(session)
        except BaseException:
            await session.close()
            raise
        self._session = session
        self._load = asyncio.ensure_future(_complete(session))
        return session

    async def _prepare(self, session: RunSession) -> None:
        """Raises InterruptedRun if a signal ends it, after which all that it began is undone."""
        preparing = asyncio.ensure_future(session.prepare())

        def stop(_count: int) -> None:
            if not preparing.cancelling():  # a second signal has nothing to add
                preparing.cancel()
                self._progress.write_line("interrupted: giving back what was brought up")

        with self.interrupts.answered_by(stop):
            await asyncio.wait({preparing})
        if preparing.cancelled() or self.interrupts.count:
            await asyncio.gather(preparing, return_exceptions=True)
            raise InterruptedRun("interrupted before anything was sent")
        preparing.result()

    @property
    def is_started(self) -> bool:
        """True once there is something to follow."""
        return self._session is not None

    def show_crash_in(self, app: LamloadApp) -> None:
        """Have the app say so if the load breaks."""
        assert self._load is not None

        def tell(load: asyncio.Future[RunResult]) -> None:
            error = None if load.cancelled() else load.exception()
            if error is not None:
                app.load_failed(error)

        self._load.add_done_callback(tell)

    def leave(self, leaving: Leaving) -> None:
        """Do with the load what was answered when the view was left."""
        from bench.tui.source import Leaving

        assert self._session is not None
        if leaving is Leaving.DRAIN:
            self._session.command(Command(CommandKind.DRAIN))
        elif leaving is Leaving.ABORT:
            self._session.command(Command(CommandKind.ABORT))

    async def follow(self) -> RunResult:
        """Show progress until the run has ended."""
        assert self._session is not None
        assert self._load is not None
        with self.interrupts.answered_by(self._stop):
            while not self._load.done():
                await asyncio.wait({self._load}, timeout=POLL_S)
                self._progress.update(self._session.snapshot())
        self._progress.end()
        return self._load.result()

    def _stop(self, count: int) -> None:
        """The first signal drains, the second aborts."""
        assert self._session is not None
        kind = CommandKind.DRAIN if count == 1 else CommandKind.ABORT
        self._session.command(Command(kind))  # first: nothing of the words may prevent it
        self._progress.write_line(
            "draining: waiting for what is in flight; Ctrl-C again aborts"
            if count == 1
            else "aborting"
        )

    async def close(self) -> None:
        """Give back workers and target."""
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def watched(out: Path, progress: Progress, interrupts: Interrupts) -> AsyncIterator[LiveView]:
    """A LiveView that is let go of in any case."""
    run = LiveView(out, progress, interrupts)
    with interrupts.answered_by(ask_for_nothing):  # where nothing else is said they are counted
        try:
            yield run
        finally:
            await run.close()


async def show(app: LamloadApp, progress: Progress, interrupts: Interrupts) -> Leaving:
    """Show the app until it is left. If it breaks, the load must not end with it."""
    from bench.tui.source import AppResult, Leaving

    def leave(count: int) -> None:
        app.exit(AppResult(Leaving.DRAIN if count == 1 else Leaving.ABORT))

    settle_story()  # it and the view would be drawn over each other
    jobs = {number: signal.getsignal(number) for number in _JOB_CONTROL}
    try:
        with interrupts.answered_by(leave):
            left = await app.run_async()
    except Exception as error:  # noqa: BLE001 - whatever it was, the load goes on
        progress.write_line(f"the view broke ({type(error).__name__}: {error}); the load goes on")
        return Leaving.DETACH
    finally:
        for number, handler in jobs.items():
            signal.signal(number, handler)
    return Leaving.DETACH if left is None else left.leaving


async def _complete(session: RunSession) -> RunResult:
    """The run and its files, whether or not somebody watches."""
    from bench.report.html import render_html

    await session.run()
    result = await session.finish()
    return session.write("report.html", render_html(result.recorded), result)
