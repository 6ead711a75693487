"""Arrivals as a schedule of EventBridge or cron fires, played at a factor of its speed."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from sys import byteorder
from typing import Any

from bench.model.times import NS_PER_S
from bench.schema.table import Table
from bench.schema.values import Value, narrowed, text
from bench.shapes.cron_rule import Rule, read_rule
from bench.shapes.instants import Instants
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.shapes.recorded import SPEED

MOST = 1_000_000
"""Arrivals of a phase; a faster or longer one is a mistake."""
LONGEST_DAYS = 36_600
"""Of the schedule's own time, whose days are looked at one by one."""
MONDAY = "2024-01-01T00:00"
"""The first of a month and of a week, at midnight: where a schedule begins unless it says so."""
_FORM = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Scheduled(Instants):
    """The speed is in the offsets already; the others say where they came from."""

    rule: str = ""
    begins: str = MONDAY
    speed: float = 1.0

    def words(self, _arrivals: str) -> str:
        """`12 arrivals of the schedule */5 * * * *, 60 times as fast`."""
        fast = "" if self.speed == 1 else f", {self.speed:g} times as fast"
        count = len(self._instants)
        return f"{count} arrival{'s' if count != 1 else ''} of the schedule {self.rule}{fast}"

    def key_values(self) -> Mapping[str, Any]:
        return {"cron": self.rule, "begins": self.begins, "speed": self.speed}


def scheduled(rule: str, begins: str, speed: float, duration_ns: int) -> Scheduled:
    """The shape of a schedule. Raises ValueError for one with too many arrivals."""
    offsets = _offsets(read_rule(rule), begins, speed, duration_ns)
    return Scheduled(duration_ns, offsets, 0, rule, begins, speed)


def _offsets(rule: Rule, begins: str, speed: float, duration_ns: int) -> bytes:
    begin = datetime.strptime(begins, _FORM)
    days = duration_ns / NS_PER_S * speed / 86_400
    if days > LONGEST_DAYS:
        raise ValueError(f"plays {days / 365.25:,.0f} years of it: lower the speed or the duration")
    firings = rule.firings(begin, begin + timedelta(days=days))
    instants = array("q")
    for at in islice(firings, MOST + 1):
        since = at - begin
        offset_ns = round((since.days * 86_400 + since.seconds) * NS_PER_S / speed)
        if offset_ns < duration_ns:
            instants.append(offset_ns)
    if len(instants) > MOST:
        raise ValueError(f"has more than {MOST:,} arrivals in this phase: lower the speed")
    if byteorder == "big":
        instants.byteswap()
    return instants.tobytes()


def _check_rule(given: str) -> str:
    read_rule(given)
    return given


def _check_begins(given: str) -> str:
    try:
        datetime.strptime(given, _FORM)
    except ValueError:
        raise ValueError(f'must be a time such as "{MONDAY}" (it is "{given}")') from None
    return given


rule: Value[str] = narrowed(text, _check_rule)
"""A schedule as cron or EventBridge writes it."""
begins: Value[str] = narrowed(text, _check_begins)
"""A day and a time, without a zone."""
CRON = shape_key(
    "cron",
    'one arrival each time a schedule fires: `"*/5 * * * *"` (minute, hour, day of the month, '
    'month, day of the week) or `"rate(5 minutes)"`',
    rule,
    "",
    cell="",
)
BEGINS = shape_key(
    "begins", "what time it is on the schedule's clock when the phase begins", begins, MONDAY
)


def _read(table: Table) -> Scheduled:
    noted = len(table.problems)
    given, begin, speed = CRON.read(table), BEGINS.read(table), SPEED.read(table)
    duration_ns = read_duration(table)
    empty = Scheduled(duration_ns, b"", 0, given, begin, speed)
    if len(table.problems) != noted or not duration_ns:
        return empty
    return table.read("cron", lambda _: scheduled(given, begin, speed, duration_ns), empty)


SCHEDULED = ShapeKind((CRON, BEGINS, SPEED), _read)
