"""A run as a task beside its view, in one event loop: neither ends with the other."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.support.progress import Progress
from bench.errors import UsageError
from bench.model.load import Command, CommandKind
from bench.model.profile import Profile

if TYPE_CHECKING:
    from bench.load.replay import Recording
    from bench.load.session import RunResult, RunSession
    from bench.tui.app import LamloadApp
    from bench.tui.preferences import Preferences
    from bench.tui.source import Leaving

POLL_S = 0.25
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"--out: {out} cannot be made: {reason}; name another folder") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise UsageError(f"--out: {out} is not writable; name another folder")


def preferences() -> Preferences:
    """The user's settings. Raises ProfileError with all that is wrong with them."""
    from bench.tui.preferences import load_preferences

    return load_preferences(os.environ)


class LiveView:
    """One load, brought up once and followed to its end. `close` in any case."""

    def __init__(self, out: Path, progress: Progress) -> None:
        self._out = out
        self._progress = progress
        self._session: RunSession | None = None
        self._load: asyncio.Future[RunResult] | None = None

    async def start(
        self,
        profile: Profile,
        arguments: Sequence[str],
        recording: Recording | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> RunSession:
        """Bring up target and workers, and begin. Raises LamloadError and closes what it opened.

        recording: commands of an earlier run, to be given again. tell: hears of what makes it
        wait, where there is a terminal that nothing else draws on.
        """
        from bench.load.session import NOTHING_RECORDED, RunSession

        session = RunSession(
            profile, self._out, arguments, recording or NOTHING_RECORDED, tell=tell
        )
        try:
            await session.prepare()
        except BaseException:
            await session.close()
            raise
        self._session = session
        self._load = asyncio.ensure_future(_complete(session))
        return session

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
        with _signals(self._session, self._progress):
            while not self._load.done():
                await asyncio.wait({self._load}, timeout=POLL_S)
                self._progress.update(self._session.snapshot())
        self._progress.end()
        return self._load.result()

    async def close(self) -> None:
        """Give back workers and target."""
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def watched(out: Path, progress: Progress) -> AsyncIterator[LiveView]:
    """A LiveView that is let go of in any case."""
    run = LiveView(out, progress)
    try:
        yield run
    finally:
        await run.close()


async def show(app: LamloadApp, progress: Progress) -> Leaving:
    """Show the app until it is left. If it breaks, the load must not end with it."""
    from bench.tui.source import AppResult, Leaving

    loop = asyncio.get_running_loop()
    gone = (signal.SIGTERM, signal.SIGHUP)
    for number in gone:
        loop.add_signal_handler(number, app.exit, AppResult(Leaving.DRAIN))
    try:
        left = await app.run_async()
    except Exception as error:  # noqa: BLE001 - whatever it was, the load goes on
        progress.write_line(f"the view broke ({type(error).__name__}: {error}); the load goes on")
        return Leaving.DETACH
    finally:
        for number in gone:
            loop.remove_signal_handler(number)
    return Leaving.DETACH if left is None else left.leaving


async def _complete(session: RunSession) -> RunResult:
    """The run and its files, whether or not somebody watches."""
    from bench.report.html import render_html

    await session.run()
    result = await session.finish()
    session.write("report.html", render_html(result.recorded))
    return result


@contextmanager
def _signals(session: RunSession, progress: Progress) -> Iterator[None]:
    """The first Ctrl-C drains, the second aborts; SIGTERM and SIGHUP drain too."""
    loop = asyncio.get_running_loop()
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        kind = CommandKind.DRAIN if asked == 1 else CommandKind.ABORT
        session.command(Command(kind))  # first: nothing that becomes of the words may prevent it
        progress.write_line(
            "draining: waiting for what is in flight; Ctrl-C again aborts"
            if asked == 1
            else "aborting"
        )

    for number in _STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _STOPPING:
            loop.remove_signal_handler(number)
