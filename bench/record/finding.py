"""What a finding is, what it is drawn from, and the words that several of them share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.format import duration_text, quantile_text
from bench.model.part import Ends, Part
from bench.model.profile import Profile, Variant
from bench.model.result import LADDER, Interval, Measure, Window
from bench.record.figure import Figure
from bench.record.turn_seconds import Seconds
from bench.stats.quantiles import Curve


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, and the figures of it that are worth being large."""

    text: str
    figures: tuple[Figure, ...] = ()


class Results(Protocol):
    """What findings are drawn from: a run that is recorded, or one under way."""

    @property
    def profile(self) -> Profile:
        """The profile, which asks the question."""

    @property
    def windows(self) -> Sequence[Window]:
        """A total for each variant, measured phases alone."""

    @property
    def parts(self) -> Sequence[Part]:
        """Likewise by part of the load, where it has several."""

    @property
    def intervals(self) -> Collection[Interval]:
        """Each second of each variant, in order."""

    @property
    def response_seconds(self) -> Mapping[Variant, Seconds]:
        """The measured seconds of each variant's turns; none where nothing is disturbed."""

    @property
    def curves(self) -> Mapping[str, Mapping[Measure, Curve]]:
        """Whole distributions by the variant's name and measure."""


def parts_of(results: Results, variant: Variant) -> list[Part]:
    """Those of a variant that are stretches of time."""
    own = (part for part in results.parts if part.window.variant == variant)
    return [part for part in own if not part.payload]


def highest(parts: Sequence[Part]) -> float | None:
    """The highest quantile of the response time that is known of each."""
    return next((q for q in LADDER if parts and all(q in part.bounds for part in parts)), None)


def value_text(part: Part, q: float) -> str:
    """`41.2 ms (38 ms … 46.1 ms)`."""
    return f"{_value(part, q)} ({ends_text(part.bounds[q])})"


def _value(part: Part, q: float) -> str:
    found = part.window.measure(Measure.RESPONSE).at(q)
    if found is None:
        return "?"
    return ("≥" if found.censored else "") + duration_text(found.value_ns)


def time_figure(part: Part, q: float, where: str = "") -> Figure:
    """A percentile as words: `p99 412 ms`. where: in which part, if not the others' figures say."""
    value, _, unit = _value(part, q).partition(" ")
    return Figure(f"{quantile_text(q)} {where}".rstrip(), value, unit)


def ends_text(ends: Ends) -> str:
    """`38 ms … 46.1 ms`, `38 ms … open`."""
    return " … ".join("open" if end is None else duration_text(end) for end in ends)


def failed_share(window: Window) -> float:
    """Of all that have finished."""
    return window.tally.failed / window.tally.finished if window.tally.finished else 0.0
