"""The arrivals of every shipped profile stay what they are, to the nanosecond.

A recorded run can be compared with, and replayed by, any later version. `python -m
tests.load.test_shipped_arrivals` adds the digests of new profiles; one that was changed on purpose
is taken out of the file by hand first.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from struct import pack

import pytest

from bench.load.schedule import arrivals
from bench.plan import make_plan
from bench.profile import load_profile, shipped_profiles

NAMES = [path.stem for path in shipped_profiles()]
DIGESTS = Path(__file__).parent / "shipped_arrivals.json"


@cache
def kept() -> dict[str, list[int | str]]:
    digests: dict[str, list[int | str]] = json.loads(DIGESTS.read_text("utf-8"))
    return digests


def digest(name: str, workers: int) -> list[int | str]:
    """How many arrivals there are, and the hash of (instant, variant) of each, by worker."""
    profile = load_profile(name)
    found, number = sha256(), 0
    for worker in range(workers):
        for segment in make_plan(profile).segments:
            for arrival in arrivals(
                segment, profile.load.arrivals, profile.load.seed, worker, workers
            ):
                found.update(pack("<qi", *arrival))
                number += 1
    return [number, found.hexdigest()]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_has_the_arrivals_that_it_always_had(name: str, workers: int) -> None:
    assert digest(name, workers) == kept()[f"{name}/{workers}"]


if __name__ == "__main__":
    wanted = {f"{name}/{n}": (name, n) for name in NAMES for n in (1, 2)}
    everything = {key: kept().get(key) or digest(*of) for key, of in wanted.items()}
    DIGESTS.write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
