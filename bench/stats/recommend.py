"""What the figures mean for a choice: fastest, cheapest, best trade, and what a door adds. Pure.

Sizes are compared through one door: Invoke if it was measured, else that with most sizes. Speed is
response time at the highest of p99, p90 and p50 that is known of every size compared. Only variants
with few failures and a verdict other than INVALID take part: a failure can be fast. Cold and warm
are never mixed: where there were cold starts, times are those of warm successes alone, or of cold
ones where nothing was warm. Doors are compared over good answers.

Fastest and cheapest are those of all doors, as all stand in one column of a table; the best trade
is one of the sizes compared. Each is named together with all that cannot be told apart from it, and
where a size may be the fastest of all, it is the one that leads.
Every interval says what it rests on; what is watched while it runs is judged to hold at any time.

The best trade follows the balanced strategy of AWS Lambda Power Tuning: the smallest mean of time
and cost, each as a share of the largest among the sizes compared. It lies on the efficient
frontier, of which no member is beaten in both by another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.format import duration_text, percent, quantile_text, size_name
from bench.model.endpoint import BASELINE
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.result import LADDER, Measure, Window
from bench.stats.alike import (
    Alike,
    Curves,
    Judgement,
    Price,
    Shares,
    as_cheap,
    as_fast,
    as_good,
)
from bench.stats.basis import TOO_FEW
from bench.stats.door_overhead import Overhead, door_overheads, door_sentences
from bench.stats.one_kind import NO_CLASSES, ClassCurves, OneKind, is_good, of_one_kind
from bench.stats.paired import Difference
from bench.stats.quantiles import Bounds, Curve, quantile_bounds
from bench.stats.woodruff import interval

BALANCE = 0.5
"""Weight of time against cost; Power Tuning's default."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant that stands out, with the figure that makes it so.

    alike: those that cannot be told apart from it. unknown: those with too few blocks to know.
    is_size: it is one of the sizes compared.
    """

    variant: Variant
    text: str
    alike: tuple[Variant, ...] = ()
    unknown: tuple[Variant, ...] = ()
    is_size: bool = True

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All that may be it, the first leading."""
        return (self.variant, *self.alike)

    @property
    def name(self) -> str:
        """`1769 MB`; the whole name of one of another door than the sizes'."""
        return size_name(self.variant) if self.is_size else self.variant.name


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
    kind: str = ""
    """Of which answers all times are: `warm`, `cold`, '' for all."""


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
    return advise_on(of_one_kind(windows, curves, classes, anytime=anytime), price, classes)


