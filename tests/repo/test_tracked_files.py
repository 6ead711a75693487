"""What stands in the repository speaks of the project alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HOMES = re.compile(rb"(?<![\w.])/(?:root|work|home/\w+|Users/\w+|tmp/venv)/")
KEYS = re.compile(rb"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY")
EXAMPLE = b"AKIAIOSFODNN7EXAMPLE"
"""AWS's own, from its documentation of signatures."""


def tracked() -> list[Path]:
    """Tracked files that are there; [] in a source archive, which has no git."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    return [ROOT / name for name in done.stdout.decode().split("\0") if (ROOT / name).is_file()]


def found(pattern: re.Pattern[bytes], path: Path) -> list[str]:
    """The lines of a file in which the pattern stands."""
    lines = path.read_bytes().replace(EXAMPLE, b"").splitlines()
    name = path.relative_to(ROOT)
    return [f"{name}:{n}" for n, line in enumerate(lines, 1) if pattern.search(line)]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    here = tracked()
    if not here:
        pytest.skip("not a git checkout")
    return here


def test_no_paths_of_anybodys_machine(files: list[Path]) -> None:
    assert [place for path in files for place in found(HOMES, path)] == []


def test_no_keys(files: list[Path]) -> None:
    assert [place for path in files for place in found(KEYS, path)] == []


def test_no_file_is_large(files: list[Path]) -> None:
    assert [path.name for path in files if path.stat().st_size > 500_000] == []


def test_nothing_that_a_run_or_a_build_makes(files: list[Path]) -> None:
    made = re.compile(r"(^|/)(runs|dist|build|__pycache__|\.venv|[^/]*\.egg-info)/|\.pyc$")
    names = [str(path.relative_to(ROOT)) for path in files]
    assert [name for name in names if made.search(name)] == []
