"""The answer to the question that a profile asks by what it varies: the same in every view.

A ramp asks where latency begins to climb, a load that rises and falls again what it did and when
all was well, bursts how cold starts are, a wanted precision what is known. Which of them it is
follows from the profile; sizes side by side are `bench.stats.recommend`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto

from bench.format import bare_size, duration_text, number, percentage, quantile_text, span_text
from bench.model.part import Ends, Part
from bench.model.profile import Phase, Profile, Variant
from bench.model.result import LADDER, Measure, Window
from bench.record.conclusions import advice_of
from bench.record.parts import is_sliced
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import recovered_after_s
from bench.stats.quantiles import quantile_bounds
from bench.stats.recommend import door_sentences
from bench.stats.woodruff import interval

FEW_FAILED = 0.01
"""Share of failures from which on a step is said to fail."""
_RISE = 1.5
"""How much more a phase must ask for than those around it to be told as a disturbance."""


class Question(Enum):
    """What a profile asks by what it varies."""

    SIZES = auto()
    """Which variant; nothing else varies."""
    CAPACITY = auto()
    PRECISION = auto()
    COLD = auto()
    RAMP = auto()
    DISTURBANCE = auto()
    """A load that rises and falls again: a spike, a retry storm."""
    PAYLOADS = auto()
    SWING = auto()
    """A rate that goes up and down within one phase."""


def question_of(profile: Profile) -> Question:
    """What a profile asks, by what varies in it."""
    measured = [phase for phase in profile.phases if phase.measured]
    if profile.capacity is not None:
        return Question.CAPACITY
    if profile.stop.precision is not None:
        return Question.PRECISION
    if any("burst" in phase.shape.key_values() for phase in measured):
        return Question.COLD
    if len(profile.target.events) > 1:
        return Question.PAYLOADS
    if len(measured) == 1 and _rises(measured[0]):
        return Question.RAMP
    if len(measured) == 1 and measured[0].shape.has_rate and is_sliced(measured[0]):
        return Question.SWING
    if _disturbance(measured) is not None:
        return Question.DISTURBANCE
    return Question.SIZES


def findings(run: RecordedRun) -> tuple[str, ...]:
    """Sentences, those of a variant one after another; none where only sizes are compared."""
    told = _TOLD.get(question_of(run.profile))
    return () if told is None else tuple(told(run))


def advice_sentences(run: RecordedRun) -> tuple[str, ...]:
    """What is said of sizes and doors; of sizes nothing where cold and warm calls are mixed."""
    advice = advice_of(run)
    if question_of(run.profile) is not Question.COLD:
        return advice.sentences
    return tuple(text for text in advice.sentences if text in door_sentences(advice.overheads))


def _rises(phase: Phase) -> bool:
    pieces = phase.shape.pieces()
    ends = pieces[0].rate_rps(0), pieces[-1].rate_rps(pieces[-1].duration_ns)
    is_ramp = "rate" in phase.shape.key_values()
    return is_ramp and phase.shape.has_rate and ends[0] != ends[1]


def _disturbance(measured: Sequence[Phase]) -> int | None:
    """The place of the phase that asks for more than the first and the last one."""
    if len(measured) < 3 or any(phase.shape.is_closed for phase in measured):
        return None
    peaks = [phase.shape.peak_rps for phase in measured]
    at = peaks.index(max(peaks))
    around = max(peaks[0], peaks[-1])
    return at if 0 < at < len(peaks) - 1 and around and peaks[at] >= _RISE * around else None


def _parts_of(run: RecordedRun, variant: Variant) -> list[Part]:
    """Those that are stretches of time."""
    own = (part for part in run.parts if part.window.variant == variant)
    return [part for part in own if not part.payload]


def _highest(parts: Sequence[Part]) -> float | None:
    """The highest quantile of the response time that is known of each."""
    return next((q for q in LADDER if parts and all(q in part.bounds for part in parts)), None)


def _value(part: Part, q: float) -> str:
    """`41.2 ms (38 ms … 46.1 ms)`."""
    found = part.window.measure(Measure.RESPONSE).at(q)
    value = (
        "?" if found is None else ("≥" if found.censored else "") + duration_text(found.value_ns)
    )
    return f"{value} ({ends_text(part.bounds[q])})"


def ends_text(ends: Ends) -> str:
    """`38 ms … 46.1 ms`, `38 ms … open`."""
    return " … ".join("open" if end is None else duration_text(end) for end in ends)


def _failed(window: Window) -> float:
    return window.tally.failed / window.tally.finished if window.tally.finished else 0.0


# -- a ramp


def _ramp(run: RecordedRun) -> Iterator[str]:
    for window in run.windows:
        steps = [part for part in _parts_of(run, window.variant) if part.step is not None]
        if len(steps) < 2:
            continue
        q = _highest(steps)
        name = bare_size(window.variant)
        if q is None:
            yield f"{name}: too few calls in each step to know how long they take"
        else:
            yield f"{name}: {_climb(steps, q)}"
        failing = next((p for p in steps if _failed(p.window) >= FEW_FAILED), None)
        if failing is not None:
            tally = failing.window.tally
            share = percentage(tally.failed, tally.finished)
            yield f"{name}: from {failing.window.planned_rps:.3g}/s on calls fail ({share} %)"


def _climb(steps: Sequence[Part], q: float) -> str:
    """Intervals that do not overlap are further apart than chance explains at 95 %."""
    first, last = steps[0], steps[-1]
    top = first.bounds[q][1]
    at = len(steps)
    while top is not None and at > 1 and (steps[at - 1].bounds[q][0] or 0) > top:
        at -= 1
    base = f"{_value(first, q)} at {first.window.planned_rps:.3g}/s"
    if at == len(steps):
        return (
            f"{quantile_text(q)} does not climb up to {last.window.planned_rps:.3g}/s: "
            f"{_value(last, q)} there, {base}"
        )
    step = steps[at]
    return (
        f"{quantile_text(q)} climbs from {step.window.planned_rps:.3g}/s on: {_value(step, q)} "
        f"there, {base}"
    )


# -- a mix of events


def _mixed(run: RecordedRun) -> Iterator[str]:
    """Each event's calls beside the others' in the same load."""
    for window in run.windows:
        own = [part for part in run.parts if part.window.variant == window.variant]
        parts = [part for part in own if part.payload]
        name, q = bare_size(window.variant), _highest(parts)
        if len(parts) < 2:
            continue
        if q is None:
            yield f"{name}: too few calls of each event to compare them"
        else:
            each = ", ".join(f"{part.payload} {_value(part, q)}" for part in parts)
            yield f"{name}: {quantile_text(q)} by event: {each}"
        if any(part.window.tally.failed for part in parts):
            shares = (
                f"{percentage(p.window.tally.failed, p.window.tally.finished)} % of {p.payload}"
                for p in parts
            )
            yield f"{name}: calls that failed: {', '.join(shares)}"


# -- a rate that swings


def _swing(run: RecordedRun) -> Iterator[str]:
    """The busiest slice of it beside the calmest."""
    for window in run.windows:
        parts = sorted(_parts_of(run, window.variant), key=lambda part: part.window.planned_rps)
        if len(parts) < 2:
            continue
        calm, busy = parts[0], parts[-1]
        name, q = bare_size(window.variant), _highest((calm, busy))
        at = [f"at {part.window.planned_rps:.3g}/s" for part in (calm, busy)]
        if q is None:
            yield f"{name}: too few calls to compare {at[1]} with {at[0]}"
        else:
            yield (
                f"{name}: {quantile_text(q)} was {_value(calm, q)} {at[0]}, the calmest part, and "
                f"{_value(busy, q)} {at[1]}, the busiest"
            )
        if any(part.window.tally.failed for part in parts):
            shares = [percentage(p.window.tally.failed, p.window.tally.finished) for p in parts]
            yield f"{name}: calls that failed: {shares[0]} % {at[0]}, {shares[-1]} % {at[1]}"


# -- a load that rises and falls again


def _disturbed(run: RecordedRun) -> Iterator[str]:
    measured = [phase for phase in run.profile.phases if phase.measured]
    at = _disturbance(measured)
    assert at is not None
    names = [measured[i].name for i in (0, at, len(measured) - 1)]
    for window in run.windows:
        by_name = {part.phase: part for part in _parts_of(run, window.variant)}
        if not all(name in by_name for name in names):
            continue
        before, peak, after = (by_name[name] for name in names)
        name = bare_size(window.variant)
        yield f"{name}: {_rise(before, peak)}"
        yield from (f"{name}: {text}" for text in _attempts(before, peak, after))
        yield f"{name}: {_recovery(run, before, peak, window.variant)}"


def _rise(before: Part, peak: Part) -> str:
    q = _highest((before, peak))
    if q is None:
        return f"too few calls to compare {peak.phase} with {before.phase}"
    values = [part.window.measure(Measure.RESPONSE).at(q) for part in (before, peak)]
    times = ""
    if values[0] and values[1] and values[0].value_ns:
        at_least = "at least " if values[1].censored else ""
        times = f", {at_least}×{number(values[1].value_ns / values[0].value_ns)}"
    return (
        f"{quantile_text(q)} was {_value(before, q)} in {before.phase} and {_value(peak, q)} "
        f"in {peak.phase}{times}"
    )


def _attempts(*parts: Part) -> Iterator[str]:
    """What retries did, and what failed all the same."""
    told = [(part.phase, part.window.tally) for part in parts]
    if any(tally.retries for _, tally in told):
        each = ", ".join(f"{tally.retry_amplification or 0:.2f} in {name}" for name, tally in told)
        yield f"attempts for each arrival: {each}"
    if any(tally.failed for _, tally in told):
        each = ", ".join(
            f"{percentage(tally.failed, tally.finished)} % in {name}" for name, tally in told
        )
        yield f"calls that failed: {each}"


def _recovery(run: RecordedRun, before: Part, peak: Part, variant: Variant) -> str:
    seconds = recovered_after_s(run.intervals, variant, before.phase, peak.phase)
    if seconds is None:
        return f"it did not recover after {peak.phase} within this run"
    when = f"{seconds} s after {peak.phase}" if seconds else f"as soon as {peak.phase} had ended"
    return f"all was as before {when}"


# -- cold starts, and a wanted precision


def _cold(run: RecordedRun) -> Iterator[str]:
    sizes = {int(phase.shape.key_values().get("burst", 0)) for phase in run.profile.phases} - {0}
    for window in run.windows:
        curve = run.curves.get(window.variant.name, {}).get(Measure.INIT)
        count, offered = window.tally.cold_starts, window.tally.offered
        if curve is None or not curve.count:
            yield f"{bare_size(window.variant)}: no cold start was seen"
            continue
        ends = quantile_bounds(curve, 0.5)
        value_ns = curve.quantile_ns(0.5) or 0
        text = f"{bare_size(window.variant)}: init {duration_text(value_ns)} at the median"
        if curve.is_known(0.5):
            text += f" ({ends_text((ends.low_ns, ends.high_ns))})"
        text += f" of {curve.count} cold starts"
        if len(sizes) == 1:
            burst = next(iter(sizes))
            text += f", {count * burst / offered:.1f} of {burst} in a burst" if offered else ""
        yield text


def _precise(run: RecordedRun) -> Iterator[str]:
    stop = run.profile.stop
    for window in run.windows:
        curve = run.curves.get(window.variant.name, {}).get(Measure.RESPONSE)
        if curve is None or stop.precision is None:
            continue
        bounds = interval(curve, stop.precision_q, stop.confidence, anytime=True)
        value_ns = curve.quantile_ns(stop.precision_q) or 0
        name, what = bare_size(window.variant), quantile_text(stop.precision_q)
        if bounds.low_ns is None or bounds.high_ns is None or not value_ns:
            yield f"{name}: {what} is not known yet after {curve.count:,} calls"
            continue
        half = (bounds.high_ns - bounds.low_ns) / 2 / value_ns
        yield (
            f"{name}: {what} is {duration_text(value_ns)}, known to ±{half * 100:.1f} % "
            f"({ends_text((bounds.low_ns, bounds.high_ns))}; {bounds.basis.text}) after "
            f"{curve.count:,} calls in {span_text(round(window.duration_s) * 10**9)}; "
            f"±{stop.precision * 100:g} % was asked for"
        )


_TOLD: dict[Question, Callable[[RecordedRun], Iterator[str]]] = {
    Question.RAMP: _ramp,
    Question.PAYLOADS: _mixed,
    Question.SWING: _swing,
    Question.DISTURBANCE: _disturbed,
    Question.COLD: _cold,
    Question.PRECISION: _precise,
}
