from __future__ import annotations

from pathlib import Path

import pytest

from bench import folders
from bench.errors import UsageError
from bench.folders import state_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of a user without a home."""
    monkeypatch.setattr(folders, "home", lambda _: None)
    monkeypatch.setattr(folders, "temporary_folder", lambda: tmp_path)
    return tmp_path


def test_without_a_home_the_state_lies_below_the_temporary_folder(temporary: Path) -> None:
    found = state_folder({})
    assert found.parent.parent == temporary
    found.mkdir(parents=True)
    assert state_folder({}) == found


def test_a_link_or_a_file_of_that_name_is_not_trusted(temporary: Path) -> None:
    place = state_folder({}).parent
    place.symlink_to(temporary)
    with pytest.raises(UsageError, match=r"is not a folder of this user's: .* set HOME"):
        state_folder({})
