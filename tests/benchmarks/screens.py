"""What each screen costs the coordinator: CPU as a share of a core, with many variants at a rate.

The app draws on a pseudo-terminal of 120×40 whose other end reads and forgets; the results that it
shows are made up (tests.benchmarks.synthetic) and take the way of real ones, so that no load
disturbs the figures. What it takes to make the rows up is left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import process_time

from bench.load.live_results import LiveResults
from bench.model.live import Snapshot
from bench.model.load import Command
from bench.model.profile import Profile
from bench.model.result import Window
from bench.record.finding import Results
from bench.stats.alike import Curves
from bench.stats.one_kind import ClassCurves
from tests.benchmarks.synthetic import SyntheticRun

ROOT = Path(__file__).parent.parent.parent
VARIANTS, RATE = 12, 5_000
BEFORE_S = 20
"""So many seconds are recorded before anything is shown."""
COLUMNS, ROWS = 120, 40
MOST = 0.15
"""Of a core: what a screen may take."""


def screens(short: bool, say: Callable[[str], None]) -> None:
    """A line for each screen."""
    seconds = 3 if short else 8
    say(f"\nThe coordinator's CPU by screen, {VARIANTS} variants at {RATE:,}/s, {COLUMNS}×{ROWS}")
    for name, share in _in_terminal(seconds).items():
        mark = "" if share <= MOST else f"  above {MOST:.0%}"
        say(f"  {name:<14}{share * 100:>7.1f} % of a core{mark}")


def _in_terminal(seconds: int) -> dict[str, float]:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (ROWS, COLUMNS))
    with tempfile.TemporaryDirectory(prefix="lamload-screens-") as folder:
        kept = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.screens", folder, str(seconds)],
            cwd=ROOT,
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=follower,
            env={**kept, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "HOME": folder},
            start_new_session=True,
        )
        os.close(follower)
        with suppress(OSError):  # its end has closed
            while os.read(leader, 1 << 16):
                pass
        os.close(leader)
        out, _ = process.communicate()
    found: dict[str, float] = json.loads(out)
    return found


class _Source:
    """A made-up run, as its view sees it."""

    def __init__(self, run: SyntheticRun) -> None:
        self._run = run

    @property
    def profile(self) -> Profile:
        return self._run.profile

    def snapshot(self) -> Snapshot:
        return self._run.snapshot()

    def command(self, command: Command) -> None:
        """It goes on as it goes on."""

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        aggregate = self._run.aggregate
        return aggregate.totals() if seconds is None else aggregate.window(seconds)

    def curves(self) -> Curves:
        return self._run.aggregate.curves()

    def class_curves(self) -> ClassCurves:
        return self._run.aggregate.class_curves()

    def results(self) -> Results:
        return LiveResults(self.profile, self._run.aggregate)


def _headless(run: SyntheticRun, seconds: int) -> float:
    """The same without a screen: what a line of progress looks at."""
    spent = 0.0
    for second in range(BEFORE_S, BEFORE_S + seconds):
        frames = run.frames(second)
        begun = process_time()
        run.live(second, frames, seen=True)
        spent += process_time() - begun
    return spent / seconds


async def _measured(run: SyntheticRun, seconds: int) -> dict[str, float]:
    from bench.tui.app import LamloadApp
    from bench.tui.screens.run import RunScreen

    shares = {"headless": _headless(run, seconds)}
    app = LamloadApp(_Source(run))
    second = BEFORE_S + seconds

    async def stretch() -> float:
        """CPU of so many seconds, each fed and shown at its own pace, without the making up."""
        nonlocal second
        spent = 0.0
        for _ in range(seconds):
            frames = run.frames(second)
            begun = process_time()
            run.live(second, frames)
            await asyncio.sleep(1)
            spent += process_time() - begun
            second += 1
        return spent / seconds

    async def drive() -> None:
        await asyncio.sleep(1)
        assert isinstance(app.screen, RunScreen)
        for number, view in enumerate(app.screen.switcher.views, 1):
            app.screen.action_view(number)
            await asyncio.sleep(1)
            shares[view.title] = await stretch()
        app.exit()

    driving = asyncio.ensure_future(drive())
    await app.run_async()
    await driving
    return shares


def main() -> None:
    """In the terminal: `FOLDER SECONDS`; prints shares of a core by screen, as JSON."""
    root, seconds = Path(sys.argv[1]), int(sys.argv[2])
    planned = BEFORE_S + 20 * seconds
    run = SyntheticRun(root, VARIANTS, planned, RATE // VARIANTS)
    for second in range(BEFORE_S):
        run.live(second, run.frames(second))
    print(json.dumps(asyncio.run(_measured(run, seconds))))


if __name__ == "__main__":
    main()
