"""What to write in a line of a profile that has a mistake: guesses, tried before they are told."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.errors import Problem
from bench.profile.mend import values_of
from bench.profile.near import Guesses, near_rate, near_time
from bench.profile.near_json import near_json
from bench.profile.options import OPTIONS
from bench.profile.target_word import target_word
from bench.profile.usual import USUAL
from bench.schema.toml import write_toml

MistakesOf = Callable[[str], Sequence[Problem]]
"""The mistakes that a profile of this text has."""
LONGEST = 120
"""Characters of a line that is told."""
LARGEST = 100_000
"""Characters of a text that is read again for each guess, a few milliseconds each."""
MOST = 10
"""Mistakes; of more than that somebody has another kind of file."""
_PAIR = re.compile(r"^(\s*)([\w.-]+|\"[^\"]*\")(\s*)[=:](\s*)(.*?)(\s*(?<![\"\w])#.*)?$")
_HEADER = re.compile(r"^\s*(\[{1,2})([\w.-]+)\]{0,2}\s*$")
_SMART = str.maketrans("“”„‘’«»", '"' * 7)
_QUOTED = re.compile(r"\(it is (.+?)\)")
"""What a message says of the value."""
_SLO = "slo"


def with_lines(problems: Sequence[Problem], content: str, mistakes_of: MistakesOf) -> list[Problem]:
    """The problems, with what to write in a line where that mends it and nobody has said yet."""
    if len(content) > LARGEST or len(problems) > MOST:
        return list(problems)
    lines = content.split("\n")
    return [_told(problem, lines, mistakes_of) for problem in problems]


def _told(problem: Problem, lines: Sequence[str], mistakes_of: MistakesOf) -> Problem:
    at = (problem.line or 0) - 1
    if not 0 <= at < len(lines) or not _is_slip(problem, lines[at]):
        return problem
    for line in dict.fromkeys(_guesses(lines[at].rstrip("\r"), problem.key)):
        text = "\n".join([*lines[:at], line, *lines[at + 1 :]])
        if line != lines[at] and not any(_is_same(problem, one) for one in mistakes_of(text)):
            return replace(problem, message=f"{problem.message}; write `{line.strip()}` there")
    return problem


def _is_slip(problem: Problem, line: str) -> bool:
    """Whether it is what stands there that cannot be read, and not how it goes with the rest."""
    if problem.source is not None or "did you mean" in problem.message or len(line) > LONGEST:
        return False
    quoted = _QUOTED.search(problem.message)
    has_value = quoted is not None and quoted[1].strip("'\"") in line
    return has_value or not problem.key or problem.key.startswith(f"{_SLO}.")


def _is_same(problem: Problem, other: Problem) -> bool:
    """Whether the mistake is still there, or another one of the same key or of the same line."""
    return (other.key == problem.key and problem.key != "") or other.line == problem.line


def _guesses(line: str, key: str) -> Iterator[str]:
    """key: '' where the text cannot be read as TOML."""
    pair = _PAIR.match(line)
    if not key:
        yield from _as_toml(line)
    if pair is None:
        return
    indent, name, before, after, value, comment = pair.groups()
    begin = f"{indent}{name}{before or ' '}={after or ' '}"
    for guess in _values(key, name, value):
        yield f"{begin}{guess}{comment or ''}"


def _as_toml(line: str) -> Iterator[str]:
    """The line with what other languages write put right."""
    if header := _HEADER.match(line):
        yield f"[[{header[2]}]]" if len(header[1]) == 2 else f"[{header[2]}]"
    yield line.translate(_SMART)
    yield f'{line}"'
    yield f"{line}]"
    yield f"{line} }}"


def _values(key: str, name: str, value: str) -> Iterator[str]:
    """What may stand behind the sign, as TOML writes it."""
    try:
        read = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        yield from _of_no_toml(value)
        return
    last = re.sub(r"\[\d+\]$", "", key)
    text = ",".join(map(str, read)) if isinstance(read, list) else str(read)
    yield from (text, json.dumps(text, ensure_ascii=False))  # a number in quotes, or without them
    for guess in (*_near(last, name)(text), *_addresses(last, text)):
        yield from (json.dumps(guess, ensure_ascii=False), guess.replace(",", ", "))
        yield f"[{guess.replace(',', ', ')}]"
    for told in values_of(key):
        yield f"[{told}]" if isinstance(read, list) else told


def _of_no_toml(value: str) -> Iterator[str]:
    yield value
    yield value.lower()
    yield from map(_inline, near_json(value))
    bare = value.translate(_SMART).strip("\"' ,;")
    yield json.dumps(bare, ensure_ascii=False)


def _inline(text: str) -> str:
    """JSON as one line of TOML; a table within braces."""
    value = json.loads(text)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)} = {_inline(json.dumps(v))}" for k, v in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(_inline(json.dumps(item)) for item in value)}]"
    if value is None:
        return '""'
    return write_toml({"v": value}).partition("=")[2].strip()


def _near(key: str, name: str) -> Callable[[str], Guesses]:
    """What reads a slip of this key's values, by the option that stands for such a key."""
    if key.split(".")[0] == _SLO:
        return USUAL["--slo"].near
    for option in OPTIONS:
        if option.key.split(".")[-1] == name:
            return USUAL[option.name].near
    return lambda text: [*near_time(text), *near_rate(text)]


def _addresses(key: str, text: str) -> Iterator[str]:
    if key.endswith("url") and (mend := target_word(text).mend):
        yield mend
