"""Reading a file that another process still writes."""

from __future__ import annotations

from pathlib import Path


class FileTail:
    """The lines that have been added to a file since the last look, a cut-off one left out."""

    def __init__(self, path: Path, keeps_header: bool = False) -> None:
        self._path = path
        self._keeps_header = keeps_header
        self._header = ""
        self._at = 0

    def read(self) -> str:
        """New whole lines, behind the file's first one if that is a header."""
        if not self._path.is_file():
            return ""
        with self._path.open("rb") as file:
            file.seek(self._at)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._at += len(whole)
        text = whole.decode("utf-8")
        if not self._keeps_header:
            return text
        if not self._header and text:
            self._header = text[: text.index("\n") + 1]
            return text
        return self._header + text
