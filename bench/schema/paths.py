"""Key paths as messages write them: `phase[1].rate`, `slo."p99 ok"`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 80
_LAST = re.compile(r'(?:\.?"(?:[^"\\]|\\.)*"|\.?[^."\[\]]+|\[\d+\])$')


def quoted(name: str) -> str:
    """A name as a part of a key path: in quotes unless it is a bare key; a long one is cut."""
    if name.replace("-", "").replace("_", "").isalnum() and len(name) <= _LONGEST:
        return name
    text = "".join(map(_escaped, name))
    return f'"{text}"' if len(text) <= _LONGEST else f'"{text[:_LONGEST]}…"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def joined(path: str, key: str) -> str:
    """The path of a key, or of an index such as `[1]`, below another."""
    return f"{path}{key}" if not path or key.startswith("[") else f"{path}.{key}"


def written(parts: Iterable[str | int]) -> str:
    """Names and indexes as one path."""
    path = ""
    for part in parts:
        path = joined(path, f"[{part}]" if isinstance(part, int) else quoted(part))
    return path


def parent(path: str) -> str:
    """The path without its last part; '' is the document."""
    shorter = _LAST.sub("", path)
    return shorter if len(shorter) < len(path) else ""
