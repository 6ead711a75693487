"""One function with a limit of concurrency behind a policy of retries, event by event.

It shares no code with what is tested. An attempt that comes in while the function stands still
waits for the end of that, as at the embedded Lambda; one that finds all places taken is throttled
at once, and so is every one during a throttle. `known_recovery_s` tells from many runs, by their
exact response times and in steps of a quarter second, when calls fare as before: the truth that one
recorded run is held against. How they fared before it tells from runs without a disturbance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from random import Random

from bench.model.outcome import Outcome
from bench.model.times import NS_PER_S
from tests.record.build import Shipment, row

Delay = Callable[[int, Random], float]
"""(failed attempts, random source) -> seconds before the next."""


@dataclass(frozen=True)
class Policy:
    attempts: int
    delay: Delay
    share: float | None = None
    """Retries of the last ten seconds may be this share of the calls of them; None: any number."""


NONE = Policy(1, lambda _failed, _random: 0.0)
STANDARD = Policy(3, lambda failed, random: random.uniform(0, min(20.0, 2.0 ** (failed - 1))))
JITTER = Policy(5, lambda failed, random: random.uniform(0, min(2.0, 0.1 * 2 ** (failed - 1))))
LEGACY = Policy(5, lambda failed, random: random.uniform(0, 2.0 ** (failed - 1)))
EXPONENTIAL = Policy(4, lambda failed, _random: min(2.0, 0.1 * 2 ** (failed - 1)))
EQUAL = Policy(4, lambda failed, random: 0.05 * 2 ** (failed - 1) * random.uniform(1, 2))
EAGER = Policy(10, lambda _failed, _random: 0.1)
BUDGETED = Policy(10, lambda _failed, _random: 0.1, share=0.1)
STUBBORN = Policy(1000, lambda _failed, random: random.uniform(0.05, 0.15))


@dataclass
class SimulatedCall:
    """at_s: when it was to arrive. attempts: when each was sent and ended, in seconds."""

    at_s: float
    attempts: list[tuple[float, float]]
    ok: bool = False

    @property
    def response_s(self) -> float:
        return self.attempts[-1][1] - self.at_s


OVERLOAD = 3


@dataclass(frozen=True)
class Function:
    rate_rps: float = 28.0
    places: int = 4
    service_s: float = 0.1
    run_s: float = 32.0
    disturbance: str = "stall"
    """stall, throttle, overload: OVERLOAD times as many arrivals; '' for none."""
    from_s: float = 12.0
    until_s: float = 17.0

    def run(self, policy: Policy, random: Random) -> list[SimulatedCall]:
        """All calls of a run, in the order of their arrivals."""
        calls: list[SimulatedCall] = []
        events: list[tuple[float, int, SimulatedCall | None]] = []
        at_s = random.expovariate(self.rate_at(0.0))
        while at_s < self.run_s:
            calls.append(SimulatedCall(at_s, [(at_s, at_s)]))
            heappush(events, (at_s, len(events), calls[-1]))
            at_s += random.expovariate(self.rate_at(at_s))
        number, busy = len(events), 0
        retried: list[float] = []
        while events:
            now_s, _, call = heappop(events)
            number += 1
            if call is None:
                busy -= 1
                continue
            sent_s = call.attempts[-1][0]
            disturbed = self.disturbance if self.from_s <= now_s < self.until_s else ""
            if disturbed == "stall":
                heappush(events, (self.until_s, number, call))
            elif busy < self.places and disturbed != "throttle":
                busy += 1
                call.ok = True
                done_s = now_s + self.service_s * random.uniform(1.0, 1.05)
                call.attempts[-1] = (sent_s, done_s)
                heappush(events, (done_s, number, None))
            else:
                call.attempts[-1] = (sent_s, now_s)
                if len(call.attempts) < policy.attempts and self._affords(
                    policy, now_s, calls, retried
                ):
                    next_s = now_s + policy.delay(len(call.attempts), random)
                    call.attempts.append((next_s, next_s))
                    heappush(events, (next_s, number, call))
        return calls

    def _affords(
        self, policy: Policy, now_s: float, calls: list[SimulatedCall], retried: list[float]
    ) -> bool:
        """Whether one more retry keeps within the policy's share; if so, it is counted."""
        if policy.share is not None:
            recent = sum(now_s - 10 < call.at_s <= now_s for call in calls)
            spent = sum(at_s > now_s - 10 for at_s in retried)
            if spent + 1 > policy.share * recent:
                return False
        retried.append(now_s)
        return True

    def rate_at(self, at_s: float) -> float:
        """Arrivals a second."""
        is_over = self.disturbance == "overload" and self.from_s <= at_s < self.until_s
        return self.rate_rps * (OVERLOAD if is_over else 1)

    def known_recovery_s(self, policy: Policy, runs: int, seed: str) -> float | None:
        """From the end of the disturbance until calls fare as before; None: not within the run."""
        every = [c for n in range(runs) for c in self.run(policy, Random(f"{seed}/{n}"))]
        calm = replace(self, disturbance="")
        before = [c for n in range(runs) for c in calm.run(policy, Random(f"{seed}/calm/{n}"))]
        times = sorted(c.response_s for c in before)
        limit_s = 1.1 * times[int(0.99 * len(times))]
        goodput = 0.9 * sum(c.ok for c in before) / len(before)

        def is_back(calls: Sequence[SimulatedCall], late: float) -> bool:
            slow = sum(c.response_s > limit_s for c in calls)
            return sum(c.ok for c in calls) >= goodput * len(calls) and slow <= late * len(calls)

        for step_s in self._steps():
            stretch = [c for c in every if step_s <= c.at_s < step_s + 3]
            begin = [c for c in stretch if c.at_s < step_s + 0.25]
            if is_back(begin, 0.04) and is_back(stretch, 0.02):
                return step_s - self.until_s
        return None

    def _steps(self) -> Iterator[float]:
        for step in range(int((self.run_s - 3 - self.until_s) * 4) + 1):
            yield self.until_s + step / 4


def ship(
    shipment: Shipment, call: SimulatedCall, start_ns: int, variant: int, segment: int
) -> None:
    """A call as a worker tells of it. start_ns: when its turn began."""
    at_ns = start_ns + round(call.at_s * NS_PER_S)
    shipment.offer(at_ns, variant, segment)
    for attempt, (sent_s, ended_s) in enumerate(call.attempts, 1):
        is_last = attempt == len(call.attempts)
        shipment.rows.append(
            row(
                at_ns,
                variant=variant,
                segment=segment,
                attempt=attempt,
                final=is_last,
                lag_ns=round((sent_s - call.at_s) * NS_PER_S),
                outcome=Outcome.OK if is_last and call.ok else Outcome.THROTTLED,
                response_ns=round((ended_s - call.at_s) * NS_PER_S),
                billed_ms=round((ended_s - call.at_s) * 1000) if is_last else 0,
            )
        )
