"""A search for the highest rate that holds, in the place of phases: [capacity]."""

from __future__ import annotations

import re
from typing import Any

from bench.model.profile import CapacitySpec
from bench.schema.key import Key, values
from bench.schema.quantities import duration, part, rate, share, span
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import Value
from bench.units import read_quantile, shown, write_duration, write_quantile

_HOLDS = re.compile(r"\s*(p[\d.]+)\s*<\s*(\S.*?)\s*")


def _read_holds(value: Any) -> tuple[float, int]:
    """`"p99 < 300ms"` as (0.99, 300_000_000)."""
    match = _HOLDS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be a limit such as "p99 < 300ms" (it is {shown(value)})')
    return read_quantile(match[1]), span(match[2])


def _write_holds(limit: tuple[float, int]) -> str:
    return f"{write_quantile(limit[0])} < {write_duration(limit[1])}"


holds = Value(_read_holds, {"type": "string", "pattern": r"^\s*p[\d.]+\s*<\s*\S.*$"}, _write_holds)
"""A quantile of the response time (0..1) and the nanoseconds below which it must stay."""
_DEFAULT = CapacitySpec(1.0, 1.0, 1)
CAPACITY = Section(
    "capacity",
    (
        Key(
            "start",
            "rate to begin with",
            rate,
            _DEFAULT.start_rps,
            fills="start_rps",
            missing='say where to begin, as "10/s"',
        ),
        Key(
            "max",
            "rate to end at",
            rate,
            _DEFAULT.max_rps,
            fills="max_rps",
            missing='say where to end, as "1000/s"',
        ),
        Key(
            "holds",
            'what must hold in a step: `"p99 < 300ms"`',
            holds,
            (_DEFAULT.q, _DEFAULT.limit_ns),
            of=lambda spec: (spec.q, spec.limit_ns),
            missing='say what must hold, such as "p99 < 300ms"',
        ),
        Key("error_rate", "share of errors that a step may have", share, _DEFAULT.error_rate),
        Key(
            "throttle_rate",
            "share of throttles that a step may have",
            share,
            _DEFAULT.throttle_rate,
        ),
        Key(
            "step",
            "length of a step; at the knee, limit and quantile may ask for more",
            span,
            _DEFAULT.step_ns,
            fills="step_ns",
        ),
        Key(
            "settle",
            "unmeasured beginning of a step",
            duration,
            _DEFAULT.settle_ns,
            fills="settle_ns",
        ),
        Key(
            "hold",
            "length of the confirmation, at least; the quantile may ask for more",
            span,
            _DEFAULT.hold_ns,
            fills="hold_ns",
        ),
        Key(
            "precision",
            "half-width of the interval at which the search stops narrowing it",
            part,
            _DEFAULT.precision,
        ),
    ),
)


def read_capacity(table: Table) -> CapacitySpec:
    """What the [capacity] table asks for; its mistakes are noted in it."""
    found = values(table, CAPACITY)
    q, limit_ns = found.pop("holds")
    spec = CapacitySpec(q=q, limit_ns=limit_ns, **found)
    if "start" in table and "max" in table and spec.max_rps < spec.start_rps:
        table.fault("max", "must be at least start")
    return spec
