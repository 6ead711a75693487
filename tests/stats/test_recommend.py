from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.format import number, percent, size_name
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Architecture, Variant
from bench.model.result import QUANTILES, Measure, Quantile, Tally, Window
from bench.model.result import Distribution as D
from bench.model.times import NS_PER_MS
from bench.stats.door_overhead import own_overhead
from bench.stats.one_kind import of_one_kind
from bench.stats.quantiles import Curve
from bench.stats.recommend import (
    advise,
    advise_on,
    compare_sentence,
    differences_to,
    frontier,
)
from bench.stats.woodruff import interval
from tests.stats.curves import curve_of
from tests.stats.processes import curve_in_blocks


def results(
    *rows: tuple[Variant, float, float | None],
    count: int = 2000,
    ok_share: float = 1.0,
    overhead_ms: dict[EndpointKind, float] | None = None,
) -> tuple[list[Window], dict[str, dict[Measure, Curve]]]:
    """(variant, median in ms, USD per million) each, with 5 % of spread."""
    windows, curves = [], {}
    for seed, (variant, median_ms, usd) in enumerate(rows):
        random = np.random.default_rng(seed)
        values = random.lognormal(np.log(median_ms * NS_PER_MS), 0.05, count).astype(np.int64)
        curve = curve_of(values)
        curves[variant.name] = {Measure.RESPONSE: curve, Measure.ATTEMPT: curve}
        if overhead_ms:
            own = random.normal(overhead_ms[variant.endpoint], 0.1, count) * NS_PER_MS
            curves[variant.name][Measure.OVERHEAD] = curve_of(own.astype(np.int64))
        outcomes = [0] * len(Outcome)
        outcomes[Outcome.OK] = round(count * ok_share)
        outcomes[Outcome.SERVER_ERROR] = count - outcomes[Outcome.OK]
        quantiles = tuple(
            Quantile(q, curve.quantile_ns(q) or 0, curve.is_known(q)) for q in QUANTILES
        )
        windows.append(
            Window(
                variant,
                10.0,
                Tally(offered=count, outcomes=tuple(outcomes), attempts=count),
                *(1.0, 1.0, 1.0),
                {Measure.RESPONSE: D(count, 0, int(values.max()), 0.0, quantiles=quantiles)},
                usd_per_million=usd,
            )
        )
    return windows, curves


def invoke(memory_mb: int) -> Variant:
    return Variant(EndpointKind.INVOKE, memory_mb)


SIZES = ((invoke(128), 800, 1.9), (invoke(512), 200, 2.0), (invoke(1769), 60, 2.2))


def test_fastest_cheapest_and_best_trade() -> None:
    advice = advise(*results(*SIZES))
    assert advice.fastest is not None
    assert advice.cheapest is not None
    assert advice.best is not None
    assert advice.fastest.variant == invoke(1769)
    assert advice.cheapest.variant == invoke(128)
    assert advice.best.variant == invoke(1769), "much faster for a little more"
    assert advice.frontier == ("invoke-1769MB", "invoke-512MB", "invoke-128MB")
    assert advice.q == 0.99
    assert advice.sentences[0].startswith("Fastest: 1769 MB (p99 ")


def with_cold_starts(
    windows: list[Window], curves: dict[str, dict[Measure, Curve]]
) -> tuple[list[Window], dict[str, dict[Measure, Curve]], dict[str, dict[str, Curve]]]:
    """The same, where what was there is warm, and a third more calls were cold and took 9 s."""
    cold = np.full(700, 9_000 * NS_PER_MS, dtype=np.int64)
    mixed, mixed_curves, classes = [], {}, {}
    for window in windows:
        name, warm = window.variant.name, window.measure(Measure.RESPONSE)
        whole = curve_of(cold)
        quantiles = tuple(Quantile(q, 9_000 * NS_PER_MS, True) for q in QUANTILES)
        slow = D(2700, 0, 9_000 * NS_PER_MS, 0.0, quantiles=quantiles)
        classes[name] = {"warm": curves[name][Measure.RESPONSE], "cold": whole}
        mixed_curves[name] = {Measure.RESPONSE: whole}
        mixed.append(
            replace(
                window,
                tally=replace(window.tally, cold_starts=700),
                measures={Measure.RESPONSE: slow},
                warm=warm,
                cold=slow,
            )
        )
    return mixed, mixed_curves, classes


def test_cold_and_warm_are_never_mixed() -> None:
    plain = advise(*results(*SIZES))
    windows, curves, classes = with_cold_starts(*results(*SIZES))
    advice = advise(windows, curves, classes=classes)
    assert plain.fastest is not None and advice.fastest is not None
    assert advice.fastest.text == f"warm {plain.fastest.text}"
    assert advice.best is not None and plain.best is not None
    assert advice.best.variants == plain.best.variants
    assert (plain.kind, advice.kind) == ("", "warm")
    only_cold = [replace(window, warm=D()) for window in windows]
    advice = advise(only_cold, curves, classes=classes)
    assert advice.fastest is not None
    assert advice.fastest.text.startswith("cold p99 9.00 s")


