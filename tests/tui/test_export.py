"""Files that the screens write."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.tui.export import export_text
from tests.disk import refuse_to_replace


def test_an_export_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        export_text(tmp_path / "exports", "table", ".tsv", "a\tb\r\n").read_bytes() == b"a\tb\r\n"
    )
    refuse_to_replace(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        export_text(tmp_path / "more", "table", ".tsv", "a\tb\n")
    assert list((tmp_path / "more").iterdir()) == []
