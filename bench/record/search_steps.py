"""The rates that a search for capacity tried, as its events tell them: live and recorded alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.model.live import STEP_EVENT, RunEvent

_WHY = {"grow": "begin", "bisect": "narrow", "hold": "confirm", "recover": "disturb"}
_HELD = {"recover": ("back", "stuck")}
"""What is said of a step that held, and of one that did not."""


@dataclass(frozen=True, slots=True)
class SearchStep:
    """fault: why it did not hold, '' if it did. tried: what it was for, in the search's words."""

    variant: str
    number: int
    tried: str
    rate_rps: float
    fault: str

    @property
    def result(self) -> str:
        """`held`, `failed`; `back` or `stuck` after a disturbance."""
        return _HELD.get(self.tried, ("held", "failed"))[bool(self.fault)]

    @property
    def purpose(self) -> str:
        """What it was tried for: to `begin`, to `narrow` it down, to `confirm`, to `disturb`."""
        return _WHY.get(self.tried, self.tried)

    @property
    def why(self) -> str:
        """The fault; of a rate that was held for long that it is confirmed."""
        return self.fault or ("confirmed" if self.tried == "hold" else "")


def search_steps(events: Iterable[RunEvent]) -> list[SearchStep]:
    """Those that are told with their rate, in the order of the search."""
    return [
        SearchStep(
            str(event.fields.get("variant", "")),
            int(event.fields.get("step") or 0),
            str(event.fields.get("tried", "")),
            float(event.fields["rate_rps"]),
            str(event.fields.get("fault", "")),
        )
        for event in events
        if event.kind == STEP_EVENT and isinstance(event.fields.get("rate_rps"), int | float)
    ]


def by_rate(steps: Iterable[SearchStep]) -> list[SearchStep]:
    """The highest on top; of two of the same rate the later one."""
    return sorted(steps, key=lambda step: (step.rate_rps, step.number), reverse=True)
