"""The client rate limiter of the AWS SDKs' adaptive mode: when a client may send. Pure.

Nothing is held until the first throttle. From then on each attempt, an invocation's first one too,
takes a token out of a bucket that fills at a rate of CUBIC's (RFC 9438 has the same curve): every
answer moves the rate, a throttle cuts it. Formulas and figures: bench.model.retry.SendLimit.
"""

from __future__ import annotations

from math import ceil, floor

from bench.model.retry import SendLimit
from bench.model.times import NS_PER_S


class ClientRateLimiter:
    """Of one variant in one worker, as a client of its own. Instants are one clock's, rising."""

    def __init__(self, limit: SendLimit, t_ns: int) -> None:
        t_s = t_ns / NS_PER_S
        self._limit = limit
        self.is_on = False
        """Whether a throttle has come: only then is anything held."""
        self._w_max = self._k = 0.0
        self._throttled_s = t_s
        self._measured_rps = 0.0
        self._answers = 0
        self._span_s: float = floor(t_s)
        """Beginning of the span that is being counted."""
        self.rate_rps = 1.0
        """At which the bucket fills."""
        self._capacity = 1.0
        self._tokens = 0.0
        self._filled_s = t_s

    def wait_ns(self, t_ns: int) -> int:
        """0, and a token is taken: an attempt may be sent at t_ns. Else how long to wait first."""
        if not self.is_on:
            return 0
        self._fill(t_ns / NS_PER_S)
        missing = 1 - self._tokens
        if missing <= 0:
            self._tokens -= 1
            return 0
        return max(1, ceil(missing / self.rate_rps * NS_PER_S))

    def answered(self, throttled: bool, t_ns: int) -> None:
        """An attempt has ended, with an answer or without one: the rate follows from it."""
        t_s = t_ns / NS_PER_S
        measured_rps = self._measure(t_s)
        if throttled:
            cut_rps = min(measured_rps, self.rate_rps) if self.is_on else measured_rps
            rate_rps = self._cut(cut_rps, t_s)
            self.is_on = True
        else:
            limit = self._limit
            rate_rps = limit.scale * (t_s - self._throttled_s - self._k) ** 3 + self._w_max
        self._set_rate(min(rate_rps, self._limit.most * measured_rps), t_s)

    def _measure(self, t_s: float) -> float:
        """Answers per second, smoothed, with this one counted."""
        limit = self._limit
        span_s = floor(t_s / limit.span_s) * limit.span_s
        self._answers += 1
        if span_s > self._span_s:
            latest_rps = self._answers / (span_s - self._span_s)
            kept = 1 - limit.smoothing
            self._measured_rps = latest_rps * limit.smoothing + self._measured_rps * kept
            self._answers, self._span_s = 0, span_s
        return self._measured_rps

    def _cut(self, rate_rps: float, t_s: float) -> float:
        """A throttle at this rate: CUBIC's curve begins anew, to be back at it after k seconds."""
        limit = self._limit
        self._w_max, self._throttled_s = rate_rps, t_s
        self._k = (rate_rps * (1 - limit.beta) / limit.scale) ** (1 / 3)
        return rate_rps * limit.beta

    def _set_rate(self, rate_rps: float, t_s: float) -> None:
        """What came so far came at the old rate; the bucket holds a second's worth, at least 1."""
        self._fill(t_s)
        self.rate_rps = max(rate_rps, self._limit.floor_rps)
        self._capacity = max(rate_rps, 1.0)
        self._tokens = min(self._tokens, self._capacity)

    def _fill(self, t_s: float) -> None:
        came = (t_s - self._filled_s) * self.rate_rps
        self._tokens, self._filled_s = min(self._capacity, self._tokens + came), t_s
