"""Axes in character cells: the time of a run as clock time, and where labels stand. Pure."""

from __future__ import annotations

from math import ceil, floor

from bench.format import clock
from bench.model.times import NS_PER_S
from bench.report.axes import Axis

_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_SPANS_S = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_SLACK = 1e-9


def time_axis(low_s: float, high_s: float, most: int) -> Axis:
    """Seconds of a run as clock time; the ends stay as they are."""
    span = max(1.0, high_s - low_s)
    step = next((s for s in _TIME_STEPS_S if span / s <= max(1, most)), _TIME_STEPS_S[-1])
    first = ceil(low_s / step - _SLACK)
    last = floor(high_s / step + _SLACK)
    ticks = tuple((float(i * step), clock(i * step * NS_PER_S)) for i in range(first, last + 1))
    return Axis(low_s, low_s + span, ticks)


def round_span_s(seconds: float) -> float:
    """A length of time for an axis that grows in few steps: 10 s, 20, 30, 1 min, 2, 5, 10, …"""
    whole = next((span for span in _SPANS_S if seconds <= span), None)
    return float(whole if whole is not None else ceil(seconds / 3600) * 3600)


def label_row(axis: Axis, width: int, start: int, length: int) -> str:
    """A row of so many cells with the labels of an axis that begins at `start` and has `length`.

    Each is centred below its tick and inside the axis; one that would touch another is left out.
    """
    row = [" "] * width
    for value, label in axis.ticks:
        at = start + _label_start(axis.at(value), length, len(label))
        if not "".join(row[max(0, at - 1) : at + len(label) + 1]).strip():
            row[at : at + len(label)] = label
    return "".join(row)[:width]


def _label_start(place: float, length: int, label_length: int) -> int:
    centre = round(place * (length - 1))
    return min(max(0, centre - label_length // 2), max(0, length - label_length))
