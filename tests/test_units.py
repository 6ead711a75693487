from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import units


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("0s", 0),
        ("500ms", 500_000_000),
        ("5s", 5_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1m 30s", 90_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("250us", 250_000),
        ("250µs", 250_000),
        ("7ns", 7),
        ("0.1s", 100_000_000),
        ("1e3ms", 1_000_000_000),
    ],
)
def test_durations_are_read_to_the_nanosecond(text: str, duration_ns: int) -> None:
    assert units.read_duration_ns(text) == duration_ns


@pytest.mark.parametrize("value", [5, 5.0, True, "", "5", "s", "5 x", "5s!", "five s", None, "-"])
def test_a_duration_without_a_unit_is_told_how_to_write_one(value: object) -> None:
    with pytest.raises(ValueError, match='must be a duration with its unit, such as "500ms"'):
        units.read_duration_ns(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-1s", "at least 0"),
        ("31h1e9h", "at most 30 days"),
        ("721h", "at most 30 days"),
        ("0.1ns", "at least 1ns"),
    ],
)
def test_a_duration_out_of_range_is_told_so(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        units.read_duration_ns(text)


@pytest.mark.parametrize(
    ("text", "start_rps", "end_rps"),
    [
        ("3/s", 3.0, 3.0),
        ("120/min", 2.0, 2.0),
        ("7200/h", 2.0, 2.0),
        ("5/s..50/s", 5.0, 50.0),
        ("5/s .. 50/s", 5.0, 50.0),
        ("5..50/s", 5.0, 50.0),
        ("60/min..2/s", 1.0, 2.0),
        ("0/s", 0.0, 0.0),
        ("0.5 / s", 0.5, 0.5),
    ],
)
def test_rates_and_ramps(text: str, start_rps: float, end_rps: float) -> None:
    assert units.read_rates_rps(text) == (start_rps, end_rps)


@pytest.mark.parametrize("value", [3, "3", "3/d", "/s", "1/s..2/s..3/s", "..", "a/s", True, "∞/s"])
def test_what_is_no_rate_is_told_how_to_write_one(value: object) -> None:
    with pytest.raises(ValueError, match='must be a rate such as "3/s"'):
        units.read_rates_rps(value)


def test_a_negative_rate_is_out_of_range() -> None:
    with pytest.raises(ValueError, match=r'must be at least 0 \(it is "-5/s"\)'):
        units.read_rates_rps("-5/s")


@pytest.mark.parametrize(
    ("value", "callers"), [(10, (10, 10)), ("1..50", (1, 50)), ("50..1", (50, 1)), ("0..5", (0, 5))]
)
def test_callers_and_their_ramps(value: object, callers: tuple[int, int]) -> None:
    assert units.read_callers(value) == callers


@pytest.mark.parametrize("value", [0, -1, "0..0", "1..x", 1.5, True, [1], "1..2..3", 10**9])
def test_callers_that_cannot_be(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        units.read_callers(value)


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (units.read_share, "5%", 0.05),
        (units.read_share, "0.1 %", 0.001),
        (units.read_usd, "2.50 USD", 2.5),
        (units.read_usd, "$0.5", 0.5),
        (units.read_quantile, "p99.9", 0.999),
        (units.read_quantile, "p999", 0.999),
        (units.read_quantile, "p5", 0.05),
    ],
)
def test_shares_money_and_percentiles(
    read: Callable[[Any], float], value: str, result: float
) -> None:
    assert read(value) == result


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (units.read_share, 0.05),
        (units.read_share, "101%"),
        (units.read_share, "-1%"),
        (units.read_usd, 2.5),
        (units.read_usd, "0 USD"),
        (units.read_usd, "5 EUR"),
        (units.read_quantile, "p100"),
        (units.read_quantile, "p0"),
        (units.read_quantile, 99),
    ],
)
def test_amounts_that_cannot_be(read: Callable[[Any], float], value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        read(value)


@given(st.integers(0, units.MAX_DURATION_NS))
def test_a_duration_reads_back_as_written(duration_ns: int) -> None:
    assert units.read_duration_ns(units.write_duration(duration_ns)) == duration_ns


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_rate_reads_back_as_written(start_rps: float, end_rps: float) -> None:
    assert units.read_rates_rps(units.write_rates(start_rps, end_rps)) == (start_rps, end_rps)


@given(st.floats(0, 1))
def test_a_share_reads_back_as_written(share: float) -> None:
    assert units.read_share(units.write_share(share)) == share


@pytest.mark.parametrize(
    ("value", "size_bytes"),
    [
        (1, 1),
        (4096, 4096),
        ("4096", 4096),
        ("256KB", 256 << 10),
        ("1.5 mb", 3 << 19),
        ("2GB", 2 << 30),
    ],
)
def test_a_size_in_bytes(value: object, size_bytes: int) -> None:
    assert units.read_size(value) == size_bytes
    assert units.read_size(units.write_size(size_bytes)) == size_bytes


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "0", "1TB", "1e3", "9" * 5000, "9999999GB"])
def test_what_is_no_size_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"size such as|from 1 byte"):
        units.read_size(value)


@given(st.floats(1e-9, 1e8))
def test_money_reads_back_as_written(amount_usd: float) -> None:
    assert units.read_usd(units.write_usd(amount_usd)) == amount_usd


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999])
def test_a_percentile_reads_back_as_written(q: float) -> None:
    assert units.read_quantile(units.write_quantile(q)) == q


def test_a_value_is_quoted_on_one_line_and_not_at_length() -> None:
    assert units.shown("a\nb") == '"a\\nb"'
    assert units.shown(True) == "true"
    assert len(units.shown("x" * 1000)) < 100
