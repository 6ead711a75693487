from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import Slo, Variant
from bench.model.result import Distribution, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_MS
from bench.stats.threshold_grammar import check_selector, parse_slo
from bench.stats.thresholds import SloState, evaluate
from tests.stats.curves import curve_of

SMALL = Variant(EndpointKind.INVOKE, 128)
LARGE = Variant(EndpointKind.INVOKE, 1769)
DOOR = Variant(EndpointKind.ALB, 1769)


def window(
    variant: Variant = LARGE,
    *,
    p50: float = 40,
    p99: float | None = 90,
    maximum: float = 120,
    count: int = 5000,
    censored: bool = False,
    ok: int = 990,
    failed: int = 10,
    goodput: float = 12.0,
) -> Window:
    quantiles = (
        Quantile(0.5, round(p50 * NS_PER_MS), True),
        Quantile(0.99, round((p99 or 0) * NS_PER_MS), p99 is not None, censored),
    )
    times = Distribution(
        count,
        NS_PER_MS,
        round(maximum * NS_PER_MS),
        p50 * NS_PER_MS,
        censored=int(censored),
        quantiles=quantiles,
    )
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.OK], outcomes[Outcome.THROTTLED] = ok, failed
    tally = Tally(
        offered=ok + failed + 100, dropped=100, outcomes=tuple(outcomes), attempts=ok + failed
    )
    return Window(
        variant,
        100.0,
        tally,
        11.0,
        10.0,
        goodput,
        {Measure.RESPONSE: times, Measure.ATTEMPT: times},
        usd_per_million=2.0,
    )


def state(text: str, *windows: Window) -> SloState:
    return evaluate(Slo("it", text), windows or (window(),)).state


@pytest.mark.parametrize(
    ("text", "metric", "selector", "measure", "op", "limit"),
    [
        ("p99 of 1769MB < 500ms", "p99", "1769MB", "response", "<", 500e6),
        ("p99 of 1769 MB < 500 ms", "p99", "1769MB", "response", "<", 500e6),
        ("p50 of invoke-128MB attempt < 1s", "p50", "invoke-128MB", "attempt", "<", 1e9),
        ("p99.9<2.5s", "p99.9", "all", "response", "<", 2.5e9),
        ("max of alb first_byte >= 250us", "max", "alb", "first_byte", ">=", 250e3),
        ("error_rate of alb <= 1%", "error_rate", "alb", "response", "<=", 0.01),
        ("error_rate<0.01", "error_rate", "all", "response", "<", 0.01),
        ("goodput of all >= 10/s", "goodput", "all", "response", ">=", 10.0),
        ("cost of arm64 < $2.50", "cost", "arm64", "response", "<", 2.5),
        ("cold_starts <= 5", "cold_starts", "all", "response", "<=", 5.0),
    ],
)
def test_thresholds_are_read(
    text: str, metric: str, selector: str, measure: str, op: str, limit: float
) -> None:
    found = parse_slo(text)
    assert (found.metric, found.selector, found.measure, found.op) == (
        *(metric, selector, measure, op),
    )
    assert found.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "q"), [("p50 < 1s", 0.5), ("p999 < 1s", 0.999), ("p99.99 < 1s", 0.9999)]
)
def test_percentiles_are_read_as_people_write_them(text: str, q: float) -> None:
    assert parse_slo(text).q == q


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a threshold; write one like"),
        ("p99 of 1769MB", "is not a threshold"),
        ("p99 == 5ms", "is not a threshold"),
        ("speed < 1s", "'speed' is not a metric; there are p50"),
        ("p0 < 1s", "must lie between p0 and p100"),
        ("p100 < 1s", "must lie between p0 and p100"),
        ("p99 < 500", "p99 needs a time such as 500ms .it is '500'."),
        ("p99 < 5 parsecs", "p99 needs a time"),
        ("error_rate < 500ms", "error_rate needs a share such as 1%"),
        ("error_rate < 150%", "error_rate needs a share"),
        ("goodput > 10", "goodput needs a rate such as 10/s"),
        ("p99 of all lag < 1s", "'lag' is not a measure; there are response, attempt"),
        ("error_rate of all attempt < 1%", "error_rate has no measure"),
    ],
)
def test_mistakes_are_told_with_their_mend(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_slo(text)


def test_a_selector_that_picks_nothing_is_a_mistake() -> None:
    check_selector(parse_slo("p99 of 128mb < 1s"), [SMALL])
    with pytest.raises(ValueError, match="'256MB' picks no variant; there are invoke-128MB"):
        check_selector(parse_slo("p99 of 256MB < 1s"), [SMALL])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p99 < 91ms", SloState.OK),
        ("p99 < 90ms", SloState.FAILED),
        ("p99 <= 90ms", SloState.OK),
        ("p50 attempt > 39ms", SloState.OK),
        ("max < 100ms", SloState.FAILED),
        ("mean < 41ms", SloState.OK),
        ("error_rate <= 1%", SloState.OK),
        ("error_rate < 1%", SloState.FAILED),
        ("throttle_rate < 2%", SloState.OK),
        ("timeout_rate <= 0%", SloState.OK),
        ("drop_rate < 5%", SloState.FAILED),
        ("goodput >= 10/s", SloState.OK),
        ("achieved >= 10.5/s", SloState.FAILED),
        ("amplification <= 1", SloState.OK),
        ("cost < $1.99", SloState.FAILED),
        ("cold_starts < 1", SloState.OK),
        ("p99 init < 1s", SloState.UNKNOWN),
        ("p99 of 256MB < 1s", SloState.UNKNOWN),
    ],
)
def test_thresholds_are_held_against_the_results(text: str, expected: SloState) -> None:
    assert state(text) is expected


