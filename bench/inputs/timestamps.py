"""A column of timestamps: what its cells can be meant as, decided for all of them together.

One cell alone does not tell seconds from Excel's days, nor a date in digits from milliseconds: so
a form is taken only if every cell has it, and refused where more than one could be meant.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from itertools import chain

from bench.model.times import NS_PER_MS, NS_PER_S, NS_PER_US
from bench.units import shown

_NS_PER_DAY = 86_400 * NS_PER_S
UNITS = {"s": NS_PER_S, "ms": NS_PER_MS, "us": NS_PER_US, "ns": 1, "days": _NS_PER_DAY}
"""What a number can count; days are Excel's, since 1899-12-30."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL_NS = -25_569 * _NS_PER_DAY
_EXCEL_DAYS = (25_569, 73_415)
"""From 1970 to 2100."""
_ERA_S = (788_918_400, 4_102_444_800)
"""From 1995 to 2100: what was recorded lies in it."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,25}(?:[.]([0-9]{0,30}))?(?:[eE]([+-]?[0-9]{1,3}))?")
_COMMA = re.compile(r"([0-9]+),([0-9]{1,30})")
_COMPACT = re.compile(r"(?:19|20)[0-9]{10}(?:[0-9]{2}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?)?")
"""YYYYMMDDHHMM, with seconds, and with their fraction."""
_DIGITAL_DAY = re.compile(r"(?:19|20)[0-9]{6}")
_UTC_NAMES = re.compile(r"\s*(?:z|utc|gmt)$", re.IGNORECASE)
_FRACTION = re.compile(r"([.,][0-9]{6})([0-9]+)")
"""A fraction of a second with the digits that datetime cannot hold."""
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
LOG_TIME = re.compile(
    r"\[?([0-3][0-9])/(" + "|".join(_MONTHS) + r")/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r" ([+-])([0-9]{2})([0-9]{2})\]?"
)
"""As the common log format has it: `[10/Oct/2000:13:55:36 -0700]`."""
_NAMED_UNITS = (
    ("ms", re.compile(r"(?:[_ .(\[-]|^)(?:ms|msec|millis|milliseconds)[)\]]?$")),
    ("us", re.compile(r"(?:[_ .(\[-]|^)(?:us|µs|usec|micros|microseconds)[)\]]?$")),
    ("ns", re.compile(r"(?:[_ .(\[-]|^)(?:ns|nsec|nanos|nanoseconds)[)\]]?$")),
    ("s", re.compile(r"(?:[_ .(\[-]|^)(?:s|sec|secs|seconds)[)\]]?$")),
)
_COARSEST_S = Decimal(1)
MIN_SPAN_NS = 10 * NS_PER_MS
"""Two arrivals or more within less are a wrong reading and no recording."""
_FORMS = "an ISO 8601 time, such as 2026-11-28T12:00:00Z, or an epoch in s, ms, µs or ns"


@dataclass(frozen=True, slots=True)
class LocatedCell:
    """A cell with its line."""

    text: str
    line: int


class NotMeant(ValueError):
    """What a column cannot be meant as; the text is the rest of a sentence about the key."""


def instants_ns(
    cells: Iterable[LocatedCell], name: str = "", unit: str | None = None
) -> array[int]:
    """Nanoseconds since 1970, or since whatever the recording counts from, in the file's order.

    name is the column's, which may end with a unit (`start_ms`); unit is the profile's word.
    Raises NotMeant, with the line where there is one.
    """
    found = array("q")
    waiting = iter(cells)
    first = next(waiting, None)
    if first is None:
        return found
    read, check = _kind(first, name, unit)
    for cell in chain((first,), waiting):
        try:
            found.append(read(cell))
        except OverflowError:
            raise _none(cell) from None
    check(found)
    if len(found) > 1:
        _check_span(found, unit)
    return found


def is_timestamp(text: str) -> bool:
    """Whether a cell could be one at all: it is no header then."""
    text = text.strip()
    return _is_number(text) or _is_iso(text) or _is_log(text)


_Read = Callable[[LocatedCell], int]
_Check = Callable[["array[int]"], None]


def _kind(first: LocatedCell, name: str, unit: str | None) -> tuple[_Read, _Check]:
    """How to read the cells of a column that begins with this one, and what to ask of them all."""
    if _is_number(first.text):
        return _numbers(first, name, unit)
    if unit is not None:
        raise NotMeant(
            f"has a unit, which is for numbers, and line {first.line} has {shown(first.text)}: "
            "leave unit out"
        )
    if _is_iso(first.text):
        return _isos(first)
    if _is_log(first.text):
        return partial(_log_ns, first), _no_check
    raise _none(first)


def _no_check(_instants: array[int]) -> None:
    return


def _none(cell: LocatedCell) -> NotMeant:
    return NotMeant(
        f"has no ISO or epoch timestamp in line {cell.line} (there is {shown(cell.text)}): "
        f"write {_FORMS}, or name another column"
    )


def _mixed(cell: LocatedCell, first: LocatedCell) -> NotMeant:
    """Another form of timestamp than the first, or none at all."""
    if not is_timestamp(cell.text):
        return _none(cell)
    return NotMeant(
        f"has a timestamp of another form in line {cell.line} (there is {shown(cell.text)}, and "
        f"{shown(first.text)} in line {first.line}): write all of them in one form"
    )


# -- numbers


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None or _COMMA.fullmatch(text) is not None


def _numbers(first: LocatedCell, name: str, unit: str | None) -> tuple[_Read, _Check]:
    named = unit or next((u for u, ends in _NAMED_UNITS if ends.search(name.lower())), None)
    era_ns = _unit_of(_number(first, first, named))
    if named is None and era_ns is None:
        if _COMPACT.fullmatch(first.text) and _is_moment(first.text):
            return partial(_compact_ns, first), _no_check
        if _DIGITAL_DAY.fullmatch(first.text):
            raise NotMeant(
                f"has a date without a time in line {first.line} (there is {shown(first.text)}), "
                f"or a number of an unknown unit: write {_FORMS}, or set unit"
            )
    if unit is None and named is not None and era_ns not in (None, UNITS[named]):
        raise NotMeant(
            f"has a column called {shown(name)} with {shown(first.text)} in line {first.line}, "
            f"which is a time of our era in another unit: set unit"
        )
    column = _NumberColumn(first, named, era_ns)
    return column.read, column.check


class _NumberColumn:
    """Numbers that all count the same: instants of our era in one unit, or offsets."""

    def __init__(self, first: LocatedCell, named: str | None, era_ns: int | None) -> None:
        self._first, self._named, self._era_ns = first, named, era_ns
        self._unit_ns = UNITS[named] if named else era_ns or NS_PER_S
        self._from_ns = _EXCEL_NS if named == "days" else 0
        self._low = self._high = _number(first, first, named)
        self._decimals = 0

    def read(self, cell: LocatedCell) -> int:
        number = _number(cell, self._first, self._named)
        if self._named is None:
            if _unit_of(number) != self._era_ns:
                raise NotMeant(
                    f"has numbers of different units: {shown(self._first.text)} in line "
                    f"{self._first.line} and {shown(cell.text)} in line {cell.line}: set unit, "
                    'such as unit = "ms"'
                )
            if self._era_ns is None:
                self._note_offset(number, cell)
        return round(number * self._unit_ns) + self._from_ns

    def _note_offset(self, number: Decimal, cell: LocatedCell) -> None:
        if number >= 10**10:
            raise NotMeant(
                f"has no time of our era in line {cell.line} (there is {shown(cell.text)}): "
                f"write {_FORMS}, or set unit"
            )
        self._low, self._high = min(self._low, number), max(self._high, number)
        self._decimals = max(self._decimals, len(cell.text.replace(",", ".").partition(".")[2]))

    def check(self, _instants: array[int]) -> None:
        """Numbers that are no instants of our era are seconds since something, if they can be."""
        is_day = _EXCEL_DAYS[0] <= self._low and self._high < _EXCEL_DAYS[1]
        if self._named is None and self._era_ns is None and is_day and self._decimals >= 4:
            first = self._first
            raise NotMeant(
                f"can be meant as Excel's days or as seconds in line {first.line} (there is "
                f'{shown(first.text)}): set unit = "days" or unit = "s"'
            )


def _number(cell: LocatedCell, first: LocatedCell, unit: str | None) -> Decimal:
    text = cell.text
    if _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise _mixed(cell, first)
    fraction, exponent = match.groups()
    if exponent is None:
        return Decimal(text)
    if abs(int(exponent)) > 30:
        raise _none(cell)
    number = Decimal(text)
    resolution = Decimal(1).scaleb(int(exponent) - len(fraction or ""))
    unit_ns = UNITS[unit] if unit else _unit_of(abs(number)) or NS_PER_S
    if number and resolution * unit_ns > _COARSEST_S * NS_PER_S:
        raise NotMeant(
            f"has lost its last digits in line {cell.line} (there is {shown(cell.text)}), as "
            "spreadsheets do: export the column as a number without an exponent"
        )
    return number


def _unit_of(number: Decimal) -> int | None:
    """Nanoseconds of the unit in which a number is an instant of our era; None for none."""
    low_s, high_s = _ERA_S
    for unit_ns in (NS_PER_S, NS_PER_MS, NS_PER_US, 1):
        per_s = NS_PER_S // unit_ns
        if low_s * per_s <= number < high_s * per_s:
            return unit_ns
    return None


def _compact(text: str) -> datetime:
    """The time to the second of YYYYMMDDHHMM[SS[fraction]], in UTC; ValueError for none."""
    parts = [int(text[at : at + 2]) for at in range(4, 14, 2) if text[at : at + 2]]
    month, day, hour, minute, second = (*parts, 0)[:5]
    return datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=UTC)


def _is_moment(text: str) -> bool:
    try:
        _compact(text)
    except ValueError:
        return False
    return True


def _compact_ns(first: LocatedCell, cell: LocatedCell) -> int:
    text = cell.text
    if not _COMPACT.fullmatch(text):
        raise _mixed(cell, first)
    if not _is_moment(text):
        raise _none(cell)
    return _since_ns(_compact(text)) + int(text[14:].ljust(9, "0"))


# -- dates


def _is_iso(text: str) -> bool:
    try:
        _iso(text)
    except ValueError:
        return False
    return True


def _iso(text: str) -> tuple[int, bool]:
    """(nanoseconds since 1970, whether a zone is told)."""
    beyond = _FRACTION.search(text)
    text = _FRACTION.sub(r"\1", text) if beyond else text
    moment = datetime.fromisoformat(_UTC_NAMES.sub("+00:00", text))
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _since_ns(zoned) + (int(beyond[2].ljust(3, "0")[:3]) if beyond else 0), bool(
        moment.tzinfo
    )


def _isos(first: LocatedCell) -> tuple[_Read, _Check]:
    is_zoned = _iso(first.text)[1]
    column = _IsoColumn(first, is_zoned)
    return column.read, _no_check if is_zoned else column.check_clocks


class _IsoColumn:
    """Times that all tell their zone, or all do not."""

    def __init__(self, first: LocatedCell, is_zoned: bool) -> None:
        self._first, self._is_zoned = first, is_zoned
        self._latest_ns: int | None = None
        self._back: list[tuple[int, int]] = []
        """(line, step in ns) of the first times that are earlier than the one before."""

    def read(self, cell: LocatedCell) -> int:
        try:
            instant, is_zoned = _iso(cell.text)
        except ValueError:
            raise _mixed(cell, self._first) from None
        if is_zoned != self._is_zoned:
            raise NotMeant(
                f"has a zone in some lines and none in others (line {cell.line}: "
                f"{shown(cell.text)}): write it in all"
            )
        if self._latest_ns is not None and instant < self._latest_ns and len(self._back) < 2:
            self._back.append((cell.line, self._latest_ns - instant))
        self._latest_ns = instant
        return instant

    def check_clocks(self, instants: array[int]) -> None:
        """Local time across a change of clocks goes back by an hour once, and on from there."""
        if len(self._back) != 1 or len(instants) < 3:
            return
        line, step_ns = self._back[0]
        if 25 * 60 * NS_PER_S <= step_ns <= 3600 * NS_PER_S:
            raise NotMeant(
                f"goes back by {step_ns / 60 / NS_PER_S:.0f} min in line {line}, as local time "
                "does where clocks change: write the times with their zone"
            )


def _is_log(text: str) -> bool:
    return LOG_TIME.fullmatch(text) is not None


def _log_ns(first: LocatedCell, cell: LocatedCell) -> int:
    match = LOG_TIME.fullmatch(cell.text)
    if match is None:
        raise _mixed(cell, first)
    day, month, year, hour, minute, second, sign, off_h, off_m = match.groups()
    offset = timedelta(hours=int(off_h), minutes=int(off_m)) * (-1 if sign == "-" else 1)
    try:
        moment = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second),
            tzinfo=timezone(offset),
        )  # fmt: skip
    except ValueError:
        raise _none(cell) from None
    return _since_ns(moment)


def _since_ns(moment: datetime) -> int:
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


# -- all together


def _check_span(instants: array[int], unit: str | None) -> None:
    span_ns = max(instants) - min(instants)
    if not span_ns:
        raise NotMeant(
            f"has one and the same instant in all its {len(instants)} lines: a spreadsheet may "
            "have cut the times off; export them whole"
        )
    if span_ns < MIN_SPAN_NS and unit is None:
        raise NotMeant(
            f"has {len(instants)} arrivals within {span_ns / NS_PER_MS:g} ms, which no recording "
            'has: if the unit was misread, set it, such as unit = "ms"'
        )
