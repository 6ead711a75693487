"""The client rate limiter of the adaptive mode, beside botocore's own."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from types import SimpleNamespace, TracebackType
from typing import Any
from unittest import mock

import numpy as np
import pytest
from botocore.hooks import HierarchicalEmitter
from botocore.retries import adaptive

from bench.load.retry.limiter import ClientRateLimiter
from bench.model.retry import RetryPolicyName, RetrySpec, SendLimit
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.measures import Series, values_of
from bench.record.row_layout import FLAG_HELD
from tests.load.fakes import Bench, FakeClock, segment

ADAPTIVE = RetrySpec(RetryPolicyName.AWS_ADAPTIVE, max_attempts=3)
START_S = 1_000.0


class TurnedClock:
    """botocore's clock, turned by hand; its condition's waiting turns it too."""

    def __init__(self) -> None:
        self.t_s = START_S

    def current_time(self) -> float:
        return self.t_s

    def __enter__(self) -> TurnedClock:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        return

    def wait(self, wait_s: float) -> None:
        self.t_s += max(wait_s, 1e-9)

    def notify(self) -> None:
        return


def botocores(clock: TurnedClock) -> Any:
    """The limiter of a client in the adaptive mode."""
    client = SimpleNamespace(meta=SimpleNamespace(events=HierarchicalEmitter()))
    with mock.patch("botocore.retries.bucket.Clock", lambda: clock):
        limiter = adaptive.register_retry_handler(client)
    limiter._token_bucket._new_fill_rate_condition = clock
    return limiter


def answer(limiter: Any, throttled: bool) -> None:
    """Tell it of one, as the event needs-retry does."""
    with mock.patch.object(
        limiter._throttling_detector, "is_throttling_error", lambda **_: throttled
    ):
        limiter.on_receiving_response()


def course(seed: int) -> Iterator[tuple[float, float, bool]]:
    """(pause before a request, how long it takes, whether it is throttled), calm and stormy."""
    rng = Random(seed)
    for _ in range(12):
        rate, share = rng.choice([0.5, 4, 30, 200]), rng.choice([0, 0, 0.1, 0.9])
        for _ in range(40):
            yield rng.expovariate(rate), rng.expovariate(4 * rate), rng.random() < share


@pytest.mark.parametrize("seed", range(8))
def test_a_caller_is_held_as_long_and_the_rate_moves_as_with_botocore(seed: int) -> None:
    clock, t_ns = TurnedClock(), round(START_S * NS_PER_S)
    theirs, own = botocores(clock), ClientRateLimiter(SendLimit(), t_ns)
    held = 0
    for pause_s, takes_s, throttled in course(seed):
        clock.t_s += pause_s
        t_ns = round(clock.t_s * NS_PER_S)
        theirs.on_sending_request(None)
        while wait_ns := own.wait_ns(t_ns):
            t_ns += wait_ns
            held += 1
        assert t_ns == pytest.approx(clock.t_s * NS_PER_S, abs=2_000)
        clock.t_s += takes_s
        answer(theirs, throttled)
        own.answered(throttled, round(clock.t_s * NS_PER_S))
        assert own.rate_rps == pytest.approx(theirs._token_bucket.max_rate, rel=1e-4)
    assert held > 20


def test_nothing_is_held_before_the_first_throttle() -> None:
    own = ClientRateLimiter(SendLimit(), 0)
    for number in range(1000):
        assert not own.wait_ns(number)
        own.answered(False, number)
    own.answered(True, 1000)
    assert own.wait_ns(1001) > 0


class Script:
    """A function with a limit of attempts a second; it keeps what came and what it answered."""

    def __init__(self, clock: FakeClock, limit_rps: int) -> None:
        self._clock, self._limit_rps = clock, limit_rps
        self._seconds: dict[int, int] = {}
        self.sent_ns: list[int] = []

    def __call__(self, _number: int, t_ns: int) -> tuple[int, int]:
        second = t_ns // NS_PER_S
        self._seconds[second] = self._seconds.get(second, 0) + 1
        self.sent_ns.append(t_ns)
        return 5 * NS_PER_MS, 429 if self._seconds[second] > self._limit_rps else 200

    @property
    def by_second(self) -> list[int]:
        return list(self._seconds.values())


def test_first_attempts_and_retries_go_at_the_rate_that_botocore_would_let_them_go() -> None:
    clock = FakeClock()
    script = Script(clock, limit_rps=40)
    bench = Bench(script, retry=ADAPTIVE, clock=clock)
    gate = bench.engine.guards[0].gate
    assert gate is not None
    turned = TurnedClock()
    theirs = botocores(turned)
    told = gate.limiter.answered

    def told_both(throttled: bool, t_ns: int) -> None:
        told(throttled, t_ns)
        turned.t_s = t_ns / NS_PER_S
        answer(theirs, throttled)

    late: list[float] = []

    def sent(call: Any) -> None:
        """botocore has a token too, and had none 5 µs before for what was held."""
        turned.t_s = clock.t_ns / NS_PER_S
        if theirs._enabled:
            bucket = theirs._token_bucket
            if call.marks & FLAG_HELD:
                turned.t_s -= 5e-6
                bucket._refill()
                late.append(bucket.available_capacity)
                turned.t_s += 5e-6
            bucket._refill()
            if 1 > bucket.available_capacity > 1 - 1e-6:
                bucket._current_capacity = 1  # but for rounding
            bucket.acquire(block=False)
        bench.wire.submit(call)

    with (
        mock.patch.object(gate.limiter, "answered", told_both),
        mock.patch.object(gate, "_wire", SimpleNamespace(submit=sent)),
    ):
        bench.run(segment(100, 20))
    assert len(late) > 200
    assert max(late) < 1
    assert np.mean(script.by_second[5:20]) < 60  # of the hundred that arrive in each


def test_what_the_limit_holds_is_late_by_the_client_and_not_by_the_generator() -> None:
    clock = FakeClock()
    bench = Bench(Script(clock, limit_rps=20), retry=ADAPTIVE, clock=clock).run(segment(60, 10))
    rows = bench.rows
    first = rows[rows["attempt"] == 1]
    held = first["flags"] & FLAG_HELD > 0
    assert held.any()
    assert not held.all()
    lag_ns = values_of(first)[Series.SEND_LAG]
    assert (lag_ns[held] < 0).all()  # absent
    assert (lag_ns[~held] == 0).all()
    waited_ns = first["sent_ns"] - first["intended_ns"]
    assert waited_ns[held].min() > 0
    assert waited_ns.max() > NS_PER_S


def test_variants_without_a_limit_are_not_held_by_the_one_of_another() -> None:
    clock = FakeClock()
    retries = [ADAPTIVE, RetrySpec(RetryPolicyName.AWS_STANDARD_2026, max_attempts=3)]
    bench = Bench(Script(clock, limit_rps=20), variants=2, retries=retries, clock=clock)
    bench.run(segment(50, 5, variants=(0, 1)))
    held = bench.rows[bench.rows["flags"] & FLAG_HELD > 0]
    assert set(held["variant"].tolist()) == {0}


def test_a_held_attempt_is_signed_when_it_goes() -> None:
    clock = FakeClock()
    script = Script(clock, limit_rps=5)
    bench = Bench(script, retry=ADAPTIVE, clock=clock)
    bench.engine._wall_s = lambda: clock.t_ns / NS_PER_S
    bench.endpoint.request = lambda _event, epoch_s: b"%d" % epoch_s  # type: ignore[method-assign,assignment]
    bench.run(segment(30, 10))
    assert [int(sent) for sent in bench.wire.sent] == [t_ns // NS_PER_S for t_ns in script.sent_ns]


def test_callers_wait_for_tokens_and_all_ends_after_a_drain() -> None:
    clock = FakeClock()
    bench = Bench(Script(clock, limit_rps=30), retry=ADAPTIVE, clock=clock)
    clock.call_in(4 * NS_PER_S, bench.engine.drain)
    bench.run(segment(callers=20, duration_s=30))
    assert (bench.rows["flags"] & FLAG_HELD > 0).sum() > 20  # each of the callers
    assert bench.engine.in_flight == 0


def test_what_is_held_when_a_run_is_aborted_stays_in_flight() -> None:
    clock = FakeClock()
    bench = Bench(Script(clock, limit_rps=5), retry=ADAPTIVE, clock=clock)
    clock.call_in(3 * NS_PER_S, bench.engine.abort)
    bench.run(segment(60, 10))
    assert bench.engine.in_flight > 50
