from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.schema import quantities
from bench.schema.files import existing_file
from bench.schema.values import (
    Value,
    above_zero,
    flag,
    named_choice,
    number,
    one_of,
    positive,
    text,
    whole,
)

HUGE = 10**400


@pytest.mark.parametrize(
    ("value", "given_", "said"),
    [
        (whole(1, 9), HUGE, "must be at most 9 (it is a whole number of hundreds of digits)"),
        (whole(1, 9), 3.0, "must be a whole number (it is 3.0)"),
        (whole(1, 9), True, "must be a whole number (it is true)"),
        (number(0, 1), -HUGE, "must be at least 0 (it is a whole number of hundreds of digits)"),
        (number(0, 1), float("nan"), "must be a number (it is nan)"),
        (number(0, 1), 1.5, "must be at most 1 (it is 1.5)"),
        (positive, HUGE, "must be at most"),
        (positive, 0, "must be a number above 0 (it is 0)"),
        (positive, float("inf"), "must be a number above 0 (it is inf)"),
        (flag, 1, "must be true or false (it is 1)"),
        (text, "  ", "must not be empty"),
        (one_of((500, 502)), True, "must be one of 500, 502 (it is true)"),
        (one_of(("a", "b")), [1], 'must be one of "a", "b" (it is a list)'),
        (named_choice({"full-jitter": 1}), "Full_Jiter", 'did you mean "full-jitter"?'),
        (above_zero(whole(0, 9)), 0, "must be above 0 (it is 0)"),
        (quantities.duration, "1e999999999999999s", "must be at most 30 days"),
        (quantities.duration, "1e-999999999999999s", "must be 0 or at least 1ns"),
        (quantities.rates, "1e99999999/s", "must be at most 10000000/s"),
        (quantities.rates, "1..1e999999999/h", "must be at most 10000000/s"),
        (quantities.rate, "0/s", "must be one rate above 0"),
        (quantities.level, "1/s..2/s", 'must be one rate, such as "10/s"'),
        (quantities.share, "1e999999999999%", "must be from 0% to 100%"),
        (quantities.part, "0%", "must be above 0% and below 100%"),
        (quantities.usd, "1e999 USD", "must be above 0 USD and below"),
        (quantities.quantile, "p99." + "9" * 9999, "must be a percentile"),
        (quantities.callers, HUGE, "must be from 1 to 1000000"),
        (quantities.callers, "1..9999999999999", "must be a whole number or a ramp"),
        (existing_file, "x" * 300, "must be a file that can be read"),
        (existing_file, "a\0b", "must be a path that can be (embedded null byte)"),
        (existing_file, "~nobody-of-that-name/x", "must be a file that can be read"),
        (existing_file, "/dev/zero", "is a device or a pipe"),
    ],
)
def test_what_cannot_be_is_told_and_raises_nothing_else(
    value: Value[Any], given_: Any, said: str
) -> None:
    with pytest.raises(ValueError) as caught:
        value(given_)
    assert said in str(caught.value)


VALUES = [
    quantities.duration, quantities.span, quantities.rates, quantities.rate, quantities.level,
    quantities.callers, quantities.share, quantities.part, quantities.usd, quantities.quantile,
]  # fmt: skip


@given(st.sampled_from(VALUES), st.from_regex(r"p?-?\d{1,3}(\.\d+)?(e-?\d+)?( ?[a-z%/.$]+\d*)*"))
def test_what_is_read_is_written_to_be_read_as_the_same(value: Value[Any], given_: str) -> None:
    try:
        found = value(given_)
    except ValueError:
        return
    assert value(value.write(found)) == found
