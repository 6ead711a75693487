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
from tests.benchmarks.synthetic import TICKS_PER_S, SyntheticRun

ROOT = Path(__file__).parent.parent.parent
VARIANTS, RATE = 12, 5_000
AGES_S = (20, 600)
"""So many seconds are recorded before anything is shown: cost must not grow with them."""
COLUMNS, ROWS = 120, 40
MOST = 0.15
"""Of a core: what a screen may take."""
Shares = dict[str, float]
"""Of a core, by screen."""


def screens(short: bool, say: Callable[[str], None]) -> None:
    """A line for each screen; with a figure for each age of the run, short: of the first alone."""
    seconds, ages_s = (3, AGES_S[:1]) if short else (8, AGES_S)
    say(f"\nThe coordinator's CPU by screen, {VARIANTS} variants at {RATE:,}/s, {COLUMNS}×{ROWS}")
    columns = "".join(f"{f'after {age_s} s':>14}" for age_s in ages_s)
    say(f"  {'% of a core':<14}{columns}")
    found = [_in_terminal(seconds, age_s) for age_s in ages_s]
    for name in found[0]:
        shares = [shares[name] for shares in found]
        mark = "" if max(shares) <= MOST else f"  above {MOST:.0%}"
        say(f"  {name:<14}" + "".join(f"{share * 100:>14.1f}" for share in shares) + mark)


def _in_terminal(seconds: int, age_s: int) -> Shares:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (ROWS, COLUMNS))
    with tempfile.TemporaryDirectory(prefix="lamload-screens-") as folder:
        kept = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.screens", folder, str(seconds), str(age_s)],
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
    found: Shares = json.loads(out)
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


class _Feed:
    """Plays the run at its own pace, without the making up in what it says was spent."""

    def __init__(self, run: SyntheticRun, second: int) -> None:
        """second: at which it goes on."""
        self._run = run
        self._second = second

    async def spent(self, seconds: int, look: Callable[[], None] = lambda: None) -> float:
        """CPU of this process while so many seconds pass, as a share of them.

        look: after each quarter. On a busy machine quarters that are late follow each other faster.
        """
        loop = asyncio.get_running_loop()
        begun_s, spent = loop.time(), 0.0
        for second in range(seconds):
            shipments = self._run.shipments(self._second)
            begun = process_time()
            for tick, frames in enumerate(shipments):
                self._run.tick(self._second, tick, frames)
                look()
                end_s = begun_s + second + (tick + 1) / TICKS_PER_S
                await asyncio.sleep(max(0.0, end_s - loop.time()))
            spent += process_time() - begun
            self._second += 1
        return spent / (loop.time() - begun_s)


async def _measured(run: SyntheticRun, seconds: int, age_s: int) -> Shares:
    from bench.tui.app import LamloadApp
    from bench.tui.screens.run import RunScreen

    feed = _Feed(run, age_s)
    shares: Shares = {}
    app = LamloadApp(_Source(run))

    async def drive() -> None:
        await asyncio.sleep(1)
        assert isinstance(app.screen, RunScreen)
        for number, view in enumerate(app.screen.switcher.views, 1):
            app.screen.action_view(number)
            await asyncio.sleep(1)
            shares[view.title] = await feed.spent(seconds)
        app.screen.choices.next_window()
        app.screen.action_view(1)
        await asyncio.sleep(1)
        shares["Compare, 60 s"] = await feed.spent(seconds)
        app.exit()

    driving = asyncio.ensure_future(drive())
    await app.run_async()  # first: who looks first is given every second so far
    await driving
    return {"headless": await feed.spent(seconds, run.look), **shares}


def main() -> None:
    """In the terminal: `FOLDER SECONDS AGE`; prints shares of a core by screen, as JSON."""
    root, seconds, age_s = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    run = SyntheticRun(root, VARIANTS, age_s + 20 * seconds, RATE // VARIANTS)
    for second in range(age_s):
        run.live(second, run.frames(second))
    print(json.dumps(asyncio.run(_measured(run, seconds, age_s))))


if __name__ == "__main__":
    main()
