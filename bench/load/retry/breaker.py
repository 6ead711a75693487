"""A circuit breaker (Nygard, "Release It!"): closed, open, then half-open. Pure: time comes in.

Attempts count, retries included. An attempt that was sent before the last change of state tells
nothing of the state since, and is passed over.
"""

from __future__ import annotations

from collections import deque

from bench.model.outcome import Outcome
from bench.model.retry import BreakerSpec

SLICES = 10
"""Parts of the window, each of which leaves it as a whole."""
_CLOSED, _OPEN, _HALF_OPEN = range(3)


class Breaker:
    """Of one variant in one worker. Instants are nanoseconds of one clock."""

    def __init__(self, spec: BreakerSpec) -> None:
        self._spec = spec
        self._slice_ns = max(1, spec.window_ns // SLICES)
        self._state = _CLOSED
        self._since_ns = 0
        self._slices: deque[list[int]] = deque()
        """[number, attempts, failures], the latest last."""
        self._attempts = self._failures = 0
        self._probes = self._good = 0

    @property
    def is_closed(self) -> bool:
        """True while it lets everything through."""
        return self._state == _CLOSED

    def blocks(self, t_ns: int) -> bool:
        """True if nothing may be sent at t_ns, as things stand."""
        return self._state == _OPEN and t_ns < self._since_ns + self._spec.open_ns

    def admits(self, t_ns: int) -> bool:
        """Whether an invocation may begin now; while half-open it takes a probe's place."""
        if self._state == _CLOSED:
            return True
        if self.blocks(t_ns):
            return False
        if self._state == _OPEN:
            self._change(_HALF_OPEN, t_ns)
        if self._probes >= self._spec.probes:
            return False
        self._probes += 1
        return True

    def ended(self, outcome: Outcome, sent_ns: int, t_ns: int) -> None:
        """An attempt has ended; sent_ns is below 0 for one that was never sent."""
        failed = outcome in self._spec.on
        if self._state == _OPEN or 0 <= sent_ns < self._since_ns:
            return
        if self._state == _CLOSED:
            self._count(failed, t_ns)
            if self._is_bad():
                self._change(_OPEN, t_ns)
        elif failed:
            self._change(_OPEN, t_ns)
        else:
            self._good += 1
            if self._good >= self._spec.probes:
                self._change(_CLOSED, t_ns)

    def renew(self, t_ns: int) -> None:
        """Closed from t_ns on, with no attempt counted."""
        self._change(_CLOSED, t_ns)

    def _is_bad(self) -> bool:
        spec = self._spec
        return (
            self._attempts >= spec.min_attempts
            and self._failures > 0
            and self._failures >= spec.error_rate * self._attempts
        )

    def _count(self, failed: bool, t_ns: int) -> None:
        slices, number = self._slices, t_ns // self._slice_ns
        while slices and slices[0][0] <= number - SLICES:
            _, attempts, failures = slices.popleft()
            self._attempts -= attempts
            self._failures -= failures
        if not slices or slices[-1][0] < number:
            slices.append([number, 0, 0])
        slices[-1][1] += 1
        slices[-1][2] += failed
        self._attempts += 1
        self._failures += failed

    def _change(self, state: int, t_ns: int) -> None:
        self._state, self._since_ns = state, t_ns
        self._slices.clear()
        self._attempts = self._failures = self._probes = self._good = 0
