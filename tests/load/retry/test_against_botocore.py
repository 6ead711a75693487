"""The AWS policies beside botocore's own classes: the same answers, the same decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random
from typing import Any

import pytest

from bench.endpoints.base import head_of
from bench.load.call import Call
from bench.load.engine import Engine
from bench.load.retry.budget import TokenBudget
from bench.model.endpoint import EndpointKind
from bench.model.profile import LoadSpec
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_S
from bench.wire.exchange import Exchange
from tests.endpoints.build import endpoint
from tests.load.fakes import CountingEvents, FakeClock, segment
from tests.load.retry.botocore_client import (
    BEFORE_2026,
    EXCEPTIONS,
    BotocoreClient,
    Invocation,
    Reply,
    invoke_model,
)

MODES = {
    RetryPolicyName.AWS_LEGACY: "legacy",
    RetryPolicyName.AWS_STANDARD: BEFORE_2026,
    RetryPolicyName.AWS_STANDARD_2026: "standard",
    RetryPolicyName.AWS_ADAPTIVE: "adaptive",
}
MODELLED = [
    (int(shape.metadata["error"]["httpStatusCode"]), shape.name)
    for shape in invoke_model().error_shapes
]
"""What botocore's model says that Invoke can answer."""
PLAIN = [(status, "") for status in (400, 403, 404, 413, 429, 500, 501, 502, 503, 504, 505)]
THROTTLES = [(400, "ThrottlingException"), (429, "TooManyRequestsException")]
ERRORS = sorted({*MODELLED, *PLAIN, *THROTTLES})


class Jitter(Random):
    """Keeps what it has drawn last, so that another can draw the same."""

    last = 0.0

    def random(self) -> float:
        self.last = super().random()
        return self.last


class NoWire:
    """Takes requests; what becomes of them, the test says."""

    def submit(self, exchange: Exchange) -> None:
        exchange.sent_ns = 0

    def cancel(self, exchanges: Collection[Exchange], detail: str) -> None:
        raise AssertionError(f"{detail}: nothing of {len(exchanges)} is cut here")

    def close(self) -> None:
        return


class OwnClient:
    """One variant's engine, whose attempts end as they are told to."""

    def __init__(self, policy: RetryPolicyName) -> None:
        facts = policy.facts
        retry = RetrySpec(policy, facts.attempts, honour_retry_after=facts.honours_hint)
        self.clock = FakeClock()
        self.engine = Engine(
            clock=self.clock,
            endpoints=[endpoint(EndpointKind.INVOKE)],
            wires=[NoWire()],
            events=[CountingEvents()],
            load=LoadSpec(),
            retries=[retry],
            breakers=[None],
            done=lambda: None,
            wall_s=lambda: 0.0,
        )
        self.jitter = Jitter(1)
        decisions: Any = getattr(self.engine.failed, "__self__", None)
        decisions._randoms = [self.jitter]
        for guard in self.engine.guards:
            if guard.gate is not None:  # what a limit holds is test_limiter's
                guard.gate.limiter.wait_ns = lambda t_ns: 0  # type: ignore[method-assign]  # noqa: ARG005
        self.engine.start([segment(0.0, 1e6)], self.clock.t_ns)

    @property
    def tokens(self) -> int | None:
        """What is left for retries; None for no limit."""
        budget = self.engine.guards[0].budget if self.engine.guards else None
        return budget.tokens if isinstance(budget, TokenBudget) else None

    def begin(self) -> Call:
        call = Call(self.engine, 0, caller=False)
        self.engine.begin(call, 0, 0)
        return call

    def judge(self, call: Call, reply: Reply) -> float | None:
        """Seconds to wait before the next attempt; None for none."""
        call.status, call.failure = reply.status, reply.failure
        headers = {"X-Amzn-ErrorType": reply.code, "x-amz-retry-after": reply.hint_ms}
        headers["X-Amz-Function-Error"] = "Unhandled" if reply.is_function_error else ""
        told = ((name.encode(), value.encode()) for name, value in headers.items() if value)
        call.head = head_of(told)
        call.last_ns = self.clock.t_ns
        call.finished()
        if not any(waiting is call for _, _, waiting in self.engine._due):
            return None
        self.engine._due.clear()
        self.engine.send_again(call)
        return call.waited_ns / NS_PER_S


HINTS = ["", "", "0", "70", "2500", "600000", "-1", "soon", "1.5"]
OK_SHARES = [0.1, 0.5, 0.9]


def replies(seed: int, count: int = 400) -> Iterator[tuple[int, Reply]]:
    """Which of four callers an answer is for, and how its attempt ends."""
    rng = Random(seed)
    ok_share = OK_SHARES[seed % len(OK_SHARES)]
    for _ in range(count):
        caller = rng.randrange(4)
        if rng.random() < ok_share:
            yield caller, Reply()
        elif rng.random() < 0.3:
            yield caller, Reply(status=0, failure=rng.choice(sorted(EXCEPTIONS)))
        else:
            errors = ERRORS if rng.random() < 0.5 else THROTTLES
            yield caller, Reply(*rng.choice(errors), hint_ms=rng.choice(HINTS))


def policy_cost(policy: RetryPolicyName) -> int:
    """Of the dearest retry."""
    tokens = policy.facts.tokens
    return 0 if tokens is None else max(tokens.usual, tokens.timeout)


@pytest.mark.parametrize("policy", MODES)
@pytest.mark.parametrize("seed", range(6))
def test_the_same_answers_are_tried_again_after_the_same_delays_and_leave_the_same_tokens(
    policy: RetryPolicyName, seed: int
) -> None:
    own = OwnClient(policy)
    theirs = BotocoreClient(MODES[policy], lambda: own.jitter.last)
    pairs: dict[int, tuple[Call, Invocation]] = {}
    fewest = theirs.tokens
    for caller, reply in replies(seed):
        if caller not in pairs:
            pairs[caller] = own.begin(), Invocation()
        call, invocation = pairs[caller]
        delay_s, wanted_s = own.judge(call, reply), theirs.judge(invocation, reply)
        assert (delay_s is None) == (wanted_s is None), reply
        if delay_s is not None and wanted_s is not None:
            assert delay_s == pytest.approx(wanted_s, abs=2e-9), reply
        else:
            del pairs[caller]
        assert own.tokens == theirs.tokens
        if fewest is not None and theirs.tokens is not None:
            fewest = min(fewest, theirs.tokens)
    if fewest is not None and seed % len(OK_SHARES) == 0:
        assert fewest < policy_cost(policy)  # the sequences go down to where retries are refused


@pytest.mark.parametrize("policy", MODES)
def test_a_functions_error_pays_back_as_any_other_2xx(policy: RetryPolicyName) -> None:
    own, theirs = OwnClient(policy), BotocoreClient(MODES[policy], lambda: own.jitter.last)
    call, invocation = own.begin(), Invocation()
    for reply in (Reply(500, "ServiceException"), Reply(is_function_error=True)):
        assert (own.judge(call, reply) is None) == (theirs.judge(invocation, reply) is None)
        assert own.tokens == theirs.tokens
