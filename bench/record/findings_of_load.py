"""What a load that varies did: over rates, over callers, before and after a disturbance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.format import duration_text, number, percent, percentage, quantile_text, told_name
from bench.model.part import Part
from bench.model.result import MEDIAN, Measure, Window
from bench.record.figure import Figure
from bench.record.finding import (
    Finding,
    Results,
    failed_share,
    highest,
    parts_of,
    time_figure,
    value_text,
)
from bench.record.question import disturbance_in

FEW_FAILED = 0.01
"""Share of failures from which on a step is said to fail."""
MORE = 1.05
"""Throughput that no further callers raise by more than this has stopped to rise."""
RISEN = 1.1
"""A latency so many times as high is said to be that; what is less is told in per cent."""


# -- a ramp


def ramp(results: Results) -> Iterator[Finding]:
    """From which rate on latency climbs, and from which on calls fail."""
    for window in results.windows:
        steps = [part for part in parts_of(results, window.variant) if part.step is not None]
        if len(steps) < 2:
            continue
        q = highest(steps)
        name = told_name(window.variant)
        if q is None:
            yield Finding(f"{name}: too few calls in each step to know how long they take")
        else:
            yield _climb(name, steps, q)
        failing = next((p for p in steps if failed_share(p.window) >= FEW_FAILED), None)
        if failing is not None:
            tally = failing.window.tally
            share = percentage(tally.failed, tally.finished)
            rate = f"{failing.window.planned_rps:.3g}"
            yield Finding(
                f"{name}: from {rate}/s on calls fail ({share} %)",
                (Figure("fails from", rate, "/s"),),
            )


def _climbs_at(steps: Sequence[Part], q: float) -> int | None:
    """The first step from which on all intervals lie above that of the first one; None if none.

    Intervals that do not overlap are further apart than chance explains at 95 %.
    """
    top = steps[0].bounds[q][1]
    at = len(steps)
    while top is not None and at > 1 and (steps[at - 1].bounds[q][0] or 0) > top:
        at -= 1
    return None if at == len(steps) else at


def _climb(name: str, steps: Sequence[Part], q: float) -> Finding:
    first, last, at = steps[0], steps[-1], _climbs_at(steps, q)
    base = f"{value_text(first, q)} at {first.window.planned_rps:.3g}/s"
    if at is None:
        return Finding(
            f"{name}: {quantile_text(q)} does not climb up to {last.window.planned_rps:.3g}/s: "
            f"{value_text(last, q)} there, {base}",
            (Figure("no climb to", f"{last.window.planned_rps:.3g}", "/s"), time_figure(last, q)),
        )
    rate = f"{steps[at].window.planned_rps:.3g}"
    return Finding(
        f"{name}: {quantile_text(q)} climbs from {rate}/s on: {value_text(steps[at], q)} "
        f"there, {base}",
        (Figure("climbs from", rate, "/s"), time_figure(steps[at], q)),
    )


# -- callers of a closed loop


def callers(results: Results) -> Iterator[Finding]:
    """How much they get done, and from how many on more of them only wait longer."""
    for window in results.windows:
        steps = [part for part in parts_of(results, window.variant) if part.callers]
        name = told_name(window.variant)
        if len({part.callers for part in steps}) > 1:
            yield from _knee(name, sorted(steps, key=lambda part: part.callers or 0))
        elif window.tally.finished and not _varies(results):
            yield _steady(results, name, window)


def _varies(results: Results) -> bool:
    """Whether more callers, or fewer, are still to come while there is but one step of them."""
    shapes = [phase.shape for phase in results.profile.phases if phase.measured]
    ends = ((shape.callers_at(0), shape.callers_at(shape.duration_ns - 1)) for shape in shapes)
    return len({callers for pair in ends for callers in pair}) > 1


def _knee_of(steps: Sequence[Part]) -> Part:
    """The fewest callers whose throughput none of more callers exceeds by more than a twentieth."""
    return next(
        part
        for at, part in enumerate(steps)
        if all(more.window.goodput_rps <= MORE * part.window.goodput_rps for more in steps[at:])
    )


def _knee(name: str, steps: Sequence[Part]) -> Iterator[Finding]:
    knee, last = _knee_of(steps), steps[-1]
    rates = {part.callers: f"{part.window.goodput_rps:.3g}" for part in (knee, last)}
    q = highest((knee, last))
    figures = [
        Figure("callers suffice", str(knee.callers)),
        Figure("throughput", rates[knee.callers], "/s"),
        *(() if q is None else (time_figure(knee, q),)),
    ]
    if knee is last:
        figures[0] = Figure("callers", str(last.callers))
        text = f"throughput rises up to {_many(last)}: {rates[last.callers]}/s"
    else:
        text = (
            f"throughput rises up to {_many(knee)}, {rates[knee.callers]}/s; "
            f"{_many(last)} get {rates[last.callers]}/s"
        )
    if q is not None and knee is not last:
        text += (
            f" and wait longer: {quantile_text(q)} {value_text(last, q)} against "
            f"{value_text(knee, q)}"
        )
    yield Finding(f"{name}: {text}", tuple(figures))


def _many(part: Part) -> str:
    return f"{part.callers} caller{'' if part.callers == 1 else 's'}"


def _steady(results: Results, name: str, window: Window) -> Finding:
    most = max(phase.shape.most_callers for phase in results.profile.phases if phase.measured)
    rate, median = f"{window.goodput_rps:.3g}", window.measure(Measure.RESPONSE).at(MEDIAN)
    text = f"{name}: {most} caller{'' if most == 1 else 's'} got {rate}/s done"
    if median is not None and median.known:
        text += f", half of the calls within {duration_text(median.value_ns)}"
    return Finding(text, (Figure("callers", str(most)), Figure("throughput", rate, "/s")))


# -- a rate that swings


def swing(results: Results) -> Iterator[Finding]:
    """The busiest slice of it beside the calmest."""
    for window in results.windows:
        parts = sorted(parts_of(results, window.variant), key=lambda part: part.window.planned_rps)
        if len(parts) < 2:
            continue
        calm, busy = parts[0], parts[-1]
        name, q = told_name(window.variant), highest((calm, busy))
        at = [f"at {part.window.planned_rps:.3g}/s" for part in (calm, busy)]
        if q is None:
            yield Finding(f"{name}: too few calls to compare {at[1]} with {at[0]}")
        else:
            yield Finding(
                f"{name}: {quantile_text(q)} was {value_text(calm, q)} {at[0]}, the calmest part, "
                f"and {value_text(busy, q)} {at[1]}, the busiest",
                (time_figure(calm, q, at[0]), time_figure(busy, q, at[1])),
            )
        if any(part.window.tally.failed for part in parts):
            shares = [percentage(p.window.tally.failed, p.window.tally.finished) for p in parts]
            yield Finding(
                f"{name}: calls that failed: {shares[0]} % {at[0]}, {shares[-1]} % {at[1]}",
                (Figure(f"failed {at[1]}", shares[-1], "%"),),
            )


# -- a load that rises and falls again


def disturbed(results: Results) -> Iterator[Finding]:
    """How far latency rose, and what retries and failures it brought."""
    measured = [phase for phase in results.profile.phases if phase.measured]
    at = disturbance_in(measured)
    if at is None:
        return
    names = [measured[i].name for i in (0, at, len(measured) - 1)]
    for window in results.windows:
        by_name = {part.phase: part for part in parts_of(results, window.variant)}
        if not all(name in by_name for name in names):
            continue
        before, peak, after = (by_name[name] for name in names)
        rise = _rise(before, peak)
        attempts = [*_attempts(before, peak, after)]
        large = tuple(figure for one in (*attempts, rise) for figure in one.figures)
        told = [Finding(rise.text, large), *(Finding(one.text) for one in attempts)]
        name = told_name(window.variant)
        yield from (Finding(f"{name}: {one.text}", one.figures) for one in told)


def _rise(before: Part, peak: Part) -> Finding:
    q = highest((before, peak))
    if q is None:
        return Finding(f"too few calls to compare {peak.phase} with {before.phase}")
    values = [part.window.measure(Measure.RESPONSE).at(q) for part in (before, peak)]
    times = ""
    factors: tuple[Figure, ...] = ()
    if values[0] and values[1] and values[0].value_ns:
        at_least, least = ("at least ", "≥") if values[1].censored else ("", "")
        value, unit = _times(values[1].value_ns / values[0].value_ns)
        times = f", {at_least}{value} {unit}".rstrip()
        factors = (Figure(quantile_text(q), least + value, unit),)
    text = (
        f"{quantile_text(q)} was {value_text(before, q)} in {before.phase} and "
        f"{value_text(peak, q)} in {peak.phase}{times}"
    )
    return Finding(text, (*factors, time_figure(peak, q, f"in {peak.phase}")))


def _times(factor: float) -> tuple[str, str]:
    """`×3.2`; as a share, with its unit, where the factor would say next to nothing."""
    if factor >= RISEN:
        return f"×{number(factor)}", ""
    value, _, unit = percent(factor - 1).partition(" ")
    return value, unit


def _attempts(*parts: Part) -> Iterator[Finding]:
    """What retries did, and what failed all the same."""
    told = [(part.phase, part.window.tally) for part in parts]
    if any(tally.retries for _, tally in told):
        each = ", ".join(f"{tally.retry_amplification or 0:.2f} in {name}" for name, tally in told)
        most = max(tally.retry_amplification or 0 for _, tally in told)
        figure = Figure("attempts", f"×{most:.2f}", "an arrival")
        yield Finding(f"attempts for each arrival: {each}", (figure,))
    if any(tally.failed for _, tally in told):
        each = ", ".join(
            f"{percentage(tally.failed, tally.finished)} % in {name}" for name, tally in told
        )
        yield Finding(f"calls that failed: {each}")
