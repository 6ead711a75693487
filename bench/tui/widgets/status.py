"""What is always visible: the run, its target, where it is, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from bench.format import UNKNOWN, clock, count, maximum_ms, quantile_ms, quantile_text, rate, usd
from bench.model.live import RunState, Snapshot
from bench.model.outcome import Verdict
from bench.model.result import HIGHEST, Distribution
from bench.tui.palette import Tone
from bench.tui.state import OVER
from bench.tui.widgets.columns import clipped
from bench.tui.widgets.strip_widget import StripWidget, strip_of

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
_ROOMY = 150
_LEAST = 16
"""Cells in which a reason still says something."""
TonedText = tuple[str, Tone]


@dataclass(frozen=True, slots=True)
class StatusData:
    """notice: what must not be overlooked (a held view, a crash); is_playback: it is over."""

    snapshot: Snapshot
    limit_usd: float | None = None
    notice: str = ""
    is_playback: bool = False
    closed: bool = False
    """True in a closed loop: there the answers decide the rate, and none is planned."""


class Status(StripWidget):
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

    def draw(self, width: int, _height: int) -> list[Strip]:
        """Identity and verdict; state and time; rates, lag, drops and money."""
        if self._data is None:
            return []
        numbers = _numbers(self._data, width)
        reason = _reason(self._data) if _shows_reason_below(width) else []
        return [
            self._edges(_identity(self._data, width), _verdict(self._data), width),
            self._edges(_progress(self._data, width), _turn(self._data, width), width),
            self._edges(numbers, reason, width),
        ]

    def _edges(self, left: list[TonedText], right: list[TonedText], width: int) -> Strip:
        """One part at the left edge, one at the right; the right one yields."""
        room = width - sum(cell_len(text) for text, _ in left) - 2
        whole = "".join(text for text, _ in right)
        if cell_len(whole) > room:
            right = [(clipped(whole, room), right[0][1])] if room > 8 and right else []
        used = sum(cell_len(text) for text, _ in (*left, *right))
        parts: list[tuple[str, Style]] = [(text, self.paint[tone]) for text, tone in left]
        parts.append((" " * max(0, width - used), Style.null()))
        parts += [(text, self.paint[tone]) for text, tone in right]
        return strip_of(parts, width)


def _identity(data: StatusData, width: int) -> list[TonedText]:
    """The target and the run; beside them what must not be overlooked, as far as there is room."""
    snapshot = data.snapshot
    parts: list[TonedText] = [(f" {snapshot.target} ", Tone.CHIP), ("  ", Tone.TEXT)]
    if data.is_playback:
        parts += [("PLAYBACK", Tone.TITLE), ("  ", Tone.TEXT)]
    room = max(4, width - _length(parts) - _length(_verdict(data)) - 2)
    if data.notice:
        return [*parts, (clipped(f" {data.notice} ", room), Tone.ALARM)]
    title = clipped(snapshot.title, room)
    parts.append((title, Tone.STRONG))
    reason = [] if _shows_reason_below(width) else _reason(data)
    left = room - cell_len(title) - 3
    if reason and left > _LEAST:
        parts += [("   ", Tone.TEXT), (clipped(reason[0][0], left), Tone.WARN)]
    return parts


def _verdict(data: StatusData) -> list[TonedText]:
    verdict = data.snapshot.verdict
    parts = [(verdict.value, _VERDICT_TONES[verdict])]
    if data.is_playback:
        return [*parts, (" recorded", Tone.DIM)]
    if data.snapshot.state not in OVER:
        parts.append((" so far", Tone.DIM))
    return parts


def _progress(data: StatusData, width: int) -> list[TonedText]:
    snapshot = data.snapshot
    tone = _STATE_TONES.get(snapshot.state, Tone.STRONG)
    state = (f"{_STATE_MARKS[snapshot.state]} {snapshot.state.value:<11} ", tone)
    elapsed = clock(snapshot.elapsed_ns)
    whole_ns, remaining_ns = snapshot.whole_ns, snapshot.remaining_ns
    if whole_ns is None or remaining_ns is None:  # nobody knows the end: no bar pretends to
        more = ", as long as the search takes" if width >= _WIDE else ""
        return [state, (f"{elapsed} so far", Tone.STRONG), (more, Tone.TEXT)]
    bar = max(6, min(40, width // 6))
    done = min(bar, round(bar * snapshot.elapsed_ns / whole_ns)) if whole_ns else 0
    return [
        state,
        ("━" * done, Tone.ACCENT),
        ("─" * (bar - done), Tone.DIM),
        (f" {elapsed} of {clock(whole_ns)}", Tone.STRONG),
        (f", {clock(remaining_ns)} left", Tone.TEXT),
    ]


def _turn(data: StatusData, width: int) -> list[TonedText]:
    """The phase, and whose turn it is where variants alternate."""
    snapshot = data.snapshot
    if snapshot.state is RunState.HOLDING:
        return [("load held, p resumes", Tone.WARN)]
    if not snapshot.phase:
        return []
    if width < 76:
        return [(snapshot.phase, Tone.STRONG)]
    searches = snapshot.remaining_ns is None
    parts: list[TonedText] = [
        ("" if searches else "phase ", Tone.DIM),
        (snapshot.phase, Tone.STRONG),
    ]
    segment = snapshot.segment
    if segment is None or width < 80:
        return parts
    if len(segment.variants) < len(snapshot.windows):
        parts.append(("" if searches else f", round {segment.round + 1}", Tone.DIM))
        names = [snapshot.windows[i].variant.name for i in segment.variants[:2]]
        more = len(segment.variants) - len(names)
        parts.append((f", {', '.join(names)}{f' +{more}' if more else ''}", Tone.TEXT))
    return parts


def _numbers(data: StatusData, width: int) -> list[TonedText]:
    """As many words around the figures as there is room for; the figures themselves all stay."""
    short = [_in_short, _without_limit, _tight, _bare]
    forms = [_in_words, *short] if width >= _WIDE else short
    written = [form(data) for form in forms]
    return next((parts for parts in written if _length(parts) <= width), written[-1])


def _length(parts: list[TonedText]) -> int:
    return sum(cell_len(text) for text, _ in parts)


def _in_words(data: StatusData) -> list[TonedText]:
    snapshot = data.snapshot
    measure, lag = _lag(snapshot.send_lag)
    return [
        ("sent ", Tone.DIM),
        (f"{rate(snapshot.achieved_rps):>5}", Tone.STRONG),
        (f"{_planned(data)} (1 s)", Tone.DIM),
        ("   in flight ", Tone.DIM),
        (f"{count(snapshot.in_flight):>4}", Tone.STRONG),
        (f"   lag {measure} ", Tone.DIM),
        (f"{lag:>5} ms", Tone.BAD if _is_behind(data) else Tone.STRONG),
        (" (10 s)", Tone.DIM),
        (" ◀ THE GENERATOR IS THE BOTTLENECK" if _is_behind(data) else "", Tone.BAD),
        ("   dropped ", Tone.DIM),
        _dropped(data),
        ("   spent ", Tone.DIM),
        *_spent(data),
    ]


def _in_short(data: StatusData) -> list[TonedText]:
    snapshot = data.snapshot
    measure, lag = _lag(snapshot.send_lag)
    return [
        (f"{rate(snapshot.achieved_rps):>5}", Tone.STRONG),
        (f"{_planned(data)} 1s", Tone.DIM),
        (f"  lag {measure} ", Tone.DIM),
        (f"{lag:>5} ms", Tone.BAD if _is_behind(data) else Tone.STRONG),
        (" 10s", Tone.DIM),
        (" ◀ GENERATOR" if _is_behind(data) else "", Tone.BAD),
        ("  drop ", Tone.DIM),
        _dropped(data),
        ("  ", Tone.DIM),
        *_spent(data),
    ]


def _without_limit(data: StatusData) -> list[TonedText]:
    parts = _in_short(data)
    return parts if data.limit_usd is None else parts[:-1]


def _tight(data: StatusData) -> list[TonedText]:
    return _terse(data, " 1s", " 10s")


def _bare(data: StatusData) -> list[TonedText]:
    return _terse(data, "", "")


def _terse(data: StatusData, of_rate: str, of_lag: str) -> list[TonedText]:
    """of_rate and of_lag: how their windows are said."""
    snapshot = data.snapshot
    measure, lag = _lag(snapshot.send_lag)
    planned = "" if data.closed else f"/{rate(snapshot.planned_rps)}"
    return [
        (rate(snapshot.achieved_rps), Tone.STRONG),
        (f"{planned}/s{of_rate}", Tone.DIM),
        (f" lag {measure} ", Tone.DIM),
        (f"{lag} ms", Tone.BAD if _is_behind(data) else Tone.STRONG),
        (of_lag, Tone.DIM),
        (" ◀ GENERATOR" if _is_behind(data) else "", Tone.BAD),
        (" drop ", Tone.DIM),
        _dropped(data),
        (f" {usd(data.snapshot.spend_usd)}", Tone.STRONG),
    ]


def _is_behind(data: StatusData) -> bool:
    """True if the generator is what limits the run."""
    return any(reason.generator for reason in data.snapshot.reasons)


def _planned(data: StatusData) -> str:
    if data.closed:
        return f"/s{_factor(data)}"
    return f" of {rate(data.snapshot.planned_rps):>5}/s{_factor(data)}"


def _factor(data: StatusData) -> str:
    factor = data.snapshot.rate_factor
    return f" ×{factor:.2f}" if abs(factor - 1) > 0.005 else ""


def _dropped(data: StatusData) -> TonedText:
    dropped = sum(window.tally.dropped for window in data.snapshot.windows)
    return count(dropped), Tone.BAD if dropped else Tone.STRONG


def _spent(data: StatusData) -> list[TonedText]:
    spent = (usd(data.snapshot.spend_usd), Tone.STRONG)
    return [spent] if data.limit_usd is None else [spent, (f" of {usd(data.limit_usd)}", Tone.DIM)]


def _lag(lag: Distribution) -> tuple[str, str]:
    """A high quantile, or while too few arrivals tell it the maximum, which lies above."""
    found = lag.at(HIGHEST)
    if found is not None and found.known:
        return quantile_text(HIGHEST), quantile_ms(found)
    return ("max", maximum_ms(lag)) if lag.count else (quantile_text(HIGHEST), UNKNOWN)


def _shows_reason_below(width: int) -> bool:
    """True if the last line has room for it; else it stands behind the title."""
    return width >= _ROOMY


def _reason(data: StatusData) -> list[TonedText]:
    reasons = data.snapshot.reasons
    if not reasons or data.snapshot.verdict is Verdict.VALID:
        return []
    first = reasons[0]
    where = f"{first.variant}: " if first.variant else ""
    return [(f"{where}{first.text}", Tone.DIM)]