def test_a_timeout_stays_slower_than_every_warm_answer() -> None:
    windows, curves, classes = with_cold_starts(*results(*SIZES))
    outcomes = list(windows[2].tally.outcomes)
    outcomes[Outcome.TIMEOUT] = 60
    windows[2] = replace(
        windows[2], tally=replace(windows[2].tally, outcomes=tuple(outcomes), attempts=2060)
    )
    advice = advise(windows, curves, classes=classes)
    assert advice.fastest is not None
    assert advice.fastest.variant == invoke(512), "3 % of timeouts reach into p99"


def test_doors_are_compared_over_good_answers_and_not_from_an_invalid_variant() -> None:
    door = Variant(EndpointKind.ALB, 1769)
    windows, curves = results((invoke(1769), 60, 2.2), (door, 62, 2.3))
    fails_fast = {Measure.ATTEMPT: curve_of(np.full(2000, NS_PER_MS, dtype=np.int64))}
    classes = {name: {"warm": own[Measure.RESPONSE]} for name, own in curves.items()}
    broken = {**curves, door.name: fails_fast}
    (overhead,) = advise(windows, broken, classes=classes).overheads
    assert overhead.measure is Measure.RESPONSE
    assert 1.5 < overhead.added.value_ns / NS_PER_MS < 2.5
    windows[1] = replace(windows[1], verdict=Verdict.INVALID)
    assert advise(windows, broken, classes=classes).overheads == ()


def test_the_trade_can_fall_to_the_middle() -> None:
    rows = ((invoke(128), 800, 1.0), (invoke(512), 200, 1.3), (invoke(1769), 190, 4.0))
    advice = advise(*results(*rows))
    assert advice.best is not None
    assert advice.best.variant == invoke(512)


def test_one_that_is_slower_and_dearer_is_off_the_frontier() -> None:
    windows, _ = results(*SIZES, (invoke(3008), 70, 9.0))
    assert "invoke-3008MB" not in frontier(windows, 0.5)


def test_one_that_fails_is_not_recommended() -> None:
    windows, curves = results(*SIZES)
    broken, broken_curves = results((invoke(10240), 1, 0.1), ok_share=0.5)
    advice = advise([*windows, *broken], {**curves, **broken_curves})
    assert advice.fastest is not None
    assert advice.fastest.variant == invoke(1769)


def test_an_invalid_variant_is_not_recommended() -> None:
    windows, curves = results(*SIZES)
    windows[2] = replace(windows[2], verdict=Verdict.INVALID)
    advice = advise(windows, curves)
    assert advice.fastest is not None
    assert advice.fastest.variant == invoke(512)


def test_speed_is_compared_at_the_highest_quantile_that_all_know() -> None:
    assert advise(*results(*SIZES, count=300)).q == 0.9
    assert advise(*results(*SIZES, count=40)).q == 0.5
    few = advise(*results(*SIZES, count=15))
    assert (few.q, few.fastest, few.sentences) == (None, None, ())


def test_a_near_tie_says_so() -> None:
    rows = ((invoke(1024), 100.1, 1.0), (invoke(1769), 100, 1.0))
    advice = advise(*results(*rows, count=40))
    assert advice.fastest is not None
    assert "not distinguishable from" in advice.fastest.text


def in_blocks(values_ns: np.ndarray[tuple[int], np.dtype[np.int64]], blocks: int) -> Curve:
    return curve_in_blocks(values_ns.reshape(blocks, -1))


def test_all_that_cannot_be_told_apart_from_the_fastest_are_named() -> None:
    rows = ((invoke(512), 300, 1.0), (invoke(1024), 100.2, 1.0), (invoke(1769), 100, 1.0))
    fastest = advise(*results(*rows, count=800)).fastest
    assert fastest is not None
    assert set(fastest.variants) == {invoke(1024), invoke(1769)}
    assert fastest.unknown == ()


def test_with_too_few_blocks_the_fastest_is_named_with_that_reserve() -> None:
    windows, curves = results(*SIZES)
    for own in curves.values():
        values = np.repeat(own[Measure.RESPONSE].values_ns, own[Measure.RESPONSE].counts)
        own[Measure.RESPONSE] = in_blocks(values, 5)
    advice = advise(windows, curves)
    assert advice.fastest is not None
    assert advice.fastest.variant == invoke(1769)
    assert advice.fastest.alike == ()
    assert advice.fastest.text.endswith("; too few blocks to know of 128 MB, 512 MB")
    assert advice.against is not None
    assert advice.against.endswith("too few blocks to know")


