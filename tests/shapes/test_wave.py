"""A sine around a mean."""

from __future__ import annotations

from itertools import count, islice, pairwise
from math import pi
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.times import NS_PER_S
from bench.shapes.wave import Wave
from tests.profile.write import MINIMAL, mistakes
from tests.shapes.strategies import durations_ns


def wave(duration_ns: int, mean_rps: float, share: float, period_ns: int) -> Wave:
    return Wave(duration_ns, mean_rps, mean_rps * share, period_ns)


SHARES = st.floats(0.001, 1) | st.just(1.0)
SHAPES = st.builds(
    wave, durations_ns, st.floats(0.1, 50), SHARES, st.integers(NS_PER_S // 10, 60 * NS_PER_S)
)
WAVE = Wave(60 * NS_PER_S, 20.0, 15.0, 40 * NS_PER_S)
DAY = 24 * 3600 * NS_PER_S


def test_it_begins_at_its_mean_and_rises() -> None:
    at_s = (0, 10, 20, 30, 40, 50)
    assert [WAVE.rate_rps(at * NS_PER_S) for at in at_s] == pytest.approx([20, 35, 20, 5, 20, 35])
    assert WAVE.peak_rps == 35.0


def test_a_whole_period_brings_the_mean_and_half_of_one_the_swing() -> None:
    assert WAVE.planned(3 * NS_PER_S, 43 * NS_PER_S) == pytest.approx(800)
    assert WAVE.planned(0, 20 * NS_PER_S) == pytest.approx(400 + 15 * 40 / pi)
    assert WAVE.expected == pytest.approx(1200 + 15 * 40 / pi)


def test_the_peak_of_a_stretch_without_a_crest_is_at_its_higher_end() -> None:
    assert WAVE.part(12 * NS_PER_S, 20 * NS_PER_S).peak_rps == WAVE.rate_rps(12 * NS_PER_S)
    assert WAVE.part(2 * NS_PER_S, 5 * NS_PER_S).peak_rps == WAVE.rate_rps(5 * NS_PER_S)
    assert WAVE.part(9 * NS_PER_S, 11 * NS_PER_S).peak_rps == 35.0


@given(
    st.floats(0.01, 1e5),
    SHARES,
    st.integers(NS_PER_S, 7 * DAY),
    st.integers(0, 7 * DAY),
    st.floats(0, 1, exclude_max=True),
)
def test_a_month_of_it_is_inverted_to_the_last_digits(
    mean_rps: float, share: float, period_ns: int, from_ns: int, gone: float
) -> None:
    month = Wave(30 * DAY, mean_rps, mean_rps * share, period_ns, from_ns)
    h = month.expected * gone
    # A tenth of a microsecond of the highest rate, or the last digits of a count of 10¹¹.
    tolerance = month.peak_rps * 1e-7 + h * 1e-15
    assert month.cumulative(month.inverse_ns(h)) == pytest.approx(h, abs=tolerance, rel=1e-12)


def test_an_hour_of_it_is_inverted_to_less_than_a_nanosecond() -> None:
    hour = Wave(3600 * NS_PER_S, 1000.0, 900.0, 3600 * NS_PER_S)
    for at_ns in range(1, 3600 * NS_PER_S, 7 * NS_PER_S + 12_345):
        assert hour.inverse_ns(hour.cumulative(at_ns)) == pytest.approx(at_ns, abs=0.5, rel=0)


def test_in_a_trough_without_a_rate_arrivals_stay_in_order() -> None:
    still = Wave(200 * NS_PER_S, 1e4, 1e4, 20 * NS_PER_S)
    offsets = list(islice(still.offsets_ns(islice(count(0.0), 150_000, 250_000)), 100_000))
    assert all(a <= b for a, b in pairwise(offsets))
    assert max(b - a for a, b in pairwise(offsets)) > 100 * NS_PER_S / 10_000


def test_rounding_sends_no_arrival_before_the_stretch() -> None:
    late_in_a_month = Wave(DAY, 1.0, 0.9, 30 * DAY, from_ns=2_156_277_679_834_440)
    assert next(late_in_a_month.offsets_ns((0.0,))) == 0
    assert late_in_a_month.inverse_ns(0.0) == 0.0


def test_the_most_within_a_time_lies_around_the_crest() -> None:
    assert WAVE.most_within(2 * NS_PER_S) == WAVE.planned(9 * NS_PER_S, 11 * NS_PER_S)
    short = WAVE.part(12 * NS_PER_S, 28 * NS_PER_S)
    assert short.most_within(2 * NS_PER_S) == short.planned(0, 2 * NS_PER_S)


PHASE = 'rate = "10/s"\nduration = "5s"'
KEYS = 'wave = "20/s"\namplitude = "15/s"\nperiod = "1m"\nduration = "5s"'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"15/s"', '"21/s"', "phase[0].amplitude must be at most the mean, 20/s"),
        ('"15/s"', '"0/s"', "phase[0].amplitude must be one rate above 0"),
        ('amplitude = "15/s"', "", "phase[0].amplitude is missing: say how far it swings"),
        ('"1m"', '"0s"', "phase[0].period must be above 0"),
        ('period = "1m"', "", "phase[0].period is missing: say how long a wave is"),
        ('"20/s"', '"5/s..20/s"', "phase[0].wave must be one rate above 0"),
        ('wave = "20/s"', 'rate = "20/s"', "phase[0].amplitude is for a phase with wave"),
    ],
)
def test_each_mistake_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = mistakes(tmp_path, MINIMAL.replace(PHASE, KEYS.replace(old, new)))
    assert found[0].startswith(said)


def test_what_people_read() -> None:
    assert WAVE.words("even") == "20 ± 15/s, a wave each 40 s, even"
