from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.profile import StopSpec
from bench.record import conclusions
from bench.record.conclusions import advice_of, known_quantiles, price_in, was_watched
from bench.record.recorded_run import UNFINISHED, RecordedRun
from bench.report.formats import render
from bench.stats.recommend import Advice
from tests.record.build import DOOR, LARGE, SMALL
from tests.report.build import RARE, recorded


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return recorded(tmp_path)


def watched(run: RecordedRun) -> RecordedRun:
    """The same run, had it ended by its own precision."""
    stop = StopSpec(precision=0.05)
    return replace(run, profile=replace(run.profile, stop=stop))


def test_an_interval_is_given_of_every_percentile_that_is_known(run: RecordedRun) -> None:
    found = [(known.variant, known.q) for known in known_quantiles(run)]
    assert found == [(v, q) for v in (SMALL, LARGE, DOOR) for q in (0.5, 0.9)]
    assert RARE not in {variant for variant, _ in found}
    for known in known_quantiles(run):
        low_ns, high_ns = known.bounds.low_ns, known.bounds.high_ns
        assert (low_ns or 0) <= known.value_ns <= (high_ns or known.value_ns)
        assert known.bounds.basis.blocks == 20


def test_what_ended_by_its_own_results_was_watched(run: RecordedRun) -> None:
    assert not was_watched(run)
    assert was_watched(watched(run))
    assert was_watched(replace(run, state=UNFINISHED))


def test_what_was_watched_is_judged_for_any_time_and_its_intervals_are_wider(
    run: RecordedRun,
) -> None:
    once, often = (list(known_quantiles(each)) for each in (run, watched(run)))
    assert not any(known.bounds.basis.anytime for known in once)
    for known in often:
        basis = known.bounds.basis
        assert basis.text.startswith("anytime, ") is basis.is_known
    for narrow, wide in zip(once, often, strict=True):
        if wide.bounds.low_ns is not None and narrow.bounds.low_ns is not None:
            assert wide.bounds.low_ns <= narrow.bounds.low_ns
    assert "; anytime, " in " ".join(advice_of(watched(run)).sentences)
    assert "anytime" not in " ".join(advice_of(run).sentences)


def test_a_price_is_that_of_the_profiles_region(run: RecordedRun) -> None:
    price = price_in(run.profile)
    short, long = price(LARGE, 10.0), price(LARGE, 20.0)
    assert short is not None
    assert long is not None
    assert short < long < 2 * short


def test_what_follows_is_worked_out_once_for_all_forms_of_a_report(
    run: RecordedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def advise(*given: object, **_: object) -> Advice:
        asked.append(given)
        return Advice()

    monkeypatch.setattr(conclusions, "advise_on", advise)
    again = replace(run)  # as another process has it, that has not concluded anything
    for form in ("text", "json", "html"):
        render(form, again)
    assert len(asked) == 1
    advice_of(replace(run, state=UNFINISHED))  # another run
    assert len(asked) == 2
