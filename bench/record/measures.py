"""What is kept as distributions, and how rows of attempts turn into values. Pure numpy.

A column of values per row, a row of values per series:

    response      last - intended    of final rows that were answered or timed out
    attempt       last - sent        of every row that was sent
    send lag      sent - intended    of first attempts that the client's rate limit let through
    first byte    first - sent       of every row that was sent (a lower bound if it timed out)
    read lag      as in the row      of answers whose coming the kernel told
    backoff       sent - the last of the attempt before, of rows that follow one
    connect       dns + tcp + tls    of attempts that opened a connection, and each by itself
    overhead      attempt - duration    of good answers by warm environments whose duration is known

duration, init, restore, billed and memory come from the REPORT line. cold, warm, retried and failed
are the response times of a class of invocations. A connection that could not be opened, a broken
answer and a rejected arrival have no response time: they stand in the counts alone.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bench.model.outcome import Outcome
from bench.model.result import Measure
from bench.model.times import NS_PER_MS
from bench.record.row_layout import (
    FLAG_CENSORED,
    FLAG_COLD,
    FLAG_FINAL,
    FLAG_HEDGE,
    FLAG_HELD,
    ROW_FIELDS,
)

ROW_TYPE = np.dtype(list(ROW_FIELDS))
Values = NDArray[np.int64]
ABSENT = np.int64(np.iinfo(np.int64).min)
"""In a matrix of values: the row has none for this series."""


class Series(IntEnum):
    """Every distribution of a variant: the measures, then classes of response times."""

    RESPONSE = 0
    ATTEMPT = 1
    SEND_LAG = 2
    DURATION = 3
    INIT = 4
    CONNECT = 5
    FIRST_BYTE = 6
    BILLED = 7
    RESTORE = 8
    MEMORY = 9
    OVERHEAD = 10
    DNS = 11
    TCP = 12
    TLS = 13
    COLD = 14
    WARM = 15
    RETRIED = 16
    FAILED = 17
    READ_LAG = 18
    BACKOFF = 19


MEASURES: dict[Measure, Series] = {measure: Series[measure.name] for measure in Measure}
CLASSES: dict[str, Series] = {
    series.name.lower(): series
    for series in (Series.COLD, Series.WARM, Series.RETRIED, Series.FAILED)
}
"""Response times of a class of invocations: fields of Window."""
TAGS: dict[str, Series] = {**{m.value: series for m, series in MEASURES.items()}, **CLASSES}
"""By the name that files know it under."""

_BOUNDABLE = (
    Series.RESPONSE,
    Series.ATTEMPT,
    Series.FIRST_BYTE,
    Series.COLD,
    Series.RETRIED,
    Series.FAILED,
)

_ANSWERED = np.array(
    [
        outcome not in (Outcome.CONNECT_ERROR, Outcome.PROTOCOL_ERROR, Outcome.REJECTED)
        for outcome in Outcome
    ]
)


def values_of(rows: NDArray[np.void]) -> Values:
    """The matrix (series × rows) of values in ns, ABSENT where there is none.

    backoff is in no row's power to tell: bench.record.backoff has it.
    """
    intended, sent, first, last = (
        rows[name].astype(np.int64) for name in ("intended_ns", "sent_ns", "first_ns", "last_ns")
    )
    outcome, attempt = rows["outcome"], rows["attempt"]
    was_sent = (sent >= 0) & (last >= 0)
    ended = (rows["flags"] & FLAG_FINAL > 0) & _ANSWERED[outcome] & (last >= 0)
    cold = rows["flags"] & FLAG_COLD > 0
    ok = outcome == Outcome.OK
    response = last - intended
    values = np.full((len(Series), rows.size), ABSENT, dtype=np.int64)

    def put(series: Series, where: NDArray[np.bool_], value: Values) -> None:
        np.copyto(values[series], value, where=where)

    put(Series.RESPONSE, ended, response)
    put(Series.ATTEMPT, was_sent, last - sent)
    held = rows["flags"] & FLAG_HELD > 0
    put(Series.SEND_LAG, (sent >= 0) & (attempt == 1) & ~held, sent - intended)
    put(Series.FIRST_BYTE, was_sent & _timed_out(rows), last - sent)
    put(Series.FIRST_BYTE, was_sent & (first >= 0), first - sent)
    put(Series.COLD, ended & cold, response)
    put(Series.WARM, ended & ok & ~cold, response)
    put(Series.RETRIED, ended & (attempt > 1) & (rows["flags"] & FLAG_HEDGE == 0), response)
    put(Series.FAILED, ended & ~ok, response)
    _put_told(rows, values, ok & ~cold)
    _put_connects(rows, values)
    return values


def _put_told(rows: NDArray[np.void], values: Values, good: NDArray[np.bool_]) -> None:
    """good: rows whose overhead says what the way costs: no failures, no cold starts."""
    for name, series, unit_ns in (
        ("duration_ns", Series.DURATION, 1),
        ("init_ns", Series.INIT, 1),
        ("restore_ns", Series.RESTORE, 1),
        ("billed_ms", Series.BILLED, NS_PER_MS),
        ("max_memory_mb", Series.MEMORY, NS_PER_MS),
        ("read_lag_ns", Series.READ_LAG, 1),
    ):
        told = rows[name]
        where = told >= 0
        if where.any():
            np.copyto(values[series], told.astype(np.int64) * unit_ns, where=where)
    attempt, duration = values[Series.ATTEMPT], values[Series.DURATION]
    told = (attempt != ABSENT) & (duration != ABSENT) & good
    if told.any():
        # Duration is told in hundredths of a millisecond: a fast answer may round to less than 0.
        overhead = np.maximum(attempt - duration, 0)
        np.copyto(values[Series.OVERHEAD], overhead, where=told)


def _put_connects(rows: NDArray[np.void], values: Values) -> None:
    opened = rows["connect_ns"] >= 0
    if not opened.any():
        return
    dns, tcp, tls = (rows[name].astype(np.int64) for name in ("dns_ns", "connect_ns", "tls_ns"))
    whole = np.maximum(dns, 0) + tcp + np.maximum(tls, 0)
    np.copyto(values[Series.CONNECT], whole, where=opened)
    np.copyto(values[Series.DNS], dns, where=opened & (dns > 0))
    np.copyto(values[Series.TCP], tcp, where=opened)
    np.copyto(values[Series.TLS], tls, where=opened & (tls >= 0))


def bounds_of(rows: NDArray[np.void]) -> NDArray[np.bool_] | None:
    """Which values (series × rows) are lower bounds, as the attempt timed out; None if none is."""
    late = _timed_out(rows)
    if not late.any():
        return None
    bounds = np.zeros((len(Series), rows.size), dtype=np.bool_)
    bounds[list(_BOUNDABLE)] = late
    bounds[Series.FIRST_BYTE] &= rows["first_ns"] < 0
    return bounds


def _timed_out(rows: NDArray[np.void]) -> NDArray[np.bool_]:
    late: NDArray[np.bool_] = (rows["flags"] & FLAG_CENSORED > 0) | (
        rows["outcome"] == Outcome.TIMEOUT
    )
    return late
