"""HTTP dates: the three forms that a recipient has to read (RFC 9110, 5.6.7), and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTH = rb"(?P<month>" + b"|".join(_MONTHS) + rb")"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME = rb"(?P<time>\d\d:\d\d:\d\d)"
_FORMS = (
    re.compile(_DAY + rb", (?P<day>\d\d) " + _MONTH + rb" (?P<year>\d{4}) " + _TIME + rb" GMT"),
    re.compile(
        rb"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>\d\d)-"
        + _MONTH
        + rb"-(?P<year>\d\d) "
        + _TIME
        + rb" GMT"
    ),
    re.compile(_DAY + rb" " + _MONTH + rb" (?P<day>[ \d]\d) " + _TIME + rb" (?P<year>\d{4})"),
)
_CENTURY_AHEAD = 70
"""A year of two digits is of this century, unless that were more than 50 years ahead by now."""


def http_date_s(text: bytes) -> float | None:
    """Seconds since 1970 of an HTTP date; None for what is none, or no day of the calendar."""
    match = next((found for form in _FORMS if (found := form.fullmatch(text))), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 2000 if year < _CENTURY_AHEAD else 1900
    hour, minute, second = map(int, match["time"].split(b":"))
    try:
        # A leap second is the first second of the next minute.
        moment = datetime(
            year,
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            hour,
            minute,
            min(second, 59),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return moment.timestamp() + (second == 60)