def test_prices_that_chance_explains_are_named_together() -> None:
    windows, curves = results(*SIZES)
    random = np.random.default_rng(3)
    for index, (window, mean_ms) in enumerate(zip(windows, (50, 50, 80), strict=True)):
        billed = np.round(random.normal(mean_ms, 5, 2000)) * NS_PER_MS
        curves[window.variant.name][Measure.BILLED] = in_blocks(billed.astype(np.int64), 20)
        mean = float(billed.mean() / NS_PER_MS)
        windows[index] = replace(window, billed_ms_mean=mean, usd_per_million=0.2 + mean / 100)
    advice = advise(windows, curves, lambda _variant, billed_ms: 0.2 + billed_ms / 100)
    assert advice.cheapest is not None
    assert set(advice.cheapest.variants) == {invoke(128), invoke(512)}
    assert "not distinguishable from" in advice.cheapest.text


def priced(
    *rows: tuple[Variant, float, float],
) -> tuple[list[Window], dict[str, dict[Measure, Curve]]]:
    """(variant, median in ms, mean billed ms) each, by blocks; a ms costs $0.01 per million."""
    windows, curves = results(*((variant, ms, 1.0) for variant, ms, _ in rows), count=400)
    random = np.random.default_rng(3)
    for index, (window, (variant, ms, billed_ms)) in enumerate(zip(windows, rows, strict=True)):
        taken = random.lognormal(np.log(ms * NS_PER_MS), 0.05, 400).astype(np.int64)
        billed = (random.normal(billed_ms, billed_ms / 10, 400) * NS_PER_MS).astype(np.int64)
        own = {Measure.RESPONSE: in_blocks(taken, 20), Measure.BILLED: in_blocks(billed, 20)}
        curves[variant.name] |= own
        mean_ms = float(billed.mean() / NS_PER_MS)
        windows[index] = replace(window, billed_ms_mean=mean_ms, usd_per_million=mean_ms / 100)
    return windows, curves


def price(_variant: Variant, billed_ms: float) -> float:
    return billed_ms / 100


def test_a_trade_that_chance_leaves_open_names_all_that_it_may_be() -> None:
    rows = ((invoke(128), 800, 90), (invoke(1024), 105, 100), (invoke(1769), 62, 105))
    best = advise(*priced(*rows), price).best
    assert best is not None
    assert set(best.variants) == {invoke(1024), invoke(1769)}
    assert "not distinguishable from" in best.text


def test_a_trade_that_is_clear_names_one() -> None:
    rows = ((invoke(128), 800, 90), (invoke(512), 200, 100), (invoke(1769), 60, 105))
    best = advise(*priced(*rows), price).best
    assert best is not None
    assert best.variants == (invoke(1769),)


def test_a_trade_is_clear_though_nobody_knows_how_slow_the_slowest_may_be() -> None:
    windows, curves = priced(
        (invoke(128), 800, 90), (invoke(512), 200, 100), (invoke(1769), 60, 105)
    )
    slowest = curves[invoke(128).name]
    values = np.random.default_rng(5).lognormal(np.log(800 * NS_PER_MS), 0.05, (20, 20))
    values[7:9] *= 5
    slowest[Measure.RESPONSE] = in_blocks(values.astype(np.int64).ravel(), 20)
    advice = advise(windows, curves, price)
    assert advice.best is not None and advice.q == 0.9
    assert interval(slowest[Measure.RESPONSE], 0.9).high_ns is None
    assert advice.best.variants == (invoke(1769),)


def test_a_trade_over_too_few_blocks_says_so() -> None:
    windows, curves = priced((invoke(128), 800, 90), (invoke(1769), 60, 105))
    for own in curves.values():
        own[Measure.BILLED] = in_blocks(np.full(400, 90 * NS_PER_MS), 5)
    best = advise(windows, curves, price).best
    assert best is not None
    assert (best.alike, best.unknown) == ((), (invoke(128),))


def test_the_fastest_and_cheapest_are_those_of_all_doors() -> None:
    door = Variant(EndpointKind.FUNCTION_URL, 1769)
    windows, curves = results((invoke(512), 200, 2.0), (invoke(1769), 60, 2.2), (door, 40, 1.5))
    advice = advise(windows, curves)
    assert advice.fastest is not None and advice.cheapest is not None and advice.best is not None
    assert advice.fastest.variants == advice.cheapest.variants == (door,)
    assert advice.fastest.name == door.name
    assert advice.best.variant == invoke(1769), "sizes are compared through one door"
    assert advice.against is not None and advice.against.endswith(
        f"against {door.name}; intervals don't overlap (iid, not tested)"
    )


