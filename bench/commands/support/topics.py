"""The reference: a Markdown file for each topic, in bench/help, whose title tells its subject."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bench

FOLDER = Path(bench.__file__).parent / "help"
"""To add a topic: `NAME.md` here, which begins `# Name: what it is about`."""


@dataclass(frozen=True, slots=True)
class Topic:
    """name is what `lamload help` is asked for; summary stands beside it in the list."""

    name: str
    summary: str
    text: str


def topics() -> dict[str, Topic]:
    """Every topic by its name, in alphabetical order."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.md"))}


def _read(path: Path) -> Topic:
    text = path.read_text("utf-8")
    title, _, _ = text.partition("\n")
    return Topic(path.stem, title.partition(": ")[2], text)
