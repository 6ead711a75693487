"""Budget and breaker in words, on the screen of errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.budget import RetryBudget
from bench.model.live import BREAKER_CLOSED, BREAKER_OPEN, RunEvent, Snapshot
from bench.model.profile import Client
from bench.model.retry import BreakerSpec, RetryPolicyName, RetrySpec
from bench.tui.views.errors import guard_words, open_breakers
from tests.tui.fakes import VARIANTS, FakeRun


def event(kind: str, worker: int, variant: str = "512MB") -> RunEvent:
    return RunEvent(0, kind, kind, {"variant": variant, "worker": worker})


def recorded(*events: RunEvent) -> Snapshot:
    return replace(FakeRun(1).snapshot(), workers=(), events=events)


def said(retry: RetrySpec, breaker: BreakerSpec | None, *events: RunEvent) -> str:
    guarded = Client(retry=retry, breaker=breaker)
    snapshot = recorded(*events)
    return "".join(part for part, _ in guard_words(guarded, snapshot))


def test_none_and_none() -> None:
    assert said(RetrySpec(), None).split() == ["Budget", "none", "Breaker", "none"]


@pytest.mark.parametrize(
    ("retry", "words"),
    [
        (RetrySpec(budget=RetryBudget(0.2)), "20 % of the invocations in 10 s and 10/s"),
        (RetrySpec(budget=RetryBudget(0.125, 0.0)), "12.5 % of the invocations in 10 s "),
        (RetrySpec(RetryPolicyName.AWS_STANDARD_2026), "500 tokens: 14 a retry, 5 after a"),
    ],
)
def test_a_budget(retry: RetrySpec, words: str) -> None:
    assert words in said(retry, None)


def test_in_a_live_run_the_workers_say_where_a_breaker_is_open() -> None:
    """Of a breaker that has flapped for hours the first events are not at hand any more."""
    worker = FakeRun(1).snapshot().workers[0]
    workers = (
        replace(worker, open_breakers=(0, 2)),
        replace(worker, worker=1, open_breakers=(2,)),
        replace(worker, worker=2, open_breakers=(1,), alive=False),
    )
    closed = event(BREAKER_CLOSED, 0)
    snapshot = replace(FakeRun(1).snapshot(), workers=workers, events=(closed,))
    assert open_breakers(snapshot) == {VARIANTS[0].name: 1, VARIANTS[2].name: 2}


def test_where_a_breaker_was_open_in_a_recording() -> None:
    opened = (event(BREAKER_OPEN, 0), event(BREAKER_OPEN, 1), event(BREAKER_CLOSED, 0))
    snapshot = recorded(*opened, event(BREAKER_OPEN, 0, "1024MB"))
    assert open_breakers(snapshot) == {"512MB": 1, "1024MB": 1}
    assert "OPEN: 512MB in 1 worker;" in said(RetrySpec(), BreakerSpec(), *opened)
    assert "closed; opens at 50% failed" in said(RetrySpec(), BreakerSpec())
