"""Values with their units, as profiles write them: read to exact numbers and written back.

Every reader raises ValueError with the rest of a sentence that begins with the key:
`must be a duration such as "500ms", "5s" or "1m30s" (it is "5")`.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bench.model.times import NS_PER_MS, NS_PER_S, NS_PER_US

MAX_DURATION_NS = 30 * 24 * 3600 * NS_PER_S
MAX_RATE_RPS = 10_000_000.0
MAX_CALLERS = 1_000_000

_NS_PER_UNIT = {
    "h": 3600 * NS_PER_S,
    "m": 60 * NS_PER_S,
    "s": NS_PER_S,
    "ms": NS_PER_MS,
    "us": NS_PER_US,
    "µs": NS_PER_US,
    "ns": 1,
}
_SECONDS_PER = {"s": 1, "min": 60, "h": 3600}
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_MAX_EXPONENT = 400
"""Beyond what a float can hold; larger ones overflow decimals, or take for ever to reckon with."""
_DURATION_PART = re.compile(rf"({_NUMBER})\s*(h|ms|m|s|us|µs|ns)")
_DURATION = re.compile(rf"\s*(?:{_DURATION_PART.pattern}\s*)+")
_RATE = re.compile(rf"({_NUMBER})(?:\s*/\s*([a-z]+))?")
_PERCENT = re.compile(rf"({_NUMBER})\s*%")
_MONEY = re.compile(rf"(?:\$\s*({_NUMBER})|({_NUMBER})\s*(?:USD|usd))")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*(B|KB|MB|GB)?", re.IGNORECASE | re.ASCII)
_BYTES_PER = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
MAX_SIZE_BYTES = 1 << 50
_QUANTILE = re.compile(r"p(?!100$)(\d\d?)(?:\.?(\d+))?")

_POSITIVE = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_PER = r"\s*/\s*(?:s|min|h)"
DURATION_PATTERN = rf"^\s*(?:{_POSITIVE}\s*(?:h|ms|m|s|us|µs|ns)\s*)+$"
RATE_PATTERN = rf"^\s*{_POSITIVE}{_PER}\s*$"
RATES_PATTERN = rf"^\s*(?:{_POSITIVE}(?:{_PER})?\s*\.\.\s*)?{_POSITIVE}{_PER}\s*$"
CALLERS_PATTERN = r"^\s*\d{1,12}\s*(?:\.\.\s*\d{1,12}\s*)?$"
SHARE_PATTERN = rf"^\s*{_POSITIVE}\s*%\s*$"
USD_PATTERN = rf"^\s*(?:\$\s*{_POSITIVE}|{_POSITIVE}\s*(?:USD|usd))\s*$"
SIZE_PATTERN = r"^\s*\d{1,15}(?:\.\d{1,15})?\s*(?:B|KB|MB|GB)?\s*$"
QUANTILE_PATTERN = r"^\s*p\d\d?(?:\.?\d+)?\s*$"
"""What JSON Schema says of each: the form alone, not its bounds. As Python, ECMAScript and Rust
have it, so without looking ahead."""


def shown(value: object) -> str:
    """A value as a message quotes it: as TOML writes it, on one line, not too long."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = '"' + value.encode("unicode_escape").decode("ascii") + '"'
    elif isinstance(value, dict):
        return "a table"
    elif isinstance(value, list):
        return "a list" if value else "an empty list"
    elif isinstance(value, int) and value.bit_length() > 1000:
        return "a whole number of hundreds of digits"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"


