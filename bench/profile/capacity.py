"""A search for the highest rate that holds, in the place of phases: [capacity]."""

from __future__ import annotations

import re
from typing import Any

from bench.model.profile import CapacitySpec, Target, TargetKind
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
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
_FROM = re.compile(r"\s*([a-z]+)(?:\s+[x×]\s*([\d.]+))?\s+(\S+)\s*")
_FROM_EXAMPLES = ("stall 5s", "throttle 5s", "error 5s", "overload x3 5s")


def _read_disturbance(value: Any) -> SearchDisturbance:
    """`"stall 5s"`, `"overload x3 5s"`."""
    match = _FROM.fullmatch(value) if isinstance(value, str) else None
    kinds = [kind.value for kind in DisturbanceKind]
    if match is None or match[1] not in kinds:
        told = ", ".join(f'"{example}"' for example in _FROM_EXAMPLES)
        raise ValueError(f"must be what disturbs and for how long: {told} (it is {shown(value)})")
    kind = DisturbanceKind(match[1])
    if match[2] is None:
        return SearchDisturbance(kind, span(match[3]))
    factor = _factor(match[2])
    if kind is not DisturbanceKind.OVERLOAD or factor <= 1:
        raise ValueError(f"takes a factor above 1, and of an overload alone (it is {shown(value)})")
    return SearchDisturbance(kind, span(match[3]), factor)


def _factor(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _write_disturbance(disturbance: SearchDisturbance) -> str:
    factor = "" if disturbance.needs_own_target else f"x{disturbance.factor:g} "
    return f"{disturbance.kind.value} {factor}{write_duration(disturbance.duration_ns)}"


disturbance = Value(
    _read_disturbance,
    {"type": "string", "pattern": f"^{_FROM.pattern}$", "examples": [*_FROM_EXAMPLES]},
    _write_disturbance,
)
"""What disturbs the load, and for how long."""
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
        Key(
            "narrow",
            "how long the interval is narrowed, for each variant, where it is not that precise",
            span,
            _DEFAULT.narrow_ns,
            fills="narrow_ns",
        ),
        Key(
            "recovers_from",
            'also search for the highest rate that recovers from this: `"stall 5s"`, `throttle`, '
            '`error` (local), `"overload x3 5s"`',
            disturbance,
            None,
        ),
        Key(
            "within",
            "how soon after `recovers_from` has ended all must be well again",
            duration,
            _DEFAULT.within_ns,
            fills="within_ns",
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


def check_disturbance(table: Table, spec: CapacitySpec, target: Target) -> None:
    """A stall, a throttle and an error are the embedded Lambda's to make, and nobody else's."""
    disturbs = spec.recovers_from
    if disturbs is None or not disturbs.needs_own_target or target.kind is TargetKind.LOCAL:
        return
    table.fault(
        "recovers_from",
        f"needs a target of kind local: nobody can {disturbs.kind.value} another one; "
        '"overload x3 5s" can be had anywhere',
    )
