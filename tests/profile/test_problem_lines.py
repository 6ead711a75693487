"""A mistake names the line in which it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profile.write import lines

PROFILE = """# Why?
name = "p"
[target]
kind = "local"
function = "primes"

[[variants]]
memory_mb = [128,
  64]

[[phase]]
name = "warm"
rate = "1/s"
duration = "1s"
[[phase]]
rate = "1/s"
duration = "1s"

[retry]
policy = "fixed"
[slo]
"p99 ok" = "p99 < 1s"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"fixed"', '"fixd"', ':20: retry.policy must be one of "none"'),
        ("", "", ":9: variants[0].memory_mb[1] must be at least 128 (it is 64)"),
        (
            'rate = "1/s"\nduration = "1s"\n\n',
            'rate = "1/s"\n\n',
            ":15: phase[1].duration is missing",
        ),
        ('"p99 < 1s"', '"p99 < 1"', ':22: slo."p99 ok" '),
        (
            "[retry]",
            "[retries]",
            ':20: retries.policy must be a table (it is "fixed"): it belongs in [retry]',
        ),
        ('function = "primes"', "", ":3: target.function is missing"),
        (
            '"primes"',
            '"primes"\nfaults = [\n{ kind = "stall" }]',
            ":7: target.faults[0].duration_s",
        ),
        ('[target]\nkind = "local"\nfunction = "primes"', "", ":1: target is missing"),
        ('name = "warm"', "measured = 1", ":12: phase[0].measured must be true or false"),
        ("[retry]\n", "[retry]\nbase = \n", ":20: is not TOML: column 8: "),
        ('"fixed"', '"fixed"\n[load]\nrounds = 60000', ":22: load.rounds makes"),
    ],
)
def test_its_key_or_the_table_that_lacks_it(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PROFILE
    found = lines(tmp_path, PROFILE.replace(old, new))
    assert any(line.startswith(f"{tmp_path / 'p.toml'}{said}") for line in found), found


def test_what_an_override_made_has_none(tmp_path: Path) -> None:
    good = PROFILE.replace(",\n  64", "")
    assert lines(tmp_path, good, "retry.policy=x", "phase.warm.rate=y")[0].startswith(
        '--set: phase[0].rate must be a rate such as "3/s"'
    )
    said = lines(
        tmp_path, good.replace('"fixed"', '"fixed"\nbase = "1s"'), "retry.policy=aws-legacy"
    )
    assert said == [f"{tmp_path / 'p.toml'}:20: retry.base is fixed by aws-legacy: leave it out"]
