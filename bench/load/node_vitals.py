"""How a node fares, second by second: what its workers report, and what its system says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.load.frames import Frame, FrameKind
from bench.model.live import NodeHealth
from bench.model.times import NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, ROW_FIELDS

_STAT = Path("/proc/stat")
_ROW_TYPE = np.dtype(list(ROW_FIELDS))
_COUNT_TYPE = np.dtype(list(COUNT_FIELDS))
_IDLE = slice(3, 5)
"""Columns idle and iowait of a line of /proc/stat; the eight from user to steal are all."""
_WHOLE = slice(0, 8)


class NodeVitals:
    """The figures of one second at a time; `tick` tells when one is over."""

    def __init__(self, name: str, workers: int, now_ns: int) -> None:
        self._latest = NodeHealth(name, workers)
        self._name, self._workers = name, workers
        self._begun_ns = now_ns
        self._sent = 0
        self._lags: list[Any] = []
        self._read_lags: list[Any] = []
        self._jiffies = _jiffies()

    def on_frame(self, frame: Frame) -> None:
        """Take what bears on them of a worker's frame."""
        if frame.kind is FrameKind.COUNTS:
            counts = np.frombuffer(frame.payload, _COUNT_TYPE)
            self._sent += int(counts["offered"].sum()) - int(counts["dropped"].sum())
        elif frame.kind is FrameKind.ROWS:
            rows = np.frombuffer(frame.payload, _ROW_TYPE)
            sent = rows[(rows["attempt"] == 1) & (rows["sent_ns"] >= 0)]
            self._lags.append(sent["sent_ns"] - sent["intended_ns"])
            self._read_lags.append(rows["read_lag_ns"][rows["read_lag_ns"] >= 0])

    def tick(self, now_ns: int) -> NodeHealth:
        """The latest whole second's figures."""
        passed_ns = now_ns - self._begun_ns
        if passed_ns < NS_PER_S:
            return self._latest
        before, self._jiffies = self._jiffies, _jiffies()
        self._latest = NodeHealth(
            self._name,
            self._workers,
            sent_rps=self._sent * NS_PER_S / passed_ns,
            send_lag_p99_ns=_p99(self._lags),
            read_lag_p99_ns=_p99(self._read_lags),
            cpu=_busy(before, self._jiffies),
        )
        self._begun_ns, self._sent = now_ns, 0
        self._lags.clear()
        self._read_lags.clear()
        return self._latest


def _p99(parts: list[Any]) -> int | None:
    values = np.concatenate(parts) if parts else np.empty(0)
    return int(np.percentile(values, 99, method="higher")) if values.size else None


def _jiffies() -> tuple[int, ...] | None:
    """Of all cores since boot, by what they did; None where the system does not say."""
    try:
        return tuple(map(int, _STAT.read_text("ascii").split("\n", 1)[0].split()[1:9]))
    except (OSError, ValueError):
        return None


def _busy(before: tuple[int, ...] | None, after: tuple[int, ...] | None) -> float | None:
    if before is None or after is None:
        return None
    passed = [b - a for a, b in zip(before, after, strict=True)]
    whole = sum(passed[_WHOLE])
    return None if whole <= 0 else 1.0 - sum(passed[_IDLE]) / whole
