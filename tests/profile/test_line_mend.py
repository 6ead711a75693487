"""A mistake in a file is told with the line to write there, where one is known that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import ProfileError
from bench.profile import load_profile

LINES = {
    "url": 'url = "http://localhost:8080/"',
    "rate": 'rate = "20/s"',
    "duration": 'duration = "2s"  # of each round',
    "rounds": "rounds = 2",
    "fast": 'fast = "p99 < 300ms"',
}
TEXT = """[target]
kind = "http"
{url}
[[phase]]
{rate}
{duration}
[load]
{rounds}
[slo]
{fast}
"""


def told(path: Path, **lines: str) -> list[str]:
    file = path / "mine.toml"
    file.write_text(TEXT.format(**LINES | lines), "utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(file)
    return caught.value.lines()


@pytest.mark.parametrize(
    ("name", "wrong", "mended"),
    [
        ("rate", "rate = 20/s", 'rate = "20/s"'),
        ("rate", 'rate: "20/s"', 'rate = "20/s"'),
        ("rate", "rate = \u201c20/s\u201d", 'rate = "20/s"'),
        ("rate", 'rate = "3000rpm"', 'rate = "3000/min"'),
        ("rate", 'rate = "-20/s"', 'rate = "20/s"'),
        ("duration", "duration = 2  # s", 'duration = "2s"  # s'),
        ("duration", 'duration = "1 day"', 'duration = "24h"'),
        ("rounds", "rounds = 0", "rounds = 1"),
        ("rounds", 'rounds = "3"', "rounds = 3"),
        ("url", 'url = "localhost:8080"', 'url = "http://localhost:8080"'),
        ("fast", 'fast = "p(95)<200"', 'fast = "p95 < 200ms"'),
        ("fast", 'fast = "http_req_failed: rate<0.01"', 'fast = "error_rate < 1%"'),
    ],
)
def test_the_line_that_mends_it_is_told_and_does(
    name: str, wrong: str, mended: str, tmp_path: Path
) -> None:
    (line,) = told(tmp_path, **{name: wrong})
    assert f"; write `{mended}` there" in line
    (tmp_path / "mine.toml").write_text(TEXT.format(**LINES | {name: mended}), "utf-8")
    load_profile(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("rate", "rate = [[[[{{]"), ("url", 'url = ""'), ("rounds", "rounds = 2\nnonsense = 7")],
)
def test_nothing_is_told_where_nobody_knows(name: str, wrong: str, tmp_path: Path) -> None:
    assert not any("; write `" in line for line in told(tmp_path, **{name: wrong}))


def test_each_mistake_has_its_own_line(tmp_path: Path) -> None:
    lines = told(tmp_path, rounds="rounds = 0", duration="duration = 2")
    assert sorted(line.rpartition("; write ")[2] for line in lines) == [
        '`duration = "2s"` there',
        "`rounds = 1` there",
    ]


def test_a_variable_for_the_function_gets_quotes_and_no_unit(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[target]\nkind = "local"\nfunction = "primes"\nenvironment.A = 1\n'
        '[[variants]]\nendpoint = "invoke"\nmemory_mb = [64]\n'
        '[[phase]]\nrate = "1/s"\nduration = "1s"\n'
    )
    with pytest.raises(ProfileError) as caught:
        load_profile(file)
    environment, memory = caught.value.lines()
    assert '; write `environment.A = "1"` there' in environment
    assert "; write `memory_mb = 128` there" in memory
