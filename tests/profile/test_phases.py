"""How the load comes: what cannot stand together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profile.write import MINIMAL, mistakes

SEARCH = (
    MINIMAL.partition("[[phase]]")[0]
    + '[capacity]\nstart = "10/s"\nmax = "20/s"\nholds = "p99 < 300ms"\n'
)


@pytest.mark.parametrize("key", ["callers = 4", 'think = "1s"'])
def test_a_search_for_capacity_is_an_open_loop(tmp_path: Path, key: str) -> None:
    found = mistakes(tmp_path, f"{SEARCH}[load]\n{key}\n")
    assert found == [
        f"load.{key.split()[0]} is for a closed loop, and a search for capacity is an open one"
    ]


@pytest.mark.parametrize(
    "load",
    ['rate = "fast"\nduration = "5s"', 'burst = 0\nevery = "1s"\nduration = "5s"'],
)
def test_a_load_that_cannot_be_read_is_one_mistake(tmp_path: Path, load: str) -> None:
    text = MINIMAL.replace('rate = "10/s"\nduration = "5s"', load)
    assert len(mistakes(tmp_path, text)) == 1
