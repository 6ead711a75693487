"""Results whose response times are of one kind of answer, so that cold and warm never mix. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.model.outcome import Outcome, Verdict
from bench.model.result import Distribution, Measure, Window
from bench.stats.alike import Curves
from bench.stats.quantiles import Curve

ClassCurves = Mapping[str, Mapping[str, Curve]]
"""By the variant's name and the class's."""
NO_CLASSES: ClassCurves = {}
MAX_FAILED_SHARE = 0.05
"""A variant that fails more often than this is not recommended."""


def is_good(window: Window) -> bool:
    """Whether something can be advised from a variant: answers, few failures, not INVALID."""
    tally = window.tally
    few_failures = tally.failed <= MAX_FAILED_SHARE * tally.finished
    return tally.ok > 0 and few_failures and window.verdict is not Verdict.INVALID


def wants_classes(windows: Sequence[Window]) -> bool:
    """Whether there are answers that may not be mixed; without them all are of one kind."""
    return any(window.tally.cold_starts or window.tally.failed for window in windows)


def of_one_kind(
    windows: Sequence[Window], curves: Curves, classes: ClassCurves
) -> tuple[Sequence[Window], Curves, str]:
    """Windows and curves whose response times are all warm or all cold, and which.

    They stay as they are, and the kind is '', where nothing good was cold. Warm successes come
    first; cold ones do where nothing was warm.
    """
    good = [window for window in windows if is_good(window)]
    if not any(window.tally.cold_starts for window in good):
        return windows, curves, ""
    all_cold = all(window.cold.count and not window.warm.count for window in good)
    kind = "cold" if all_cold else "warm"
    return (
        [_with_response(w, w.cold if all_cold else w.warm) for w in windows],
        {name: _with_curve(own, classes.get(name, {}).get(kind)) for name, own in curves.items()},
        kind,
    )


def _with_response(window: Window, distribution: Distribution) -> Window:
    """The window with these response times; a timeout is none of them, and yet slower than all."""
    timed_out = window.tally.outcomes[Outcome.TIMEOUT]
    whole = distribution.count + timed_out
    quantiles = tuple(
        replace(one, censored=one.censored or (1 - one.q) * whole < timed_out)
        for one in distribution.quantiles
    )
    response = replace(distribution, quantiles=quantiles)
    return replace(window, measures={**window.measures, Measure.RESPONSE: response})


def _with_curve(own: Mapping[Measure, Curve], curve: Curve | None) -> Mapping[Measure, Curve]:
    """Without one the figure has no interval, and cannot be told from another."""
    kept = dict(own)
    if curve is None:
        kept.pop(Measure.RESPONSE, None)
    else:
        kept[Measure.RESPONSE] = curve
    return kept
