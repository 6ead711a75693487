"""Results of a variant in a part of the load: a phase, a step of one, or one event of a mix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.model.result import Window

Ends = tuple[int | None, int | None]
"""An interval of confidence in ns; None where too few samples bound it."""


@dataclass(frozen=True, slots=True)
class Part:
    """step counts from 1; None for a phase that has none. payload: the name of the event of a mix,
    '' where the part is one of time; then phase is ''.

    bounds: by quantile, where the response time's true one lies at 95 %, samples taken as
    independent.
    """

    phase: str
    step: int | None
    window: Window
    bounds: Mapping[float, Ends] = field(default_factory=dict)
    payload: str = ""
    callers: int | None = None
    """How many called at once, in a closed loop."""

    @property
    def name(self) -> str:
        """`overload`, `ramp 38/s` or `ramp 4 callers`: a step is known by its load."""
        if self.step is None:
            return self.payload or self.phase
        if self.callers is not None:
            return f"{self.phase} {self.callers} caller{'' if self.callers == 1 else 's'}"
        return f"{self.phase} {self.window.planned_rps:.3g}/s"
