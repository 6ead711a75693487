"""The same profile with the TUI open and headless: the view must not disturb what it shows.

The real command runs both times, in turn and several times over; the view in a pseudo-terminal of
120×40 whose other end reads and forgets. What is compared stands in each run's summary.csv.
"""

from __future__ import annotations

import csv
import os
import pty
import resource
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from select import select
from statistics import median
from time import monotonic

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 3
RATE = 2_000
COLUMNS, ROWS = 120, 40
LAST_FILE = "report.html"
"""Once this one is written the run has ended."""
LOOK_S = 0.5
PATIENCE_S = 60.0
"""What start and end of a run may take beside its load."""
_PROFILE = """
# Does a view disturb the load?
[target]
kind = "http"
url = "{url}"
[load]
workers = 1
[[phase]]
name = "warm-up"
rate = "{rate}/s"
duration = "1s"
measured = false
[[phase]]
name = "steady"
rate = "{rate}/s"
duration = "{seconds:g}s"
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A run by its summary.csv, and the CPU seconds of the command with all its processes."""

    achieved_rps: float
    lag_p50_ms: float
    lag_p99_ms: float
    dropped: int
    cpu_s: float


def beside_the_view(url: str, seconds: float, say: Callable[[str], None]) -> None:
    """Headless and with the TUI in turn; a line for each and their ratio."""
    headless, shown = [], []
    for _ in range(ROUNDS):
        headless.append(_run(url, seconds, tui=False))
        shown.append(_run(url, seconds, tui=True))
    say(
        f"\nThe same run with the TUI open, {RATE:,}/s on one worker, {ROUNDS} × {seconds:g} s each"
    )
    for name, runs in (("headless", headless), (f"TUI, {COLUMNS}×{ROWS}", shown)):
        say(f"  {name:<14}{_words(runs)}")
    rates = _median(shown, "achieved_rps") / _median(headless, "achieved_rps")
    lags = _median(shown, "lag_p99_ms") / _median(headless, "lag_p99_ms")
    say(f"  TUI against headless, by medians: rate × {rates:.4f}, lag p99 × {lags:.2f}")


def _words(runs: list[Seen]) -> str:
    lags = " ".join(f"{run.lag_p99_ms:.3g}" for run in runs)
    rps, p50_us = _median(runs, "achieved_rps"), _median(runs, "lag_p50_ms") * 1e3
    return (
        f"{rps:,.1f}/s  lag p50 {p50_us:.0f} µs"
        f"  p99 {_median(runs, 'lag_p99_ms'):.3g} ms (of {lags})"
        f"  dropped {sum(run.dropped for run in runs)}  CPU {_median(runs, 'cpu_s'):.1f} s"
    )


def _median(runs: list[Seen], name: str) -> float:
    return median(float(getattr(run, name)) for run in runs)


def _run(url: str, seconds: float, *, tui: bool) -> Seen:
    with tempfile.TemporaryDirectory(prefix="lamload-view-") as name:
        folder = Path(name)
        text = _PROFILE.format(url=url, rate=RATE, seconds=seconds)
        (folder / "steady.toml").write_text(text)
        run = "--tui" if tui else "--headless"
        arguments = ["run", "steady.toml", run, "--allow-invalid"]
        usage = _in_terminal(arguments, folder, monotonic() + seconds + PATIENCE_S)
        summaries = list(folder.glob("runs/*/summary.csv"))
        if not summaries:
            raise SystemExit(f"a run {run} left no summary.csv")
        with summaries[0].open(encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file))
    return Seen(
        float(row["achieved_rps"]),
        float(row["send_lag_p50_ms"]),
        float(row["send_lag_p99_ms"]),
        int(row["dropped"]),
        usage.ru_utime + usage.ru_stime,
    )


def _in_terminal(arguments: list[str], folder: Path, deadline_s: float) -> resource.struct_rusage:
    """lamload on a terminal that nobody looks at; a view that outlasts its run is ended."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (ROWS, COLUMNS))
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        cwd=folder,
        stdin=follower,
        stdout=subprocess.DEVNULL,
        stderr=follower,
        env=environment,
        start_new_session=True,
    )
    os.close(follower)
    try:
        return _read_to_the_end(leader, process, folder, deadline_s)
    finally:
        os.close(leader)


def _read_to_the_end(
    leader: int, process: subprocess.Popen[bytes], folder: Path, deadline_s: float
) -> resource.struct_rusage:
    left = False
    while _takes(leader):
        if monotonic() > deadline_s:
            process.kill()
        elif not left and any(folder.glob(f"runs/*/{LAST_FILE}")):
            left = True
            process.terminate()  # whoever shows a run that is over then leaves it
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def _takes(leader: int) -> bool:
    """Read what is there, for at most LOOK_S; False once the other end is closed."""
    if not select([leader], [], [], LOOK_S)[0]:
        return True
    try:
        return bool(os.read(leader, 1 << 16))
    except OSError:
        return False
