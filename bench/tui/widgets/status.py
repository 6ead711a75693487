"""What is always visible: the run, its target, where it is, and whether to believe it."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from bench.model import RunState, Snapshot, Verdict
from bench.tui.wording import clock, count, quantile, rate, usd

_STATE_MARKS = {
    RunState.PREPARING: "◌",
    RunState.RUNNING: "▶",
    RunState.HOLDING: "‖",
    RunState.DRAINING: "▽",
    RunState.FINISHED: "■",
    RunState.INTERRUPTED: "■",
    RunState.FAILED: "✕",
}
_VERDICT_STYLES = {
    Verdict.VALID: "green",
    Verdict.SUSPECT: "yellow",
    Verdict.INVALID: "bold red",
}
_BAR = 16


class Status(Static):
    """Three lines at the top of every screen."""

    DEFAULT_CSS = """
    Status {
        height: 3; padding: 0 1; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self) -> None:
        super().__init__("", id="status")
        self._shown = ""

    def show(self, snapshot: Snapshot, held_view: bool, limit_usd: float | None = None) -> None:
        """Draw a snapshot; held_view: the screen stands still while the load goes on."""
        lines = (
            _first(snapshot, held_view),
            _second(snapshot),
            _third(snapshot, limit_usd),
        )
        text = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
        if text.markup != self._shown:
            self._shown = text.markup
            self.update(text)


def _first(snapshot: Snapshot, held_view: bool) -> Text:
    line = Text.assemble(
        (snapshot.target, "bold reverse" if snapshot.target == "LOCAL" else "bold"),
        "  ",
        (snapshot.title, "bold"),
    )
    if held_view:
        line.append("   VIEW HELD: the load goes on; space resumes", "bold yellow")
    return line


def _second(snapshot: Snapshot) -> Text:
    whole_ns = snapshot.elapsed_ns + snapshot.remaining_ns
    done = min(_BAR, round(_BAR * snapshot.elapsed_ns / whole_ns)) if whole_ns else 0
    mark = _STATE_MARKS[snapshot.state]
    parts = Text.assemble(
        (f"{mark} {snapshot.state.value:<11}", "bold"),
        f" {clock(snapshot.elapsed_ns)} of {clock(whole_ns)} ",
        ("━" * done, "green"),
        ("─" * (_BAR - done), "dim"),
        f" {clock(snapshot.remaining_ns)} left  ",
    )
    if snapshot.phase:
        parts.append(f"phase {snapshot.phase}", "bold")
    if snapshot.segment is not None:
        names = [snapshot.windows[i].variant.name for i in snapshot.segment.variants[:2]]
        more = len(snapshot.segment.variants) - len(names)
        names += [f"+{more}"] if more else []
        parts.append(f"  round {snapshot.segment.round + 1}  {', '.join(names)}")
    return parts


def _third(snapshot: Snapshot, limit_usd: float | None) -> Text:
    dropped = sum(window.tally.dropped for window in snapshot.windows)
    lag = quantile(snapshot.send_lag.at(0.99))
    spend = usd(snapshot.spend_usd) + (f" of {usd(limit_usd)}" if limit_usd else "")
    line = Text.assemble(
        f"planned {rate(snapshot.planned_rps):>6}/s  sent {rate(snapshot.achieved_rps):>6}/s (1 s)"
        f"  in flight {count(snapshot.in_flight):>4}  lag p99 {lag:>5} ms (10 s)"
        f"  dropped {count(dropped)}  spent {spend}  ",
        (snapshot.verdict.value, _VERDICT_STYLES[snapshot.verdict]),
    )
    if snapshot.reasons and snapshot.verdict is not Verdict.VALID:
        line.append(f"  {snapshot.reasons[0].text}", "dim")
    return line
