"""When a run ends before its phases do. Pure: figures in, a reason or None out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.model import NS_PER_S, StopSpec, Window

ENOUGH_FOR_A_RATE = 100
"""Finished invocations before an error rate can end a run."""

HalfWidth = Callable[[Window, float, float], float | None]
"""(window, quantile, confidence) -> half of the confidence interval relative to the quantile."""


class Stopping:
    """The stop rules of a profile."""

    def __init__(self, spec: StopSpec, max_spend_usd: float | None, half_width: HalfWidth) -> None:
        self._spec = spec
        limits = [usd for usd in (spec.spend_usd, max_spend_usd) if usd is not None]
        self._spend_usd = min(limits) if limits else None
        self._half_width = half_width

    def reason(
        self,
        now_ns: int,
        totals: Callable[[], Sequence[Window]],
        spend_usd: Callable[[], float],
    ) -> str | None:
        """Why the run is to end now, or None. What no rule asks for is not computed."""
        spec = self._spec
        if spec.after_ns is not None and now_ns >= spec.after_ns:
            return f"{spec.after_ns / NS_PER_S:g} s have passed"
        if self._spend_usd is not None:
            spent = spend_usd()
            if spent >= self._spend_usd:
                return f"${spent:.6f} are spent, of ${self._spend_usd:g} allowed"
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
        spec = self._spec
        widths = [self._half_width(window, spec.precision_q, spec.confidence) for window in windows]
        return max((float("inf") if width is None else width for width in widths), default=0.0)

    def remaining_ns(self, now_ns: int, windows: Sequence[Window]) -> int | None:
        """Estimated time until the precision is reached; None without that rule or a guess.

        The width of an interval falls with the square root of the sample.
        """
        spec = self._spec
        if spec.precision is None:
            return None
        ratio = self.widest(windows) / spec.precision
        if ratio == float("inf"):
            return None
        return max(0, round(now_ns * (ratio * ratio - 1)))
