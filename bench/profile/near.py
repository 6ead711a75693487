"""What was probably meant by an amount or a name that cannot be read: guesses, the best first.

Each takes a text as somebody typed it. Nothing here is trusted: whoever proposes a guess reads it
before, so that one too many costs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from bench.lambda_facts import MAX_MEMORY_MB, MIN_MEMORY_MB

Guesses = list[str]
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?(?:[eE]\d+)?)\s*([a-zA-Zµ]*)")
_SECONDS = ("", "s", "sec", "secs", "second", "seconds")
_TIMES = {
    **dict.fromkeys(_SECONDS, "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "milliseconds"), "ms"),
}
_RATES = {**dict.fromkeys(("m", "min", "minute"), "min"), **dict.fromkeys(("h", "hour"), "h")}
_METRIC = re.compile(r"p\d+(?:\.\d+)?|[a-z_]+", re.IGNORECASE)
_HEADER = re.compile(r"([!-9;<>-~]*)\s*([:=]?)(.*)", re.DOTALL)
_GIB = ("g", "gb", "gib")
_THOUSANDS = {"k": 1000, "m": 1_000_000}
_LIKE = 0.5


def near_time(text: str) -> Guesses:
    """`5sec`, `2 minutes`, `-5s`: with the units that there are, and no sign."""
    parts = [(number, _TIMES.get(unit.lower())) for number, unit in _AMOUNT.findall(text)]
    known = all(unit for _, unit in parts)
    return ["".join(f"{number}{unit}" for number, unit in parts)] if known else []


def near_rate(text: str) -> Guesses:
    """`100rps`, `100/sec`, `100/1s`, `10-100/s`: a rate, of two numbers a ramp."""
    body, _, per = text.partition("/")
    unit = re.sub(r"[\d\s]", "", per).lower()
    rates = [f"{number}/{_RATES.get(unit, 's')}" for number, _ in _AMOUNT.findall(body)]
    return ["..".join(rates)] if 1 <= len(rates) <= 2 else []


def near_count(text: str) -> Guesses:
    """`1k`, `1,000`, `1e3`, `12.0`, `-5`: a whole number."""
    numbers = [_whole(number, unit) for number, unit in _AMOUNT.findall(text)]
    return [str(number) for number in numbers[:1] if number is not None]


def near_callers(text: str) -> Guesses:
    """Of two numbers a ramp: `1-50`."""
    numbers = re.findall(r"\d+", text)
    return ["..".join(numbers)] if len(numbers) == 2 else near_count(text)


def near_sizes(text: str) -> Guesses:
    """`1GB`, `128-1024`, `128 256`, `100`: sizes in MB that a function can have."""
    found = [
        (number, 1024 if unit.lower() in _GIB else 1)
        for part in text.split(",")
        for number, unit in _AMOUNT.findall(part)
    ]
    sizes = [round(float(number) * factor) for number, factor in found]
    inside = [min(max(size, MIN_MEMORY_MB), MAX_MEMORY_MB) for size in sizes]
    return [",".join(map(str, dict.fromkeys(inside)))] if inside else []


def near_usd(text: str) -> Guesses:
    """The number of another currency, or without its sign."""
    return [f"{number} USD" for number, _ in _AMOUNT.findall(text)[:1]]


def near_names(text: str, names: Collection[str], also: Mapping[str, str]) -> Guesses:
    """Names between commas. also: what others call one of them."""
    known = {name.lower(): name for name in names} | dict(also)
    found = []
    for part in text.lower().replace("_", "-").split(","):
        close = get_close_matches(part.strip(), known, 1, _LIKE)
        if not close:
            return []
        found.append(known[close[0]])
    return [",".join(dict.fromkeys(found))]


def near_header(text: str) -> Guesses:
    """`Name=value` and `Name value`, and without letters that a header cannot carry."""
    ((name, mark, value), *_) = _HEADER.findall(text.strip())
    plain = re.sub(r"[^\x20-\x7e]", "", value).strip()
    return [f"{name}: {plain}"] if name and (mark or plain) else []


def near_method(text: str) -> Guesses:
    """In capital letters, and nothing else."""
    return [re.sub(r"[^A-Z]", "", text.upper())]


def near_event(text: str) -> Guesses:
    """The name of a file, or `n=1`."""
    name, equals, value = text.partition("=")
    guesses = [f"@{text}"] if Path(text).is_file() else []
    if equals and name.strip():
        forms = (value, json.dumps(value))
        guesses += [f"{{{json.dumps(name.strip())}: {form}}}" for form in forms]
    return guesses


def near_threshold(text: str) -> Guesses:
    """Of `p99 < fast` the metric with a usual limit; without a selector that picks nothing."""
    plain = re.sub(r"\s+of\s+\S+", "", text)
    metric = _METRIC.findall(plain)[:1] or [""]
    metric = ["max"] if metric == ["p100"] else metric
    number = re.search(r"[<>]=?\s*(\d+(?:\.\d+)?)", plain)
    limits = [f"{number[1]}{unit}" for unit in ("ms", "%")] if number else []
    return [plain, *(f"{metric[0]} < {limit}" for limit in (*limits, "300ms", "1%"))]


def _whole(number: str, unit: str) -> int | None:
    factor = _THOUSANDS.get(unit.lower(), 1)
    digits = re.sub(r",(?=\d{3}$)", "", number).replace(",", ".")
    value = float(digits) * factor
    return int(value) if value < 1e18 else None
