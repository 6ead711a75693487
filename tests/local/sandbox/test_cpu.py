"""The CPU model: how long an answer is held."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.lambda_facts import FULL_CORE_MB
from bench.local.sandbox.cpu import Meter, Usage, hold_ns, unmended_ns

MS = 1_000_000


@pytest.mark.parametrize(
    ("cpu_ms", "wait_ms", "wall_ms", "memory_mb", "held_ms"),
    [
        pytest.param(100, 0, 100, 1769, 0, id="a whole core is not held"),
        pytest.param(100, 0, 100, 128, 1282, id="a fourteenth of a core is held 12.8 times"),
        pytest.param(100, 0, 150, 128, 1282, id="waiting for others is not stretched"),
        pytest.param(0, 0, 500, 128, 0, id="nothing but waiting is not held"),
        pytest.param(100, 40, 140, 128, 1242, id="a busy host's delay is taken off"),
        pytest.param(100, 900, 1000, 1024, 0, id="but never more than there is"),
        pytest.param(200, 0, 100, 1769, 100, id="two threads share one core's worth"),
        pytest.param(200, 0, 100, 3538, 0, id="and have a core each with twice the memory"),
        pytest.param(400, 0, 200, 3538, 0, id="four threads on two cores have all there is"),
        pytest.param(200, 50, 100, 1769, 100, id="threads that wait for each other's core"),
        pytest.param(100, 0, 100, 10240, 0, id="one thread gains nothing beyond a core"),
    ],
)
def test_hold(cpu_ms: int, wait_ms: int, wall_ms: int, memory_mb: int, held_ms: int) -> None:
    usage = Usage(cpu_ns=cpu_ms * MS, wait_ns=wait_ms * MS)
    assert hold_ns(usage, wall_ms * MS, memory_mb) == pytest.approx(held_ms * MS, abs=MS)


@given(
    cpu_ns=st.integers(0, 10**10),
    wait_ns=st.integers(0, 10**10),
    idle_ns=st.integers(0, 10**10),
    memory_mb=st.integers(128, 10_240),
)
def test_one_thread_takes_its_share_and_its_pauses(
    cpu_ns: int, wait_ns: int, idle_ns: int, memory_mb: int
) -> None:
    wall_ns = cpu_ns + wait_ns + idle_ns
    total_ns = wall_ns + hold_ns(Usage(cpu_ns, wait_ns), wall_ns, memory_mb)
    wanted_ns = max(cpu_ns, cpu_ns * FULL_CORE_MB / memory_mb) + idle_ns
    unmended = unmended_ns(Usage(cpu_ns, wait_ns), memory_mb)
    assert total_ns == pytest.approx(wanted_ns + unmended, abs=2)


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class Rivals:
    """Two threads that want the same core at the same time, and how long each waited for it."""

    def __init__(self) -> None:
        self._together = threading.Barrier(2)
        self._threads = ThreadPoolExecutor(2, initializer=share_a_core)

    def compete(self) -> list[int]:
        """Nanoseconds without a core of each, by the kernel's own account."""
        return list(self._threads.map(self._want, range(2)))

    def _want(self, _number: int) -> int:
        self._together.wait()
        before_ns, block = run_queue_ns(), bytes(1 << 18)
        end = time.thread_time() + 0.04
        while time.thread_time() < end:
            hashlib.sha256(block)  # which needs no lock of the interpreter's
        return run_queue_ns() - before_ns

    def close(self) -> None:
        self._threads.shutdown()


def share_a_core() -> None:
    os.sched_setaffinity(threading.get_native_id(), {min(os.sched_getaffinity(0))})


def run_queue_ns() -> int:
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1])


@pytest.fixture
def rivals() -> Iterator[Rivals]:
    rivals = Rivals()
    yield rivals
    rivals.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
class TestMeter:
    """Against processes whose CPU time is known."""

    def test_it_reads_the_cpu_of_all_threads(self) -> None:
        meter = Meter(os.getpid())
        earliest = time.process_time_ns()
        meter.start()
        latest = time.process_time_ns()
        threads = [threading.Thread(target=burn, args=(0.05,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        least = time.process_time_ns() - latest
        used_ns = meter.used().cpu_ns
        assert 100 * MS < least <= used_ns <= time.process_time_ns() - earliest
        meter.close()

    def test_of_several_threads_the_one_that_waited_longest_counts(self, rivals: Rivals) -> None:
        meter = Meter(os.getpid())
        meter.start()
        waits_ns = rivals.compete()
        assert min(waits_ns) > 10 * MS  # they were in each other's way, all the time
        waited_ns = meter.used().wait_ns
        between_ns = (max(waits_ns) + sum(waits_ns)) / 2
        assert max(waits_ns) <= waited_ns < between_ns  # and not the sum, cut to what it lasted
        assert waited_ns <= meter.used().wait_ns < between_ns  # and again when asked again
        meter.close()

    @pytest.mark.parametrize("number", [1, 2])
    def test_what_threads_waited_before_it_began_is_not_an_invocations(
        self, rivals: Rivals, number: int
    ) -> None:
        meter = Meter(os.getpid())
        for _ in range(number):  # the first has Init before it, the others an invocation
            waits_ns = rivals.compete()
            meter.start()
        assert meter.used().wait_ns < max(waits_ns) / 2
        meter.close()

    def test_it_counts_children_that_live_and_children_that_are_gone(self) -> None:
        meter = Meter(os.getpid())
        meter.start()
        code = "import time\nwhile time.process_time() < 0.1: pass\nprint(time.process_time())"
        own = time.process_time_ns()
        child = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=True)
        own = time.process_time_ns() - own
        spent = float(child.stdout) * 1e9
        assert meter.used().cpu_ns - own == pytest.approx(spent, abs=15 * MS)

        meter.start()
        with subprocess.Popen(
            [sys.executable, "-S", "-c", code + "\nimport sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as living:
            assert living.stdout is not None
            assert living.stdin is not None
            living.stdout.readline()
            assert meter.used().cpu_ns > 80 * MS
            living.stdin.close()
        assert meter.used().cpu_ns > 80 * MS
        meter.close()

    def test_memory_grows_to_its_peak_and_the_peak_stays(self) -> None:
        meter = Meter(os.getpid())
        before = meter.tick()
        block = bytearray(64 << 20)
        block[::4096] = b"x" * len(block[::4096])
        assert meter.tick() >= before + 60
        del block
        assert meter.tick() < before + 60
        assert meter.peak_mb >= before + 60
        meter.close()

    def test_a_process_that_is_gone_reads_as_nothing(self) -> None:
        child = subprocess.Popen([sys.executable, "-S", "-c", "pass"])
        meter = Meter(child.pid)
        meter.start()
        child.wait()
        assert meter.used() == Usage(0, 0, meter.peak_mb)
        meter.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_an_invocation_waits_no_longer_than_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime's helper threads have waited for a core during init, too."""
    meter = Meter(os.getpid())
    waits = iter(range(0, 10**15, 10**12))
    monkeypatch.setattr("bench.local.sandbox.cpu._wait_ns", lambda _: next(waits))
    before_ns = time.monotonic_ns()
    meter.start()
    used = meter.used()
    meter.close()
    assert used.wait_ns <= time.monotonic_ns() - before_ns
