from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from bench.load.silence import Silence, Stillness, children_of, is_stopped
from bench.load.targets.local import LocalTarget
from bench.model.profile import Target, TargetKind
from bench.model.times import NS_PER_S

S = NS_PER_S
TICK_NS = S // 4


def overdue(silence: Silence, until_s: float, from_s: float = 0) -> list[tuple[float, int]]:
    """(second, name) of each as it is told, at looks a quarter of a second apart."""
    ticks = range(round(from_s * 4), round(until_s * 4) + 1)
    return [(tick / 4, name) for tick in ticks for name in silence.overdue(tick * TICK_NS)]


def test_one_that_says_nothing_for_five_seconds_is_told_once() -> None:
    silence = Silence()
    silence.expect(2)
    assert overdue(silence, 60) == [(5.25, 2)]


def test_one_that_is_heard_is_not_silent() -> None:
    silence = Silence()
    silence.expect(0)
    silence.expect(1)
    for second in range(20):
        assert overdue(silence, second + 0.75, second) == [(5.25, 1)] * (second == 5)
        silence.heard(0)


def test_nobody_waits_for_one_that_has_said_its_last_or_was_never_begun() -> None:
    silence = Silence()
    silence.expect(0)
    silence.heard(0, last=True)
    silence.heard(0)
    silence.heard(1)
    assert overdue(silence, 60) == []


def test_whoever_looks_seldom_finds_a_machine_in_time_if_a_look_may_add_so_much() -> None:
    silence = Silence(4 * S, longest_step_ns=S)
    silence.expect(0)
    found = [(tick, name) for tick in range(8) for name in silence.overdue(tick * S * 9 // 10)]
    assert found == [(5, 0)]


def test_a_coordinator_that_did_not_run_itself_finds_nobody_guilty() -> None:
    silence = Silence()
    silence.expect(0)
    assert list(silence.overdue(0)) == []
    assert list(silence.overdue(3600 * S)) == []
    assert overdue(silence, 3604, 3600) == []
    assert overdue(silence, 3610, 3604) == [(3604.75, 0)]


class Stop:
    """A process that is stopped from one second to another, looked at by a clock turned by hand."""

    def __init__(self, *stopped: tuple[float, float]) -> None:
        self.now_ns = 0
        self.stillness = Stillness(
            lambda: self.now_ns,
            stopped=lambda _: any(a * S <= self.now_ns < b * S for a, b in stopped),
        )

    def over_at(self, until_s: float) -> float | None:
        while self.now_ns < until_s * S:
            if self.stillness.observe((1,)):
                return self.now_ns / S
            self.now_ns += TICK_NS
        return None


def test_a_short_stop_is_seen_and_no_end() -> None:
    stop = Stop((2, 4), (6, 7))
    assert stop.over_at(20) is None
    assert stop.stillness.seen() == {"stood_still_ms": 3000}


def test_a_stop_of_more_than_five_seconds_is_the_end() -> None:
    stop = Stop((2, 60))
    assert stop.over_at(60) == 7.0
    assert stop.stillness.is_over


def test_what_never_stopped_says_nothing() -> None:
    stop = Stop()
    assert stop.over_at(20) is None
    assert stop.stillness.seen() == {}


@contextmanager
def family() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process, and the pid of one that it has started."""
    script = "import subprocess as s; p = s.Popen(['sleep', '600']); print(flush=True); p.wait()"
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    (child,) = children_of(parent.pid)
    try:
        yield parent, child
    finally:
        parent.kill()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()


def becomes(stopped: bool, pid: int) -> bool:
    """A signal arrives when its process next has a core."""
    deadline = monotonic() + 20
    while is_stopped(pid) is not stopped and monotonic() < deadline:
        os.sched_yield()
    return is_stopped(pid) is stopped


def test_the_system_says_who_is_stopped() -> None:
    with family() as (_, child):
        assert not is_stopped(child)
        os.kill(child, signal.SIGSTOP)
        assert becomes(True, child)
        os.kill(child, signal.SIGCONT)
        assert becomes(False, child)
    assert not is_stopped(1 << 30)
    assert children_of(1 << 30) == ()


@pytest.mark.parametrize("which", ["the embedded Lambda", "its fork server"])
async def test_a_target_of_ours_that_stays_stopped_is_ended_and_told(which: str) -> None:
    with family() as (parent, child):
        now = [0]
        target = LocalTarget(Target(TargetKind.LOCAL, function="primes"), lambda: now[0])
        target._process = Process(parent)  # type: ignore[assignment]
        assert target.lost() is None
        stopped = parent.pid if "Lambda" in which else child
        os.kill(stopped, signal.SIGSTOP)
        assert becomes(True, stopped)
        for _ in range(20):
            now[0] += TICK_NS
            assert target.lost() is None
            assert parent.poll() is None
        now[0] += TICK_NS
        target.lost()
        assert target.lost() == "the embedded Lambda did not answer for 5 s and was ended"
        assert parent.wait(10) == -signal.SIGKILL
        assert becomes(False, child)  # a fork server that is awake cleans up


async def test_a_target_without_its_fork_server_is_lost_while_it_still_runs() -> None:
    with family() as (parent, child):
        target = LocalTarget(Target(TargetKind.LOCAL, function="primes"))
        target._process = Process(parent)  # type: ignore[assignment]
        assert target.lost() is None
        os.kill(child, signal.SIGKILL)
        parent.wait(20)
        assert [target.lost() is None for _ in range(3)] == [True, True, False]


class Process:
    """Of asyncio's process what a target asks, on one that no event loop knows."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self.kill = process.kill

    returncode = None
