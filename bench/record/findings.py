"""The answer to the question that a profile asks by what it varies: the same in every view.

A ramp asks where latency begins to climb, a load that rises and falls again what it did and when
all was well, bursts how cold starts are, a wanted precision what is known. Sizes side by side are
`bench.stats.recommend`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from bench.format import duration_text, percentage, quantile_text, span_text, told_name
from bench.model.result import MEDIAN, Measure
from bench.record.conclusions import advice_of
from bench.record.figure import Figure
from bench.record.finding import Finding, Results, ends_text, highest, time_figure, value_text
from bench.record.findings_of_load import callers, disturbed, ramp, swing
from bench.record.findings_of_policies import policies
from bench.record.findings_of_recovery import recovered
from bench.record.question import Question, question_of
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import Recoveries, recoveries
from bench.stats.door_overhead import door_sentences
from bench.stats.quantiles import quantile_bounds
from bench.stats.woodruff import interval


def found_in(results: Results, came_back: Recoveries | None = None) -> tuple[Finding, ...]:
    """Those of a variant one after another; none where only sizes are compared.

    came_back: what `recoveries` says, for who knows it; None: it is asked.
    """
    question = question_of(results.profile)
    told = _TOLD.get(question)
    by_question = () if told is None else tuple(_named(told(results), results))
    if came_back is None:
        came_back = recoveries(results)
    # The steps of a search are of each variant's own rates: shares of all of them compare nothing.
    is_search = question is Question.CAPACITY
    beside = () if is_search else tuple(policies(results, came_back))
    if question is Question.POLICIES:
        return (*beside, *by_question, *recovered(came_back))
    return (*by_question, *beside, *recovered(came_back))


def _named(found: Iterable[Finding], results: Results) -> Iterator[Finding]:
    """Each as it is, its first figure with the name of its variant where there are several."""
    names = [told_name(window.variant) for window in results.windows]
    for one in found:
        name = one.text.partition(": ")[0]
        if len(names) > 1 and name in names and one.figures and name not in one.figures[0].caption:
            first, *others = one.figures
            first = replace(first, caption=f"{first.caption}, {name}")
            one = replace(one, figures=(first, *others))
        yield one


def findings(results: Results) -> tuple[str, ...]:
    """The sentences alone, in their order."""
    return tuple(found.text for found in found_in(results))


def advice_sentences(run: RecordedRun) -> tuple[str, ...]:
    """What is said of sizes and doors; of sizes nothing where cold and warm calls are mixed."""
    advice = advice_of(run)
    if question_of(run.profile) is not Question.COLD:
        return advice.sentences
    return tuple(text for text in advice.sentences if text in door_sentences(advice.overheads))


# -- a mix of events


def _mixed(results: Results) -> Iterator[Finding]:
    """Each event's calls beside the others' in the same load."""
    for window in results.windows:
        own = [part for part in results.parts if part.window.variant == window.variant]
        parts = [part for part in own if part.payload]
        name, q = told_name(window.variant), highest(parts)
        if len(parts) < 2:
            continue
        if q is None:
            yield Finding(f"{name}: too few calls of each event to compare them")
        else:
            each = ", ".join(f"{part.payload} {value_text(part, q)}" for part in parts)
            figures = tuple(time_figure(part, q, f"of {part.payload}") for part in parts)
            yield Finding(f"{name}: {quantile_text(q)} by event: {each}", figures)
        if any(part.window.tally.failed for part in parts):
            shares = (
                f"{percentage(p.window.tally.failed, p.window.tally.finished)} % of {p.payload}"
                for p in parts
            )
            yield Finding(f"{name}: calls that failed: {', '.join(shares)}")


# -- cold starts, and a wanted precision


def _cold(results: Results) -> Iterator[Finding]:
    phases = results.profile.phases
    sizes = {int(phase.shape.key_values().get("burst", 0)) for phase in phases} - {0}
    for window in results.windows:
        curve = results.curves.get(window.variant.name, {}).get(Measure.INIT)
        count, offered = window.tally.cold_starts, window.tally.offered
        if not window.tally.finished:
            continue  # nobody knows yet
        if curve is None or not curve.count:
            yield Finding(f"{told_name(window.variant)}: no cold start was seen")
            continue
        ends = quantile_bounds(curve, MEDIAN)
        init = duration_text(curve.quantile_ns(MEDIAN) or 0)
        text = f"{told_name(window.variant)}: init {init} at the median"
        if curve.is_known(MEDIAN):
            text += f" ({ends_text((ends.low_ns, ends.high_ns))})"
        text += f" of {curve.count} cold starts"
        if len(sizes) == 1:
            burst = next(iter(sizes))
            text += f", {count * burst / offered:.1f} of {burst} in a burst" if offered else ""
        value, _, unit = init.partition(" ")
        yield Finding(text, (Figure(f"init, {told_name(window.variant)}", value, unit),))


def _precise(results: Results) -> Iterator[Finding]:
    stop = results.profile.stop
    for window in results.windows:
        curve = results.curves.get(window.variant.name, {}).get(Measure.RESPONSE)
        if curve is None or stop.precision is None:
            continue
        bounds = interval(curve, stop.precision_q, stop.confidence, anytime=True)
        value_ns = curve.quantile_ns(stop.precision_q) or 0
        name, what = told_name(window.variant), quantile_text(stop.precision_q)
        if not curve.is_known(stop.precision_q) or not value_ns:
            yield Finding(f"{name}: {what} is not known after {curve.count:,} calls")
            continue
        if bounds.low_ns is None or bounds.high_ns is None:
            yield Finding(
                f"{name}: {what} is {duration_text(value_ns)}, but how well that is known is open "
                f"after {curve.count:,} calls: {bounds.basis.text}"
            )
            continue
        half = (bounds.high_ns - bounds.low_ns) / 2 / value_ns
        value, _, unit = duration_text(value_ns).partition(" ")
        yield Finding(
            f"{name}: {what} is {duration_text(value_ns)}, known to ±{half * 100:.1f} % "
            f"({ends_text((bounds.low_ns, bounds.high_ns))}; {bounds.basis.text}) after "
            f"{curve.count:,} calls in {span_text(round(window.duration_s) * 10**9)}; "
            f"±{stop.precision * 100:g} % was asked for",
            (Figure(what, value, unit), Figure("known to ±", f"{half * 100:.1f}", "%")),
        )


_TOLD: dict[Question, Callable[[Results], Iterator[Finding]]] = {
    Question.RAMP: ramp,
    Question.CALLERS: callers,
    Question.PAYLOADS: _mixed,
    Question.POLICIES: disturbed,
    Question.SWING: swing,
    Question.DISTURBANCE: disturbed,
    Question.COLD: _cold,
    Question.PRECISION: _precise,
}
