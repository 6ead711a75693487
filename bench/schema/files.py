"""Values that are paths of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.errors import cause_of
from bench.folders import expanded
from bench.schema.values import located, text


def resolved(value: Any, base_dir: Path) -> Path:
    """The absolute path; a relative one starts from base_dir. Raises ValueError alone."""
    name = text(value)
    try:
        return (base_dir / expanded(name)).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such home, a zero byte
        raise ValueError(f"must be a path that can be ({cause_of(error).lower()})") from None


def shown_path(path: Path) -> str:
    """A path as a message has it: not too long."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _existing_file(value: Any, base_dir: Path) -> str:
    path = resolved(value, base_dir)
    try:
        if path.is_dir():
            raise ValueError(f"must be a file ({shown_path(path)} is a folder)")
        if path.exists() and not path.is_file():
            raise ValueError(f"must be a file ({shown_path(path)} is a device or a pipe)")
        with path.open("rb"):
            return str(path)
    except OSError as error:
        message = f"must be a file that can be read ({shown_path(path)}: {cause_of(error).lower()})"
        raise ValueError(message) from None


existing_file = located(_existing_file, {"type": "string"})
"""The absolute path of a file that can be read."""
