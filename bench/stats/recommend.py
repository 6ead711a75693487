"""What the figures mean for a choice: fastest, cheapest, best trade, and what a door adds. Pure.

Sizes are compared through one door: Invoke if it was measured, else the one with most sizes. Speed
is response time at the highest of p99, p90 and p50 that is known of every size compared. Only
variants with few failures and a verdict other than INVALID take part: a failure can be fast. Cold
and warm are never mixed: where there were cold starts, times are those of warm successes alone, or
of cold ones where nothing was warm. Doors are compared over good answers.

Fastest, cheapest and best trade are named together with all that cannot be told apart from them.
Every interval says what it rests on; what is watched while it runs is judged to hold at any time.

The best trade follows the balanced strategy of AWS Lambda Power Tuning: the smallest mean of time
and cost, each as a share of the largest among the sizes compared. It lies on the efficient
frontier, of which no member is beaten in both by another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.format import duration_text, percent, quantile_text, size_name
from bench.model.endpoint import BASELINE
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.result import LADDER, Measure, Window
from bench.stats.alike import (
    Alike,
    Curves,
    Price,
    Shares,
    as_cheap,
    as_fast,
    as_good,
    response_differences,
)
from bench.stats.basis import TOO_FEW
from bench.stats.door_overhead import Overhead, door_overheads, door_sentences
from bench.stats.one_kind import NO_CLASSES, ClassCurves, is_good, of_one_kind
from bench.stats.paired import Difference
from bench.stats.quantiles import Bounds, Curve, quantile_bounds
from bench.stats.woodruff import interval

BALANCE = 0.5
"""Weight of time against cost; Power Tuning's default."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant that stands out, with the figure that makes it so.

    alike: those that cannot be told apart from it. unknown: those with too few blocks to know.
    """

    variant: Variant
    text: str
    alike: tuple[Variant, ...] = ()
    unknown: tuple[Variant, ...] = ()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All that may be it, the best first."""
        return (self.variant, *self.alike)


@dataclass(frozen=True, slots=True)
class Advice:
    """The closing lines. A field is None where the results do not say."""

    q: float | None = None
    fastest: Choice | None = None
    cheapest: Choice | None = None
    best: Choice | None = None
    frontier: tuple[str, ...] = ()
    """Names of the variants that none beats in both time and cost, fastest first."""
    overheads: tuple[Overhead, ...] = ()
    against: str | None = None
    """The best trade beside the cheapest, or beside the fastest of the rest if it is that."""
    sentences: tuple[str, ...] = ()
    quickest: tuple[str, ...] = ()
    """Names of all that may be the fastest, through whichever door."""
    least_dear: tuple[str, ...] = ()
    """Names of all that may be the cheapest, likewise."""


def advise(
    windows: Sequence[Window],
    curves: Curves,
    price: Price | None = None,
    *,
    classes: ClassCurves = NO_CLASSES,
    anytime: bool = False,
) -> Advice:
    """What to conclude from the results.

    classes: response times by class, as the files have them. price: what tells whether prices
    differ by chance; without it they count as they are. anytime: conclusions are looked at while
    samples come.
    """
    windows, curves, kind = of_one_kind(windows, curves, classes)
    sizes = comparable(windows)
    q = common_quantile(sizes, curves)
    overheads = door_overheads(windows, curves, classes, anytime=anytime)
    if q is None:
        return Advice(overheads=overheads, sentences=door_sentences(overheads))
    times = {window.variant: _time_ns(window, q) for window in sizes}
    if _is_alone(sizes[0], windows):
        names = tuple(window.variant.name for window in sizes)
        return Advice(q, frontier=names, overheads=overheads, sentences=door_sentences(overheads))
    fastest = min(sizes, key=lambda window: times[window.variant])
    priced = [window for window in sizes if window.usd_per_million is not None]
    cheapest = min(priced, key=_cost, default=None)
    trade = _Trade.of(priced, times)
    best = min(priced, key=trade.score, default=None)
    fast = as_fast(fastest, sizes, q, curves, anytime=anytime)
    cheap = Alike()
    if cheapest is not None and price is not None:
        cheap = as_cheap(cheapest, priced, curves, price, anytime=anytime)
    good = Alike()
    if best is not None and price is not None:
        good = as_good(best, priced, q, curves, price, trade.shares, anytime=anytime)
    advice = Advice(
        q=q,
        fastest=_choice(fastest, _time_text(fastest, q) + (kind and f" {kind}"), fast),
        cheapest=None
        if cheapest is None
        else _choice(cheapest, f"${_cost(cheapest):.2f} per million", cheap),
        best=None if best is None else _choice(best, _best_text(best, q), good),
        frontier=frontier(priced, q),
        overheads=overheads,
    )
    advice = _with_stars(advice, sizes, windows, curves, price, anytime)
    return _with_sentences(advice, _best_against(best, priced, q, curves, anytime))


