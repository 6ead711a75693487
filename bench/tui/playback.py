"""A recorded run as a source for the screens, with time in the viewer's hands.

Reading goes on in a thread of the caller's; what is here is quick. A run that another process still
writes is followed: its files are looked at again each second while the end is in view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from bench.model.live import RunEvent, RunState, Snapshot
from bench.model.load import Command
from bench.model.profile import Profile
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_S
from bench.record.evidence import Evidence
from bench.record.failures import noted_samples
from bench.record.finding import Results
from bench.record.playback import RunPlayback
from bench.record.validity import Judgement, judge
from bench.stats.quantiles import Curve

LOOK_EVERY_S = 1.0
FASTEST, SLOWEST = 64.0, 0.25
ALIVE_S = 10.0
"""A run without results whose files have grown this recently is taken to be running."""


class PlaybackSource:
    """Plays a run's folder. Raises UsageError if it is none."""

    def __init__(self, folder: Path, clock: Callable[[], float] = monotonic) -> None:
        self._recording = RunPlayback(folder)
        self._folder = folder
        self._clock = clock
        self._speed = 1.0
        self._playing = True
        self._following = not self._recording.run.is_finished
        self._at_s = self.end_s if self._following else 0.0
        self._moved = clock()
        self._looked = clock()
        self._grown = clock()
        self._until_s = 0  # snapshots have had what is recorded before it
        self._rewound = False
        self._windows: tuple[int, tuple[Window, ...]] | None = None

    # -- the seam

    @property
    def profile(self) -> Profile:
        """Of the recorded run, as it was resolved."""
        return self._recording.run.profile

    def command(self, command: Command) -> None:
        """Does nothing: what is recorded can't be changed."""

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        """Per variant, the last seconds before where it stands; None for all before it."""
        if seconds is None:
            return self._totals()
        return self._recording.window(self._second, seconds)

    def curves(self) -> Mapping[str, Mapping[Measure, Curve]]:
        """Whole distributions of what came before."""
        return self._recording.curves(self._second)

    def class_curves(self) -> Mapping[str, Mapping[str, Curve]]:
        """Likewise of cold, warm, retried and failed calls."""
        return self._recording.class_curves(self._second)

    def results(self) -> Results:
        """Those of the whole run once it stands at its end; before that no part is told."""
        run = self._recording.run
        if self._at_s >= self.end_s and run.is_finished:
            return run
        seconds = self._recording.response_seconds(self._second)
        return replace(run, windows=(), parts=(), intervals=(), turn_seconds=seconds)

    def snapshot(self) -> Snapshot:
        """The run as it stood where the playback stands."""
        self._advance()
        second = self._second
        intervals = self._recording.intervals(self._until_s, second)
        vitals = self._recording.vitals_between(self._until_s, second)
        self._until_s = second
        now_ns = round(self._at_s * NS_PER_S)
        run, pulse = self._recording.run, self._recording.vitals_before(second)
        judgement = self._judged()
        is_over = self._state is not RunState.RUNNING
        flying = sum(window.tally.in_flight for window in judgement.windows)
        events = self._events(now_ns)
        return Snapshot(
            t_ns=now_ns,
            state=self._state,
            title=run.profile.title or run.profile.name,
            target=_target(run.profile, run.manifest),
            phase="" if is_over else self._phase(second),
            segment=None,
            elapsed_ns=now_ns,
            remaining_ns=max(0, round((self.end_s - self._at_s) * NS_PER_S)),
            planned_rps=pulse.planned_rps if pulse is not None else 0.0,
            achieved_rps=pulse.achieved_rps if pulse is not None else 0.0,
            in_flight=flying if is_over or pulse is None else pulse.in_flight,
            send_lag=self._recording.send_lag(second),
            windows=judgement.windows,
            intervals=intervals,
            workers=(),
            reasons=judgement.reasons,
            verdict=judgement.verdict,
            samples=noted_samples(events),
            events=events,
            spend_usd=pulse.spend_usd if pulse is not None else None,
            run_folder=str(self._folder),
            vitals=vitals,
            rate_factor=self._recording.rate_factor(now_ns),
        )

    def _events(self, now_ns: int) -> tuple[RunEvent, ...]:
        """At the end all of them: what a run concludes comes after its last second."""
        is_whole = self._at_s >= self.end_s and not self.is_running
        return tuple(self._recording.events) if is_whole else self._recording.events_until(now_ns)

    # -- time

    @property
    def position_s(self) -> float:
        """Where it stands, from 0 to end_s."""
        return self._at_s

    @property
    def end_s(self) -> float:
        """Where the recording ends, or ends so far."""
        return float(self._recording.end_s)

    @property
    def status(self) -> str:
        """Whether it plays, and how fast; whether it follows a run that is being written."""
        if self._following and not self.is_running:
            return f"nothing new for {self._clock() - self._grown:.0f} s"
        if self._following:
            return "following"
        speed = f" ×{self._speed:g}" if self._speed != 1 else ""
        if self._at_s >= self.end_s:
            return f"at the end{speed}"
        return f"{'playing' if self._playing else 'paused'}{speed}"

    @property
    def is_running(self) -> bool:
        """True while the run that it shows goes on."""
        silent_s = self._clock() - self._grown
        return not self._recording.run.is_finished and silent_s < ALIVE_S

    @property
    def rewound(self) -> bool:
        """True once after time went back."""
        rewound, self._rewound = self._rewound, False
        return rewound

    def seek(self, position_s: float) -> None:
        """Go to a second, and stay there unless it plays."""
        self._advance()
        self._go(min(max(0.0, position_s), self.end_s))
        self._following = not self._recording.run.is_finished and self._at_s >= self.end_s

    def toggle(self) -> None:
        """Play, or pause; at the end: from the beginning."""
        self._advance()
        if self._at_s >= self.end_s and not self._following:
            self._go(0.0)
            self._playing = True
        else:
            self._playing = not self._playing or self._following
            self._following = False

    def change_speed(self, factor: float) -> None:
        """Play so many times as fast as now, from SLOWEST to FASTEST of the run's own speed."""
        self._advance()
        self._speed = min(FASTEST, max(SLOWEST, self._speed * factor))

    def _go(self, position_s: float) -> None:
        if int(position_s) < self._until_s:
            self._rewound, self._until_s = True, 0
        self._at_s = position_s

    def _advance(self) -> None:
        now = self._clock()
        if not self._recording.run.is_finished and now - self._looked >= LOOK_EVERY_S:
            self._looked = now
            self._refresh()
        passed_s, self._moved = now - self._moved, now
        if self._following:
            self._go(max(self._at_s, self.end_s))
        elif self._playing:
            self._go(min(self.end_s, self._at_s + passed_s * self._speed))

    def _refresh(self) -> None:
        """Read on. What a finished run's last files say differs from what was told: tell anew."""
        before = self._length
        self._recording.refresh()
        if before != self._length:
            self._grown = self._clock()
        self._windows = None
        if self._recording.run.is_finished:
            self._rewound, self._until_s = True, 0
            self._following = False

    @property
    def _length(self) -> tuple[int, int, int]:
        """Grows while the run is written."""
        recording = self._recording
        return (recording.end_s, len(recording.vitals), len(recording.events))

    @property
    def _second(self) -> int:
        return int(self._at_s)

    # -- what the recording says of a second

    def _totals(self) -> tuple[Window, ...]:
        if self._windows is None or self._windows[0] != self._second:
            self._windows = (self._second, self._recording.totals(self._second))
        return self._windows[1]

    @property
    def _state(self) -> RunState:
        run = self._recording.run
        if self._at_s < self.end_s or self.is_running:
            return RunState.RUNNING
        return RunState(run.state) if run.is_finished else RunState.INTERRUPTED

    def _judged(self) -> Judgement:
        """As the run judged itself in the end; before that, by what is there so far."""
        run = self._recording.run
        if run.is_finished:
            return Judgement(run.verdict, run.reasons, self._totals())
        evidence = Evidence(running=self.is_running, interrupted=not self.is_running)
        return judge(run.profile, self._totals(), evidence)

    def _phase(self, second: int) -> str:
        """The phase, and the variant if it had the second for itself."""
        found = self._recording.intervals(max(0, second - 1), max(1, second))
        if not found:
            return ""
        names = {interval.window.variant.name for interval in found}
        return ", ".join((found[-1].phase, *(names if len(names) == 1 else ())))


def _target(profile: Profile, manifest: Mapping[str, Any]) -> str:
    """As the live header says it: the manifest has where the target was found."""
    target = manifest.get("target")
    label = target.get("label") if isinstance(target, dict) else None
    return str(label or profile.target.kind.value.upper())
