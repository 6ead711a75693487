"""The clock of the real engine: an alarm at its instant, and short waits without one."""

from __future__ import annotations

import asyncio
import sys
from random import Random
from time import monotonic_ns

import pytest

from bench.load.clock import (
    LONGEST_LEAD_NS,
    NEAR_NS,
    Clock,
    LoopClock,
    TimerfdClock,
    WakeLead,
    open_clock,
)
from bench.model.times import NS_PER_MS

KINDS = [LoopClock, *([TimerfdClock] if sys.platform == "linux" else [])]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_alarm_goes_off_once_and_never_before_its_instant(
    kind: type[TimerfdClock] | type[LoopClock],
) -> None:
    fired = asyncio.Event()
    clock = kind(asyncio.get_running_loop(), fired.set)
    when_ns = clock.now_ns() + 5 * NS_PER_MS
    clock.set_alarm(when_ns)
    await asyncio.wait_for(fired.wait(), 5)
    # asyncio's own loop fires a timer up to its clock's resolution early.
    assert clock.now_ns() >= when_ns - NS_PER_MS * (kind is LoopClock)
    clock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="timerfd")
async def test_who_is_woken_early_waits_for_the_rest() -> None:
    """As often as need be, until the lead is learnt; the last of them all the same is not early."""
    woken = asyncio.Event()
    clock = TimerfdClock(asyncio.get_running_loop(), woken.set)
    for _ in range(20):
        woken.clear()
        when_ns = clock.now_ns() + NS_PER_MS // 2
        clock.set_alarm(when_ns)
        await asyncio.wait_for(woken.wait(), 5)
        assert clock.wait_briefly(when_ns)
        assert clock.now_ns() >= when_ns
    clock.close()


def test_the_lead_is_what_most_wake_ups_take() -> None:
    random = Random(1)
    lead = WakeLead()
    late_ns = [round(random.lognormvariate(10.4, 0.4)) for _ in range(20_000)]
    for late in late_ns:
        lead.learn(late)
    in_time = sum(late <= lead.ns for late in late_ns) / len(late_ns)
    assert 0.65 < in_time < 0.85


def test_a_busy_machine_is_not_waited_for_actively() -> None:
    lead = WakeLead()
    for _ in range(10_000):
        lead.learn(4 * NS_PER_MS)
    assert lead.ns == LONGEST_LEAD_NS
    for _ in range(10_000):
        lead.learn(0)
    assert lead.ns == 0


async def test_an_alarm_in_the_past_goes_off_at_once_and_can_be_set_from_its_own_callback() -> None:
    instants: list[int] = []
    done = asyncio.Event()

    def again() -> None:
        instants.append(clock.now_ns())
        if len(instants) == 3:
            done.set()
        else:
            clock.set_alarm(clock.now_ns() - 1)

    clock: Clock = open_clock(asyncio.get_running_loop(), again)
    clock.set_alarm(1)
    await asyncio.wait_for(done.wait(), 5)
    assert len(instants) == 3
    clock.close()


async def test_a_disarmed_alarm_stays_silent() -> None:
    fired = asyncio.Event()
    clock = open_clock(asyncio.get_running_loop(), fired.set)
    clock.set_alarm(clock.now_ns() + 2 * NS_PER_MS)
    clock.set_alarm(None)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fired.wait(), 0.02)
    clock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="timerfd")
async def test_only_what_is_near_is_waited_for() -> None:
    clock = TimerfdClock(asyncio.get_running_loop(), lambda: None)
    when_ns = monotonic_ns() + NEAR_NS // 2
    assert clock.wait_briefly(when_ns)
    assert monotonic_ns() >= when_ns
    assert not clock.wait_briefly(monotonic_ns() + 1000 * NS_PER_MS)
    clock.close()