def _with_stars(
    advice: Advice,
    sizes: Sequence[Window],
    windows: Sequence[Window],
    curves: Curves,
    price: Price | None,
    anytime: bool,
) -> Advice:
    """With the names of the best over all doors: in a table all of them stand in one column."""
    q = advice.q
    assert q is not None
    every = [window for window in windows if is_good(window) and _is_known(window, q)]
    if len(every) == len(sizes):
        return replace(advice, quickest=_named(advice.fastest), least_dear=_named(advice.cheapest))
    fastest = min(every, key=lambda window: _time_ns(window, q))
    quickest = (fastest.variant, *as_fast(fastest, every, q, curves, anytime=anytime).alike)
    priced = [window for window in every if window.usd_per_million is not None]
    cheapest = min(priced, key=_cost, default=None)
    least: tuple[Variant, ...] = ()
    if cheapest is not None:
        least = (cheapest.variant,)
        if price is not None:
            least += as_cheap(cheapest, priced, curves, price, anytime=anytime).alike
    return replace(
        advice,
        quickest=tuple(variant.name for variant in quickest),
        least_dear=tuple(variant.name for variant in least),
    )


def _named(choice: Choice | None) -> tuple[str, ...]:
    return () if choice is None else tuple(variant.name for variant in choice.variants)


def _choice(window: Window, text: str, others: Alike) -> Choice:
    variant = window.variant
    return Choice(variant, text + others.words(variant), others.alike, others.unknown)


def comparable(windows: Sequence[Window]) -> list[Window]:
    """The windows whose sizes are compared: of one door, with answers and few failures."""
    good = [window for window in windows if is_good(window)]
    doors = [window.variant.endpoint for window in good]
    if not doors:
        return []
    most = max(doors, key=lambda door: (door is BASELINE, doors.count(door)))
    return [window for window in good if window.variant.endpoint is most]


def _is_alone(window: Window, windows: Sequence[Window]) -> bool:
    """Whether there was nothing to choose from: nobody is told that the only size is the best.

    Nor that one is of which alone there are valid results; others may fail too often to be it.
    """
    rivals = [one for one in windows if one.variant.endpoint is window.variant.endpoint]
    return sum(one.verdict is not Verdict.INVALID for one in rivals) == 1


def common_quantile(windows: Sequence[Window], curves: Curves) -> float | None:
    """The highest quantile of response time that is known of every window.

    One whose interval of confidence is closed everywhere comes before a higher one that timed-out
    calls leave open.
    """
    known = [q for q in LADDER if windows and all(_is_known(window, q) for window in windows)]
    closed = (q for q in known if all(_is_closed(_response(w, curves), q) for w in windows))
    return next(closed, known[0] if known else None)


def _is_known(window: Window, q: float) -> bool:
    quantile = window.measure(Measure.RESPONSE).at(q)
    return quantile is not None and quantile.known


def _is_closed(curve: Curve | None, q: float) -> bool:
    return curve is not None and quantile_bounds(curve, q).high_ns is not None


def frontier(windows: Sequence[Window], q: float) -> tuple[str, ...]:
    """Names of the windows that no other beats in both time and cost, fastest first."""
    priced = [window for window in windows if window.usd_per_million is not None]
    ordered = sorted(priced, key=lambda window: (_time_ns(window, q), _cost(window)))
    kept: list[str] = []
    least = float("inf")
    for window in ordered:
        if _cost(window) < least:
            kept.append(window.variant.name)
            least = _cost(window)
    return tuple(kept)


