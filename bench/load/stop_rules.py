"""When a run ends before its phases do. Pure: figures in, a reason or None out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from bench.model.profile import StopSpec
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_S
from bench.stats.ranks import samples_needed

ENOUGH_FOR_A_RATE = 100
"""Finished invocations before an error rate can end a run."""

HalfWidth = Callable[[Window, float, float], float | None]
"""(window, quantile, confidence) -> half of the confidence interval relative to the quantile."""


class StopRules:
    """The stop rules of a profile."""

    def __init__(self, spec: StopSpec, max_spend_usd: float | None, half_width: HalfWidth) -> None:
        self._spec = spec
        limits = [usd for usd in (spec.spend_usd, max_spend_usd) if usd is not None]
        self._spend_usd = min(limits) if limits else None
        self._half_width = half_width

    @property
    def after_ns(self) -> int | None:
        """The instant at which the run ends by itself, known beforehand; None without that rule."""
        return self._spec.after_ns

    def passed_words(self) -> str:
        """Why the run ends at that instant."""
        return f"{(self._spec.after_ns or 0) / NS_PER_S:g} s have passed"

    def begun_words(self) -> str:
        """Why the run ends once every worker has used up its quota."""
        return f"{self._spec.invocations} invocations have begun"

    def reason(
        self,
        totals: Callable[[], Sequence[Window]],
        spend_usd: Callable[[], float],
    ) -> str | None:
        """Why the run is to end now, or None. What no rule asks for is not computed."""
        spec = self._spec
        if self._spend_usd is not None:
            spent = spend_usd()
            if spent >= self._spend_usd:
                return f"{_usd(spent)} are spent, of {_usd(self._spend_usd)} allowed"
        if spec.invocations is None and spec.error_rate is None and spec.precision is None:
            return None
        return self._by_results(totals())

    def _by_results(self, windows: Sequence[Window]) -> str | None:
        spec = self._spec
        finished = sum(window.tally.finished for window in windows)
        failed = sum(window.tally.failed for window in windows)
        if spec.invocations is not None and finished >= spec.invocations:
            return f"{finished} invocations have finished"
        if spec.error_rate is not None and finished >= ENOUGH_FOR_A_RATE:
            rate = failed / finished
            if rate > spec.error_rate:
                return f"{rate:.1%} of invocations failed, more than {spec.error_rate:.1%}"
        if spec.precision is not None and self.widest(windows) <= spec.precision:
            name = f"p{spec.precision_q * 100:g}"
            return f"{name} of every variant is known to ±{spec.precision:.1%}"
        return None

    def widest(self, windows: Sequence[Window]) -> float:
        """The widest relative half-width over all variants; infinite while one is not known."""
        return max(map(self._width, windows), default=0.0)

    def _width(self, window: Window) -> float:
        spec = self._spec
        if _samples(window) < samples_needed(spec.precision_q):
            return inf  # a percentile that is not printed is not known either
        width = self._half_width(window, spec.precision_q, spec.confidence)
        return inf if width is None else width

    def remaining_ns(self, now_ns: int, windows: Sequence[Window]) -> int | None:
        """Estimated time until there are results enough; None without such a rule or a guess.

        Samples come as they have come so far while the load was measured.
        """
        growth = min(self._growth_by_count(windows), self._growth_by_precision(windows))
        measured_ns = min(now_ns, round(sum(w.duration_s for w in windows) * NS_PER_S))
        return None if growth == inf else max(0, round(measured_ns * (growth - 1)))

    def _growth_by_count(self, windows: Sequence[Window]) -> float:
        """How many times the invocations so far are wanted."""
        wanted, finished = self._spec.invocations, sum(window.tally.finished for window in windows)
        return inf if wanted is None or not finished else wanted / finished

    def _growth_by_precision(self, windows: Sequence[Window]) -> float:
        """How many times the samples so far the variant needs that lacks most."""
        wanted = self._spec.precision
        if wanted is None:
            return inf
        return max((self._growth(window, wanted) for window in windows), default=inf)

    def _growth(self, window: Window, wanted: float) -> float:
        """How many times its samples a variant needs.

        The width of an interval falls with the square root of the sample.
        """
        samples, fewest = _samples(window), samples_needed(self._spec.precision_q)
        if not samples:
            return inf
        if samples < fewest:
            return fewest / samples
        return (self._width(window) / wanted) ** 2


def _usd(amount: float) -> str:
    """To the millionth, since an invocation costs a few of them."""
    return f"${amount:.6f}".rstrip("0").rstrip(".")


def _samples(window: Window) -> int:
    return window.measure(Measure.RESPONSE).count
