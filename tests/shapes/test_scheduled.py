"""Arrivals as a schedule fires."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st

from bench.model.times import NS_PER_S
from bench.profile import resolved_toml
from bench.shapes.cron_rule import read_rule
from bench.shapes.scheduled import Scheduled, scheduled
from tests.profile.write import MINIMAL, load, mistakes
from tests.shapes.strategies import durations_ns

RULES = ("*/5 * * * *", "0 9-17 * * mon-fri", "rate(1 minute)", "*/7 * * * *", "rate(2 hours)")
BEGIN = datetime(2024, 1, 1)
HEAD = MINIMAL.partition("[[phase]]")[0] + '[[phase]]\nduration = "60s"\n'


def of(rule: str, duration_ns: int, speed: float) -> Scheduled:
    return scheduled(rule, "2024-01-01T09:00", speed, duration_ns)


SHAPES = st.builds(of, st.sampled_from(RULES), durations_ns, st.sampled_from([60.0, 600.0, 7.5]))


def firings(rule: str, days: float, begin: datetime = BEGIN) -> list[datetime]:
    return list(read_rule(rule).firings(begin, begin + timedelta(days=days)))


def test_an_hour_of_five_minutes_each_is_played_in_a_minute() -> None:
    shape = of("*/5 * * * *", 60 * NS_PER_S, 60)
    assert list(shape.offsets_ns(())) == [at * 5 * NS_PER_S for at in range(12)]
    assert shape.words("poisson") == "12 arrivals of the schedule */5 * * * *, 60 times as fast"


@pytest.mark.parametrize(
    ("rule", "days", "expected"),
    [
        ("* * * * *", 1, 1440),
        ("0 0 * * *", 31, 31),
        ("30 6 1,15 * *", 366, 24),
        ("0 12 29 2 *", 366, 1),
        ("0 0 * * sun", 14, 2),
        ("0 0 * * 7", 14, 2),
        ("0 0 1 * mon", 31, 5),
        ("0 0 */10 * *", 31, 4),
        ("10-20/5,50 * * * *", 1, 96),
        ("5/20 3 * * *", 1, 3),
        ("@daily", 3, 3),
        ("0 9 * JAN Mon-Fri", 31, 23),
        ("rate(5 minutes)", 1, 288),
        ("rate(1 day)", 3, 3),
    ],
)
def test_a_rule_fires_as_often_as_its_fields_say(rule: str, days: int, expected: int) -> None:
    found = firings(rule, days)
    assert len(found) == expected
    assert found == sorted(set(found))


def test_either_day_is_enough_where_both_are_restricted() -> None:
    days = [at.day for at in firings("0 0 13 * fri", 31)]
    assert days == [5, 12, 13, 19, 26]


def test_what_fired_before_the_beginning_is_left_out() -> None:
    begin = datetime(2024, 1, 1, 8, 59)
    assert firings("0 9 * * *", 1, begin) == [datetime(2024, 1, 1, 9)]
    assert firings("59 8 * * *", 1, begin) == [begin]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"* * * *"', "phase[0].cron must be a schedule such as"),
        ('"60 * * * *"', "phase[0].cron must have a minute from 0 to 59"),
        ('"*/0 * * * *"', 'phase[0].cron has no step "0" in its minute'),
        ('"9-5 * * * *"', "phase[0].cron has a minute that ends before it begins"),
        ('"0 0 * * someday"', "phase[0].cron must have a day of the week from 0 to 7"),
        ('"cron(0/5 * * * ? *)"', "phase[0].cron must have the five fields of crontab"),
        ('"rate(0 minutes)"', "phase[0].cron must be a rate of at least one minute"),
        ('"* * * * *"\nspeed = 1e9', "phase[0].cron plays"),
        ('"* * * * *"\nspeed = 5e6', "phase[0].cron has more than 1,000,000 arrivals"),
        ('"* * * * *"\nbegins = "noon"', "phase[0].begins must be a time such as"),
        ('"* * * * *"\nrate = "1/s"', "cannot stand beside"),
    ],
)
def test_a_mistake_is_told_with_its_mend(value: str, said: str, tmp_path: Path) -> None:
    told = mistakes(tmp_path, f"{HEAD}cron = {value}\n")
    assert any(said in line for line in told), told


def test_a_profile_with_a_schedule_is_read_back_as_it_was(tmp_path: Path) -> None:
    profile = load(tmp_path, f'{HEAD}cron = "*/5 * * * *"\nspeed = 60\n')
    again = load(tmp_path, resolved_toml(profile))
    assert again.phases == profile.phases
    assert profile.phases[0].shape.expected == 12
