"""What an app shows, as text: a row a line, without trailing blanks."""

from __future__ import annotations

import re
from html import unescape

from textual.app import App

from bench.tui.source import AppResult

_TEXT = re.compile(r'<text [^>]*?x="([0-9.]+)" y="([0-9.]+)" textLength="([0-9.]+)"[^>]*>([^<]*)<')


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
