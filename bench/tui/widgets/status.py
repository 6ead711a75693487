"""What is always visible: the run, its target, where it is, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from bench.model import RunState, Snapshot, Verdict
from bench.tui.palette import Tone
from bench.tui.state import OVER
from bench.tui.widgets.painted import Painted, clipped, strip_of
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
_STATE_TONES = {
    RunState.RUNNING: Tone.GOOD,
    RunState.HOLDING: Tone.WARN,
    RunState.DRAINING: Tone.WARN,
    RunState.INTERRUPTED: Tone.WARN,
    RunState.FAILED: Tone.BAD,
}
_VERDICT_TONES = {Verdict.VALID: Tone.GOOD, Verdict.SUSPECT: Tone.WARN, Verdict.INVALID: Tone.BAD}
_WIDE = 112
Part = tuple[str, Tone]


@dataclass(frozen=True, slots=True)
class StatusData:
    """notice: what must not be overlooked (a held view, a crash); replay: whose recording it is."""

    snapshot: Snapshot
    limit_usd: float | None = None
    notice: str = ""
    replay: bool = False
    factor: float = 1.0
    """Of the profile's rate."""


class Status(Painted):
    """Three lines at the top of every screen. Every number has its place and its window."""

    DEFAULT_CSS = "Status { height: 3; padding: 0 1; background: $surface; }"

    def __init__(self) -> None:
        super().__init__(id="status")
        self._data: StatusData | None = None

    def show(self, data: StatusData) -> None:
        """Draw this from now on."""
        self._data = data
        self.redraw()

    @property
    def plain(self) -> str:
        """What is said, without styles."""
        return "\n".join(strip.text.rstrip() for strip in self._strips)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Identity and verdict; state and time; rates, lag, drops and money."""
        if self._data is None:
            return []
        wide = width >= _WIDE
        return [
            self._edges(_identity(self._data, width), _verdict(self._data), width),
            self._edges(_progress(self._data, width), _turn(self._data, width), width),
            self._edges(_numbers(self._data, wide), _reason(self._data) if wide else [], width),
        ]

    def _edges(self, left: list[Part], right: list[Part], width: int) -> Strip:
        """One part at the left edge, one at the right; the right one yields."""
        room = width - sum(cell_len(text) for text, _ in left) - 2
        said = "".join(text for text, _ in right)
        if cell_len(said) > room:
            right = [(clipped(said, room), right[0][1])] if room > 8 and right else []
        used = sum(cell_len(text) for text, _ in (*left, *right))
        parts: list[tuple[str, Style]] = [(text, self.paint[tone]) for text, tone in left]
        parts.append((" " * max(0, width - used), Style.null()))
        parts += [(text, self.paint[tone]) for text, tone in right]
        return strip_of(parts, width)


def _identity(data: StatusData, width: int) -> list[Part]:
    snapshot = data.snapshot
    parts: list[Part] = [(f" {snapshot.target} ", Tone.CHIP), ("  ", Tone.TEXT)]
    if data.notice:
        return [
            *parts,
            (clipped(f" {data.notice} ", width - len(snapshot.target) - 18), Tone.ALARM),
        ]
    room = width - cell_len(snapshot.target) - (26 if data.replay else 18)
    parts.append((clipped(snapshot.title, max(4, room)), Tone.STRONG))
    return parts


def _verdict(data: StatusData) -> list[Part]:
    verdict = data.snapshot.verdict
    parts = [(verdict.value, _VERDICT_TONES[verdict])]
    if data.replay:
        return [*parts, (" recorded", Tone.DIM)]
    if data.snapshot.state not in OVER:
        parts.append((" so far", Tone.DIM))
    return parts


def _progress(data: StatusData, width: int) -> list[Part]:
    snapshot = data.snapshot
    whole_ns = snapshot.elapsed_ns + snapshot.remaining_ns
    bar = max(6, min(40, width // 6))
    done = min(bar, round(bar * snapshot.elapsed_ns / whole_ns)) if whole_ns else 0
    tone = _STATE_TONES.get(snapshot.state, Tone.STRONG)
    return [
        (f"{_STATE_MARKS[snapshot.state]} {snapshot.state.value:<11} ", tone),
        ("━" * done, Tone.ACCENT),
        ("─" * (bar - done), Tone.DIM),
        (f" {clock(snapshot.elapsed_ns)} of {clock(whole_ns)}", Tone.STRONG),
        (f", {clock(snapshot.remaining_ns)} left", Tone.TEXT),
    ]


def _turn(data: StatusData, width: int) -> list[Part]:
    """The phase, and whose turn it is where variants alternate."""
    snapshot = data.snapshot
    if snapshot.state is RunState.HOLDING:
        return [("load held, p resumes", Tone.WARN)]
    if not snapshot.phase:
        return []
    parts: list[Part] = [("phase ", Tone.DIM), (snapshot.phase, Tone.STRONG)]
    segment = snapshot.segment
    if segment is None or width < 80:
        return parts
    if len(segment.variants) < len(snapshot.windows):
        parts.append((f", round {segment.round + 1}", Tone.DIM))
        names = [snapshot.windows[i].variant.name for i in segment.variants[:2]]
        more = len(segment.variants) - len(names)
        parts.append((f", {', '.join(names)}{f' +{more}' if more else ''}", Tone.TEXT))
    return parts


def _numbers(data: StatusData, wide: bool) -> list[Part]:
    snapshot = data.snapshot
    dropped = sum(window.tally.dropped for window in snapshot.windows)
    lag = quantile(snapshot.send_lag.at(0.99))
    behind = any(reason.generator for reason in snapshot.reasons)
    factor = f" ×{data.factor:.2f}" if abs(data.factor - 1) > 0.005 else ""
    gap = "   " if wide else "  "
    parts: list[Part] = [
        ("sent " if wide else "", Tone.DIM),
        (f"{rate(snapshot.achieved_rps):>5}", Tone.STRONG),
        (f" of {rate(snapshot.planned_rps):>5}/s{factor}", Tone.DIM),
        (" (1 s)" if wide else " 1s", Tone.DIM),
    ]
    if wide:
        parts += [(f"{gap}in flight ", Tone.DIM), (f"{count(snapshot.in_flight):>4}", Tone.STRONG)]
    parts += [
        (f"{gap}lag p99 " if wide else f"{gap}lag ", Tone.DIM),
        (f"{lag:>5} ms", Tone.BAD if behind else Tone.STRONG),
        (" (10 s)" if wide else " 10s", Tone.DIM),
        (" ◀ THE GENERATOR IS THE BOTTLENECK" if behind and wide else "", Tone.BAD),
        (" ◀ GENERATOR" if behind and not wide else "", Tone.BAD),
        (f"{gap}dropped " if wide else f"{gap}drop ", Tone.DIM),
        (count(dropped), Tone.BAD if dropped else Tone.STRONG),
        (f"{gap}spent " if wide else gap, Tone.DIM),
        (usd(snapshot.spend_usd), Tone.STRONG),
    ]
    if data.limit_usd is not None:
        parts.append((f" of {usd(data.limit_usd)}", Tone.DIM))
    return parts


def _reason(data: StatusData) -> list[Part]:
    reasons = data.snapshot.reasons
    if not reasons or data.snapshot.verdict is Verdict.VALID:
        return []
    first = reasons[0]
    where = f"{first.variant}: " if first.variant else ""
    return [(f"{where}{first.text}", Tone.DIM)]
