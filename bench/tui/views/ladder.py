"""The search for capacity as a ladder: every rate that was tried, the highest on top."""

from __future__ import annotations

from bench.format import rate
from bench.record.search_steps import SearchStep, by_rate, search_steps
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


def rungs(state: ViewState) -> list[Row]:
    """A row for each step of the variant under the cursor, where it has any yet; else of all."""
    every = by_rate(search_steps(state.snapshot.events))
    own = [step for step in every if step.variant == state.selected]
    return [_rung(step) for step in own or every]


def _rung(step: SearchStep) -> Row:
    cells = {
        "rate": Cell(rate(step.rate_rps), step.rate_rps, Tone.STRONG),
        "held": Cell(step.result, step.result, Tone.BAD if step.fault else Tone.GOOD),
        "step": Cell(str(step.number or ""), float(step.number), Tone.DIM),
        "tried": Cell(step.purpose, step.tried, Tone.DIM),
        "variant": Cell(step.variant, step.variant),
        "why": Cell(step.why, step.fault),
    }
    return Row(f"{step.variant} {step.number}", cells)
