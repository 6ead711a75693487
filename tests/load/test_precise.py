"""Precise pacing: the same invocations as any engine's, prepared before they are due."""

from __future__ import annotations

import asyncio
import sys
from heapq import heappop
from time import monotonic_ns
from typing import Any

import pytest

from bench.load.clock import AwakeClock
from bench.load.precise import AHEAD, PreciseEngine
from bench.model.budget import RetryBudget
from bench.model.profile import Arrivals, LoadSpec
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.wire.warm_path import WarmPath
from tests.load.fakes import Bench, FakeClock, constant, segment

POISSON = LoadSpec(arrivals=Arrivals.POISSON, in_flight=3)
SLOW = RetrySpec(RetryPolicyName.FIXED, max_attempts=2, base_ns=30 * NS_PER_MS)


class WaitingClock(FakeClock):
    """Waits actively for what is less than a millisecond away, and lets the engine use it."""

    engine: PreciseEngine

    def set_alarm(self, when_ns: int | None) -> None:
        super().set_alarm(None if when_ns is None else when_ns - NS_PER_MS // 2)

    def wait_briefly(self, when_ns: int) -> bool:
        if when_ns - self.t_ns > NS_PER_MS:
            return False
        while self.t_ns < when_ns:
            if self.engine.meanwhile(when_ns - self.t_ns):
                return False
            if not self._due or self._due[0][0] > self.t_ns:
                next_ns = self._due[0][0] if self._due else when_ns
                self.t_ns = min(self.t_ns + 20_000, next_ns, when_ns)
        return True

    def read(self) -> None:
        """The answers that have come."""
        while self._due and self._due[0][0] <= self.t_ns:
            heappop(self._due)[2]()


def awake(*, walks: list[int] | None = None, **of_bench: Any) -> Bench:
    """A bench whose engine is precise, on a clock that gives it time."""
    clock = WaitingClock()
    bench = Bench(engine=PreciseEngine, clock=clock, **of_bench)
    assert isinstance(bench.engine, PreciseEngine)
    clock.engine = bench.engine
    bench.engine.read_ready = [clock.read]
    if walks is not None:
        bench.engine.keep_warm = lambda: walks.append(clock.t_ns)
    return bench


def fails_at_first(number: int, _t_ns: int) -> tuple[int, int]:
    return (2 + number % 5) * NS_PER_MS, 503 if number % 7 == 0 else 200


@pytest.mark.parametrize(
    "of_bench",
    [
        {},
        {"variants": 3},
        {"retry": SLOW},
        {"retry": RetrySpec(RetryPolicyName.FIXED, 3, budget=RetryBudget(0.1, 1))},
        {"worker": 1, "workers": 2},
    ],
    ids=["plain", "variants together", "retries", "a budget", "the second of two workers"],
)
@pytest.mark.parametrize("rps", [20, 1500])
def test_the_same_invocations_with_the_same_events_leave_at_their_instants(
    of_bench: dict[str, Any], rps: int
) -> None:
    variants = of_bench.get("variants", 1)
    plan = segment(rps, 1, variants=tuple(range(variants)))
    load = LoadSpec(arrivals=Arrivals.POISSON, in_flight=12)
    plain = Bench(fails_at_first, load=load, **of_bench).run(plan)
    precise = awake(service=fails_at_first, load=load, **of_bench).run(plan)
    names = ["intended_ns", "sent_ns", "last_ns", "variant", "attempt", "outcome"]
    assert sorted(precise.rows[names].tolist()) == sorted(plain.rows[names].tolist())
    assert sorted(precise.counts.tolist()) == sorted(plain.counts.tolist())
    assert sorted(precise.wire.sent) == sorted(plain.wire.sent)
    assert (precise.final["attempt"] > 0).all()


def test_what_is_due_was_prepared_before() -> None:
    bench = awake(service=constant(5), load=POISSON)
    bench.run(segment(100, 1))
    asked = bench.events.indexes
    assert asked == list(range(len(asked))), "each once, in the order of their numbers"
    assert len(bench.final) <= len(asked) <= len(bench.final) + AHEAD


def test_what_was_prepared_for_long_is_not_sent() -> None:
    """A signature is of its time: after a pause the request is made anew."""
    bench = awake(service=constant(1))
    times: list[tuple[bytes, int]] = []
    wall = bench.clock

    def request(event: bytes, epoch_s: int) -> bytes:
        times.append((event, epoch_s))
        return event

    bench.endpoint.request = request  # type: ignore[method-assign, assignment]
    bench.engine._wall_s = lambda: wall.t_ns / NS_PER_S
    late = segment(10, 1, start_s=400)
    bench.run(segment(10, 1), late)
    latest = dict(times)
    sent_ns = {row["intended_ns"] for row in bench.final}
    assert len(sent_ns) == 20
    assert min(latest[b"%d" % n] for n in range(10, 20)) >= 1_400


def test_the_way_is_walked_once_before_each_arrival() -> None:
    walks: list[int] = []
    bench = awake(walks=walks, service=constant(1), load=LoadSpec(arrivals=Arrivals.EVEN)).run(
        segment(100, 1)
    )
    assert len(walks) == pytest.approx(len(bench.final), abs=1)


@pytest.mark.skipif(sys.platform != "linux", reason="timerfd")
async def test_a_clock_that_is_awake_is_so_before_the_instant_and_uses_the_time() -> None:
    used: list[int] = []
    woken = asyncio.Event()

    def meanwhile(away_ns: int) -> bool:
        used.append(away_ns)
        return False

    clock = AwakeClock(asyncio.get_running_loop(), woken.set, meanwhile)
    for _ in range(20):
        woken.clear()
        when_ns = monotonic_ns() + NS_PER_MS
        clock.set_alarm(when_ns)
        await asyncio.wait_for(woken.wait(), 5)
        assert clock.wait_briefly(when_ns)
        assert monotonic_ns() >= when_ns
    assert used
    assert not clock.wait_briefly(monotonic_ns() + NS_PER_S)
    clock._meanwhile = lambda _: True
    assert not clock.wait_briefly(monotonic_ns() + NS_PER_MS // 5), "somebody wants attention"
    clock.close()


def test_the_warm_path_can_be_walked_for_ever() -> None:
    path = WarmPath()
    for _ in range(2000):
        path.walk()
    path.close()
