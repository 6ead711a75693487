"""What an app shows, as text: a row a line, without trailing blanks."""

from __future__ import annotations

import re
from html import unescape

from textual.app import App

from bench.tui.source import AppResult

_NAMES = re.compile(r"terminal-\d+-")
_LIKE_ALWAYS = re.compile(
    r"@font-face \{.*?\}\s*|<clipPath id=\"terminal-line-.*?</clipPath>\s*"
    r"| clip-path=\"[^\"]*\"| shape-rendering=\"crispEdges\"",
    re.DOTALL,
)
_TEXT = re.compile(r'<text [^>]*?x="([0-9.]+)" y="([0-9.]+)" textLength="([0-9.]+)"[^>]*>([^<]*)<')


def svg_of(app: App[AppResult]) -> str:
    """The picture that the app exports, without what is the same in all or hangs on a hash."""
    svg = _LIKE_ALWAYS.sub("", _NAMES.sub("terminal-", app.export_screenshot()))
    return svg.replace("<style>", "<style>\n    rect { shape-rendering: crispEdges }", 1) + "\n"


def rows_of(app: App[AppResult], columns: int) -> str:
    """The screen, read from the picture that the app exports."""
    rows: dict[float, list[str]] = {}
    for x, y, length, escaped in _TEXT.findall(app.export_screenshot()):
        said = unescape(escaped).replace("\xa0", " ")
        cell = float(length) / len(said)
        row = rows.setdefault(float(y), [" "] * columns)
        start = round(float(x) / cell)
        row[start : start + len(said)] = said
    return "\n".join("".join(rows[y]).rstrip() for y in sorted(rows)) + "\n"
