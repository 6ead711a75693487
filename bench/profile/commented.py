"""A document as a profile to start from: short, each key with what it means above it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from bench.profile.schema import PROFILE
from bench.schema.section import Declared, Section

WIDTH = 96


def commented_toml(document: Mapping[str, Any], question: str) -> str:
    """TOML of the document, the question on top, and a line for each table that it does not have.

    What a key means is in its declaration, which the reference's tables have too.
    """
    lines = [f"# {line}".rstrip() for line in question.split("\n")]
    keys = {key.name: key for key in PROFILE.root.keys}
    told: set[Declared] = set()
    for name, value in document.items():
        if keys[name].section is None and not isinstance(value, Mapping):
            lines += ["", *_pair(keys[name], value)]
    for name, value in document.items():
        section = keys[name].section
        if section is not None:
            lines += ["", *_comment(keys[name].help)]
            for index, table in enumerate(value if section.many else [value]):
                lines += [*([""] if index else []), section.header, *_keys(section, table, told)]
        elif isinstance(value, Mapping):
            lines += ["", *_comment(keys[name].help), f"[{name}]", *_pairs(value)]
    lines += ["", "# What else a profile can have; `lamload help profiles` has every key:"]
    lines += _missing(document)
    return "\n".join(lines) + "\n"


def _missing(document: Mapping[str, Any]) -> Iterator[str]:
    for key in PROFILE.root.keys:
        if key.name not in document and key.section is not None:
            yield f"# {key.section.header}: {key.help}"


def _keys(section: Section, table: Mapping[str, Any], told: set[Declared]) -> Iterator[str]:
    """What a key means is told once, however many tables have it."""
    keys = {key.name: key for key in section.keys}
    for name, value in table.items():
        key = keys[name]
        yield from _pair(key, value) if key not in told else _pairs({name: value})
        told.add(key)


def _pair(key: Declared, value: Any) -> Iterator[str]:
    yield from _comment(key.help)
    yield f"{key.name} = {_inline(value)}"


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield f"{_name(name)} = {_inline(value)}"


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _inline(name)


def _comment(help: str) -> list[str]:
    return [f"# {line}" for line in wrap(help, WIDTH, break_on_hyphens=False)]


def _inline(value: Any) -> str:
    """A TOML value on one line; strings are JSON's but for the one character that TOML forbids."""
    if isinstance(value, Mapping):
        pairs = (f"{_name(name)} = {_inline(item)}" for name, item in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
