"""What a run will offer at its highest."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.forecast import BilledGuess, forecast
from tests.profile.write import MINIMAL, load

LOAD = 'rate = "10/s"\nduration = "5s"'


@pytest.mark.parametrize(
    ("phase", "peak_rps"),
    [
        (LOAD, 10.0),
        ('rate = "4/s..20/s"\nduration = "5s"', 20.0),
        ('rate = "20/s..4/s"\nsteps = 3\nduration = "5s"', 20.0),
        ('burst = 6\nevery = "2s"\nduration = "4s"', 3.0),  # the mean: a burst has no rate
        ('replay = "a.csv"\nduration = "8s"', 0.5),  # likewise
        ('wave = "20/s"\namplitude = "15/s"\nperiod = "4s"\nduration = "4s"', 35.0),
    ],
)
@pytest.mark.parametrize(("order", "together"), [("together", 3), ("sequential", 1)])
def test_the_peak_is_that_of_all_variants_that_are_on(
    tmp_path: Path, phase: str, peak_rps: float, order: str, together: int
) -> None:
    (tmp_path / "a.csv").write_text("at\n1\n2\n2.5\n7\n")
    text = MINIMAL.replace("= 128", "= [128, 256, 512]").replace(LOAD, phase)
    text += '[[phase]]\nname = "less"\nrate = "0.1/s"\nduration = "5s"\n'
    profile = load(tmp_path, text + f'[load]\norder = "{order}"\n')
    assert forecast(profile, BilledGuess(100)).peak_rps == pytest.approx(together * peak_rps)


def test_a_closed_loop_has_neither_a_peak_nor_a_count(tmp_path: Path) -> None:
    expected = forecast(
        load(tmp_path, MINIMAL.replace('rate = "10/s"', "callers = 3")), BilledGuess(100)
    )
    assert (expected.peak_rps, expected.offered, expected.usd) == (None, None, None)


def test_less_memory_bills_longer_but_what_waits_stays() -> None:
    works, waits = BilledGuess(100), BilledGuess(100, 100)
    assert [round(works.at(size)) for size in (128, 1769, 3008)] == [1382, 100, 100]
    assert {waits.at(size) for size in (128, 1769, None)} == {100}
    assert BilledGuess(100, 60).at(884) == pytest.approx(60 + 40 * 1769 / 884)


def test_more_memory_costs_no_more_as_long_as_the_work_is_done_the_sooner(tmp_path: Path) -> None:
    profile = load(tmp_path, MINIMAL.replace("= 128", "= [128, 1769, 3008]"))
    small, core, large = (
        one.usd_per_million for one in forecast(profile, BilledGuess(99)).variants
    )
    assert small == pytest.approx(core) and large == pytest.approx(1.7 * (core or 0), rel=0.05)