def advise_on(
    results: OneKind, price: Price | None = None, classes: ClassCurves = NO_CLASSES
) -> Advice:
    """The same of results of one kind."""
    windows, judgement = results.windows, results.judgement
    sizes = comparable(windows)
    q = common_quantile(sizes, results.curves)
    overheads = door_overheads(windows, judgement, classes)
    plain = Advice(q, overheads=overheads, sentences=door_sentences(overheads), kind=results.kind)
    if q is None:
        return plain
    if _is_alone(sizes[0], windows):
        return replace(plain, frontier=tuple(window.variant.name for window in sizes))
    every = [window for window in windows if is_good(window) and _is_known(window, q)]
    asked = _Asked(q, sizes, price, results)
    best = asked.best()
    cheapest = asked.cheapest(every)
    advice = replace(
        plain,
        fastest=asked.fastest(every),
        cheapest=cheapest,
        best=best,
        frontier=frontier(sizes, q),
        against=None if best is None else asked.against(best, cheapest),
    )
    return _with_sentences(advice)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The questions of a choice, with what each is answered from."""

    q: float
    sizes: Sequence[Window]
    price: Price | None
    results: OneKind

    def fastest(self, every: Sequence[Window]) -> Choice:
        """The variant with the shortest times, through whichever door."""
        best = min(every, key=self._time_ns)
        others = as_fast(best, every, self.q, self.results.judgement)
        return self._choice(best, others, self._time_ns, self._time_text)

    def cheapest(self, every: Sequence[Window]) -> Choice | None:
        """The one with the lowest price, likewise; None where no price is known."""
        priced = _priced(every)
        if not priced:
            return None
        best, others = min(priced, key=_cost), Alike()
        if self.price is not None:
            others = as_cheap(best, priced, self.price, self.results.judgement)
        return self._choice(best, others, _cost, _cost_text)

    def best(self) -> Choice | None:
        """The best trade of the sizes; None without prices."""
        priced = _priced(self.sizes)
        if not priced:
            return None
        trade = _Trade.of(priced, {w.variant: self._time_ns(w) for w in self.sizes})
        best, others = min(priced, key=trade.score), Alike()
        if self.price is not None:
            judgement, shares = self.results.judgement, trade.shares
            others = as_good(best, priced, self.q, self.price, shares, judgement)
        return self._choice(best, others, trade.score, self._trade_text)

    def against(self, best: Choice, cheapest: Choice | None) -> str | None:
        """The best trade beside the cheapest, or beside the fastest of the rest if it is that."""
        priced = {window.variant: window for window in _priced(self.results.windows)}
        rest = [w for w in _priced(self.sizes) if w.variant != best.variant]
        if not rest:
            return None
        base = min(rest, key=self._time_ns)
        if cheapest is not None and cheapest.variant != best.variant:
            base = priced[cheapest.variant]
        return compare_sentence(priced[best.variant], base, self.q, self.results)

    def _choice(
        self,
        best: Window,
        others: Alike,
        rank: Callable[[Window], float],
        text: Callable[[Window], str],
    ) -> Choice:
        """Of which a size leads, where chance leaves open whether one is the best of all."""
        lead, is_size = best, any(window is best for window in self.sizes)
        may_be = [window for window in self.sizes if window.variant in others.alike]
        if not is_size and may_be:
            lead, is_size = min(may_be, key=rank), True
            alike = (best.variant, *others.alike)
            others = replace(others, alike=tuple(v for v in alike if v != lead.variant))
        variant = lead.variant
        words = text(lead) + others.words(variant)
        return Choice(variant, words, others.alike, others.unknown, is_size)

    def _time_ns(self, window: Window) -> float:
        return _time_ns(window, self.q)

    def _time_text(self, window: Window) -> str:
        return f"{quantile_text(self.q, self.results.kind)} {duration_text(self._time_ns(window))}"

    def _trade_text(self, window: Window) -> str:
        return f"{self._time_text(window)} at {_cost_text(window)}"


def _priced(windows: Sequence[Window]) -> list[Window]:
    return [window for window in windows if window.usd_per_million is not None]


def _cost_text(window: Window) -> str:
    return f"${_cost(window):.2f} per million"


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
    responses = [curves.get(w.variant.name, {}).get(Measure.RESPONSE) for w in windows]
    closed = (q for q in known if all(_is_closed(curve, q) for curve in responses))
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


def compare_sentence(window: Window, base: Window, q: float, results: OneKind) -> str:
    """`1769 MB: p99 −38 %, cost +4 % against 1024 MB; intervals don't overlap (iid)`.

    Judged together with all that stands in one table.
    """
    names = size_name(window.variant, base.variant), size_name(base.variant, window.variant)
    found = differences_to(base.variant.name, q, results.judgement).get(window.variant.name)
    told = quantile_text(q, results.kind)
    if found is None or found.relative is None:
        return f"{names[0]} and {names[1]}: too few samples for {told}"
    parts = [f"{told} {percent(found.relative)}"]
    if window.usd_per_million is not None and base.usd_per_million:
        parts.append(f"cost {percent(window.usd_per_million / base.usd_per_million - 1)}")
    bounds = [_bounds(one, q, results.judgement) for one in (window, base)]
    return f"{names[0]}: {', '.join(parts)} against {names[1]}; {_apart(found, bounds)}"


def differences_to(base: str, q: float, judgement: Judgement) -> dict[str, Difference | None]:
    """Quantile q of response time of all others less that of base, by names; judged together."""
    if judgement.response(base) is None:
        return {}
    names = (name for name in judgement.curves if name != base)
    others = [name for name in names if judgement.response(name) is not None]
    return judgement.differences(base, others, q)


def _bounds(window: Window, q: float, judgement: Judgement) -> Bounds:
    curve = judgement.response(window.variant.name)
    return Bounds(None, None) if curve is None else interval(curve, q, anytime=judgement.anytime)


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


def _with_sentences(advice: Advice) -> Advice:
    lines = []
    for label, choice in (
        ("Fastest", advice.fastest),
        ("Cheapest", advice.cheapest),
        ("Best trade", advice.best),
    ):
        if choice is not None:
            lines.append(f"{label}: {choice.name} ({choice.text})")
    if advice.against is not None:
        lines.append(advice.against)
    return replace(advice, sentences=(*lines, *advice.sentences))
