"""The keys of a stretch of load: [[phase]]."""

from __future__ import annotations

from bench.model.profile import Phase
from bench.schema.files import existing_file
from bench.schema.key import Key
from bench.schema.quantities import callers, rates, span
from bench.schema.section import Section
from bench.schema.values import flag, positive, text, whole
from bench.units import MAX_CALLERS


def _rates(phase: Phase) -> tuple[float, float] | None:
    is_rate = phase.start_callers is None and phase.burst is None and phase.replay is None
    return (phase.start_rps, phase.end_rps) if is_rate else None


def _callers(phase: Phase) -> tuple[int | None, int | None] | None:
    return None if phase.start_callers is None else (phase.start_callers, phase.end_callers)


PHASE = Section(
    "phase",
    (
        Key("name", "what files and `--set` call it", text, None, cell="`phase 1`, …"),
        Key(
            "duration",
            "how long it lasts",
            span,
            None,
            of=lambda phase: phase.duration_ns,
            cell="required, but not for `replay`",
        ),
        Key(
            "rate",
            'arrivals: `"10/s"`, or a ramp `"10/s..100/s"`',
            rates,
            None,
            of=_rates,
            cell="one of `rate`, `callers`, `burst`, `replay`",
        ),
        Key(
            "callers",
            'closed loop: `10`, or a ramp `"1..50"`',
            callers,
            None,
            of=_callers,
            cell="`load.callers`",
        ),
        Key("burst", "so many at once", whole(1, MAX_CALLERS), None),
        Key(
            "every", "how far bursts are apart", span, None, of=lambda phase: phase.every_ns or None
        ),
        Key(
            "replay",
            "recorded arrivals: a CSV of ISO or epoch timestamps",
            existing_file,
            None,
            of=lambda phase: phase.replay_path,
        ),
        Key(
            "column",
            "the column with them",
            text,
            None,
            of=lambda phase: phase.replay_column,
            cell="one named like a time, else the first",
        ),
        Key(
            "speed",
            "a factor: 2 plays them twice as fast",
            positive,
            1.0,
            of=lambda phase: phase.replay_speed if phase.replay_path else None,
        ),
        Key(
            "steps",
            "a ramp in so many equal steps",
            whole(1, 10_000),
            None,
            of=lambda phase: phase.steps if phase.steps > 1 else None,
            cell="1, a smooth one",
        ),
        Key("measured", "`false` for a warm-up: shown, but not in the results", flag, True),
    ),
    many=True,
)
