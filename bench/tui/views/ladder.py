"""The search for capacity as a ladder: every rate that was tried, the highest on top."""

from __future__ import annotations

from collections.abc import Iterable

from bench.format import rate
from bench.model.live import STEP_EVENT, RunEvent
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.widgets.columns import Cell, Column, Row

COLUMNS = (
    Column("rate", "rate/s", 8, falls=True),
    Column("held", "result", 6, left=True),
    Column("step", "step", 4, 1),
    Column("tried", "tried to", 8, 2, left=True),
    Column("variant", "variant", 18, 3, left=True),
    Column("why", "why", 20, 0, left=True, flex=True),
)
_WHY = {"grow": "begin", "bisect": "narrow", "hold": "confirm", "recover": "disturb"}
_HELD = {"recover": ("back", "stuck")}
"""What is said of a step that held, and of one that did not."""


def rungs(state: ViewState) -> list[Row]:
    """A row for each step, by falling rate; of two at the same rate the later one on top."""
    steps = [event for event in state.snapshot.events if _is_told(event)]
    steps.sort(key=lambda event: (event.fields["rate_rps"], event.t_ns), reverse=True)
    return [_rung(event) for event in _of_variant(steps, state)]


def _is_told(event: RunEvent) -> bool:
    return event.kind == STEP_EVENT and isinstance(event.fields.get("rate_rps"), int | float)


def _of_variant(steps: Iterable[RunEvent], state: ViewState) -> list[RunEvent]:
    """Of the variant under the cursor, where it has any yet; else of all."""
    every = list(steps)
    return [step for step in every if step.fields.get("variant") == state.selected] or every


def _rung(event: RunEvent) -> Row:
    fields = event.fields
    fault, rps = str(fields.get("fault", "")), float(fields["rate_rps"])
    tried, number = str(fields.get("tried", "")), fields.get("step", "")
    tone = Tone.BAD if fault else Tone.GOOD
    held = _HELD.get(tried, ("held", "failed"))[bool(fault)]
    cells = {
        "rate": Cell(rate(rps), rps, Tone.STRONG),
        "held": Cell(held, held, tone),
        "step": Cell(str(number), float(number or 0), Tone.DIM),
        "tried": Cell(_WHY.get(tried, tried), tried, Tone.DIM),
        "variant": Cell(str(fields.get("variant", "")), str(fields.get("variant", ""))),
        "why": Cell(fault or "confirmed" if tried == "hold" else fault, fault),
    }
    return Row(f"{fields.get('variant')} {number}", cells)
