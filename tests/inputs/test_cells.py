"""What a cell can be meant as."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.inputs.cells import literal


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0), ("17", 17), ("-3", -3), ("2.0", 2.0), ("1.5", 1.5), ("-0.25", -0.25),
        ("12345678901234567890", 12345678901234567890), ("9007199254740993", 9007199254740993),
        ("true", True), ("false", False), ("null", None),
    ],
)  # fmt: skip
def test_a_number_that_is_written_so_is_one(cell: str, value: Any) -> None:
    assert literal(cell) == value
    assert type(literal(cell)) is type(value)


@pytest.mark.parametrize(
    "cell",
    [
        "", " ", "007", "0x1F", "1.10", "1e5", "1E5", "-0", "-0.0e0", "123456789.123456789",
        "+4917", "NULL", "TRUE", "False", "NaN", "nan", "Infinity", "-Infinity", "1e999", "1,10",
        "1.000,50", " 1", "1 ", "1_000", "1.", ".5", "00", "-", "--1", "1e-7x", "²", "١", "[1]",
        '"x"', "{}", "9" * 5000, "1" * 401, "0.1000000000000000055511151231257827", "1.0E+2",
    ],
)  # fmt: skip
def test_whatever_would_be_written_otherwise_stays_text(cell: str) -> None:
    assert literal(cell) == cell


@given(st.one_of(st.text("-+.eE0123456789tfnull ", max_size=12), st.text(max_size=12)))
def test_nothing_is_lost(cell: str) -> None:
    value = literal(cell)
    assert (value if isinstance(value, str) else json.dumps(value)) == cell
