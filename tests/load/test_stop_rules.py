"""When a run ends before its phases do, and how long it will take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.load.stop_rules import StopRules
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import StopSpec, Variant
from bench.model.result import Distribution, Measure, Tally, Window
from bench.model.times import NS_PER_S

BY_PRECISION = StopSpec(precision=0.05, precision_q=0.99)


def window(finished: int, failed: int = 0, duration_s: float = 10) -> Window:
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.OK], outcomes[Outcome.TIMEOUT] = finished - failed, failed
    return Window(
        variant=Variant(EndpointKind.HTTP),
        duration_s=duration_s,
        tally=Tally(offered=finished, outcomes=tuple(outcomes), attempts=finished),
        planned_rps=0,
        achieved_rps=0,
        goodput_rps=0,
        measures={Measure.RESPONSE: Distribution(count=finished)},
    )


def stopping(
    spec: StopSpec, width: float | None = None, max_spend_usd: float | None = None
) -> StopRules:
    return StopRules(spec, max_spend_usd, lambda *_: width)


def reason(rules: StopRules, *windows: Window, spent_usd: float = 0) -> str | None:
    return rules.reason(lambda: windows, lambda: spent_usd)


def test_without_a_rule_a_run_goes_on() -> None:
    assert reason(stopping(StopSpec()), window(10**9)) is None


def test_what_is_exact_is_told_in_the_words_of_the_rule() -> None:
    rules = stopping(StopSpec(after_ns=NS_PER_S * 5 // 2, invocations=500))
    assert rules.passed_words() == "2.5 s have passed"
    assert rules.begun_words() == "500 invocations have begun"


def test_the_lower_of_two_amounts_is_spent_first() -> None:
    rules = stopping(StopSpec(spend_usd=2.0), max_spend_usd=1.0)
    assert reason(rules, spent_usd=0.99) is None
    assert reason(rules, spent_usd=1.01) == "$1.01 are spent, of $1 allowed"


def test_small_amounts_are_written_out() -> None:
    rules = stopping(StopSpec(spend_usd=0.00002))
    assert reason(rules, spent_usd=0.000046) == "$0.000046 are spent, of $0.00002 allowed"


def test_invocations_of_all_variants_count() -> None:
    rules = stopping(StopSpec(invocations=100))
    assert reason(rules, window(50), window(49)) is None
    assert reason(rules, window(50), window(50)) == "100 invocations have finished"


def test_an_error_rate_needs_a_hundred_to_go_by() -> None:
    rules = stopping(StopSpec(error_rate=0.1))
    assert reason(rules, window(99, failed=99)) is None
    assert reason(rules, window(200, failed=20)) is None
    assert reason(rules, window(200, failed=30)) == "15.0% of invocations failed, more than 10.0%"


def test_a_percentile_is_known_by_its_interval() -> None:
    assert reason(stopping(BY_PRECISION, 0.06), window(5000)) is None
    assert reason(stopping(BY_PRECISION, None), window(5000)) is None
    found = reason(stopping(BY_PRECISION, 0.05), window(5000), window(2000))
    assert found == "p99 of every variant is known to ±5.0%"


def test_a_percentile_with_fewer_than_ten_samples_beyond_it_is_not_known() -> None:
    assert reason(stopping(BY_PRECISION, 0.01), window(5000), window(999)) is None


@pytest.mark.parametrize(
    ("windows", "width", "now_s", "left_s"),
    [
        ([window(2000)], 0.05, 10, 0),
        ([window(2000)], 0.10, 10, 30),  # half as wide takes four times the samples
        ([window(2000, duration_s=6)], 0.10, 10, 18),  # a warm-up brought none of them
        ([window(2000), window(2000)], 0.10, 10, 30),  # both were on all the time
        ([window(250)], None, 10, 30),  # too few to have an interval: 1,000 are the fewest
        ([window(0)], None, 10, None),
        ([window(2000)], None, 10, None),
        ([], None, 10, None),
    ],
)
def test_the_time_until_the_precision_is_reached(
    windows: list[Window], width: float | None, now_s: int, left_s: int | None
) -> None:
    left_ns = stopping(BY_PRECISION, width).remaining_ns(now_s * NS_PER_S, windows)
    assert left_ns == (None if left_s is None else pytest.approx(left_s * NS_PER_S))


def test_the_time_until_there_are_as_many_invocations() -> None:
    by_count = StopSpec(invocations=1000)
    side_by_side = [window(200), window(200)]
    assert stopping(by_count).remaining_ns(10 * NS_PER_S, side_by_side) == 15 * NS_PER_S
    assert stopping(by_count).remaining_ns(10 * NS_PER_S, [window(0)]) is None
    sooner = replace(BY_PRECISION, invocations=1000)
    assert stopping(sooner, 0.10).remaining_ns(10 * NS_PER_S, [window(500)]) == 10 * NS_PER_S


def test_without_such_a_rule_there_is_nothing_to_estimate() -> None:
    assert stopping(StopSpec()).remaining_ns(NS_PER_S, [window(2000)]) is None
