"""Profiles and overrides changed at random, from fixed seeds: read, or told what is wrong.

Nothing but a ProfileError may come out, whatever numbers, names and nestings they have.
LAMLOAD_FUZZ sets how many changes each test tries, over all of its seeds.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from random import Random
from typing import Any

import pytest
import tomli_w

from bench.errors import ProfileError
from bench.faults.plan import FaultPlan
from bench.profile import load_profile, shipped_profiles
from bench.profile.schema import PROFILE
from tests.profile.test_hostile import changed, places

NUMBERS = (
    "1e999999999999999999", "1e999", "-1e999", "1e-999999999999", "9" * 400, "0." + "0" * 400 + "1",
    "nan", "inf", "-0", "0", "1e400", "٣",
)  # fmt: skip
UNITS = ("s", "ms", "ns", "h", "/s", "/min", "/h", "%", " USD", "..", "", "..1/s", "..2")
ODD: list[Any] = [
    True, 0, -1, 10**18, 10**30, 10**400, -(10**400), 1.5, 1e308, 5e-324, float("nan"),
    float("inf"), -0.0, "", " ", "\0", "~nobody", "~" * 300, "/" * 5000, "a" * 300, "é" * 99_999,
    "a" * 300 + ".csv", ".", "..", "/dev/zero", "/proc/self/mem", "{{", "}}", "{{int 1 1e999}}",
    "{{fill 1e999}}", "{{fill 99999999999999999999}}", "p99 < 1e999s", "p99.9999999999999999 < 1s",
    "p50 of 1e999MB < 1e999ms", "http://[", "http://a:99999999", "$1e999", "p" + "9" * 4000,
    [], [[]], [{}], {}, {"a": {}}, [1, "x", {}], {"file": "x"},
    {"name": "firehose", "records": 1e308}, {"name": "firehose", "records": 10**400},
    {"": 1}, {"é \n\0": 2}, tomllib.loads("d = 1979-05-27")["d"],
    tomllib.loads("d = 07:32:00")["d"],
    tomllib.loads("d = 9999-12-31T23:59:59.999999999Z")["d"],
]  # fmt: skip
DOCUMENTS = [tomllib.loads(path.read_text("utf-8")) for path in shipped_profiles()]
NAMES = sorted({name for section in PROFILE.sections() for name in section.names})
SEEDS = range(12)
CASES = -(-int(os.environ.get("LAMLOAD_FUZZ", "480")) // len(SEEDS))


def odd(rng: Random) -> Any:
    """A value that nobody thought of, or now and then one that may do."""
    if rng.random() < 0.3:
        return rng.choice([1, 2, 128, True, "5s", "10/s", "1%", "p99", "primes", "x", 0.5])
    if rng.random() < 0.5:
        return rng.choice(NUMBERS) + rng.choice(UNITS) + rng.choice(("", rng.choice(NUMBERS)))
    if rng.random() < 0.1:
        value: Any = 1
        for _ in range(rng.choice((10, 60, 70, 120))):
            value = [value] if rng.random() < 0.5 else {"k": value}
        return value
    return rng.choice(ODD)


def mutated(rng: Random, document: dict[str, Any]) -> dict[str, Any]:
    for _ in range(rng.randint(1, 3)):
        where = rng.choice(sorted(places(document), key=str))
        if rng.random() < 0.5:
            document = changed(document, where, odd(rng))
            continue
        new = rng.choice([*NAMES, "x" * 300, "", "é\n", "a.b", '"'])
        table: Any = document
        for part in where[:-1]:
            table = table[part]
        if isinstance(table, dict):
            document = changed(document, where[:-1], {**table, new: odd(rng)})
    return document


def read_or_told(path: Path, *overrides: str) -> bool:
    try:
        load_profile(path, overrides)
    except ProfileError as error:
        assert error.problems
        assert all(len(line) < 3000 for line in error.lines())
        return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_a_profile_changed_at_random(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    path = tmp_path / "p.toml"
    for _ in range(CASES):
        text = tomli_w.dumps(mutated(rng, rng.choice(DOCUMENTS)))
        path.write_text(text, "utf-8")
        read_or_told(path)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_changed_at_random(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    path = tmp_path / "p.toml"
    for _ in range(CASES):
        text = rng.choice(shipped_profiles()).read_text("utf-8")
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            bit = rng.choice([*'"[]{}=.,#\n\\', "[[", '"""', "é", "\0", rng.choice(NUMBERS)])
            text = text[:at] + bit + text[at + rng.choice((0, 0, 1, 9)) :]
        path.write_text(text, "utf-8")
        read_or_told(path)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_override_made_at_random(seed: int) -> None:
    rng = Random(seed)
    for _ in range(CASES):
        parts = [rng.choice([*NAMES, "0", "99999999999999999999", "steady", "x" * 300, '""'])]
        parts += [rng.choice([*NAMES, "0", "steady"]) for _ in range(rng.choice((0, 1, 1, 2, 40)))]
        value = odd(rng)
        is_text = isinstance(value, str) and "\n" not in value
        written = tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")
        override = f"{'.'.join(parts)}={value if is_text else written}"
        read_or_told(rng.choice(shipped_profiles()), override)


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_made_at_random(seed: int) -> None:
    rng = Random(seed)
    keys = next(one for one in PROFILE.sections() if one.path == "target.faults" and one.forms)
    kinds = [form.keys[0].schema()["enum"][0] for form in keys.forms]
    for _ in range(CASES):
        table = {rng.choice(keys.names): odd(rng) for _ in range(rng.randint(0, 5))}
        table["kind"] = rng.choice([*kinds, odd(rng)])
        try:
            plan = FaultPlan.parse([table])
        except ProfileError as error:
            assert error.problems
        else:
            assert plan.decide(5, "invoke", "f", None).delay_ns >= 0


@pytest.mark.parametrize("name", ["x" * 300, "~nobody-of-that-name/p.toml", "a\0b", "/dev/null/p"])
def test_a_name_that_no_profile_can_have(name: str) -> None:
    assert not read_or_told(Path(name))


def test_some_of_what_is_changed_can_still_be_read(tmp_path: Path) -> None:
    """Or the changes would test nothing but the first check."""
    rng = Random(1)
    path = tmp_path / "p.toml"
    read = 0
    for _ in range(100):
        path.write_text(tomli_w.dumps(mutated(rng, rng.choice(DOCUMENTS))), "utf-8")
        read += read_or_told(path)
    assert 5 <= read <= 95
