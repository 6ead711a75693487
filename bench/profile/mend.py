"""The nearest words that can be read, in place of options and `--set`s that cannot.

What is proposed has been read: a command to paste that is refused again helps nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bench.errors import Problem
from bench.profile.overrides import SOURCE, BadOverride, parse_key
from bench.profile.schema import PROFILE
from bench.profile.usual import USUAL
from bench.schema.paths import written
from bench.schema.section import Declared, Section
from bench.units import shown


@dataclass(frozen=True, slots=True)
class Word:
    """An option's name, or `--set`, and what stands behind it."""

    name: str
    text: str


_SUCH_AS = re.compile(r'such as "([^"]+)"')
"""What a message itself has for an example."""
Words = tuple[Word, ...]
Reads = Callable[[Words], bool]
"""Whether a profile comes of these words."""


def mended(words: Words, problems: Collection[Problem], reads: Reads) -> Words | None:
    """As many of the words as can be, each as it is or as it was probably meant.

    None where nobody knows: the mistake is not in them.
    """
    named = {problem.source for problem in problems}
    hopeless = {p.source for p in problems if "leave it out" in p.message}
    hints = [hint for problem in problems for hint in _SUCH_AS.findall(problem.message)]
    blamed = [word for word in words if word.name in named]
    if not blamed and (added := _with_another(words, reads)) is not None:
        return added
    for doubted in (blamed, list(words)):
        kept: dict[int, Word] = {i: word for i, word in enumerate(words) if word not in doubted}
        if len(kept) < len(words) and reads(_in_order(kept)):
            possible = tuple(word for word in words if word.name not in hopeless)
            return _with_guesses(kept, words, possible, hints, reads)
    return None


def _with_guesses(
    kept: dict[int, Word], words: Words, possible: Words, hints: Sequence[str], reads: Reads
) -> Words:
    for index, word in enumerate(words):
        if index not in kept and word in possible:
            tried = (kept | {index: guess} for guess in _guesses(word, hints))
            kept = next((more for more in tried if reads(_in_order(more))), kept)
    return _in_order(kept)


def set_for_once(problems: Collection[Problem]) -> Words | None:
    """`--set`s in place of mistakes that a file has; None where one of them is no value."""
    words = []
    for problem in problems:
        guess = next(iter(values_of(problem.key)), None)
        if guess is None:
            return None
        words.append(Word(SOURCE, f"{problem.key}={guess}"))
    return tuple(words) or None


def _in_order(kept: dict[int, Word]) -> Words:
    return tuple(kept[index] for index in sorted(kept))


def _with_another(words: Words, reads: Reads) -> Words | None:
    """With one more option, where that is all that is missing."""
    given = {word.name for word in words}
    for name, usual in USUAL.items():
        if name not in given and reads(more := (*words, Word(name, usual.value.split(",")[0]))):
            return more
    return None


def _guesses(word: Word, hints: Sequence[str]) -> Iterator[Word]:
    """It may be good beside others than those that it was refused with."""
    yield word
    if word.name == SOURCE:
        key = word.text.partition("=")[0]
        yield from (Word(SOURCE, text) for text in _near_override(word.text))
        yield from (Word(SOURCE, f"{key}={hint}") for hint in hints)
        return
    usual = USUAL[word.name]
    yield from (Word(word.name, text) for text in (*usual.near(word.text), usual.value))


def _near_override(text: str) -> Iterator[str]:
    """The same key with another value, or the nearest key with the same."""
    key, _, value = text.partition("=")
    yield from (f"{key}={guess}" for guess in values_of(key))
    found = _place(key)
    if found is None:
        return
    section, parts = found
    if close := get_close_matches(parts[-1], section.names, 1):
        yield f"{written([*parts[:-1], close[0]])}={value}"
    if section.many and len(parts) > 2:
        yield f"{written([parts[0], 0, *parts[2:]])}={value}"


def values_of(key: str) -> Iterator[str]:
    """Values that the key at a path can have, by what its declaration says."""
    found = _place(key)
    declared = found and next((one for one in found[0].keys if one.name == found[1][-1]), None)
    if declared is not None:
        yield from map(shown, _possible(declared))


def _possible(declared: Declared) -> Iterator[Any]:
    schema = declared.schema()
    for one in (schema, *schema.get("anyOf", ())):
        yield from (one["default"],) if "default" in one else ()
        yield from one.get("examples", ())
        yield from one.get("enum", ())
        yield from (one["minimum"],) if "minimum" in one else ()
        yield from (True,) if one.get("type") == "boolean" else ()


def _place(key: str) -> tuple[Section, list[str]] | None:
    """The section in which a path's last part is, or should be, a key."""
    try:
        parts = parse_key(key)
    except BadOverride:
        return None
    if len(parts) > 1 and parts[-1].isdecimal():  # of a list's item
        parts = parts[:-1]
    for section in sorted(PROFILE.sections(), key=lambda one: -len(one.path)):
        names = section.path.split(".") if section.path else []
        behind = len(names) + section.many
        if parts[: len(names)] == names and len(parts) == behind + 1:
            return section, parts
    return None
