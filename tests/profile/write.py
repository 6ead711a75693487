"""Profiles for tests, written to a folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.errors import ProfileError
from bench.model.profile import Profile
from bench.profile import load_profile

MINIMAL = """
[target]
kind = "local"
function = "primes"

[[variants]]
memory_mb = 128

[[phase]]
name = "steady"
rate = "10/s"
duration = "5s"
"""


def load(folder: Path, text: str, *overrides: str) -> Profile:
    path = folder / "p.toml"
    path.write_text(text, "utf-8")
    return load_profile(path, overrides)


def mistakes(folder: Path, text: str, *overrides: str) -> list[str]:
    """What is said of a profile, a line each, without the file's name and line in front."""
    start = re.compile(re.escape(str(folder / "p.toml")) + r"(?::\d+)?: ")
    return [start.sub("", line, count=1) for line in lines(folder, text, *overrides)]


def lines(folder: Path, text: str, *overrides: str) -> list[str]:
    """What is said of a profile, a line each."""
    with pytest.raises(ProfileError) as caught:
        load(folder, text, *overrides)
    return caught.value.lines()
