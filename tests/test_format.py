"""Figures as every view writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.format import (
    AT_LEAST,
    UNKNOWN,
    clock,
    count,
    duration_text,
    maximum_ms,
    milliseconds,
    percent,
    percentage,
    quantile_ms,
    quantile_percent,
    quantile_text,
    rate,
    share_known,
    signed_ms,
    tick_label,
    told_name,
    usd,
)
from bench.model.endpoint import EndpointKind
from bench.model.profile import Variant
from bench.model.result import Distribution, Quantile
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.model.variant import with_differences


@pytest.mark.parametrize(
    ("write", "figure", "text"),
    [
        (quantile_text, 0.999, "p99.9"),
        (share_known, 0.999, "all"),
        (share_known, 0.82, "82 %"),
        (share_known, 0.0588, "1 in 17"),
        (share_known, None, UNKNOWN),
        (percent, 8.9, "+890 %"),
        (percent, 9.0, "×10"),
        (percent, 11.24, "×12.2"),
        (percent, -0.99, "−99 %"),
        (quantile_percent, 0.5, "50 %"),
        (signed_ms, 412_000, "+0.412"),
        (signed_ms, -12.3e6, "−12.3"),
        (duration_text, 0.412e6, "0.412 ms"),
        (duration_text, 1.234e9, "1.23 s"),
        (duration_text, float("inf"), "unknown"),
        (clock, 7 * NS_PER_S, "0:07"),
        (clock, 725 * NS_PER_S, "12:05"),
        (clock, 3723 * NS_PER_S, "1:02:03"),
        (clock, -1, "0:00"),
        (milliseconds, 0.412e6, "0.41"),
        (milliseconds, 12.34e6, "12.3"),
        (milliseconds, 1234e6, "1234"),
        (rate, 0.5, "0.5"),
        (rate, 412.4, "412"),
        (rate, 12_345, "12.3k"),
        (count, 12_345, "12,345"),
        (count, 1_234_567, "1.23M"),
        (usd, 1.666, "$1.67"),
        (usd, 0.00123, "$0.001230"),
        (usd, None, UNKNOWN),
        (tick_label, 0.25, "0.25"),
        (tick_label, 1500, "1500"),
        (tick_label, 20_000, "20k"),
        (tick_label, 3e6, "3M"),
    ],
)
def test_a_figure_is_written_as(write: Callable[[object], str], figure: object, text: str) -> None:
    assert write(figure) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 9, "0"), (9, 9, "100"), (1, 100_000, "0.1"), (99_999, 100_000, "99.9"), (0, 0, UNKNOWN)],
)
def test_a_percentage_says_none_and_all_only_when_it_is_so(
    part: int, whole: int, text: str
) -> None:
    assert percentage(part, whole) == text


def test_a_quantile_says_when_it_is_a_bound_and_when_it_is_not_known() -> None:
    assert quantile_ms(Quantile(0.5, 5 * NS_PER_MS, True)) == "5.00"
    assert quantile_ms(Quantile(0.5, 5 * NS_PER_MS, True, censored=True)) == f"{AT_LEAST}5.00"
    assert quantile_ms(Quantile(0.5, 5 * NS_PER_MS, False)) == UNKNOWN
    assert quantile_ms(None) == UNKNOWN
    assert quantile_ms(Quantile(0.5, 5, True), str) == "5"


def test_a_maximum_is_a_bound_if_anything_timed_out() -> None:
    ns = 5 * NS_PER_MS
    assert maximum_ms(Distribution(3, ns, ns, ns)) == "5.00"
    assert maximum_ms(Distribution(3, ns, ns, ns, censored=1)) == f"{AT_LEAST}5.00"
    assert maximum_ms(Distribution(0, 0, 0, 0)) == UNKNOWN


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([("invoke", 128, None), ("alb", 128, None)], ["invoke", "alb"]),
        ([("invoke", 128, None), ("alb", 512, None)], ["invoke 128 MB", "alb 512 MB"]),
        ([("invoke", 128, "x"), ("alb", 128, None)], ["invoke x", "alb default retry"]),
        ([("invoke", 128, "x"), ("invoke", 128, None)], ["x", "default retry"]),
    ],
)
def test_a_variant_is_told_by_what_differs(
    levels: list[tuple[str, int, str | None]], words: list[str]
) -> None:
    variants = with_differences(
        Variant(EndpointKind(endpoint), memory_mb).with_levels({"retry": retry})
        for endpoint, memory_mb, retry in levels
    )
    assert [told_name(variant) for variant in variants] == words
