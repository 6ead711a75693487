"""When a schedule fires: `*/5 * * * *` as cron has it, `rate(5 minutes)` as EventBridge has it.

Fields are minute, hour, day of the month, month, day of the week. If both days are restricted, one
of the two is enough. Sources: crontab(5); EventBridge user guide, "Schedule types".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_RATE = re.compile(r"rate\(\s*(\d{1,6})\s+(minute|hour|day)s?\s*\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
FORM = 'such as "*/5 * * * *" (minute, hour, day, month, day of the week) or "rate(5 minutes)"'


class Rule(Protocol):
    """A schedule, read. The two forms of it."""

    def firings(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """The instants in [begin, end), ascending."""


@dataclass(frozen=True, slots=True)
class Every:
    """Once at the beginning, and then each time so many minutes have passed."""

    minutes: int

    def firings(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Counted from the beginning: EventBridge counts from the rule's creation."""
        at = begin
        while at < end:
            yield at
            at += timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Cron:
    """What each field allows; either_day: one of the two days is enough."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def firings(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Day by day, so that a rule which fires once a year takes no longer than its days."""
        day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        while day < end:
            if self._is_on(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        at = day.replace(hour=hour, minute=minute)
                        if begin <= at < end:
                            yield at
            day += timedelta(days=1)

    def _is_on(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either_day else in_month and in_week


def read_rule(text: str) -> Rule:
    """The rule of an expression. Raises ValueError, whose text continues after the key."""
    given = text.strip().lower()
    if match := _RATE.fullmatch(given):
        minutes = int(match[1]) * _MINUTES[match[2]]
        if not minutes:
            raise ValueError('must be a rate of at least one minute, such as "rate(1 minute)"')
        return Every(minutes)
    fields = _MACROS.get(given, given).split()
    if len(fields) == 6 or given.startswith("cron("):
        raise ValueError(
            f'must have the five fields of crontab: "*/5 * * * *" is what EventBridge writes as '
            f'"cron(0/5 * * * ? *)" (it is "{text}")'
        )
    if len(fields) != len(_FIELDS):
        raise ValueError(f'must be a schedule {FORM} (it is "{text}")')
    minutes_, hours, days, months, weekdays = (
        _allowed(field, *spec) for field, spec in zip(fields, _FIELDS, strict=True)
    )
    return Cron(
        tuple(sorted(minutes_)),
        tuple(sorted(hours)),
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _allowed(field: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and (not step.isdecimal() or not 0 < int(step) <= high):
            raise ValueError(f'has no step "{step}" in its {name}, such as */5 (it is "{field}")')
        first, dash, last = span.partition("-")
        if span == "*":
            ends = low, high
        else:
            start = _number(first, field, name, low, high, names)
            end = _number(last, field, name, low, high, names) if dash else start
            ends = start, high if slash and not dash else end
        if ends[0] > ends[1]:
            raise ValueError(f'has a {name} that ends before it begins (it is "{field}")')
        found.update(range(ends[0], ends[1] + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, field: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isdecimal() or not low <= int(text[:6]) <= high:
        raise ValueError(f'must have a {name} from {low} to {high} (it is "{field}")')
    return int(text)
