"""Factors of [[variants]] whose levels are names: what they become, and what is refused of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.format import size_name
from bench.model.profile import Client, Timeouts
from bench.model.retry import RetryPolicyName
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.profile import load_profile
from bench.profile.dump import resolved_toml
from bench.stats.threshold_grammar import parse_slo
from tests.profile.write import MINIMAL, load, mistakes

NAMED = MINIMAL.replace(
    "memory_mb = 128",
    """memory_mb = 128
retry = ["default", "patient", "aws-standard-2026"]
timeout = ["default", "short"]
breaker = ["none", "strict"]""",
).replace(
    "[[phase]]",
    """
[retry]
policy = "full-jitter"
base = "70ms"
budget = "20%"

[retries.patient]
max_attempts = 9

[timeout]
connect = "2s"

[timeouts.short]
total = "3s"

[breakers.strict]
error_rate = "10%"

[[phase]]""",
)


def with_variants(text: str, extra: str = "") -> str:
    return MINIMAL.replace("memory_mb = 128", f"memory_mb = 128\n{text}") + extra


def test_every_combination_is_a_variant_that_is_called_by_its_own_settings(tmp_path: Path) -> None:
    profile = load(tmp_path, NAMED)
    assert len(profile.variants) == 3 * 2 * 2
    clients = {variant.name: profile.client_of(variant) for variant in profile.variants}
    plain = clients["invoke-128MB-none"]
    assert (plain.retry.policy, plain.retry.base_ns) == (
        RetryPolicyName.FULL_JITTER,
        70 * NS_PER_MS,
    )
    assert (plain.timeouts, plain.breaker) == (Timeouts(connect_ns=2 * NS_PER_S), None)
    strict = clients["invoke-128MB-patient-strict-short"]
    assert strict.retry == replace(plain.retry, max_attempts=9)
    assert strict.timeouts == Timeouts(2 * NS_PER_S, 3 * NS_PER_S, 3 * NS_PER_S)
    assert strict.breaker is not None
    assert strict.breaker.error_rate == pytest.approx(0.1)
    sdk = clients["invoke-128MB-aws-standard-2026-none"].retry
    assert (sdk.policy, sdk.max_attempts) == (RetryPolicyName.AWS_STANDARD_2026, 3)
    assert sdk.budget == plain.retry.budget


def test_what_a_run_leaves_behind_is_the_same_profile(tmp_path: Path) -> None:
    profile = load(tmp_path, NAMED)
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    again = load_profile(tmp_path / "again.toml")
    assert replace(again, source=profile.source) == profile
    assert again.clients == profile.clients


def test_a_factor_that_does_not_differ_is_none(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        with_variants('retry = "patient"', '[retries.patient]\npolicy = "fixed"\n'),
    )
    assert [variant.name for variant in profile.variants] == ["invoke-128MB"]
    assert profile.retry.policy is RetryPolicyName.FIXED
    assert profile.clients == (Client(retry=profile.retry),)


def test_variants_are_told_apart_by_what_differs_and_by_nothing_else(tmp_path: Path) -> None:
    text = with_variants('retry = ["aws-standard", "default"]')
    assert [size_name(variant) for variant in load(tmp_path, text).variants] == [
        "aws-standard",
        "default retry",
    ]
    both = load(tmp_path, text.replace("128", "[128, 512]"))
    assert size_name(both.variants[0]) == "128 MB aws-standard"


def test_a_threshold_picks_by_a_level(tmp_path: Path) -> None:
    profile = load(tmp_path, NAMED + '[slo]\nx = "p99 of Patient < 1s"\n')
    threshold = parse_slo(profile.slos[0].text)
    assert sum(map(threshold.picks, profile.variants)) == 4


@pytest.mark.parametrize(
    ("text", "extra", "said"),
    [
        ('retry = ["pateint", "none"]', "[retries.patient]\n", "did you mean patient?"),
        ('timeout = ["short", "default"]', "", "add [timeouts.short]"),
        ('retry = "none"', "[retries.patient]\n", "retries.patient is used by no variant"),
        ('retry = ["none", "fixed"]', "[retries.fixed]\npolicy = 'none'\n", "call it otherwise"),
        ('breaker = ["none", "x"]', "[breakers]\nx = {}\nnone = {}\n", "means something already"),
        ('label = "new"', "", "variants[0].label is the same for every variant"),
        ('label = ["a b", "c", "d"]', "", "variants[0].label[0] must be a name of 40 letters"),
        (
            'retry = ["a", "b"]\nlabel = ["b", "a"]',
            "[retries.a]\n[retries.b]\n",
            None,
        ),
        (
            'retry = ["a", "default"]\nlabel = ["a", "b"]\n[[variants]]\nmemory_mb = 128\n'
            'label = "a"\nbreaker = "a"',
            "[retries.a]\n[breakers.a]\n",
            "makes a second invoke-128MB-a-a, beside variants[0]",
        ),
        (
            'retry = ["x", "none"]',
            '[retries.x]\npolicy = "aws-standard"\nbase = "1s"\n',
            "retries.x.base is fixed by aws-standard",
        ),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_mend(
    tmp_path: Path, text: str, extra: str, said: str | None
) -> None:
    written = with_variants(text, extra)
    if said is None:
        assert len(load(tmp_path, written).variants) == 4
        return
    found = mistakes(tmp_path, written)
    assert len(found) == 1, found
    assert said in found[0]


def test_many_variants_have_to_be_meant(tmp_path: Path) -> None:
    labels = ", ".join(f'"x{number}"' for number in range(201))
    text = with_variants(f"label = [{labels}]")
    (found,) = mistakes(tmp_path, text)
    assert "are 201, more than limits.max_variants = 200" in found
    assert "--yes" in found
    assert len(load(tmp_path, text, "limits.max_variants=201").variants) == 201


def test_a_product_that_no_memory_holds_is_refused_at_once(tmp_path: Path) -> None:
    names = ", ".join(f'"x{number}"' for number in range(150))
    text = with_variants(f"label = [{names}]\nretry = [{names}]\ntimeout = [{names}]")
    tables = "".join(f"[{kind}.x{n}]\n" for n in range(150) for kind in ("retries", "timeouts"))
    found = mistakes(tmp_path, text + tables, "limits.max_variants=1000")
    assert found == ["variants are 3375000: at most 1000 can be measured"]
