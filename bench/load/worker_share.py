"""A worker of a node as the coordinator follows it: what it was told, and what it has reported.

Once its node is lost, the rest of its share of the schedule is counted as not sent.
"""

from __future__ import annotations

from typing import Any

from bench.load.frames import FrameKind, Replan, Start, WorkOrder
from bench.load.unsent import Unsent
from bench.record.row_layout import arrivals_by_variant

_ENDS = (FrameKind.DRAIN, FrameKind.ABORT)


class WorkerShare:
    """One worker: its node, by number, and its place among that node's workers."""

    def __init__(self, node: int, place: int, order: WorkOrder) -> None:
        self.node, self.place = node, place
        self._order = order
        self.reported = 0
        """Arrivals that it said it was offered, and that are in the results."""
        self._start: Start | None = None
        self._replans: list[Replan] = []
        self._ended_ns: int | None = None
        self._unsent: Unsent | None = None

    def told(self, kind: FrameKind, payload: Any, now_ns: int) -> None:
        """It is told a command, or would be, at now_ns of the run."""
        if isinstance(payload, Start):
            self._start = payload
        elif isinstance(payload, Replan):
            self._replans.append(payload)
            if self._unsent is not None:
                self._unsent.replan(payload)
        elif kind in _ENDS and self._ended_ns is None:
            self._ended_ns = now_ns
            if self._unsent is not None:
                self._unsent.end(now_ns)

    def abandon(self) -> None:
        """Nothing more will be heard of it. Said again, nothing."""
        if self._start is None or self._unsent is not None:
            return
        self._unsent = Unsent(self._order, self._start, self._replans, self.reported)
        if self._ended_ns is not None:
            self._unsent.end(self._ended_ns)

    def unsent_until(self, now_ns: int) -> tuple[bytes, bool]:
        """Counts of its share that are new, if it is abandoned, and whether that is all by now."""
        return (b"", True) if self._unsent is None else self._unsent.until(now_ns)


def offered(counts: bytes) -> int:
    """Arrivals offered, of packed counts."""
    return sum(arrivals_by_variant(counts).values())
