"""Which line of a document each of its keys stands in, so that a mistake can name it.

tomllib keeps no positions. This walks over a text that tomllib (or json) has read already, so it
need not tell what is wrong with one: it only has to step over every form that a value can have.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.errors import Problem
from bench.schema.paths import parent, written

Parts = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # up to two quotes more may stand before the closing three
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]+")
"""A number, a date, true or false; a date may have a space in it."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(["\\btnfre]))')
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class Lines:
    """Line by key path, as `bench.schema.paths` writes it; the document itself is in line 1."""

    def __init__(self, lines: dict[str, int]) -> None:
        self._lines = lines

    @classmethod
    def of_toml(cls, text: str) -> Lines:
        """Of a text that tomllib has read without an objection."""
        return cls(_Walk(text).document())

    @classmethod
    def of_json(cls, text: str) -> Lines:
        """Of a text that json has read: to the walk, objects and arrays are as TOML has them."""
        return cls(_Walk(text).single())

    def of(self, path: str) -> int:
        """The line of a key; of the table around it where the key itself is missing."""
        while path and path not in self._lines:
            path = parent(path)
        return self._lines.get(path, 1)

    def located(
        self, problems: Sequence[Problem], written: Callable[[str], str] = str
    ) -> list[Problem]:
        """The problems with their lines, but for those that were made elsewhere.

        written makes of a problem's key the path at which the document has it.
        """
        return [
            replace(problem, line=self.of(written(problem.key)))
            if problem.source is None
            else problem
            for problem in problems
        ]


class _Walk:
    """One pass over a text; at is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._at = 0
        self._lines: dict[str, int] = {}
        self._tables: Counter[Parts] = Counter()
        """How many tables of each array have been opened."""

    def document(self) -> dict[str, int]:
        here: Parts = ()
        while self._next():
            if self._text[self._at] == "[":
                here = self._header()
            else:
                self._pair(here)
        return self._lines

    def single(self) -> dict[str, int]:
        if self._next():
            self._value(())
        return self._lines

    def _next(self) -> str:
        """Step over space and comments to the next character; '' at the end."""
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._text[self._at : self._at + 1]

    def _note(self, path: Parts, at: int) -> None:
        self._lines.setdefault(written(path), bisect_left(self._ends, at) + 1)

    def _header(self) -> Parts:
        """`[a.b]` or `[[a.b]]`: the table whose keys follow."""
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        names = self._key()
        self._at += 2 if is_array else 1
        path: Parts = ()
        for name in names[:-1]:
            path = self._into((*path, name), start)
        path = (*path, names[-1])
        self._note(path, start)
        if not is_array:
            return path
        self._tables[path] += 1
        return self._into(path, start)

    def _into(self, path: Parts, at: int) -> Parts:
        """The table itself, or the last one of an array of them."""
        self._note(path, at)
        if path in self._tables:
            path = (*path, self._tables[path] - 1)
            self._note(path, at)
        return path

    def _pair(self, here: Parts) -> None:
        """`a.b = value`, and in JSON `"a": value`."""
        start = self._at
        path = here
        for name in self._key():
            path = (*path, name)
            self._note(path, start)
        self._at += 1
        self._next()
        self._value(path)

    def _key(self) -> list[str]:
        """The parts of a dotted key, and on to what follows it."""
        names = []
        while True:
            self._next()
            match = _TEXT.match(self._text, self._at) or _BARE_KEY.match(self._text, self._at)
            assert match is not None
            names.append(_name(match[0]))
            self._at = match.end()
            if self._next() != ".":
                return names
            self._at += 1

    def _value(self, path: Parts) -> None:
        char = self._text[self._at]
        if char in "[{":
            self._at += 1
            self._items(path, is_array=char == "[")
            return
        match = _TEXT.match(self._text, self._at) or _BARE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _items(self, path: Parts, *, is_array: bool) -> None:
        """What stands between brackets or braces, and the closing one."""
        index = 0
        while self._next() not in ("]", "}"):
            if is_array:
                self._note((*path, index), self._at)
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)
            if self._next() == ",":
                self._at += 1
        self._at += 1


def _name(text: str) -> str:
    """A part of a key without its quotes and escapes."""
    if text.startswith("'"):
        return text[1:-1]
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text, strict=False))
    except ValueError:  # TOML has escapes that JSON has not
        return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])
