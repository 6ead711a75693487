"""What was probably meant by an amount or a name that cannot be read: guesses, the best first.

Each takes a text as somebody typed it. Nothing here is trusted: whoever proposes a guess reads it
before, so that one too many costs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench.lambda_facts import MAX_MEMORY_MB, MIN_MEMORY_MB
from bench.profile.near_json import near_json

Guesses = list[str]
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?(?:[eE]\d+)?)\s*([a-zA-Zµ]*)")
_SECONDS = ("", "s", "sec", "secs", "second", "seconds")
_TIMES: dict[str, str] = {
    **dict.fromkeys(_SECONDS, "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "milliseconds"), "ms"),
}
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})")
_DAYS = re.compile(r"(\d+)\s*d(?:ays?)?", re.IGNORECASE)
_HOURS_A_DAY = 24
_RATES = {
    **dict.fromkeys(("m", "min", "minute", "rpm", "/m", "/min"), "min"),
    **dict.fromkeys(("h", "hour", "rph", "/h", "/hour"), "h"),
}
_SLIPPED = str.maketrans("oOlI", "0011")
"""Letters that look like a digit."""
_PASTED = 200
"""Characters of a payload that a command to paste has in it at most."""
_HEADER = re.compile(r"([!-9;<>-~]*)\s*([:=]?)(.*)", re.DOTALL)
_GIB = ("g", "gb", "gib")
_THOUSANDS = {"k": 1000, "m": 1_000_000}
_LIKE = 0.5


def near_time(text: str) -> Guesses:
    """`5sec`, `2 minutes`, `-5s`, `1,5m`, `00:30`, `1d`: with the units that there are, no sign."""
    if clock := _CLOCK.fullmatch(text.strip()):
        parts = zip(clock.groups(), "hms", strict=True)
        return ["".join(f"{int(n)}{unit}" for n, unit in parts if n and int(n)) or "0s"]
    text = _DAYS.sub(lambda days: f"{int(days[1]) * _HOURS_A_DAY}h", text)
    found = [(_plain(number), _TIMES.get(unit.lower())) for number, unit in _AMOUNT.findall(text)]
    known = all(unit for _, unit in found)
    return ["".join(f"{number}{unit}" for number, unit in found)] if known else []


def near_rate(text: str) -> Guesses:
    """`100rps`, `3000rpm`, `1k/s`, `100/1s`, `10-100/s`: a rate, of two numbers a ramp."""
    body, slash, per = text.partition("/")
    unit = re.sub(r"[\d\s]", "", per).lower()
    rates = []
    for number, behind in _AMOUNT.findall(body):
        name = behind.lower()
        factor = _THOUSANDS.get(name[:1], 1) if slash or name == "k" else 1
        value = _plain(number) if factor == 1 else str(_whole(number, name[:1]) or 0)
        rates.append(f"{value}/{_RATES.get(unit or name, 's')}")
    return ["..".join(rates)] if 1 <= len(rates) <= 2 else []


def near_count(text: str) -> Guesses:
    """`1k`, `1,000`, `1e3`, `12.0`, `-5`, `2O`: a whole number."""
    if re.search(r"\d", text) and re.fullmatch(r"[\doOlI]+", text):
        return [text.translate(_SLIPPED)]
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
    exact = (float(number.replace(",", ".")) * factor for number, factor in found)
    sizes = [round(size) for size in exact if isfinite(size)]
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


def near_url(text: str) -> Guesses:
    """Encoded as it goes over the wire, without what is never sent: user, password, fragment."""
    try:
        parts = urlsplit(text.strip())
        host = (parts.hostname or "").encode("idna").decode()
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:  # UnicodeError is one
        return []
    named = f"[{host}]" if ":" in host else host
    rest = parts.path + (f"?{parts.query}" if parts.query else "")
    encoded = re.sub(r"[^\x21-\x7e]", lambda char: quote(char[0]), rest)
    return [f"{parts.scheme}://{named}{port}{encoded}"]


def near_event(text: str) -> Guesses:
    """The name of a file, `n=1`, or JSON with mistakes of other languages, in a file too."""
    named = text.removeprefix("fileb://").removeprefix("file://")
    guesses = [f"@{named}"] if named and Path(named).is_file() else []
    name, equals, value = text.partition("=")
    if equals and re.fullmatch(r"\s*[\w-]+\s*", name):
        forms = (value, json.dumps(value))
        guesses += [f"{{{json.dumps(name.strip())}: {form}}}" for form in forms]
    return guesses + near_json(_text_of(text[1:]) if text.startswith("@") else text)


def _text_of(file: str) -> str:
    """A file's text, '' of one that is not there, no text, or too long to be pasted."""
    try:
        content = Path(file).read_text("utf-8-sig")
    except (OSError, ValueError):
        return ""
    return " ".join(content.split()) if len(content) <= _PASTED else ""


def _plain(number: str) -> str:
    """With a point, and without the commas between thousands."""
    return re.sub(r",(?=\d{3}(?!\d))", "", number).replace(",", ".")


def _whole(number: str, unit: str) -> int | None:
    factor = _THOUSANDS.get(unit.lower(), 1)
    value = float(_plain(number)) * factor
    return int(value) if value < 1e18 else None
