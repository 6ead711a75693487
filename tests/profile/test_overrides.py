from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.model.profile import Arrivals
from bench.profile.overrides import parse_key, parse_value
from bench.shapes.ramp import constant_rate
from tests.profile.write import MINIMAL, load, mistakes


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("load.seed", ["load", "seed"]),
        ("phase.steady.rate", ["phase", "steady", "rate"]),
        ("phase[1].rate", ["phase", "1", "rate"]),
        ("phase.1.rate", ["phase", "1", "rate"]),
        ('slo."p99 of a.b"', ["slo", "p99 of a.b"]),
        ("phase.warm-up.rate", ["phase", "warm-up", "rate"]),
    ],
)
def test_keys(text: str, parts: list[str]) -> None:
    assert parse_key(text) == parts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("2.5", 2.5),
        ("true", True),
        ("20/s", "20/s"),
        ('"20/s"', "20/s"),
        ("[128, 256]", [128, 256]),
        ("{ n = 3 }", {"n": 3}),
        ("", ""),
        ("1\nseed = 3", "1\nseed = 3"),
    ],
)
def test_values_are_toml_if_they_can_be_and_text_otherwise(text: str, value: Any) -> None:
    assert parse_value(text) == value


def test_keys_are_set_by_name_and_by_number(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        MINIMAL,
        "load.seed=2",
        "load.arrivals=even",
        "phase.steady.rate=20/s",
        "phase[0].duration=7s",
        "variants.0.memory_mb=[256,512]",
        "target.event={ n = 5 }",
        'slo."a = b"=p99 < 300ms',
        "title=Mine",
    )
    assert (profile.load.seed, profile.load.arrivals) == (2, Arrivals.EVEN)
    assert profile.phases[0].shape == constant_rate(20.0, 7_000_000_000)
    assert [variant.memory_mb for variant in profile.variants] == [256, 512]
    assert profile.target.events[0].value == {"n": 5}
    assert [(slo.name, slo.text) for slo in profile.slos] == [("a = b", "p99 < 300ms")]
    assert profile.title == "Mine"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("load.sed=2", "--set: load.sed is not a key of [load]; did you mean seed?"),
        (
            "laod.seed=2",
            "--set: laod.seed starts with laod, which is not a key of a profile",
        ),
        ("load.seed=x", '--set: load.seed must be a whole number (it is "x")'),
        ("phase.steady.rate=-1/s", '--set: phase[0].rate must be at least 0 (it is "-1/s")'),
        ("phase.stedy.rate=1/s", "--set: phase.stedy.rate names no phase: there are steady"),
        ("variants.7.memory_mb=1", "--set: variants.7.memory_mb names no variants: the last is 0"),
        ("load", "--set: load must be KEY=VALUE, such as load.seed=2"),
        ("=3", "--set: =3 must be KEY=VALUE"),
        ("load..seed=2", "--set: load..seed is not a key"),
        ("target.kind.x=2", "--set: target.kind.x cannot be set: target.kind is a value"),
    ],
)
def test_a_bad_override_is_told_as_one(tmp_path: Path, override: str, said: str) -> None:
    assert any(line.startswith(said) for line in mistakes(tmp_path, MINIMAL, override))


def test_mistakes_of_overrides_and_of_the_file_are_told_together(tmp_path: Path) -> None:
    said = mistakes(tmp_path, MINIMAL.replace("= 128", "= 1"), "load.rounds=0")
    assert said == [
        "variants[0].memory_mb must be at least 128 (it is 1); write `memory_mb = 128` there",
        "--set: load.rounds must be at least 1 (it is 0)",
    ]
