"""What can stand between `{{` and `}}` in a template. To add one, add a line to PLACEHOLDERS."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.inputs.cells import literal
from bench.payloads.base import Chance, parse_size

OPEN = "open"
"""Stands for what every placeholder begins with."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_UUID_VARIANTS = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
"""The digit that says how a UUID is laid out: its upper two bits are given."""


class Moment:
    """What a placeholder may depend on: the event's own randomness, number and row."""

    __slots__ = ("_chance", "_random", "_uuids", "index", "row")

    def __init__(self, chance: Chance, index: int, row: Any) -> None:
        self._chance, self.index, self.row = chance, index, row
        self._random: Random | None = None
        self._uuids = 0

    @property
    def random(self) -> Random:
        """Seeded when it is first asked for, which costs more than most events do."""
        if self._random is None:
            self._random = self._chance.at(self.index)
        return self._random

    def uuid(self) -> str:
        """The next version 4 UUID of this event (RFC 9562, 5.4)."""
        digits = self._chance.hex128(self.index, self._uuids)
        self._uuids += 1
        variant = _UUID_VARIANTS[digits[16]]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )


DrawValue = Callable[[Moment], Any]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """usage is how it is written; make compiles its arguments and raises if they are wrong."""

    usage: str
    meaning: str
    make: Callable[..., DrawValue]


def _index() -> DrawValue:
    return lambda moment: moment.index


def _counter(start: str = "1", step: str = "1") -> DrawValue:
    first, by = int(start), int(step)
    return lambda moment: first + by * moment.index


def _uuid() -> DrawValue:
    return Moment.uuid


def _int(low: str, high: str) -> DrawValue:
    least, most = int(low), int(high)
    if least > most:
        raise ValueError
    return lambda moment: moment.random.randint(least, most)


def _float(low: str, high: str, digits: str = "6") -> DrawValue:
    least, most, places = float(low), float(high), int(digits)
    if not least <= most < float("inf") or least == float("-inf"):
        raise ValueError
    return lambda moment: round(moment.random.uniform(least, most), places)


def _normal(mean: str, deviation: str) -> DrawValue:
    centre, spread = float(mean), float(deviation)
    if not abs(centre) < float("inf") or not 0 <= spread < float("inf"):
        raise ValueError
    return lambda moment: round(moment.random.normalvariate(centre, spread), 6)


def _choice(*values: str) -> DrawValue:
    if not values:
        raise ValueError
    choices = [literal(value) for value in values]
    return lambda moment: choices[int(moment.random.random() * len(choices))]


def _bool(probability: str = "0.5") -> DrawValue:
    share = float(probability)
    if not 0 <= share <= 1:
        raise ValueError
    return lambda moment: moment.random.random() < share


def _string(length: str) -> DrawValue:
    size = _bounded(length)
    return lambda moment: "".join(moment.random.choices(_LETTERS, k=size))


def _hex(length: str) -> DrawValue:
    size = _bounded(length)
    return lambda moment: moment.random.randbytes(-(-size // 2)).hex()[:size]


def _base64(length: str) -> DrawValue:
    size = _bounded(length)
    return lambda moment: b64encode(moment.random.randbytes(size)).decode("ascii")


def _filler(length: str) -> DrawValue:
    text = "x" * _bounded(length)
    return lambda _moment: text


def _open() -> DrawValue:
    return lambda _moment: "{{"


def _bounded(length: str) -> int:
    return parse_size(length)


PLACEHOLDERS = {
    "index": Placeholder("index", "number of the invocation, from 0", _index),
    "counter": Placeholder("counter START STEP", "START + STEP × index; 1 and 1", _counter),
    "uuid": Placeholder("uuid", "a version 4 UUID", _uuid),
    "int": Placeholder("int LOW HIGH", "a whole number, both ends included", _int),
    "float": Placeholder("float LOW HIGH DIGITS", "a number, rounded to DIGITS (6)", _float),
    "normal": Placeholder("normal MEAN DEVIATION", "a normally distributed number", _normal),
    "choice": Placeholder("choice A B C", "one of the words, numbers or true and false", _choice),
    "bool": Placeholder("bool PROBABILITY", "true with that probability (0.5)", _bool),
    "string": Placeholder("string SIZE", "random lower-case letters and digits", _string),
    "hex": Placeholder("hex SIZE", "random hexadecimal digits", _hex),
    "base64": Placeholder("base64 SIZE", "base64 of SIZE random bytes", _base64),
    "filler": Placeholder("filler SIZE", "SIZE times the letter x", _filler),
    OPEN: Placeholder(OPEN, "the braces {{ as they are: {{open}}name}} gives {{name}}", _open),
}