def read_duration_ns(value: object) -> int:
    """`"500ms"`, `"5s"`, `"1m30s"`, `"1.5h"` in nanoseconds, at least 0."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError(
            f'must be a duration with its unit, such as "500ms", "5s" or "1m30s" '
            f"(it is {shown(value)})"
        )
    parts = _DURATION_PART.findall(value)
    if any(number.startswith("-") for number, _ in parts):
        raise ValueError(f"must be at least 0 (it is {shown(value)})")
    total_ns = sum(_exact(number) * _NS_PER_UNIT[unit] for number, unit in parts)
    if total_ns > MAX_DURATION_NS:
        raise ValueError(f"must be at most 30 days (it is {shown(value)})")
    if 0 < total_ns < 1:
        raise ValueError(f"must be 0 or at least 1ns (it is {shown(value)})")
    return round(total_ns)


def write_duration(duration_ns: int) -> str:
    """The shortest exact text in one unit: 1_500_000_000 is `1500ms`."""
    for unit in ("h", "m", "s", "ms", "us"):
        if duration_ns and duration_ns % _NS_PER_UNIT[unit] == 0:
            return f"{duration_ns // _NS_PER_UNIT[unit]}{unit}"
    return f"{duration_ns}ns" if duration_ns else "0s"


def read_rates_rps(value: object) -> tuple[float, float]:
    """`"3/s"`, `"120/min"` or a ramp `"5/s..50/s"` as (start, end) in invocations per second.

    The unit of a ramp's end goes for its start too: `"5..50/s"`.
    """
    mend = f'must be a rate such as "3/s", "120/min" or a ramp "5/s..50/s" (it is {shown(value)})'
    if not isinstance(value, str):
        raise ValueError(mend)
    ends = [_RATE.fullmatch(part.strip()) for part in value.split("..")]
    if len(ends) > 2 or None in ends:
        raise ValueError(mend)
    matches = [match for match in ends if match is not None]
    last_unit = matches[-1][2]
    rates = [_rate_rps(match[1], match[2] or last_unit, mend) for match in matches]
    for rate in rates:
        if rate < 0:
            raise ValueError(f"must be at least 0 (it is {shown(value)})")
        if rate > MAX_RATE_RPS:
            raise ValueError(f"must be at most {MAX_RATE_RPS:.0f}/s (it is {shown(value)})")
    return rates[0], rates[-1]


def _rate_rps(number: str, unit: str | None, mend: str) -> float:
    if unit not in _SECONDS_PER:
        raise ValueError(mend)
    return float(_exact(number) / _SECONDS_PER[unit])


def read_rate_rps(value: object) -> float:
    """One rate above 0, not a ramp."""
    start, end = read_rates_rps(value)
    if start != end or start == 0:
        raise ValueError(f'must be one rate above 0, such as "10/s" (it is {shown(value)})')
    return start


def write_rates(start_rps: float, end_rps: float) -> str:
    """`3/s`, or `5/s..50/s` for a ramp; exact."""
    start, end = (f"{_plain(rate)}/s" for rate in (start_rps, end_rps))
    return start if start == end else f"{start}..{end}"


def read_callers(value: object) -> tuple[int, int]:
    """10, or a ramp `"1..50"`, as (start, end)."""
    mend = f'must be a whole number or a ramp such as "1..50" (it is {shown(value)})'
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(mend)
    if isinstance(value, int) and abs(value) > 10**12:
        raise ValueError(f"must be from 1 to {MAX_CALLERS} (it is {shown(value)})")
    ends = [part.strip() for part in str(value).split("..")]
    if len(ends) > 2 or not all(re.fullmatch(r"-?\d{1,12}", end) for end in ends):
        raise ValueError(mend)
    start, end = int(ends[0]), int(ends[-1])
    if min(start, end) < 0 or max(start, end) < 1:
        raise ValueError(f"must be at least 1 (it is {shown(value)})")
    if max(start, end) > MAX_CALLERS:
        raise ValueError(f"must be at most {MAX_CALLERS} (it is {shown(value)})")
    return start, end


def write_callers(start: int, end: int) -> int | str:
    """10, or `1..50` for a ramp."""
    return start if start == end else f"{start}..{end}"


def read_share(value: object) -> float:
    """`"5%"` as 0.05; from 0 % to 100 %."""
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be a share such as "5%" (it is {shown(value)})')
    share = float(_exact(match[1]) / 100)
    if not 0 <= share <= 1:
        raise ValueError(f"must be from 0% to 100% (it is {shown(value)})")
    return share


def write_share(share: float) -> str:
    """A share as a percentage, digit for digit: 0.05 as `5%`."""
    return f"{_plain_decimal(Decimal(repr(share)) * 100)}%"


def read_usd(value: object) -> float:
    """`"2.50 USD"` or `"$2.50"`, above 0."""
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be an amount such as "2.50 USD" (it is {shown(value)})')
    amount = float(match[1] or match[2])
    if not 0 < amount < 1e9:
        raise ValueError(f"must be above 0 USD and below 1e9 USD (it is {shown(value)})")
    return amount


def write_usd(amount_usd: float) -> str:
    """2.5 as `2.5 USD`; exact."""
    return f"{_plain(amount_usd)} USD"


def read_size(value: object) -> int:
    """4096, `"256KB"` or `"20MB"` in bytes, at least 1; KB, MB and GB are 1024s."""
    mend = f'must be a size such as 4096, "256KB" or "20MB" (it is {shown(value)})'
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(mend)
    if isinstance(value, int):
        size_bytes = value
    else:
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            raise ValueError(mend)
        size_bytes = int(Decimal(match[1]) * _BYTES_PER[(match[2] or "").upper()])
    if not 1 <= size_bytes <= MAX_SIZE_BYTES:
        raise ValueError(f"must be from 1 byte to 1048576GB (it is {shown(value)})")
    return size_bytes


def write_size(size_bytes: int) -> int | str:
    """Bytes in the largest unit of which they are a whole number: 20971520 as `20MB`."""
    for unit in ("GB", "MB", "KB"):
        if size_bytes % _BYTES_PER[unit] == 0:
            return f"{size_bytes // _BYTES_PER[unit]}{unit}"
    return size_bytes


def read_quantile(value: object) -> float:
    """`"p99"` as 0.99, `"p99.9"` or `"p999"` as 0.999; above p0 and below p100."""
    match = _QUANTILE.fullmatch(value.strip()) if isinstance(value, str) else None
    quantile = float(Decimal(f"{match[1]}.{match[2] or 0}") / 100) if match else 0.0
    if not 0 < quantile < 1:
        raise ValueError(f'must be a percentile such as "p99" or "p99.9" (it is {shown(value)})')
    return quantile


def write_quantile(quantile: float) -> str:
    """A quantile as a percentile, digit for digit: 0.999 as `p99.9`."""
    return f"p{_plain_decimal(Decimal(repr(quantile)) * 100)}"


def _exact(number: str) -> Decimal:
    """The number without rounding; exponents beyond every bound are brought down to one that is."""
    digits, _, exponent = number.lower().partition("e")
    if len(exponent) > 5 or abs(int(exponent or 0)) > _MAX_EXPONENT:
        exponent = f"{'-' if exponent.startswith('-') else ''}{_MAX_EXPONENT}"
    return Decimal(f"{digits}e{exponent or 0}")


def _plain(number: float) -> str:
    return _plain_decimal(Decimal(repr(number)))


def _plain_decimal(number: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
