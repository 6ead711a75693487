"""A few figures of every interval, in columns: what charts over time draw.

Gathered as intervals pass by, since making all of a long run's intervals once more takes minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

import numpy as np

from bench.format import quantile_text
from bench.model.profile import Variant
from bench.model.result import LADDER, Distribution, Interval, Measure
from bench.model.times import NEVER
from bench.record.heat_log import HeatLog, HeatMaps
from bench.record.line_log import Spool

_FIELDS = (
    *(("t_s", "<i4"), ("variant", "<u2"), ("phase", "<u2")),
    *(("duration_s", "<f8"), ("achieved_rps", "<f8")),
    *(("failed", "<i8"), ("dropped", "<i8"), ("attempts", "<i8"), ("sent", "<i8")),
    *(("responses", "<i8"), ("response_mean_ns", "<f8")),
    *((f"{quantile_text(q)}_ns", "<i8") for q in LADDER),
    ("lag_max_ns", "<i8"),
    ("read_lag_max_ns", "<i8"),
    *(("ok", "<i8"), ("backoffs", "<i8"), ("backoff_mean_ns", "<f8")),
)
_TYPE = np.dtype(list(_FIELDS))
_ROW = Struct("<iHHddqqqqqd" + "q" * (len(LADDER) + 2) + "qqd")
FigureRows = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class SecondFigures:
    """A row for each interval, in the order of the files; NEVER is what is not known.

    variant and phase are indexes into `variants` and `phases`.
    """

    variants: tuple[Variant, ...]
    rows: FigureRows
    heat: HeatMaps = field(default_factory=dict)
    phases: tuple[str, ...] = ()


class SecondFiguresLog:
    """Takes down the figures of intervals: in a file without a name, so that no run is too long."""

    def __init__(self) -> None:
        self._file = Spool()
        self._variants: dict[Variant, int] = {}
        self._phases: dict[str, int] = {}
        self._heat = HeatLog()

    def add(self, interval: Interval) -> None:
        """Write down the figures of one more interval; they wait on disk."""
        self._heat.add(interval)
        window = interval.window
        response, backoff = window.measure(Measure.RESPONSE), window.measure(Measure.BACKOFF)
        lags = (window.measure(lag) for lag in (Measure.SEND_LAG, Measure.READ_LAG))
        self._file.write(
            _ROW.pack(
                interval.t_s,
                self._variants.setdefault(window.variant, len(self._variants)),
                self._phases.setdefault(interval.phase, len(self._phases)),
                window.duration_s,
                window.achieved_rps,
                window.tally.failed,
                window.tally.dropped,
                window.tally.attempts,
                window.tally.sent,
                response.count,
                response.mean_ns,
                *(_known_ns(response, q) for q in LADDER),
                *(lag.max_ns if lag.count else NEVER for lag in lags),
                *(window.tally.ok, backoff.count, backoff.mean_ns),
            )
        )

    def figures(self) -> SecondFigures:
        """The figures of all intervals so far, a row each, in the order of adding."""
        self._file.read_from_start()
        rows = np.frombuffer(self._file.read(), dtype=_TYPE)
        return SecondFigures(tuple(self._variants), rows, self._heat.maps(), tuple(self._phases))

    def close(self) -> None:
        """Forget them and give the file back."""
        self._file.close()


def second_figures(intervals: Iterable[Interval]) -> SecondFigures:
    """The figures of all intervals, in one pass over them."""
    log = SecondFiguresLog()
    for interval in intervals:
        log.add(interval)
    found = log.figures()
    log.close()
    return found


def _known_ns(distribution: Distribution, q: float) -> int:
    quantile = distribution.at(q)
    return quantile.value_ns if quantile is not None and quantile.known else NEVER
