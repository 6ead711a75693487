"""What a search for capacity has found, as its events tell it: live and recorded alike."""

from __future__ import annotations

from collections.abc import Iterable

from bench.model.live import ANSWER_EVENT, RunEvent
from bench.model.result import CapacityAnswer


def capacity_answers(events: Iterable[RunEvent]) -> tuple[CapacityAnswer, ...]:
    """One for each variant that has an answer, in the order of the events."""
    return tuple(
        CapacityAnswer(
            str(e.fields.get("variant", "")),
            _rate(e, "rate_rps"),
            e.text,
            _rate(e, "holds_rps"),
            _rate(e, "fails_rps"),
            _rate(e, "recovers_rps"),
            _rate(e, "relapses_rps"),
        )
        for e in events
        if e.kind == ANSWER_EVENT
    )


def _rate(event: RunEvent, field: str) -> float | None:
    found = event.fields.get(field)
    return found if isinstance(found, int | float) else None
