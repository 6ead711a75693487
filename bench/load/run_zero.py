"""How a worker's clock follows that of its run, whose zero moves where clocks drift apart. Pure.

The zero of the run is moved a little at a time, as adjtime(3) slews a clock. Latencies are not bent
by it: what is under way keeps the zero that it began with, and a step that lets time leap ahead is
never longer than nothing is due.
"""

from __future__ import annotations

STEP_NS = 125_000
"""The most at a time: four times a second that is 500 ppm, more than clocks are off without NTP."""


class RunZero:
    """Where the zero of the run is on this machine's clock, by what the coordinator has found."""

    def __init__(self) -> None:
        self._start_ns: int | None = None
        self._later_ns = 0

    def begin(self, start_ns: int) -> None:
        """The load begins with its zero at this instant."""
        self._start_ns = start_ns

    def correct(self, later_ns: int) -> None:
        """The zero is so much later than it was when the load began."""
        self._later_ns = later_ns

    def step_ns(self, zero_ns: int, quiet_ns: int) -> int:
        """By how much to move the zero, which is at zero_ns; below 0 time leaps ahead.

        quiet_ns: until something falls due; what falls into a leap would be sent late.
        """
        if self._start_ns is None:
            return 0
        left_ns = self._start_ns + self._later_ns - zero_ns
        return max(-STEP_NS, -max(0, quiet_ns), min(STEP_NS, left_ns))