def test_where_a_size_may_be_the_fastest_of_all_it_leads() -> None:
    door = Variant(EndpointKind.FUNCTION_URL, 1769)
    rows = ((invoke(512), 200, 2.0), (invoke(1769), 61, 2.2), (door, 60, 2.2))
    windows, curves = results(*rows, count=200)
    advice = advise(windows, curves)
    assert advice.q is not None and advice.fastest is not None
    times = [w.measure(Measure.RESPONSE).at(advice.q) for w in windows]
    assert times[1] is not None and times[2] is not None
    assert times[2].value_ns < times[1].value_ns, "a table has its star there too"
    assert advice.fastest.variants == (invoke(1769), door)
    assert advice.fastest.name == "1769 MB"
    assert advice.fastest.text.endswith(f"not distinguishable from {door.name}")


def test_what_compares_curves_again_says_the_same() -> None:
    windows, curves = results(*SIZES, (invoke(3008), 59, 2.9))
    compared = of_one_kind(windows, curves)
    first = advise_on(compared)
    assert first == advise_on(compared) == advise(windows, curves)
    base = SIZES[0][0].name
    again = of_one_kind(windows, curves).judgement
    assert differences_to(base, 0.9, compared.judgement) == differences_to(base, 0.9, again)


def test_without_prices_only_speed_is_told() -> None:
    advice = advise(*results(*((v, ms, None) for v, ms, _ in SIZES)))
    assert advice.fastest is not None
    assert (advice.cheapest, advice.best, advice.frontier) == (None, None, ())


def test_what_a_door_adds_is_measured_against_invoke_at_its_size() -> None:
    door = Variant(EndpointKind.ALB, 512)
    windows, curves = results((invoke(512), 200, 2.0), (invoke(1769), 60, 2.2), (door, 230, 2.1))
    (overhead,) = advise(windows, curves).overheads
    assert (overhead.variant, overhead.base) == (door, invoke(512))
    assert overhead.measure is Measure.ATTEMPT
    assert overhead.added.value_ns == pytest.approx(30 * NS_PER_MS, rel=0.1)
    (text,) = [s for s in advise(windows, curves).sentences if s.startswith("alb adds")]
    assert "to the median over Invoke at 512 MB (95 %: +" in text


def test_overheads_are_paired_with_the_functions_own_duration_where_it_is_known() -> None:
    door = Variant(EndpointKind.REST, 512)
    windows, curves = results(
        (invoke(512), 200, 2.0),
        (door, 205, 5.5),
        overhead_ms={EndpointKind.INVOKE: 1.0, EndpointKind.REST: 6.0},
    )
    (overhead,) = advise(windows, curves).overheads
    assert overhead.measure is Measure.OVERHEAD
    assert overhead.added.value_ns == pytest.approx(5 * NS_PER_MS, rel=0.02)
    (text,) = (s for s in advise(windows, curves).sentences if s.startswith("rest adds"))
    assert "over Invoke at 512 MB, each call less its own duration (95 %: +" in text
    own = own_overhead(curves[door.name])
    assert own is not None
    value_ns, bounds = own
    assert bounds.low_ns is not None
    assert bounds.high_ns is not None
    assert bounds.low_ns <= value_ns <= bounds.high_ns


def test_nothing_measured_leads_to_nothing() -> None:
    assert advise([], {}).sentences == ()
    windows, _ = results(*SIZES, ok_share=0.0)
    assert advise(windows, {}).sentences == ()


def test_the_sentence_of_a_comparison() -> None:
    windows, curves = results(*SIZES)
    text = compare_sentence(windows[2], windows[1], 0.99, of_one_kind(windows, curves))
    assert text.startswith("1769 MB: p99 −70 %, cost +10 % against 512 MB; ")
    assert text.endswith("intervals don't overlap (iid, not tested)")
    same, same_curves = results((invoke(1024), 100, 1.0), (invoke(1769), 100, 1.0), count=200)
    said = compare_sentence(same[0], same[1], 0.5, of_one_kind(same, same_curves))
    assert said.endswith("not distinguishable (iid, not tested)")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.4123, "0.412"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_percentages_have_a_sign() -> None:
    assert [percent(share) for share in (0.041, -0.38, 0.0)] == ["+4.1 %", "−38 %", "+0.0 %"]


def test_sizes_are_named_in_full_where_the_size_is_not_enough() -> None:
    arm = Variant(EndpointKind.INVOKE, 512, Architecture.ARM64)
    assert size_name(invoke(512), arm) == "512 MB"
    assert size_name(arm) == "512 MB arm64"
    assert size_name(invoke(512), Variant(EndpointKind.ALB, 512)) == "invoke-512MB"
    assert size_name(Variant(EndpointKind.ALB, 1769), invoke(512)) == "alb-1769MB"