def test_every_variant_that_is_picked_must_meet_it() -> None:
    slow = window(SMALL, p99=900)
    assert state("p99 < 100ms", window(), slow) is SloState.FAILED
    assert state("p99 of 1769MB < 100ms", window(), slow) is SloState.OK
    result = evaluate(Slo("it", "p99 < 100ms"), (window(), slow))
    assert result.value == "invoke-128MB 900 ms"


def test_a_lower_bound_can_break_a_limit_and_never_meet_one() -> None:
    timed_out = window(censored=True)
    assert state("p99 < 50ms", timed_out) is SloState.FAILED
    assert state("p99 < 200ms", timed_out) is SloState.UNKNOWN
    assert state("p99 > 50ms", timed_out) is SloState.OK
    assert state("max < 200ms", timed_out) is SloState.UNKNOWN


def test_too_few_samples_are_unknown_unless_they_settle_it() -> None:
    few = window(p99=None, count=45)
    assert state("p99 < 100ms", few) is SloState.UNKNOWN
    assert state("p99 < 121ms", few) is SloState.OK, "even the maximum meets it"
    assert state("p99 < 30ms", few) is SloState.FAILED, "the median breaks it already"
    assert "45 samples, of 1,000 needed" in evaluate(Slo("it", "p99 < 100ms"), (few,)).value


def test_quantiles_that_no_summary_has_come_from_the_curve() -> None:
    curves = {LARGE.name: {Measure.RESPONSE: curve_of(np.arange(1, 1001) * NS_PER_MS)}}
    slo = Slo("it", "p95 < 951ms")
    assert evaluate(slo, (window(maximum=5000),), curves).state is SloState.OK
    assert evaluate(slo, (window(maximum=5000),)).state is SloState.UNKNOWN


def test_nothing_measured_is_unknown() -> None:
    empty = replace(window(), tally=Tally(), measures={}, duration_s=0.0)
    for text in ("p99 < 1s", "error_rate < 1%", "goodput > 1/s", "drop_rate < 1%"):
        assert state(text, empty) is SloState.UNKNOWN
