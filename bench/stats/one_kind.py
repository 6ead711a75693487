"""Results whose response times are of one kind of answer, so that cold and warm never mix. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.model.outcome import Outcome, Verdict
from bench.model.result import Distribution, Measure, Window
from bench.stats.alike import Curves, Judgement
from bench.stats.quantiles import Curve

ClassCurves = Mapping[str, Mapping[str, Curve]]
"""By the variant's name and the class's."""
NO_CLASSES: ClassCurves = {}
WARM, COLD = "warm", "cold"
"""Kinds of answers, by the names of their classes."""
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


@dataclass(frozen=True, slots=True)
class OneKind:
    """Results whose response times are all of one kind of answer, and how these compare.

    kind: `warm` or `cold`; '' where they are of all answers.
    """

    windows: Sequence[Window]
    judgement: Judgement
    kind: str = ""

    @property
    def curves(self) -> Curves:
        """Those that are compared, by the names of their variants."""
        return self.judgement.curves


def of_one_kind(
    windows: Sequence[Window],
    curves: Curves,
    classes: ClassCurves = NO_CLASSES,
    *,
    anytime: bool = False,
) -> OneKind:
    """Windows and curves whose response times are all warm or all cold, and which.

    They stay as they are, and the kind is '', where nothing good was cold, or where there is one
    variant alone. Warm successes come first; cold ones do where nothing was warm. anytime: see
    Judgement.
    """
    good = [window for window in windows if is_good(window)]
    if len(windows) == 1 or not any(window.tally.cold_starts for window in good):
        return OneKind(windows, Judgement(curves, anytime))
    all_cold = all(window.cold.count and not window.warm.count for window in good)
    kind = COLD if all_cold else WARM
    own = {n: _with_curve(one, classes.get(n, {}).get(kind)) for n, one in curves.items()}
    told = [_with_response(window, kind) for window in windows]
    return OneKind(told, Judgement(own, anytime), kind)


def response_of(window: Window, kind: str) -> Distribution:
    """A window's response times of a kind, '' for all.

    Of one kind a timeout is none, and yet slower than all.
    """
    if not kind:
        return window.measure(Measure.RESPONSE)
    distribution = window.cold if kind == COLD else window.warm
    timed_out = window.tally.outcomes[Outcome.TIMEOUT]
    whole = distribution.count + timed_out
    quantiles = tuple(
        replace(one, censored=one.censored or (1 - one.q) * whole < timed_out)
        for one in distribution.quantiles
    )
    return replace(distribution, quantiles=quantiles)


def _with_response(window: Window, kind: str) -> Window:
    response = response_of(window, kind)
    return replace(window, measures={**window.measures, Measure.RESPONSE: response})


def _with_curve(own: Mapping[Measure, Curve], curve: Curve | None) -> Mapping[Measure, Curve]:
    """Without one the figure has no interval, and cannot be told from another."""
    kept = dict(own)
    if curve is None:
        kept.pop(Measure.RESPONSE, None)
    else:
        kept[Measure.RESPONSE] = curve
    return kept
