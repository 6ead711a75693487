"""The proof kit in its short form: what a scripted target did is what was measured."""

from __future__ import annotations

import pytest

from bench.errors import LamloadError
from bench.selftest.kit import named, prove
from bench.selftest.script import SCRIPTS

SHORT = ("stall", "truncated", "garbage", "endless", "closed-keep-alive", "throttles")


@pytest.mark.parametrize("name", SHORT)
async def test_the_measurement_agrees_with_the_script(name: str) -> None:
    proof = await prove(named([name])[0])
    off = [row for row in proof.comparisons if not row.good]
    assert not off
    assert len(proof.comparisons) >= 4


def test_every_case_has_its_script_and_an_unknown_one_is_named() -> None:
    assert {case.name for case in named([])} == set(SCRIPTS)
    with pytest.raises(LamloadError, match="there is no case 'nonsense'"):
        named(["nonsense"])
