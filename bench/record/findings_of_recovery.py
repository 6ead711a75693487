"""What a run says of how its variants came back after a disturbance."""

from __future__ import annotations

from collections.abc import Iterator

from bench.format import told_name
from bench.model.recovery import Recovery, RecoveryState
from bench.record.figure import Figure
from bench.record.finding import Finding
from bench.record.recovery import WITHIN, Recoveries

_BACK = f"back within {WITHIN:.0%}".replace("%", " %")


def recovered(came_back: Recoveries) -> Iterator[Finding]:
    """A sentence for each variant and disturbance."""
    for variant, found in came_back.items():
        for one in found:
            yield Finding(f"{told_name(variant)}: {recovery_sentence(one)}", tuple(_figures(one)))


def recovery_sentence(one: Recovery) -> str:
    """`goodput and p99 were back within 10 % 3 s after stall (2 … 4 s; 3 rounds)`."""
    if one.state is RecoveryState.NOT_KNOWN:
        return f"whether it recovered after {one.disturbance} is not known: {one.basis}"
    if one.state is RecoveryState.NOT_WITHIN:
        where = f"the {_s(one.watched_s)} s that followed {one.disturbance}"
        some = f", but for {one.recovered_rounds} of {one.rounds} rounds"
        return (
            f"it did not recover within the run: goodput and p99 were not {_BACK} in {where}"
            f"{some if one.recovered_rounds else ''}"
        )
    when = (
        f"{_s(one.after_s)} s after {one.disturbance}"
        if one.after_s
        else f"as soon as {one.disturbance} had ended"
    )
    return f"goodput and p99 were {_BACK} {when} ({interval_text(one)}; {one.basis})"


def recovery_text(one: Recovery) -> str:
    """`after 3.1 s`, `not within the run`: for a cell or a part of a sentence."""
    return f"after {_s(one.after_s)} s" if one.state is RecoveryState.RECOVERED else one.state.value


def interval_text(one: Recovery) -> str:
    """`2 … 4 s`, `2 s … open`."""
    if one.high_s is None:
        return f"{_s(one.low_s)} s … open"
    return f"{_s(one.low_s)} … {_s(one.high_s)} s"


def _figures(one: Recovery) -> Iterator[Figure]:
    if one.state is RecoveryState.RECOVERED:
        yield Figure("recovered in", _s(one.after_s), "s")


def _s(seconds: float | None) -> str:
    return f"{round(seconds or 0.0, 1):g}"