def compare_sentence(
    window: Window,
    base: Window,
    q: float,
    curves: Curves,
    *,
    judged: Difference | None = None,
    anytime: bool = False,
) -> str:
    """`1769 MB: p99 −38 %, cost +4 % against 1024 MB; intervals don't overlap (iid)`.

    judged: the difference, where it was judged together with others.
    """
    names = size_name(window.variant, base.variant), size_name(base.variant, window.variant)
    found = judged
    if found is None:
        name = window.variant.name
        alone = response_differences(base.variant.name, [name], q, curves, anytime=anytime)
        found = alone[name]
    if found is None or found.relative is None:
        return f"{names[0]} and {names[1]}: too few samples for {quantile_text(q)}"
    parts = [f"{quantile_text(q)} {percent(found.relative)}"]
    if window.usd_per_million is not None and base.usd_per_million:
        parts.append(f"cost {percent(window.usd_per_million / base.usd_per_million - 1)}")
    bounds = [_bounds(one, q, curves, anytime) for one in (window, base)]
    return f"{names[0]}: {', '.join(parts)} against {names[1]}; {_apart(found, bounds)}"


def _bounds(window: Window, q: float, curves: Curves, anytime: bool) -> Bounds:
    curve = _response(window, curves)
    return Bounds(None, None) if curve is None else interval(curve, q, anytime=anytime)


def _apart(found: Difference, bounds: Sequence[Bounds]) -> str:
    if not found.basis.is_known:
        return TOO_FEW
    rests = f"({found.basis.text})"
    if not found.is_distinguishable:
        return f"not distinguishable {rests}"
    one, other = sorted(bounds, key=_low)
    if one.high_ns is not None and other.low_ns is not None and one.high_ns < other.low_ns:
        return f"intervals don't overlap {rests}"
    return f"distinguishable at 95 % {rests}"


def _low(bounds: Bounds) -> int:
    return bounds.low_ns or 0


def _response(window: Window, curves: Curves) -> Curve | None:
    return curves.get(window.variant.name, {}).get(Measure.RESPONSE)


def _time_ns(window: Window, q: float) -> float:
    """A quantile that is only a lower bound is no recommendation."""
    quantile = window.measure(Measure.RESPONSE).at(q)
    if quantile is None or quantile.censored:
        return float("inf")
    return float(quantile.value_ns)


def _cost(window: Window) -> float:
    return window.usd_per_million or 0.0


@dataclass(frozen=True, slots=True)
class _Trade:
    """The mean of the shares of the longest time and of the highest cost: the less the better."""

    times: Mapping[Variant, float]
    shares: Shares

    @classmethod
    def of(cls, priced: Sequence[Window], times: Mapping[Variant, float]) -> _Trade:
        slowest = max(priced, key=lambda window: times[window.variant], default=None)
        longest = 0.0 if slowest is None else times[slowest.variant]
        dearest = max(map(_cost, priced), default=0.0)
        is_known = 0 < longest < float("inf")
        return cls(
            times,
            Shares(
                BALANCE / longest if is_known else 0.0,
                (1 - BALANCE) / dearest if dearest else 0.0,
                slowest if is_known else None,
            ),
        )

    def score(self, window: Window) -> float:
        time = self.times[window.variant] if self.shares.per_ns else 0.0
        return self.shares.per_ns * time + self.shares.per_usd * _cost(window)


def _time_text(window: Window, q: float) -> str:
    return f"{quantile_text(q)} {duration_text(_time_ns(window, q))}"


def _best_text(best: Window, q: float) -> str:
    return (
        f"{quantile_text(q)} {duration_text(_time_ns(best, q))} at ${_cost(best):.2f} per million"
    )


def _best_against(
    best: Window | None, priced: Sequence[Window], q: float, curves: Curves, anytime: bool
) -> str | None:
    """The best trade beside the cheapest, or beside the fastest of the rest if it is that."""
    rest = [window for window in priced if window is not best]
    if best is None or not rest:
        return None
    cheapest = min(priced, key=_cost)
    base = min(rest, key=lambda w: _time_ns(w, q)) if cheapest is best else cheapest
    names = [window.variant.name for window in priced if window is not base]
    judged = response_differences(base.variant.name, names, q, curves, anytime=anytime)
    found = judged[best.variant.name]
    return compare_sentence(best, base, q, curves, judged=found, anytime=anytime)


def _with_sentences(advice: Advice, against: str | None) -> Advice:
    lines = []
    for label, choice in (
        ("Fastest", advice.fastest),
        ("Cheapest", advice.cheapest),
        ("Best trade", advice.best),
    ):
        if choice is not None:
            lines.append(f"{label}: {size_name(choice.variant)} ({choice.text})")
    if against is not None:
        lines.append(against)
    return replace(advice, against=against, sentences=(*lines, *door_sentences(advice.overheads)))
