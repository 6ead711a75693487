"""When the kernel received what is read here, on the clock by which everything else is timed.

The kernel stamps each segment as it comes in (SO_TIMESTAMPNS) and hands the stamp out with the
bytes: the time at which an answer was here, however late it is read. The stamp is of
CLOCK_REALTIME; what that clock is ahead of CLOCK_MONOTONIC is measured anew again and again, and
what was stamped between two measurements that differ is unknown: somebody has set the clock.

To ask for a stamp costs about a tenth of an invocation's CPU. It is asked for with every read while
reads are not many, and else with one in a few.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from time import monotonic_ns, time_ns

from bench.model.times import NEVER, NS_PER_S

SO_TIMESTAMPNS = 35
"""Of <asm-generic/socket.h>; the control message that carries a stamp has the same number."""
_STAMP = struct.Struct("@qq")
"""struct timespec of a 64-bit system: seconds and nanoseconds."""
STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size) if hasattr(socket, "CMSG_SPACE") else 0
"""Bytes of control messages to ask for with each read."""
TRIES = 5
"""Readings of both clocks; the one that took the shortest time is the nearest to the truth."""
STEP_NS = 200_000
"""The clocks drift apart by less between two measurements (NTP slews by 0.5 ms a second at most,
and both alike); more is a clock that was set."""
EARLY_NS = 50_000
"""A stamp may be so much later than the reading, as the offset is not known to the nanosecond."""

ALL_BELOW_RPS = 4000.0
"""Reads a second up to which every one is stamped: it costs less than a hundredth of a core."""
BUSY_SPANS = 2
"""Seconds in a row with more reads, before of more only a sample is stamped."""
SAMPLED = 17
"""Else one read in so many is stamped. A prime: answers may take two, three or more reads each."""

Control = list[tuple[int, int, bytes]]


def ask_for_stamps(sock: socket.socket) -> bool:
    """Have the kernel stamp what comes in on a socket. False where it does not do that."""
    if sys.platform != "linux" or struct.calcsize("@l") != 8:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


class ReceiptClock:
    """Turns the kernel's stamps into instants of CLOCK_MONOTONIC."""

    __slots__ = (
        "_asked",
        "_busy_spans",
        "_counted_ns",
        "_monotonic_ns",
        "_reads",
        "_realtime_ns",
        "_unstamped",
        "offset_ns",
        "unstamped_left",
    )

    def __init__(
        self,
        realtime_ns: Callable[[], int] = time_ns,
        monotonic: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._realtime_ns, self._monotonic_ns = realtime_ns, monotonic
        self.offset_ns = self._measured()
        """CLOCK_REALTIME less CLOCK_MONOTONIC."""
        self.unstamped_left = 0
        """Reads until the next one that should ask for its stamp: whoever reads counts it down."""
        self._unstamped = self._asked = self._reads = self._busy_spans = 0
        self._counted_ns = monotonic()

    def measure(self) -> bool:
        """Measure the offset anew. False if the clock was set: stamps since the last time are void.

        To be called more often than once a second, for what the clocks may drift apart.
        """
        before_ns, self.offset_ns = self.offset_ns, self._measured()
        self._choose_share()
        return abs(self.offset_ns - before_ns) < STEP_NS

    def received_ns(self, control: Control, read_ns: int) -> int:
        """When the last of the bytes came that a read at read_ns gave; NEVER for unknown.

        control: the control messages of that read, for which a stamp was asked. A stamp from after
        the reading is none of this clock's.
        """
        self.unstamped_left = self._unstamped
        self._asked += 1
        if not control:
            return NEVER
        seconds, rest_ns = _STAMP.unpack(control[0][2])
        stamp_ns: int = seconds * NS_PER_S + rest_ns - self.offset_ns
        if stamp_ns <= read_ns:
            return stamp_ns
        return read_ns if stamp_ns < read_ns + EARLY_NS else NEVER

    def _choose_share(self) -> None:
        """By the reads a second; of a sample only where they have been many for a while.

        A worker that was kept from running reads its backlog at once: there above all are the
        kernel's stamps needed.
        """
        self._reads += self._asked * (self._unstamped + 1)
        self._asked = 0
        now_ns = self._monotonic_ns()
        span_ns = now_ns - self._counted_ns
        if span_ns < NS_PER_S:
            return
        is_busy = self._reads * NS_PER_S > ALL_BELOW_RPS * span_ns
        self._busy_spans = self._busy_spans + 1 if is_busy else 0
        self._counted_ns, self._reads = now_ns, 0
        self._unstamped = SAMPLED - 1 if self._busy_spans >= BUSY_SPANS else 0
        self.unstamped_left = min(self.unstamped_left, self._unstamped)

    def _measured(self) -> int:
        monotonic, realtime = self._monotonic_ns, self._realtime_ns
        found: list[tuple[int, int]] = []
        for _ in range(TRIES):
            before_ns = monotonic()
            now_ns = realtime()
            after_ns = monotonic()
            found.append((after_ns - before_ns, now_ns - (before_ns + after_ns) // 2))
        return min(found)[1]
